//! Answers that go well.

use serde_json::{Value, json};

use crate::converse_request::Tool;
use crate::events::{self, answer, block_start, block_stop, delta, text_block, tokens};
use crate::registry::Call;
use crate::{Scenario, Step};

/// Letters to a fragment of a tool's arguments.
const LETTERS_A_FRAGMENT: usize = 8;
const SIGNATURE: &str = "EqQBCkgIBhABGAIiQHNpbXVsYXRlZC1zaWduYXR1cmUtbm90LWEtcmVhbC1vbmUSDHNpbXVsYXRvcg==";
const REDACTED: &str = "RXJ3QkNrZ0lCeEFCR0FJaVFITnBiWFZzWVhSbFpDMXlaV1JoWTNSbFpBPT0=";

pub(crate) fn text(call: &Call<'_>) -> Scenario {
    let text = match (call.args.rest(), call.request.prompt()) {
        ("", Some(prompt)) => format!("You said: {prompt}"),
        ("", None) => "There is nothing to answer.".to_owned(),
        (rest, _) => rest.to_owned(),
    };
    of_text(call, &text)
}

fn of_text(call: &Call<'_>, text: &str) -> Scenario {
    of_blocks(call, text_block(0, text), "end_turn", tokens(text))
}

fn of_blocks(call: &Call<'_>, blocks: Vec<Step>, reason: &str, output: u64) -> Scenario {
    Scenario::stream(answer(blocks, reason, call.request.tokens(), output))
}

/// The answer with members added to its metadata event.
fn with_metadata(mut scenario: Scenario, more: Value) -> Scenario {
    if let Some(Step::Event { payload, .. }) = scenario.steps.last_mut() {
        events::merge(payload, more);
    }
    scenario
}

pub(crate) fn tools(call: &Call<'_>) -> Scenario {
    tool_calls(call, 1, &|index, tool| {
        let input = call.args.json("input").cloned().unwrap_or_else(|| example(tool.schema));
        let input = input.to_string();
        // Claude opens every call with an empty fragment.
        let fragments = [""].into_iter().chain(fragments(&input));
        fragments.map(|f| delta(index, json!({ "toolUse": { "input": f } }))).collect()
    })
}

pub(crate) fn parallel_tools(call: &Call<'_>) -> Scenario {
    tool_calls(call, call.args.count("count"), &|index, tool| {
        let input = example(tool.schema).to_string();
        let fragments = fragments(&input);
        fragments.map(|f| delta(index, json!({ "toolUse": { "input": f } }))).collect()
    })
}

pub(crate) fn tools_no_input(call: &Call<'_>) -> Scenario {
    tool_calls(call, 1, &|_, _| Vec::new())
}

/// Calls of the request's tools in turn, after a text block when `say` asks for one.
fn tool_calls(call: &Call<'_>, count: usize, deltas: &dyn Fn(usize, &Tool<'_>) -> Vec<Step>) -> Scenario {
    let tools = call.request.tools();
    if tools.is_empty() {
        return of_text(call, "You gave me no tools.");
    }
    let said = call.args.optional("say");
    let first = usize::from(said.is_some());
    let mut blocks = said.map_or_else(Vec::new, |text| text_block(0, &text));
    for (n, tool) in tools.iter().cycle().take(count).enumerate() {
        let index = first + n;
        let id = format!("tooluse_Simulator{n:013}");
        blocks.push(block_start(index, json!({ "toolUse": { "name": tool.name, "toolUseId": id } })));
        blocks.extend(deltas(index, tool));
        blocks.push(block_stop(index));
    }
    of_blocks(call, blocks, "tool_use", 20 * count as u64)
}

fn fragments(text: &str) -> impl Iterator<Item = &str> {
    let boundaries = text.char_indices().map(|(place, _)| place).step_by(LETTERS_A_FRAGMENT);
    let mut cuts: Vec<usize> = boundaries.collect();
    cuts.push(text.len());
    let pairs: Vec<(usize, usize)> = cuts.windows(2).map(|pair| (pair[0], pair[1])).collect();
    pairs.into_iter().map(|(begin, end)| &text[begin..end])
}

