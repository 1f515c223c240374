//! For every rule a request that breaks it, and what the same request must be to pass.

use serde_json::{Value, json};

use super::{check, rules};
use crate::Operation;

const CLAUDE_4_5: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const CLAUDE_5_5: &str = "global.anthropic.claude-opus-5-5";
const NOVA: &str = "us.amazon.nova-pro-v1:0";
const LLAMA: &str = "us.meta.llama4-maverick-17b-instruct-v1:0";
const MISTRAL: &str = "mistral.mistral-large-3-675b-instruct";
const GPT: &str = "us.openai.gpt-5.6-sol";
const GROK: &str = "us.xai.grok-4.6";
const TITAN: &str = "amazon.titan-text-express-v1";
const WRITER: &str = "us.writer.palmyra-x5-v1:0";
const ANY: &str = "sim.text-v1:0";

fn user(content: Value) -> Value {
    json!({ "role": "user", "content": content })
}

fn assistant(content: Value) -> Value {
    json!({ "role": "assistant", "content": content })
}

fn text(text: &str) -> Value {
    json!({ "text": text })
}

fn plain() -> Value {
    json!({ "messages": [user(json!([text("Hello")]))] })
}

/// A plain request with these members.
fn with(members: Value) -> Value {
    let mut body = plain();
    let own = body.as_object_mut().expect("an object");
    own.extend(members.as_object().expect("an object").clone());
    body
}

fn tool(name: &str, schema: Value) -> Value {
    json!({ "toolSpec": { "name": name, "inputSchema": { "json": schema } } })
}

fn tools() -> Value {
    json!({ "tools": [tool("look", json!({ "type": "object" }))] })
}

fn of_schema(schema: Value) -> Value {
    with(json!({ "toolConfig": { "tools": [tool("look", schema)] } }))
}

fn call(id: &str) -> Value {
    json!({ "toolUse": { "toolUseId": id, "name": "look", "input": {} } })
}

fn result(id: &str, content: Value) -> Value {
    json!({ "toolResult": { "toolUseId": id, "content": content } })
}

/// A conversation that ends with the results of its calls.
fn conversation(calls: Value, results: Value) -> Value {
    json!({
        "messages": [user(json!([text("Look")])), assistant(calls), user(results)],
        "toolConfig": tools(),
    })
}

fn answered(content: Value) -> Value {
    conversation(json!([call("abcdef123")]), json!([result("abcdef123", content)]))
}

fn document(name: &str) -> Value {
    json!({ "document": { "format": "txt", "name": name, "source": { "bytes": "aGk=" } } })
}

fn image(format: &str) -> Value {
    json!({ "image": { "format": format, "source": { "bytes": "iVBORw0KGgoAAAAN" } } })
}

fn of(content: Value) -> Value {
    json!({ "messages": [user(content)] })
}

fn thinking(kind: Value, members: Value) -> Value {
    let mut body = with(members);
    body["additionalModelRequestFields"] = json!({ "thinking": kind });
    body
}

fn replaying(reasoning: Value) -> Value {
    json!({ "messages": [
        user(json!([text("One")])),
        assistant(json!([{ "reasoningContent": reasoning }, text("Two")])),
        user(json!([text("Three")])),
    ] })
}

fn points(system: &str, message: &str) -> Value {
    let point = |ttl: &str| match ttl {
        "" => json!({ "cachePoint": { "type": "default" } }),
        ttl => json!({ "cachePoint": { "type": "default", "ttl": ttl } }),
    };
    json!({
        "system": [text("Be brief."), point(system)],
        "messages": [user(json!([text("Hello"), point(message)]))],
    })
}

/// A turn with so many cache points.
fn cached(points: usize) -> Value {
    let pair = [text("a"), json!({ "cachePoint": { "type": "default" } })];
    of(Value::Array(pair.into_iter().cycle().take(2 * points).collect()))
}

