//! Requests of every shape that a host may send, for any model: what is easy, what other clients fail on, and what
//! histories look like after they were cut, switched between models or written by something else.

use serde_json::{Map, Value, json};

/// What the last turn of the person says, so that a test can see that it was sent.
pub(crate) const QUESTION: &str = "What do you make of this?";

/// A PNG of one pixel, an empty PDF, and the head of an MP4, in base64.
pub(crate) const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const PDF: &str = "JVBERi0xLjQKJSVFT0YK";
const MP4: &str = "AAAAGGZ0eXBpc29tAAACAGlzb21pc28y";

/// A model of another family than the one asked.
fn stranger(model: &str) -> &'static str {
    match model.contains("anthropic") {
        true => "amazon-bedrock/us.amazon.nova-2-lite-v1:0",
        false => "amazon-bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    }
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn user(content: Value) -> Value {
    json!({ "role": "user", "content": content })
}

fn ask() -> Value {
    user(json!([text(QUESTION)]))
}

fn assistant(model: &str, content: Value) -> Value {
    json!({ "role": "assistant", "model": model, "content": content })
}

fn call(id: &str, name: &str) -> Value {
    json!({ "type": "toolCall", "id": id, "name": name, "arguments": { "city": "Oslo" } })
}

fn result(id: &str, content: Value) -> Value {
    json!({ "role": "toolResult", "toolCallId": id, "toolName": "temperature", "content": content })
}

fn signed(signature: &str) -> Value {
    json!({ "type": "thinking", "thinking": "Let me see.", "thinkingSignature": signature })
}

fn unsigned() -> Value {
    json!({ "type": "thinking", "thinking": "Let me see." })
}

fn redacted() -> Value {
    json!({ "type": "thinking", "thinking": "", "redacted": true, "thinkingSignature": "cmVkYWN0ZWQ=" })
}

fn tool(name: &str) -> Value {
    json!({
        "name": name,
        "description": "The temperature in a city.",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] },
    })
}

fn of(messages: Value) -> Value {
    json!({ "messages": messages })
}

fn tooled(messages: Value) -> Value {
    json!({ "messages": messages, "tools": [tool("temperature"), tool("add")] })
}

fn with(mut request: Value, members: Value) -> Value {
    let members: Map<String, Value> = members.as_object().expect("an object").clone();
    request.as_object_mut().expect("an object").extend(members);
    request
}

fn image() -> Value {
    json!({ "type": "image", "mimeType": "image/png", "data": PNG })
}

fn document(name: &str) -> Value {
    json!({ "type": "document", "format": "pdf", "name": name, "data": PDF })
}

/// Every shape with its name, for a model by its id without the routing prefix.
pub(crate) fn shapes(id: &str) -> Vec<(String, Value)> {
    let own = &format!("amazon-bedrock/{id}");
    let other = stranger(id);
    let mut shapes = conversations(own, other);
    shapes.extend(tools(own, other));
    shapes.extend(settings());
    let mut shapes: Vec<(String, Value)> =
        shapes.into_iter().map(|(name, request)| (name.to_owned(), request)).collect();
    for effort in ["off", "minimal", "low", "medium", "high", "xhigh", "max"] {
        shapes.push((format!("effort {effort}"), with(of(json!([ask()])), json!({ "effort": effort }))));
        let request = tooled(json!([
            user(json!("Look.")),
            assistant(own, json!([signed("c2lnbmVk"), call("call_1", "temperature")])),
            result("call_1", json!([text("Four below.")])),
            ask(),
        ]));
        let members = json!({ "effort": effort, "maxTokens": 4000, "toolChoice": "any", "temperature": 0.5 });
        shapes.push((format!("effort {effort} with tools"), with(request, members)));
    }
    for (_, request) in &mut shapes {
        request["model"] = json!(own);
    }
    shapes
}

