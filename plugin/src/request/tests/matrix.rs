//! Shapes of requests, each for every model of the table, before a judge that shares nothing with the
//! plugin: the simulator's rules of what Bedrock refuses.

use super::*;
use crate::models::table::ROWS;
use bedrock_sim::{Operation, rules};

/// What it is called, and what makes it of a plain request.
type Shape = (&'static str, fn(&mut Request));

const SHAPES: &[Shape] = &[
    ("plain", |_| ()),
    ("system", |request| request.system = vec![text("Be brief.")]),
    ("options", |request| {
        request.temperature = Some(0.7);
        request.top_p = Some(0.9);
        request.stop_sequences = vec!["END".into(), "\n".into()];
        request.max_output_tokens = Some(1);
    }),
    ("much output", |request| request.max_output_tokens = Some(4_000_000)),
    ("images", |request| {
        request.messages[0].content.extend([image(1), image(2)]);
    }),
    ("documents", |request| {
        request.messages[0].content = vec![document(1, "a.pdf"), document(2, "a.pdf"), document(3, "Ünï…")];
    }),
    ("video and audio", |request| {
        request.messages[0].content.extend([
            Block::Media(media(1, "video", "mp4", None)),
            Block::Media(media(2, "audio", "mp3", None)),
        ]);
    }),
    ("tools", |request| request.tools = tools()),
    ("a tool by name", |request| {
        request.tools = tools();
        request.tool_choice = ToolChoice::Named("look".into());
    }),
    ("any tool, thinking", |request| {
        request.tools = tools();
        request.tool_choice = ToolChoice::Any;
        request.effort = Some("high".into());
    }),
    ("no tool, with tool history", |request| {
        request.tools = tools();
        request.tool_choice = ToolChoice::None;
        request.messages = tool_history();
    }),
    ("tool history without tools", |request| request.messages = tool_history()),
    ("tool history", |request| {
        request.tools = tools();
        request.messages = tool_history();
    }),
    ("broken tool history", |request| {
        request.tools = tools();
        request.messages = vec![
            user(vec![result("gone", vec![ToolOutput::Text("x".into())])]),
            model(vec![call("functions.look:1", "{}"), call("functions.look:1", "[1]"), call("3", "")]),
            user(vec![text("wait"), result("functions.look:1", vec![])]),
            model(vec![call("4", "{\"\":1}")]),
        ];
    }),
    ("media in results", |request| {
        request.tools = tools();
        request.messages = vec![
            user(vec![text("go")]),
            model(vec![call("a", "{}"), call("b", "{}")]),
            user(vec![
                result(
                    "a",
                    vec![ToolOutput::Media(media(1, "image", "png", None)), ToolOutput::Text("t".into())],
                ),
                result("b", vec![ToolOutput::Media(media(2, "document", "pdf", Some("r.pdf")))]),
                text("and this"),
                image(3),
                document(4, "r.pdf"),
            ]),
        ];
    }),
    ("own reasoning", |request| {
        let writer = request.model_id.clone();
        request.tools = tools();
        request.effort = Some("medium".into());
        request.messages = thoughtful(&writer);
    }),
    ("foreign reasoning", |request| {
        request.tools = tools();
        request.effort = Some("medium".into());
        let claude = request.model_id.contains("claude");
        request.messages = thoughtful(if claude { NOVA_2 } else { OPUS });
    }),
    ("blank everywhere", |request| {
        request.system = vec![text(""), text(" \n")];
        request.messages = vec![
            user(vec![text(" "), text("a"), text("\u{a0}\u{3000}")]),
            model(vec![text("")]),
            user(vec![text("\t")]),
            model(vec![]),
            user(vec![text("b")]),
        ];
    }),
    ("begins with the model", |request| {
        request.messages = vec![model(vec![text("Hello!")]), user(vec![text("Bye.")])];
    }),
    ("structured output", |request| request.output_schema = Some(SCHEMA.into())),
    ("structured output, tools, thinking", |request| {
        request.output_schema = Some(SCHEMA.into());
        request.tools = tools();
        request.effort = Some("low".into());
    }),
    ("caching", |request| {
        request.system = vec![text(&"Be brief. ".repeat(2_000))];
        request.tools = tools();
        request.messages = tool_history();
        request.extensions = vec![extension("cache-retention", "\"long\"")];
    }),
    ("too many cache points", |request| {
        request.system = vec![text("a"), Block::CachePoint("5m".into())];
        for _ in 0..5 {
            request.messages[0].content.extend([text("b"), Block::CachePoint("1h".into())]);
        }
    }),
    ("every effort", |request| request.effort = Some("max".into())),
    ("no effort", |request| request.effort = Some("off".into())),
    ("strict tools with hard schemas", |request| {
        request.tools = vec![
            Tool { strict: true, ..tool() },
            Tool { name: "mcp.server/read file".into(), input_schema: HARD.into(), ..tool() },
            Tool { name: "x".repeat(80), input_schema: HARD.into(), ..tool() },
        ];
    }),
    ("an instruction in the middle", |request| {
        request.messages = vec![
            user(vec![text("a")]),
            model(vec![text("b")]),
            user(vec![Block::Other(extension("system", "\"Answer in French.\""))]),
            user(vec![text("c")]),
        ];
    }),
    ("citations and search results", |request| {
        request.tools = tools();
        request.messages = vec![
            user(vec![text("q")]),
            Message {
                model_id: Some(HAIKU.into()),
                ..model(vec![
                    Block::Raw(RawBlock {
                        kind: "text".into(),
                        text: "cited".into(),
                        json: r#"{"citations":[{"title":"t"}]}"#.into(),
                    }),
                    call("1", "{}"),
                ])
            },
            user(vec![result(
                "1",
                vec![ToolOutput::Other(extension(
                    "search-result",
                    r#"{"source":"s","title":"t","content":[{"text":"x"}],"citations":{"enabled":true}}"#,
                ))],
            )]),
            user(vec![
                text("and this"),
                Block::Raw(RawBlock {
                    kind: "raw".into(),
                    text: String::new(),
                    json: r#"{"searchResult":{"source":"s","title":"t","content":[{"text":"y"}]}}"#.into(),
                }),
            ]),
        ];
    }),
    ("betas", |request| request.extensions = vec![extension("betas", "[\"context-1m-2025-08-07\"]")]),
];

const SCHEMA: &str =
    r#"{"type":"object","properties":{"n":{"type":"integer","minimum":1}},"required":["n"]}"#;

const HARD: &str = r##"{"$schema":"http://json-schema.org/draft-07/schema#","oneOf":[
    {"properties":{"a":{"$ref":"#/definitions/a"}},"required":["a"]},
    {"properties":{"b":{"type":"string","pattern":"^(?!x).*"}},"required":["b"]}],
    "definitions":{"a":{"type":"object","properties":{"a":{"$ref":"#/definitions/a"}}}}}"##;

