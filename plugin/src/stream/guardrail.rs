//! What a guardrail did, said in one place: Bedrock spreads it over maps of assessments by guardrail.
//! The assessments themselves are passed on beside it, as they came.

use crate::json::{self, Object};

/// An assessment's `action` of what was taken out.
const BLOCKED: &str = "BLOCKED";
/// And of what was replaced.
const MASKED: &str = "ANONYMIZED";
/// How deep an assessment is nested, at most, and some more.
const DEPTH: usize = 8;

/// The outcome as JSON: `action` (`blocked`, `masked`, `none`), `input` and `output` (the same for what
/// was asked and what was answered), `reason`, and `guardrails`, each with its id and, where Bedrock
/// says them, `version`, `arn`, `origin` (who demands it: `request`, `account-enforced`,
/// `organization-enforced`) and `ownership`. None where the trace is no object.
pub(super) fn outcome(trace: &str, intervened: bool) -> Option<String> {
    let trace = Object::parse(trace)?;
    let mut sides = [Action::None, Action::None];
    let mut guardrails: Vec<(String, String)> = Vec::new();
    for (side, member) in sides.iter_mut().zip(["inputAssessment", "outputAssessments"]) {
        let assessments = trace.object(member);
        for (id, found) in assessments.iter().flat_map(Object::members) {
            *side = (*side).max(action(found, DEPTH));
            let details = details(found);
            match guardrails.iter_mut().find(|(known, _)| known == id) {
                Some((_, known)) if known.is_empty() => *known = details,
                Some(_) => {}
                None => guardrails.push((id.into(), details)),
            }
        }
    }
    let reason = trace.string("actionReason").unwrap_or_default();
    let mut action = sides[0].max(sides[1]);
    // A trace that was not asked for in full says what was done in words alone.
    if action == Action::None {
        let reason = reason.to_ascii_lowercase();
        action = match intervened {
            _ if reason.contains("masked") => Action::Masked,
            true => Action::Blocked,
            _ if reason.contains("blocked") => Action::Blocked,
            false => Action::None,
        };
    }
    let [input, output] = sides.map(Action::word);
    let guardrails: Vec<String> = guardrails
        .into_iter()
        .map(|(id, details)| ["{\"id\":", &json::quoted(&id), &details, "}"].concat())
        .collect();
    let reason = if reason.is_empty() { "null".into() } else { json::quoted(&reason) };
    Some(
        [
            "{\"action\":\"",
            action.word(),
            "\",\"input\":\"",
            input,
            "\",\"output\":\"",
            output,
            "\",\"reason\":",
            &reason,
            ",\"guardrails\":[",
            &guardrails.join(","),
            "]}",
        ]
        .concat(),
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    None,
    Masked,
    Blocked,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Masked => "masked",
            Self::Blocked => "blocked",
        }
    }
}

/// The strongest action in an assessment, or in a list of them.
fn action(found: &str, depth: usize) -> Action {
    if depth == 0 {
        return Action::None;
    }
    if let Some(items) = json::array(found) {
        return items.into_iter().map(|item| action(item, depth - 1)).max().unwrap_or(Action::None);
    }
    let Some(object) = Object::parse(found) else { return Action::None };
    let own = match object.string("action").as_deref() {
        Some(BLOCKED) => Action::Blocked,
        Some(MASKED) => Action::Masked,
        _ => Action::None,
    };
    object.members().map(|(_, value)| action(value, depth - 1)).max().unwrap_or(Action::None).max(own)
}

/// Whose guardrail it is, as members to follow an id.
fn details(found: &str) -> String {
    let first = json::array(found).and_then(|items| items.first().copied());
    let assessment = Object::parse(first.unwrap_or(found));
    let Some(applied) = assessment.and_then(|assessment| assessment.object("appliedGuardrailDetails")) else {
        return String::new();
    };
    let mut out = String::new();
    let spelled = |word: String| word.to_ascii_lowercase().replace('_', "-");
    for (name, value) in [
        ("version", applied.string("guardrailVersion")),
        ("arn", applied.string("guardrailArn")),
        ("ownership", applied.string("guardrailOwnership").map(spelled)),
    ] {
        if let Some(value) = value {
            out.push_str(&[",\"", name, "\":", &json::quoted(&value)].concat());
        }
    }
    let origins: Vec<String> =
        applied.strings("guardrailOrigin").into_iter().map(|origin| json::quoted(&spelled(origin))).collect();
    if !origins.is_empty() {
        out.push_str(&[",\"origin\":[", &origins.join(","), "]"].concat());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(trace: Value, intervened: bool) -> Value {
        let outcome = outcome(&trace.to_string(), intervened).expect("an outcome");
        serde_json::from_str(&outcome).expect("JSON")
    }

    fn pii(action: &str) -> Value {
        json!({"sensitiveInformationPolicy": {"piiEntities": [{"action": action, "type": "NAME"}]}})
    }

    #[test]
    fn blocked_and_masked_are_told_apart_on_both_sides() {
        for (input, output, want) in [
            ("NONE", "ANONYMIZED", ["masked", "none", "masked"]),
            ("ANONYMIZED", "BLOCKED", ["blocked", "masked", "blocked"]),
            ("BLOCKED", "NONE", ["blocked", "blocked", "none"]),
            ("NONE", "NONE", ["none", "none", "none"]),
        ] {
            let trace = json!({
                "inputAssessment": {"g1": pii(input)},
                "outputAssessments": {"g1": [pii(output)]},
            });
            let read = read(trace, false);
            assert_eq!([&read["action"], &read["input"], &read["output"]], want.map(|word| word));
            assert_eq!(read["guardrails"], json!([{"id": "g1"}]));
        }
    }

    #[test]
    fn whose_guardrail_it_was_is_told() {
        let mut found = pii("BLOCKED");
        found["appliedGuardrailDetails"] = json!({
            "guardrailId": "g1", "guardrailVersion": "2", "guardrailArn": "arn:x",
            "guardrailOrigin": ["ACCOUNT_ENFORCED"], "guardrailOwnership": "SELF",
        });
        let trace = json!({"inputAssessment": {"g1": found, "g2": pii("NONE")}});
        assert_eq!(
            read(trace, true)["guardrails"],
            json!([
                {"id": "g1", "version": "2", "arn": "arn:x", "ownership": "self", "origin": ["account-enforced"]},
                {"id": "g2"},
            ])
        );
    }

    #[test]
    fn a_short_trace_is_read_by_its_words() {
        assert_eq!(read(json!({"actionReason": "Guardrail masked."}), true)["action"], "masked");
        assert_eq!(read(json!({"actionReason": "Guardrail blocked."}), false)["action"], "blocked");
        assert_eq!(read(json!({}), true)["action"], "blocked");
        assert_eq!(read(json!({"actionReason": "No action."}), false)["action"], "none");
        assert_eq!(outcome("[]", true), None);
    }
}
