//! Tokens, sampling and stop sequences.

use super::Rule;
use super::family::Sampling;
use super::view::{Request, array};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "max-tokens",
        about: "more `maxTokens` than the model writes",
        source: "Roo-Code#248; LiteLLM's limits",
        refuses: most,
    },
    Rule {
        name: "min-tokens",
        about: "fewer than 16 `maxTokens`, for GPT, Grok and Kimi K3",
        source: "LiteLLM's source",
        refuses: least,
    },
    Rule {
        name: "sampling",
        about: "temperature or top-p for a model that takes neither, or both for one that takes one",
        source: "ragflow#19295, NousResearch/hermes-agent#111043, aws-samples/bedrock-access-gateway#191",
        refuses: sampling,
    },
    Rule {
        name: "stop-sequences",
        about: "stop sequences for GPT and Grok",
        source: "LiteLLM's source, checked live 2026-10-09",
        refuses: stop_sequences,
    },
    Rule {
        name: "blank-stop-sequence",
        about: "a stop sequence of white space alone, for Claude",
        source: "docs: Anthropic's API, each stop sequence must contain non-whitespace",
        refuses: blank_stop,
    },
];

fn unsupported(field: &str) -> String {
    format!("This model doesn't support the {field} field. Remove {field} and try again.")
}

fn most(request: &Request<'_>) -> Option<String> {
    let asked = request.body["inferenceConfig"]["maxTokens"].as_u64()?;
    let most = request.model.row?.most_tokens;
    (asked > most).then(|| {
        format!(
            "The maximum tokens you requested exceeds the model limit of {most}. Try again with a maximum tokens \
             value that is lower than {most}."
        )
    })
}

fn least(request: &Request<'_>) -> Option<String> {
    let asked = request.body["inferenceConfig"]["maxTokens"].as_u64()?;
    let least = request.model.family.least_tokens;
    (asked < least).then(|| {
        format!(
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= {least}, but got {asked} \
             instead."
        )
    })
}

fn sampling(request: &Request<'_>) -> Option<String> {
    let config = &request.body["inferenceConfig"];
    let given = |own: &str, name: &str| config.get(own).is_some() || request.field(name).is_some();
    let temperature = given("temperature", "temperature");
    let top_p = given("topP", "top_p");
    let top_k = request.field("top_k").is_some();
    let first =
        [(temperature, "temperature", "temperature"), (top_p, "top_p", "topP"), (top_k, "top_k", "top_k")]
            .into_iter()
            .find(|(given, _, _)| *given);
    match (request.model.family.sampling, first) {
        (Sampling::One, _) if temperature && top_p => Some(
            "The model returned the following errors: `temperature` and `top_p` cannot both be specified for this \
             model. Please use only one."
                .to_owned(),
        ),
        (Sampling::Deprecated, Some((_, name, _))) => {
            Some(format!("The model returned the following errors: `{name}` is deprecated for this model."))
        }
        (Sampling::Unsupported, Some((_, _, field))) => Some(unsupported(field)),
        _ => None,
    }
}

fn stop_sequences(request: &Request<'_>) -> Option<String> {
    let given = request.body["inferenceConfig"].get("stopSequences").is_some();
    (given && !request.model.family.stop_sequences).then(|| unsupported("stopSequences"))
}

fn blank_stop(request: &Request<'_>) -> Option<String> {
    let stops = array(request.body["inferenceConfig"].get("stopSequences"));
    let blank = stops.iter().any(|stop| stop.as_str().is_some_and(|stop| stop.trim().is_empty()));
    (blank && request.model.family.name.starts_with("Claude")).then(|| {
        "The model returned the following errors: stop_sequences: each stop sequence must contain non-whitespace"
            .to_owned()
    })
}