fn image(id: u32) -> Block {
    Block::Media(media(id, "image", "png", None))
}

fn document(id: u32, name: &str) -> Block {
    Block::Media(media(id, "document", "pdf", Some(name)))
}

fn tools() -> Vec<Tool> {
    vec![
        tool(),
        Tool { name: "a.b".into(), description: String::new(), input_schema: String::new(), strict: false },
    ]
}

fn tool_history() -> Vec<Message> {
    vec![
        user(vec![text("go")]),
        model(vec![text("Looking."), call("tooluse_a", "{\"n\":1}"), call("tooluse_b", "{}")]),
        user(vec![result("tooluse_a", vec![ToolOutput::Json("{\"x\":[1]}".into())])]),
        user(vec![result("tooluse_b", vec![ToolOutput::Text("".into())])]),
        model(vec![text("Done.")]),
        user(vec![text("Thanks.")]),
    ]
}

fn thoughtful(writer: &str) -> Vec<Message> {
    let thought = |signature: Option<&str>, redacted: Option<&[u8]>| {
        Block::Reasoning(Reasoning {
            text: "so".into(),
            signature: signature.map(String::from),
            redacted: redacted.map(<[u8]>::to_vec),
            model_id: Some(writer.into()),
        })
    };
    vec![
        user(vec![text("go")]),
        model(vec![thought(None, None), text("First.")]),
        user(vec![text("on")]),
        model(vec![thought(Some("EqQB"), None), call("1", "{}")]),
        user(vec![result("1", vec![ToolOutput::Text("x".into())])]),
        model(vec![thought(None, Some(&[1, 2, 3])), call("2", "{}")]),
        user(vec![result("2", vec![ToolOutput::Text("y".into())])]),
    ]
}

