//! The model's own request fields, above all those by which it is told how hard to reason.

use serde_json::Value;

use super::Rule;
use super::family::Effort;
use super::view::Request;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "extra-fields",
        about: "a field that Claude or Nova does not know",
        source: "Bedrock's `Extra inputs are not permitted` and `extraneous key`; danny-avila/LibreChat#13838",
        refuses: unknown,
    },
    Rule {
        name: "foreign-effort",
        about: "another family's way to ask for reasoning",
        source: "the per-family fields of pydantic-ai's profiles",
        refuses: foreign,
    },
    Rule {
        name: "effort-word",
        about: "an effort that the model does not know",
        source: "LiteLLM's flags (max, xhigh), pydantic-ai's profiles; recorded: `reasoning_config: high` of Qwen3",
        refuses: word,
    },
    Rule {
        name: "thinking-kind",
        about: "thinking by budget for Claude from 4.7, adaptive before 4.6",
        source: "openclaw/openclaw#73663, LiteLLM's adaptive and legacy flags",
        refuses: kind,
    },
    Rule {
        name: "thinking-budget",
        about: "a budget under 1,024, or not under `maxTokens`, unless thinking is interleaved",
        source: "docs: Anthropic's extended thinking",
        refuses: budget,
    },
    Rule {
        name: "thinking-sampling",
        about: "temperature other than 1, top-p under 0.95 or top-k while Claude thinks",
        source: "docs: Anthropic's extended thinking",
        refuses: sampling,
    },
    Rule {
        name: "thinking-forced-tool",
        about: "a tool demanded while Claude thinks",
        source: "oh-my-pi#333",
        refuses: forced,
    },
    Rule {
        name: "thinking-display",
        about: "`thinking.display` in GovCloud",
        source: "the guards in OpenClaw and pi",
        refuses: display,
    },
];

/// Fields that ask for reasoning, of all families.
const ASKING: &[&str] =
    &["thinking", "output_config", "reasoningConfig", "reasoning_effort", "reasoning_config", "reasoning"];
/// The least budget.
const LEAST_BUDGET: u64 = 1_024;
/// With it a budget may be larger than the answer.
const INTERLEAVED: &str = "interleaved-thinking";

fn malformed(field: &str) -> String {
    format!(
        "Malformed input request: #: extraneous key [{field}] is not permitted, please reformat your input and try \
         again."
    )
}

fn unknown(request: &Request<'_>) -> Option<String> {
    let known = request.model.family.own_fields?;
    let given = request.body["additionalModelRequestFields"].as_object()?;
    let field = given.keys().find(|field| !known.contains(&field.as_str()))?;
    Some(match request.model.family.name.starts_with("Claude") {
        true => format!("The model returned the following errors: {field}: Extra inputs are not permitted"),
        false => malformed(field),
    })
}

fn foreign(request: &Request<'_>) -> Option<String> {
    let own: &[&str] = match request.model.family.effort {
        Effort::Unknown => return None,
        Effort::None => &[],
        Effort::Budget => &["thinking", "output_config"],
        Effort::Adaptive { .. } => &["thinking", "output_config"],
        Effort::ReasoningConfig(_) => &["reasoningConfig"],
        Effort::Word { field, .. } => &[field],
    };
    let field = ASKING.iter().find(|field| !own.contains(field) && request.field(field).is_some())?;
    Some(malformed(field))
}

fn word(request: &Request<'_>) -> Option<String> {
    let (given, words) = match request.model.family.effort {
        Effort::Adaptive { words, .. } => (request.field("output_config")?.get("effort")?, words),
        Effort::ReasoningConfig(words) => {
            (request.field("reasoningConfig")?.get("maxReasoningEffort")?, words)
        }
        Effort::Word { field, inside, words } => {
            let value = request.field(field)?;
            (inside.map_or(Some(value), |inside| value.get(inside))?, words)
        }
        _ => return None,
    };
    let taken = given.as_str().is_some_and(|given| words.contains(&given));
    (!taken).then(|| {
        format!("Unexpected value {given} for the reasoning effort. Expected one of: {}.", words.join(", "))
    })
}

/// `thinking`, where it is asked for and not switched off.
fn thinking<'a>(request: &Request<'a>) -> Option<&'a Value> {
    request.field("thinking").filter(|thinking| thinking["type"] != "disabled")
}

fn kind(request: &Request<'_>) -> Option<String> {
    let kind = thinking(request)?["type"].as_str()?;
    let told = "The model returned the following errors: ";
    match (request.model.family.effort, kind) {
        (Effort::Adaptive { budget: false, .. }, "enabled") => Some(format!(
            "{told}\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \
             \"output_config.effort\" to control thinking behavior."
        )),
        (Effort::Budget, "adaptive") => {
            Some(format!("{told}adaptive thinking is not supported on this model"))
        }
        _ => None,
    }
}

fn budget(request: &Request<'_>) -> Option<String> {
    let thinking = thinking(request).filter(|thinking| thinking["type"] == "enabled")?;
    let told = "The model returned the following errors: ";
    let Some(budget) = thinking["budget_tokens"].as_u64() else {
        return Some(format!("{told}thinking.enabled.budget_tokens: Field required"));
    };
    if budget < LEAST_BUDGET {
        return Some(format!(
            "{told}thinking.enabled.budget_tokens: Input should be greater than or equal to {LEAST_BUDGET}"
        ));
    }
    let interleaved =
        request.field("anthropic_beta").is_some_and(|beta| beta.to_string().contains(INTERLEAVED));
    let most = request.body["inferenceConfig"]["maxTokens"].as_u64()?;
    (budget >= most && !interleaved)
        .then(|| format!("{told}`max_tokens` must be greater than `thinking.budget_tokens`."))
}

fn sampling(request: &Request<'_>) -> Option<String> {
    thinking(request)?;
    let config = &request.body["inferenceConfig"];
    let told = "The model returned the following errors: ";
    if config["temperature"].as_f64().is_some_and(|temperature| temperature != 1.0) {
        return Some(format!("{told}`temperature` may only be set to 1 when thinking is enabled."));
    }
    if config["topP"].as_f64().is_some_and(|top_p| top_p < 0.95) {
        return Some(format!(
            "{told}`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled."
        ));
    }
    request.field("top_k").is_some().then(|| format!("{told}`top_k` must be unset when thinking is enabled."))
}

fn forced(request: &Request<'_>) -> Option<String> {
    thinking(request)?;
    let choice = &request.body["toolConfig"]["toolChoice"];
    (choice.get("any").is_some() || choice.get("tool").is_some()).then(|| {
        "The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use."
            .to_owned()
    })
}

fn display(request: &Request<'_>) -> Option<String> {
    let thinking = thinking(request)?;
    (thinking.get("display").is_some() && request.model.gov_cloud).then(|| {
        let kind = thinking["type"].as_str().unwrap_or_default();
        format!(
            "The model returned the following errors: thinking.{kind}.display: Extra inputs are not permitted"
        )
    })
}