/// A value that fits a JSON schema, near enough: every property that it lists, filled in.
fn example(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("string") => json!("sim"),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("null") => Value::Null,
        _ => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), example(schema))).collect()
        }
    }
}

pub(crate) fn tool_result(call: &Call<'_>) -> Scenario {
    let quoted: Vec<String> = call
        .request
        .tool_results()
        .iter()
        .map(|result| {
            let id = result["toolUseId"].as_str().unwrap_or_default();
            let status = result["status"].as_str().unwrap_or("success");
            format!("{id} ({status}): {}", quote(&result["content"]))
        })
        .collect();
    of_text(call, &format!("The tool said: {}", quoted.join("; ")))
}

/// The texts and JSON values of a tool result's content; media by kind alone.
fn quote(content: &Value) -> String {
    let blocks = content.as_array().into_iter().flatten().flat_map(|block| {
        block.as_object().into_iter().flatten().map(|(kind, value)| match kind.as_str() {
            "text" => value.as_str().unwrap_or_default().to_owned(),
            "json" => value.to_string(),
            media => format!("[{media}]"),
        })
    });
    blocks.collect::<Vec<_>>().join(" ")
}

pub(crate) fn reasoning(call: &Call<'_>) -> Scenario {
    let thought = "The user wants an answer. I shall give a short one.";
    let reasoning = |member: &str, value: &str| delta(0, json!({ "reasoningContent": { (member): value } }));
    let thoughts = events::pieces(thought).into_iter().map(|piece| reasoning("text", piece));
    let signature = (call.args.text("signed") == "yes").then(|| reasoning("signature", SIGNATURE));
    let mut blocks: Vec<Step> = thoughts.chain(signature).chain([block_stop(0)]).collect();
    let text = "Here is a short answer.";
    blocks.extend(text_block(1, text));
    of_blocks(call, blocks, "end_turn", tokens(thought) + tokens(text))
}

pub(crate) fn redacted_reasoning(call: &Call<'_>) -> Scenario {
    let redacted = json!({ "reasoningContent": { "redactedContent": REDACTED } });
    let text = "I cannot show how I came to it.";
    let blocks = [delta(0, redacted), block_stop(0)].into_iter().chain(text_block(1, text));
    of_blocks(call, blocks.collect(), "end_turn", 40)
}

pub(crate) fn citations(call: &Call<'_>) -> Scenario {
    let cited = "Outcrops show the bedrock. ";
    let citation = json!({ "citation": {
        "location": { "documentChar": { "documentIndex": 0, "end": cited.len(), "start": 0 } },
        "sourceContent": [{ "text": cited }],
        "title": "facts",
    } });
    let text = "According to the document, outcrops show the bedrock.";
    let blocks = [delta(0, citation)].into_iter().chain(text_block(0, text));
    of_blocks(call, blocks.collect(), "end_turn", tokens(text))
}

pub(crate) fn guardrail(call: &Call<'_>) -> Scenario {
    let masked = call.args.text("action") == "masked";
    let (text, action, reason) = if masked {
        ("My name is {NAME}.", "ANONYMIZED", "No action.\nGuardrail masked.")
    } else {
        ("Sorry, the model cannot answer this question.", "BLOCKED", "Guardrail blocked.")
    };
    let metrics = json!({
        "guardrailCoverage": { "textCharacters": { "guarded": 40, "total": 40 } },
        "guardrailProcessingLatency": 243,
        "usage": {
            "contentPolicyUnits": 1,
            "contextualGroundingPolicyUnits": 0,
            "sensitiveInformationPolicyFreeUnits": 0,
            "sensitiveInformationPolicyUnits": 1,
            "topicPolicyUnits": 1,
            "wordPolicyUnits": 1,
        },
    });
    let found = json!({ "piiEntities": [
        { "action": action, "detected": true, "match": "Simon", "type": "NAME" },
    ] });
    let trace = json!({ "trace": { "guardrail": {
        "actionReason": reason,
        "inputAssessment": { "simguard0001": { "invocationMetrics": metrics } },
        "modelOutput": ["My name is Simon."],
        "outputAssessments": { "simguard0001": [
            { "invocationMetrics": metrics, "sensitiveInformationPolicy": found },
        ] },
    } } });
    let blocks = text_block(0, text);
    with_metadata(of_blocks(call, blocks, "guardrail_intervened", tokens(text)), trace)
}