/// Whether the judge finds a fault. Media are three bytes that are no picture, so what it says of bytes
/// is not about the plugin.
pub(super) fn judged(id: &str, mapped: &Mapped) -> Result<(), String> {
    let parts: Vec<u8> = mapped
        .body
        .iter()
        .flat_map(|part| match part {
            BodyPart::Json(text) => text.clone(),
            // A PNG's first bytes, then more of nothing.
            BodyPart::Media(_) => b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ".to_vec(),
        })
        .collect();
    let body: Value = serde_json::from_slice(&parts).map_err(|error| error.to_string())?;
    let operation = if mapped.unary { Operation::Converse } else { Operation::ConverseStream };
    rules::check(operation, id, &body)
        .map_err(|refusal| format!("{}: {}\n{body}", refusal.rule, refusal.message))
}

#[test]
fn no_shape_is_refused_by_any_model() {
    let mut refusals = Vec::new();
    for row in ROWS.iter().filter(|row| row.traits.converse) {
        for (shape, edit) in SHAPES {
            let mut request = hello(row.id);
            edit(&mut request);
            let outcome = match map(&request) {
                Ok(mapped) => judged(row.id, &mapped),
                Err(error) if error.code == ErrorCode::Unsupported => continue,
                Err(error) => Err(error.message),
            };
            if let Err(refusal) = outcome {
                refusals.push(format!("{} {shape}: {refusal}", row.id));
            }
        }
    }
    let some: Vec<&String> = refusals.iter().take(4).collect();
    assert!(refusals.is_empty(), "{} refusals, such as {some:#?}", refusals.len());
}

/// Where a shape is an error and no body: a model that calls no tools cannot be made to call one, and one
/// that follows no schema and calls no tools cannot give structured output.
#[test]
fn what_is_unsupported_is_so_for_a_reason() {
    for row in ROWS {
        for (shape, edit) in SHAPES {
            let mut request = hello(row.id);
            edit(&mut request);
            let Err(error) = map(&request) else {
                assert!(row.traits.converse, "{}", row.id);
                continue;
            };
            if !row.traits.converse {
                assert!(error.message.starts_with("/model-id: "), "{}", error.message);
                continue;
            }
            let calls = target(row.id).known.takes(crate::models::table::TOOLS);
            assert!(!calls, "{} {shape}: {}", row.id, error.message);
            assert!(
                error.message.starts_with("/tool-choice: ") || error.message.starts_with("/output-schema: "),
                "{} {shape}: {}",
                row.id,
                error.message
            );
        }
    }
}

#[test]
fn a_prefilled_answer_is_an_error_where_the_model_writes_none() {
    for (id, taken) in [(HAIKU, true), (NOVA_2, true), (UNKNOWN, true), (OPUS, false), (OPUS_4_8, false)] {
        let prefilled = request(id, vec![user(vec![text("q")]), model(vec![text("The answer is \n")])]);
        match map(&prefilled) {
            Ok(mapped) => {
                assert!(taken, "{id}");
                assert!(joined(&mapped.body).contains("\"The answer is\""));
                assert_eq!(mapped.rewrites[0].rule, "prefill-trimmed");
                assert_eq!(judged(id, &mapped), Ok(()));
            }
            Err(error) => {
                assert!(!taken, "{id}");
                assert!(error.message.starts_with("/messages/1: "), "{}", error.message);
            }
        }
    }
}