/// A request with a strict tool of this schema.
fn strict(schema: Value) -> Value {
    let mut tool = tool("look", schema);
    tool["toolSpec"]["strict"] = json!(true);
    with(json!({ "toolConfig": { "tools": [tool] } }))
}

/// The rule, the model that is asked, a body that breaks the rule and one that does not.
fn cases() -> Vec<(&'static str, &'static str, Value, Value)> {
    let signed = json!({ "reasoningText": { "text": "Hm", "signature": "c2ln" } });
    let unsigned = json!({ "reasoningText": { "text": "Hm" } });
    let schema = |schema: Value| {
        json!({ "outputConfig": { "textFormat": { "type": "json_schema", "structure": { "jsonSchema": {
            "schema": schema.to_string(), "name": "answer",
        } } } } })
    };
    let closed = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    let budget = |tokens: u64| json!({ "type": "enabled", "budget_tokens": tokens });
    vec![
        ("members", ANY, of(json!([image("jpg")])), of(json!([image("png")]))),
        ("members", ANY, with(json!({ "inferenceConfig": { "temperature": 1.5 } })), plain()),
        (
            "members",
            ANY,
            with(json!({ "toolConfig": { "tools": [tool("a.b", json!({ "type": "object" }))] } })),
            with(json!({ "toolConfig": { "tools": [tool("a_b", json!({ "type": "object" }))] } })),
        ),
        (
            "members",
            ANY,
            conversation(json!([call("a/b")]), json!([result("a/b", json!([text("x")]))])),
            conversation(json!([call("a.b:c")]), json!([result("a.b:c", json!([text("x")]))])),
        ),
        (
            "metadata-keys",
            ANY,
            with(json!({ "requestMetadata": { "a;b": "c" } })),
            with(json!({ "requestMetadata": { "a-b": "c" } })),
        ),
        (
            "empty-keys",
            ANY,
            answered(json!([{ "json": { "a": [{ "": 1 }] } }])),
            answered(json!([{ "json": { "a": [{ "b": 1 }] } }])),
        ),
        ("no-messages", ANY, json!({ "messages": [] }), plain()),
        ("empty-message", ANY, of(json!([])), plain()),
        ("unknown-block", ANY, of(json!([{ "text": "a", "image": image("png")["image"] }])), plain()),
        (
            "system-turn",
            CLAUDE_5_5,
            json!({ "messages": [user(json!([text("a")])), { "role": "system", "content": [text("b")] }, user(json!([text("c")]))] }),
            plain(),
        ),
        (
            "first-turn",
            NOVA,
            json!({ "messages": [assistant(json!([text("a")])), user(json!([text("b")]))] }),
            plain(),
        ),
        (
            "alternation",
            NOVA,
            json!({ "messages": [user(json!([text("a")])), user(json!([text("b")]))] }),
            plain(),
        ),
        (
            "prefill",
            CLAUDE_5_5,
            json!({ "messages": [user(json!([text("a")])), assistant(json!([text("b")]))] }),
            plain(),
        ),
        ("system-prompt", TITAN, with(json!({ "system": [text("Be brief.")] })), plain()),
        ("blank-text", ANY, of(json!([text(" \n")])), plain()),
        ("blank-text", ANY, answered(json!([text("")])), answered(json!([text("x")]))),
        (
            "blank-system",
            ANY,
            with(json!({ "system": [text("\t")] })),
            with(json!({ "system": [text("Be brief.")] })),
        ),
        (
            "blank-guarded",
            ANY,
            of(json!([{ "guardContent": { "text": { "text": " " } } }])),
            of(json!([{ "guardContent": { "text": { "text": "x" } } }])),
        ),
        (
            "tool-config",
            ANY,
            json!({ "messages": conversation(json!([call("a")]), json!([result("a", json!([text("x")]))]))["messages"] }),
            answered(json!([text("x")])),
        ),
        ("tools-unsupported", "us.deepseek.r1-v1:0", with(json!({ "toolConfig": tools() })), plain()),
        ("tools-while-streaming", LLAMA, with(json!({ "toolConfig": tools() })), plain()),
        (
            "duplicate-tools",
            ANY,
            with(json!({ "toolConfig": { "tools": [tools()["tools"][0], tools()["tools"][0]] } })),
            with(json!({ "toolConfig": tools() })),
        ),
        (
            "tool-kinds",
            ANY,
            with(json!({ "toolConfig": { "tools": [{ "cachePoint": { "type": "default" } }] } })),
            with(json!({ "toolConfig": { "tools": [{ "systemTool": { "name": "nova_grounding" } }] } })),
        ),
        (
            "tool-choice",
            CLAUDE_5_5,
            with(json!({ "toolConfig": { "tools": tools()["tools"], "toolChoice": { "any": {} } } })),
            with(json!({ "toolConfig": { "tools": tools()["tools"], "toolChoice": { "auto": {} } } })),
        ),
        (
            "unknown-choice",
            NOVA,
            with(
                json!({ "toolConfig": { "tools": tools()["tools"], "toolChoice": { "tool": { "name": "no" } } } }),
            ),
            with(
                json!({ "toolConfig": { "tools": tools()["tools"], "toolChoice": { "tool": { "name": "look" } } } }),
            ),
        ),
        (
            "strict-tools",
            CLAUDE_5_5,
            with(json!({ "toolConfig": { "tools": [{ "toolSpec": {
                "name": "look", "strict": true, "inputSchema": { "json": { "type": "object" } },
            } }] } })),
            with(json!({ "toolConfig": tools() })),
        ),
        (
            "call-arguments",
            ANY,
            conversation(
                json!([{ "toolUse": { "toolUseId": "a", "name": "look", "input": "{}" } }]),
                json!([result("a", json!([text("x")]))]),
            ),
            answered(json!([text("x")])),
        ),
        ("schema-root", ANY, of_schema(json!({ "type": "string" })), of_schema(json!({ "type": "object" }))),
        (
            "schema-combinators",
            ANY,
            of_schema(json!({ "type": "object", "anyOf": [] })),
            of_schema(json!({ "type": "object", "properties": { "a": { "anyOf": [] } } })),
        ),
        (
            "schema-draft",
            CLAUDE_4_5,
            of_schema(
                json!({ "type": "object", "properties": { "a": { "items": [{ "type": "string" }] } } }),
            ),
            of_schema(json!({ "type": "object", "properties": { "a": { "items": { "type": "string" } } } })),
        ),
        (
            "schema-references",
            CLAUDE_4_5,
            of_schema(json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/b" } } })),
            of_schema(json!({
                "type": "object",
                "properties": { "a": { "$ref": "#/$defs/b" } },
                "$defs": { "b": { "type": "string" } },
            })),
        ),
        (
            "property-names",
            CLAUDE_4_5,
            of_schema(json!({ "type": "object", "properties": { "a b": {} } })),
            of_schema(json!({ "type": "object", "properties": { "a_b": {} } })),
        ),
        (
            "lookaround",
            GROK,
            of_schema(json!({ "type": "object", "properties": { "a": { "pattern": "^(?!b)" } } })),
            of_schema(json!({ "type": "object", "properties": { "a": { "pattern": "^(?:b)" } } })),
        ),
        (
            "call-role",
            ANY,
            json!({ "messages": [user(json!([call("a")]))], "toolConfig": tools() }),
            answered(json!([text("x")])),
        ),
        (
            "results-exceed-calls",
            ANY,
            conversation(
                json!([call("a")]),
                json!([result("a", json!([text("x")])), result("b", json!([text("x")]))]),
            ),
            answered(json!([text("x")])),
        ),
        (
            "results-expected",
            ANY,
            conversation(json!([call("a"), call("b")]), json!([result("a", json!([text("x")]))])),
            answered(json!([text("x")])),
        ),
        (
            "duplicate-calls",
            ANY,
            conversation(json!([call("a"), call("a")]), json!([result("a", json!([text("x")]))])),
            answered(json!([text("x")])),
        ),
        (
            "results-first",
            CLAUDE_4_5,
            conversation(json!([call("a")]), json!([text("See:"), result("a", json!([text("x")]))])),
            conversation(json!([call("a")]), json!([result("a", json!([text("x")])), text("See?")])),
        ),
        (
            "results-alone",
            "mistral.pixtral-large-2502-v1:0",
            conversation(json!([call("a")]), json!([result("a", json!([text("x")])), text("And?")])),
            conversation(json!([call("a")]), json!([result("a", json!([text("x")]))])),
        ),
        (
            "results-alone",
            CLAUDE_4_5,
            conversation(
                json!([call("a")]),
                json!([result("a", json!([text("x")])), text("And?"), document("b")]),
            ),
            conversation(
                json!([call("a")]),
                json!([result("a", json!([text("x")])), text("And?"), image("png")]),
            ),
        ),
        ("result-media", GPT, answered(json!([image("png")])), answered(json!([text("x")]))),
        (
            "result-status",
            WRITER,
            conversation(
                json!([call("a")]),
                json!([{ "toolResult": { "toolUseId": "a", "content": [text("x")], "status": "success" } }]),
            ),
            answered(json!([text("x")])),
        ),
        (
            "empty-error-result",
            CLAUDE_4_5,
            conversation(
                json!([call("a")]),
                json!([{ "toolResult": { "toolUseId": "a", "content": [], "status": "error" } }]),
            ),
            answered(json!([])),
        ),
        (
            "nine-letter-ids",
            MISTRAL,
            conversation(json!([call("tooluse_1")]), json!([result("tooluse_1", json!([text("x")]))])),
            answered(json!([text("x")])),
        ),
        (
            "document-name",
            ANY,
            of(json!([text("a"), document("a.txt")])),
            of(json!([text("a"), document("a_1 (b)")])),
        ),
        (
            "duplicate-documents",
            ANY,
            of(json!([text("a"), document("b"), document("b")])),
            of(json!([text("a"), document("b"), document("c")])),
        ),
        ("document-text", ANY, of(json!([document("a")])), answered(json!([document("a")]))),
        (
            "too-many-documents",
            ANY,
            of(json!([
                text("a"),
                document("1"),
                document("2"),
                document("3"),
                document("4"),
                document("5"),
                document("6")
            ])),
            of(json!([text("a"), document("1"), document("2"), document("3"), document("4"), document("5")])),
        ),
        (
            "document-source",
            ANY,
            of(
                json!([text("a"), { "document": { "format": "txt", "name": "a", "source": { "text": "x" } } }]),
            ),
            of(json!([text("a"), { "document": {
                "format": "txt", "name": "a", "source": { "text": "x" }, "citations": { "enabled": true },
            } }])),
        ),
        (
            "document-role",
            ANY,
            json!({ "messages": [user(json!([text("a")])), assistant(json!([image("png")])), user(json!([text("b")]))] }),
            of(json!([image("png")])),
        ),
        ("media-unsupported", "openai.gpt-oss-120b-1:0", of(json!([text("a"), image("png")])), plain()),
        (
            "storage",
            CLAUDE_4_5,
            of(
                json!([{ "image": { "format": "png", "source": { "s3Location": { "uri": "s3://bucket/key" } } } }]),
            ),
            of(json!([image("png")])),
        ),
        (
            "too-many-images",
            CLAUDE_4_5,
            of(Value::Array(vec![image("png"); 21])),
            of(Value::Array(vec![image("png"); 20])),
        ),
        (
            "media-size",
            CLAUDE_4_5,
            of(json!([{ "image": { "format": "png", "source": { "bytes": "A".repeat(5_242_884) } } }])),
            of(json!([{ "image": { "format": "png", "source": { "bytes": "A".repeat(5_242_880) } } }])),
        ),
        ("image-bytes", CLAUDE_4_5, of(json!([image("jpeg")])), of(json!([image("png")]))),
        ("cache-unsupported", LLAMA, points("", ""), plain()),
        (
            "cache-among-tools",
            NOVA,
            with(
                json!({ "toolConfig": { "tools": [tools()["tools"][0], { "cachePoint": { "type": "default" } }] } }),
            ),
            points("", ""),
        ),
        ("too-many-cache-points", CLAUDE_4_5, cached(5), cached(4)),
        ("cache-lifetime", NOVA, points("1h", ""), points("", "")),
        ("cache-lifetime", "us.anthropic.claude-3-7-sonnet-20250219-v1:0", points("1h", ""), points("", "")),
        ("cache-order", CLAUDE_4_5, points("5m", "1h"), points("1h", "5m")),
        (
            "max-tokens",
            NOVA,
            with(json!({ "inferenceConfig": { "maxTokens": 10_001 } })),
            with(json!({ "inferenceConfig": { "maxTokens": 10_000 } })),
        ),
        (
            "min-tokens",
            GPT,
            with(json!({ "inferenceConfig": { "maxTokens": 15 } })),
            with(json!({ "inferenceConfig": { "maxTokens": 16 } })),
        ),
        ("sampling", CLAUDE_5_5, with(json!({ "inferenceConfig": { "temperature": 0.5 } })), plain()),
        ("sampling", GROK, with(json!({ "inferenceConfig": { "topP": 0.5 } })), plain()),
        (
            "sampling",
            CLAUDE_4_5,
            with(json!({ "inferenceConfig": { "temperature": 0.5, "topP": 0.5 } })),
            with(json!({ "inferenceConfig": { "topP": 0.5 } })),
        ),
        (
            "stop-sequences",
            GPT,
            with(json!({ "inferenceConfig": { "stopSequences": ["|"] } })),
            with(json!({ "inferenceConfig": {} })),
        ),
        (
            "blank-stop-sequence",
            CLAUDE_4_5,
            with(json!({ "inferenceConfig": { "stopSequences": ["\n"] } })),
            with(json!({ "inferenceConfig": { "stopSequences": ["|"] } })),
        ),
        (
            "extra-fields",
            NOVA,
            with(json!({ "additionalModelRequestFields": { "thinking": { "type": "enabled" } } })),
            with(json!({ "additionalModelRequestFields": { "inferenceConfig": { "topK": 10 } } })),
        ),
        (
            "foreign-effort",
            LLAMA,
            with(json!({ "additionalModelRequestFields": { "reasoning_effort": "high" } })),
            with(json!({ "additionalModelRequestFields": {} })),
        ),
        (
            "effort-word",
            "qwen.qwen3-32b-v1:0",
            with(json!({ "additionalModelRequestFields": { "reasoning_config": "medium" } })),
            with(json!({ "additionalModelRequestFields": { "reasoning_config": "high" } })),
        ),
        (
            "thinking-kind",
            CLAUDE_5_5,
            thinking(budget(2048), json!({})),
            thinking(json!({ "type": "adaptive" }), json!({})),
        ),
        (
            "thinking-kind",
            CLAUDE_4_5,
            thinking(json!({ "type": "adaptive" }), json!({})),
            thinking(budget(2048), json!({})),
        ),
        (
            "thinking-budget",
            CLAUDE_4_5,
            thinking(budget(2048), json!({ "inferenceConfig": { "maxTokens": 2048 } })),
            thinking(budget(2048), json!({ "inferenceConfig": { "maxTokens": 2049 } })),
        ),
        (
            "thinking-sampling",
            CLAUDE_4_5,
            thinking(budget(2048), json!({ "inferenceConfig": { "temperature": 0.5 } })),
            thinking(budget(2048), json!({ "inferenceConfig": { "temperature": 1 } })),
        ),
        (
            "thinking-forced-tool",
            CLAUDE_4_5,
            thinking(
                budget(2048),
                json!({ "toolConfig": { "tools": tools()["tools"], "toolChoice": { "any": {} } } }),
            ),
            thinking(budget(2048), json!({ "toolConfig": tools() })),
        ),
        (
            "thinking-display",
            "us-gov.anthropic.claude-sonnet-5",
            thinking(json!({ "type": "adaptive", "display": "summarized" }), json!({})),
            thinking(json!({ "type": "adaptive" }), json!({})),
        ),
        (
            "reasoning-role",
            CLAUDE_4_5,
            of(json!([{ "reasoningContent": signed.clone() }])),
            replaying(signed.clone()),
        ),
        ("reasoning-replay", LLAMA, replaying(unsigned.clone()), plain()),
        (
            "reasoning-replay",
            GPT,
            replaying(unsigned.clone()),
            replaying(json!({ "redactedContent": "AAAA" })),
        ),
        ("reasoning-signature", CLAUDE_4_5, replaying(unsigned.clone()), replaying(signed.clone())),
        (
            "reasoning-before-calls",
            CLAUDE_4_5,
            {
                let mut body = answered(json!([text("x")]));
                body["additionalModelRequestFields"] = json!({ "thinking": budget(2048) });
                body
            },
            {
                let mut body = conversation(
                    json!([{ "reasoningContent": signed }, call("a")]),
                    json!([result("a", json!([text("x")]))]),
                );
                body["additionalModelRequestFields"] = json!({ "thinking": budget(2048) });
                body
            },
        ),
        ("structured-output", NOVA, with(schema(closed.clone())), plain()),
        (
            "output-schema",
            CLAUDE_4_5,
            with(schema(json!({ "type": "object" }))),
            with(schema(closed.clone())),
        ),
        (
            "output-keywords",
            CLAUDE_4_5,
            with(schema(
                json!({ "type": "array", "minItems": 1, "items": { "type": "integer", "minimum": 1 } }),
            )),
            with(schema(json!({ "type": "array", "minItems": 1, "items": { "type": "integer" } }))),
        ),
        ("strict-schema", CLAUDE_4_5, strict(json!({ "type": "object" })), strict(closed.clone())),
        (
            "output-effort",
            CLAUDE_5_5,
            with(json!({ "outputConfig": { "effort": "utmost" } })),
            with(json!({ "outputConfig": { "effort": "max" } })),
        ),
    ]
}

#[test]
fn each_rule_refuses_what_breaks_it_and_nothing_beside() {
    let refused_by = |model: &str, body: &Value| {
        check(Operation::ConverseStream, model, body).err().map(|refusal| refusal.rule)
    };
    let mut wrong = Vec::new();
    for (rule, model, broken, whole) in cases() {
        for (body, want) in [(broken, Some(rule)), (whole, None)] {
            let by = refused_by(model, &body);
            if by != want {
                wrong.push(format!("{rule}: {by:?} refuses {model} {body}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_about_ids_look_at_the_id() {
    let prompt = "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1";
    for (rule, id, body) in [
        ("model-id", "does-not-exist", plain()),
        ("responses-only", "us.openai.gpt-5.4", plain()),
        ("prompt-resource", prompt, with(json!({ "inferenceConfig": { "maxTokens": 10 } }))),
    ] {
        let refusal = check(Operation::ConverseStream, id, &body).expect_err("refused");
        assert_eq!(refusal.rule, rule, "{id}");
    }
    assert_eq!(
        check(Operation::ConverseStream, prompt, &json!({ "promptVariables": { "a": { "text": "b" } } })),
        Ok(())
    );
}

#[test]
fn no_rule_goes_untried() {
    let tried: Vec<&str> = cases().into_iter().map(|(rule, ..)| rule).collect();
    let by_id = ["model-id", "responses-only", "prompt-resource"];
    for rule in rules() {
        assert!(tried.contains(&rule.name) || by_id.contains(&rule.name), "{}", rule.name);
    }
}

#[test]
fn what_may_not_stream_may_be_asked_at_once() {
    let body = with(json!({ "toolConfig": tools() }));
    assert_eq!(check(Operation::Converse, LLAMA, &body), Ok(()));
}