type Shapes = Vec<(&'static str, Value)>;

/// Turns, text, media and reasoning.
fn conversations(own: &str, other: &str) -> Shapes {
    let turn = |model: &str, block: Value| {
        of(json!([user(json!("One.")), assistant(model, json!([block, text("Two.")])), ask()]))
    };
    vec![
        ("plain", of(json!([ask()]))),
        ("system", with(of(json!([ask()])), json!({ "system": "Be brief." }))),
        (
            "system in blank parts",
            with(of(json!([ask()])), json!({ "system": [text(" "), text("Be brief."), text("")] })),
        ),
        ("image", of(json!([user(json!([image(), text(QUESTION)]))]))),
        ("image alone", of(json!([user(json!([image()])), assistant(own, json!("A pixel.")), ask()]))),
        (
            "image under a wrong label",
            of(json!([user(
                json!([{ "type": "image", "mimeType": "image/jpg", "data": PNG }, text(QUESTION)])
            )])),
        ),
        (
            "documents",
            of(json!([
                user(json!([document("a.b's report.pdf"), document("a.b's report.pdf")])),
                assistant(own, json!("Two reports.")),
                user(
                    json!([document("\u{5206}\u{671f}\u{3000}报告.pdf"), { "type": "document", "format": "pdf", "data": PDF }, text(QUESTION)])
                ),
            ])),
        ),
        (
            "document as text",
            of(json!([user(
                json!([{ "type": "document", "name": "notes.md", "format": "md", "text": "It rains." }, text(QUESTION)])
            )])),
        ),
        (
            "video",
            of(json!([user(json!([{ "type": "video", "format": "mp4", "data": MP4 }, text(QUESTION)]))])),
        ),
        (
            "blank blocks",
            of(json!([
                user(json!([text(""), text("Hello.")])),
                assistant(own, json!([text(" \n")])),
                user(json!("\t")),
                assistant(own, json!([text("Hello."), text("")])),
                user(json!([text(QUESTION), text(" ")])),
            ])),
        ),
        (
            "repeated roles",
            of(json!([
                user(json!("One.")),
                user(json!("Two.")),
                assistant(own, json!("Three.")),
                assistant(own, json!("Four.")),
                ask(),
            ])),
        ),
        ("assistant first", of(json!([assistant(own, json!("Hello.")), ask()]))),
        ("prefill", of(json!([ask(), assistant(own, json!("I make of this"))]))),
        (
            "system in the middle",
            of(json!([
                user(json!("One.")),
                assistant(own, json!("Two.")),
                { "role": "system", "content": "From now on be brief." },
                ask(),
            ])),
        ),
        ("own reasoning, signed", turn(own, signed("c2lnbmVk"))),
        ("own reasoning, unsigned", turn(own, unsigned())),
        ("own reasoning, redacted", turn(own, redacted())),
        ("foreign reasoning, signed", turn(other, signed("c2lnbmVk"))),
        ("foreign reasoning, unsigned", turn(other, unsigned())),
        ("foreign reasoning, redacted", turn(other, redacted())),
        ("reasoning alone", of(json!([user(json!("One.")), assistant(other, json!([redacted()])), ask()]))),
    ]
}

/// Tools on offer, and histories with calls and results.
fn tools(own: &str, other: &str) -> Shapes {
    let called = |model: &str| {
        json!([
            ask(),
            assistant(model, json!([text("I look."), call("call_1", "temperature")])),
            result("call_1", json!([text("Four below.")])),
        ])
    };
    let with_ask = |mut messages: Value| {
        messages.as_array_mut().expect("messages").push(ask());
        messages
    };
    let long = "files.with a name/".repeat(6);
    vec![
        ("tools", tooled(json!([ask()]))),
        ("tool demanded", with(tooled(json!([ask()])), json!({ "toolChoice": "any" }))),
        ("tool named", with(tooled(json!([ask()])), json!({ "toolChoice": { "name": "add" } }))),
        ("tools forbidden", with(tooled(with_ask(called(own))), json!({ "toolChoice": "none" }))),
        ("tool result", tooled(called(own))),
        ("tool result, then a question", tooled(with_ask(called(own)))),
        ("tool history without tools", of(with_ask(called(own)))),
        ("tool result without tools", of(called(own))),
        ("foreign tool history", tooled(with_ask(called(other)))),
        (
            "parallel results",
            tooled(json!([
                user(json!("Look.")),
                assistant(
                    own,
                    json!([call("call_1", "temperature"), call("call_2", "add"), call("call_3", "add")])
                ),
                result("call_1", json!([text("Four below.")])),
                with(result("call_2", json!([text("No.")])), json!({ "isError": true })),
                result("call_3", json!([{ "type": "json", "json": { "sum": 9_007_199_254_740_993_i64 } }])),
                ask(),
            ])),
        ),
        (
            "odd names and ids",
            with(
                tooled(json!([
                    user(json!("Look.")),
                    assistant(
                        own,
                        json!([call("call|1/\u{e9}", "mcp.weather/now"), call(&"x".repeat(80), &long)])
                    ),
                    result("call|1/\u{e9}", json!([text("Four below.")])),
                    result(&"x".repeat(80), json!([text("Five below.")])),
                    ask(),
                ])),
                json!({ "tools": [tool("mcp.weather/now"), tool(&long), tool("mcp_weather_now"), tool("old")] }),
            ),
        ),
        (
            "empty results",
            tooled(json!([
                user(json!("Look.")),
                assistant(
                    own,
                    json!([call("call_1", "temperature"), call("call_2", "add"), call("call_3", "add")])
                ),
                result("call_1", json!([])),
                with(result("call_2", json!([text("  ")])), json!({ "isError": true })),
                with(result("call_3", json!([])), json!({ "isError": true })),
                ask(),
            ])),
        ),
        (
            "image in a result",
            tooled(json!([
                user(json!("Look.")),
                assistant(own, json!([call("call_1", "temperature")])),
                result("call_1", json!([text("See:"), image()])),
                ask(),
            ])),
        ),
        (
            "document in a result",
            tooled(json!([
                user(json!("Look.")),
                assistant(own, json!([call("call_1", "temperature")])),
                result("call_1", json!([document("a.b.pdf")])),
                ask(),
            ])),
        ),
        (
            "document beside a result",
            tooled(json!([
                user(json!("Look.")),
                assistant(own, json!([call("call_1", "temperature")])),
                result("call_1", json!([text("Four below.")])),
                user(json!([text(QUESTION), document("report.pdf"), image()])),
            ])),
        ),
        (
            "results after text",
            tooled(json!([
                user(json!("Look.")),
                assistant(own, json!([call("call_1", "temperature"), call("call_2", "add")])),
                user(json!([
                    text(QUESTION),
                    { "type": "toolResult", "toolCallId": "call_2", "content": [text("Four above.")] },
                    { "type": "toolResult", "toolCallId": "call_1", "content": [text("Four below.")] },
                ])),
            ])),
        ),
        (
            "orphaned calls and results",
            tooled(json!([
                result("call_0", json!([text("One below.")])),
                user(json!("Look.")),
                assistant(
                    own,
                    json!([text("I look."), call("call_1", "temperature"), call("call_2", "add")])
                ),
                result("call_2", json!([text("Three above.")])),
                result("call_9", json!([text("Nine above.")])),
                assistant(own, json!([call("call_3", "add")])),
                ask(),
            ])),
        ),
        ("call at the end", tooled(json!([ask(), assistant(own, json!([call("call_1", "temperature")]))]))),
        (
            "foreign reasoning in open calls",
            with(
                tooled(json!([
                    user(json!(QUESTION)),
                    assistant(other, json!([signed("c2lnbmVk"), call("call_1", "temperature")])),
                    result("call_1", json!([text("Four below.")])),
                ])),
                json!({ "effort": "high", "maxTokens": 8000 }),
            ),
        ),
        (
            "own reasoning in open calls",
            with(
                tooled(json!([
                    user(json!(QUESTION)),
                    assistant(
                        own,
                        json!([signed("c2lnbmVk"), text("I look."), call("call_1", "temperature")])
                    ),
                    result("call_1", json!([text("Four below.")])),
                ])),
                json!({ "effort": "high", "maxTokens": 8000 }),
            ),
        ),
        (
            "empty keys",
            tooled(json!([
                user(json!("Look.")),
                assistant(
                    own,
                    json!([{
                        "type": "toolCall", "id": "call_1", "name": "add", "arguments": { "": 1, "a": [{ "": 2 }] },
                    }])
                ),
                result("call_1", json!([{ "type": "json", "json": { "": 3 } }])),
                ask(),
            ])),
        ),
        ("schemas", with(of(json!([ask()])), json!({ "tools": schemas() }))),
        (
            "strict tools",
            with(of(json!([ask()])), json!({ "tools": [with(tool("add"), json!({ "strict": true }))] })),
        ),
    ]
}

/// Schemas as tool servers write them.
fn schemas() -> Value {
    let named = |name: &str, parameters: Value| json!({ "name": name, "parameters": parameters });
    let text = json!({ "type": "string" });
    json!([
        named("none", json!({})),
        named(
            "choice",
            json!({ "anyOf": [
            { "type": "object", "properties": { "a": text }, "required": ["a"] },
            { "type": "object", "properties": { "b": text }, "required": ["b"] },
        ] })
        ),
        named(
            "reference",
            json!({
                "type": "object",
                "properties": { "a": { "$ref": "#/definitions/A" } },
                "definitions": { "A": { "type": "object", "properties": { "n": { "type": "integer" } } } },
            })
        ),
        named(
            "recursive",
            json!({
                "type": "object",
                "properties": { "child": { "$ref": "#/$defs/node" } },
                "$defs": { "node": { "type": "object", "properties": { "child": { "$ref": "#/$defs/node" } } } },
            })
        ),
        named(
            "draft",
            json!({
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "properties": {
                    "pair": { "type": "array", "items": [{ "type": "string" }, { "type": "number" }] },
                    "share": { "type": "number", "minimum": 0, "exclusiveMinimum": true },
                },
            })
        ),
        named(
            "pattern",
            json!({
                "type": "object",
                "properties": { "word": { "type": "string", "pattern": "^(?!no).*$" } },
            })
        ),
    ])
}

/// What stands beside the conversation.
fn settings() -> Shapes {
    let plain = |members: Value| with(of(json!([ask()])), members);
    let schema = json!({
        "type": "object",
        "properties": { "mood": { "type": "string" }, "why": { "type": "object", "properties": {} } },
        "required": ["mood"],
    });
    vec![
        (
            "structured output within bounds",
            plain(json!({ "outputSchema": {
                "type": "object",
                "properties": {
                    "stars": { "type": "integer", "minimum": 1, "maximum": 5 },
                    "word": { "type": "string", "minLength": 1, "maxLength": 9 },
                    "tags": { "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 3 },
                },
            } })),
        ),
        ("structured output", plain(json!({ "outputSchema": schema.clone() }))),
        (
            "structured output while thinking",
            plain(json!({ "outputSchema": schema.clone(), "effort": "medium", "maxTokens": 4000 })),
        ),
        ("structured output with tools", with(tooled(json!([ask()])), json!({ "outputSchema": schema }))),
        (
            "caching",
            with(
                tooled(json!([user(json!("One.")), { "role": "assistant", "content": "Two." }, ask()])),
                json!({ "system": "Be brief.", "extensions": { "cache-retention": "short" } }),
            ),
        ),
        (
            "caching for long",
            with(
                tooled(json!([user(json!("One.")), { "role": "assistant", "content": "Two." }, ask()])),
                json!({ "system": "Be brief.", "extensions": { "cache-retention": "long" } }),
            ),
        ),
        (
            "cache points",
            with(
                of(json!([
                    user(json!([text("One."), { "type": "cachePoint", "ttl": "1h" }])),
                    { "role": "assistant", "content": "Two." },
                    user(json!([text("Three."), { "type": "cachePoint" }])),
                    { "role": "assistant", "content": "Four." },
                    user(json!([text("Five."), { "type": "cachePoint" }])),
                    { "role": "assistant", "content": "Six." },
                    user(json!([text(QUESTION), { "type": "cachePoint" }])),
                ])),
                json!({ "system": [text("Be brief."), { "type": "cachePoint" }] }),
            ),
        ),
        ("sampling", plain(json!({ "temperature": 0.5, "topP": 0.9 }))),
        ("hot sampling", plain(json!({ "temperature": 1.5 }))),
        ("stop sequences", plain(json!({ "stopSequences": ["END", "\n\n"] }))),
        ("one token", plain(json!({ "maxTokens": 1 }))),
        ("a million tokens", plain(json!({ "maxTokens": 1_000_000 }))),
        (
            "metadata, tier, latency and guardrail",
            plain(json!({ "extensions": {
                "metadata": { "team": "tests" },
                "service-tier": "default",
                "latency": "standard",
                "guardrail": { "guardrailIdentifier": "abc123", "guardrailVersion": "1", "trace": "enabled" },
            } })),
        ),
    ]
}