pub(crate) fn long(call: &Call<'_>) -> Scenario {
    let args = &call.args;
    let (deltas, bytes) = (args.count("deltas"), args.count("bytes"));
    let text = "0123456789 abcdefgh ".repeat(bytes / 20 + 1);
    let repeat = Step::Repeat {
        name: "contentBlockDelta".to_owned(),
        payload: json!({ "contentBlockIndex": 0, "delta": { "text": text[..bytes] } }),
        times: deltas,
        every: args.millis("every"),
    };
    Scenario::stream(answer(vec![repeat, block_stop(0)], "end_turn", 10, deltas as u64))
}

pub(crate) fn stop(call: &Call<'_>) -> Scenario {
    let text = "This answer ends in its own way.";
    of_blocks(call, text_block(0, text), &call.args.text("reason"), tokens(text))
}

pub(crate) fn empty(call: &Call<'_>) -> Scenario {
    of_blocks(call, Vec::new(), "end_turn", 0)
}

pub(crate) fn unknown_event(call: &Call<'_>) -> Scenario {
    let mut scenario = of_text(call, "An event that nobody knows stands between these words.");
    let event = Step::event("futureEvent", json!({ "contentBlockIndex": 0, "anything": [1, 2] }));
    scenario.steps.insert(2, event);
    scenario
}

pub(crate) fn unknown_members(call: &Call<'_>) -> Scenario {
    let mut scenario = of_text(call, "Every event of this answer has members that nobody knows.");
    for step in &mut scenario.steps {
        if let Step::Event { payload, .. } = step {
            events::merge(payload, json!({ "futureMember": { "nested": [null, 1.5, "x"] } }));
        }
    }
    let delta = delta(0, json!({ "futureDelta": { "value": 1 } }));
    scenario.steps.insert(2, delta);
    with_metadata(scenario, json!({ "usage": { "futureTokens": 7 } }))
}

pub(crate) fn block_start_text(call: &Call<'_>) -> Scenario {
    let mut scenario = of_text(call, "This block was opened before it began.");
    scenario.steps.insert(1, block_start(0, json!({})));
    scenario
}

pub(crate) fn server_tool(call: &Call<'_>) -> Scenario {
    let id = "tooluse_SimulatorServer0000000";
    let tool_use =
        json!({ "toolUse": { "name": "nova_grounding", "toolUseId": id, "type": "server_tool_use" } });
    let result =
        json!({ "toolResult": { "status": "success", "toolUseId": id, "type": "nova_grounding_result" } });
    let citation = json!({ "citation": { "location": { "web": {
        "domain": "example.com",
        "url": "https://example.com/bedrock",
    } } } });
    let text = "The service looked it up by itself.";
    let mut blocks = vec![
        block_start(0, tool_use),
        delta(0, json!({ "toolUse": { "input": "{\"query\":\"bedrock\"}" } })),
        block_stop(0),
        block_start(1, result),
        delta(1, json!({ "toolResult": [{ "text": "[HIDDEN]" }] })),
        block_stop(1),
    ];
    blocks.extend(text_block(2, text));
    blocks.extend([delta(3, citation), block_stop(3)]);
    of_blocks(call, blocks, "end_turn", tokens(text))
}

pub(crate) fn cached(call: &Call<'_>) -> Scenario {
    let (read, written) = (call.args.number("read"), call.args.number("write"));
    let usage = json!({ "usage": {
        "cacheDetails": [{ "inputTokens": written, "ttl": "5m" }],
        "cacheReadInputTokenCount": read,
        "cacheReadInputTokens": read,
        "cacheWriteInputTokenCount": written,
        "cacheWriteInputTokens": written,
    } });
    with_metadata(of_text(call, "Part of the prompt was known already."), usage)
}

pub(crate) fn service_tier(call: &Call<'_>) -> Scenario {
    let more = json!({
        "performanceConfig": { "latency": "optimized" },
        "serviceTier": { "type": call.args.text("tier") },
        "trace": { "promptRouter": { "invokedModelId": call.args.text("routed-to") } },
    });
    with_metadata(of_text(call, "The service chose how to answer this."), more)
}
