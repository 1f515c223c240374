//! Any request that the types allow gives a body or an error that names a place; never a panic, and never
//! a body that breaks Converse's own rules.

use super::matrix::judged;
use super::*;
use crate::models::table::ROWS;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Words that requests are made of: some blank, some hostile, some ordinary.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(" \n\u{3000}".into()),
        Just("look".into()),
        Just("a.b/c".into()),
        Just("\u{0}\"\\\u{2028}".into()),
        Just("x".repeat(90)),
        "[a-zé \\-_.]{0,12}",
    ]
}

/// JSON, or nearly.
fn json_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("{}".into()),
        Just("[1]".into()),
        Just("null".into()),
        Just("{".into()),
        Just(r#"{"":{"a":1},"b":"\ud800"}"#.into()),
        Just(r#"{"type":"object","properties":{"a":{"type":"string"}}}"#.into()),
        Just(r##"{"oneOf":[{"$ref":"#/$defs/a"},{"required":["b"]}],"$defs":{"a":{"$ref":"#"}}}"##.into()),
        Just("\"text\"".into()),
        Just("12345678901234567890.5".into()),
    ]
}

fn any_media() -> impl Strategy<Value = Media> {
    let kind = prop_oneof![Just("image"), Just("document"), Just("video"), Just("audio"), Just("smell")];
    let format = prop_oneof![Just("png"), Just("pdf"), Just("mp4"), Just("mp3"), Just("bmp")];
    (any::<u32>(), kind, format, option::of(word()), option::of(json_text())).prop_map(
        |(id, kind, format, name, context)| {
            let extensions = context.iter().map(|context| extension("context", context)).collect();
            Media { extensions, ..media(id, kind, format, name.as_deref()) }
        },
    )
}

fn output() -> impl Strategy<Value = ToolOutput> {
    prop_oneof![
        word().prop_map(ToolOutput::Text),
        json_text().prop_map(ToolOutput::Json),
        any_media().prop_map(ToolOutput::Media),
        (word(), json_text()).prop_map(|(key, value)| ToolOutput::Other(extension(&key, &value))),
        json_text().prop_map(|value| ToolOutput::Other(extension("search-result", &value))),
        word().prop_map(|word| {
            let value = json!({"source": word, "title": "t", "content": [{"text": "x"}]});
            ToolOutput::Other(extension("search-result", &value.to_string()))
        }),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    let id = || prop_oneof![Just("1".to_owned()), Just("functions.f:2".into()), word()];
    prop_oneof![
        3 => word().prop_map(Block::Text),
        1 => any_media().prop_map(Block::Media),
        2 => (word(), option::of(word()), option::of(vec(any::<u8>(), 0..4)), option::of(model_id()))
            .prop_map(|(text, signature, redacted, model_id)| {
                Block::Reasoning(Reasoning { text, signature, redacted, model_id })
            }),
        3 => (id(), word(), json_text())
            .prop_map(|(id, name, arguments)| Block::ToolCall(ToolCall { id, name, arguments })),
        3 => (id(), vec(output(), 0..3), any::<bool>())
            .prop_map(|(call_id, output, is_error)| Block::ToolResult(ToolResult { call_id, output, is_error })),
        1 => prop_oneof![Just("5m"), Just("1h"), Just("2h")].prop_map(|ttl| Block::CachePoint(ttl.into())),
        1 => (word(), word(), json_text()).prop_map(|(kind, text, _)| {
            Block::Raw(RawBlock { kind, text, json: r#"{"citations":[]}"#.into() })
        }),
        1 => json_text().prop_map(|value| Block::Other(extension("system", &value))),
    ]
}

fn model_id() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..ROWS.len()).prop_map(|row| ROWS[row].id.to_owned()),
        (0..ROWS.len()).prop_map(|row| format!("us.{}", ROWS[row].id)),
        Just(UNKNOWN.to_owned()),
    ]
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let role = prop_oneof![Just(Role::User), Just(Role::Assistant)];
    let message = (role, vec(block(), 0..5), option::of(model_id()));
    // Blocks of the other role are an error by themselves and would hide everything else.
    let fits = |role: Role, block: &Block| match block {
        Block::Media(_) | Block::ToolResult(_) => role == Role::User,
        Block::Reasoning(_) | Block::ToolCall(_) => role == Role::Assistant,
        _ => true,
    };
    vec(message, 0..7).prop_map(move |messages| {
        messages
            .into_iter()
            .map(|(role, mut content, model_id)| {
                content.retain(|block| fits(role, block));
                Message { role, content, model_id }
            })
            .collect()
    })
}

fn any_request() -> impl Strategy<Value = Request> {
    let tools = vec(
        (word(), word(), json_text(), any::<bool>()).prop_map(|(name, description, input_schema, strict)| {
            Tool { name, description, input_schema, strict }
        }),
        0..4,
    );
    let choice = prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::Any),
        Just(ToolChoice::None),
        word().prop_map(ToolChoice::Named)
    ];
    let effort =
        option::of(prop_oneof![Just("off"), Just("minimal"), Just("high"), Just("max"), Just("extreme")]);
    let extra = prop_oneof![
        Just(("cache-retention", "\"long\"")),
        Just(("cache-retention", "\"none\"")),
        Just(("reasoning-display", "\"omitted\"")),
        Just(("metadata", "{\"a\":\"b\"}")),
        Just(("novel", "1")),
    ];
    let numbers = (option::of(any::<u32>()), option::of(any::<f64>()), option::of(0.0..1.0f64));
    (
        (model_id(), vec(word().prop_map(Block::Text), 0..3), messages(), tools, choice),
        (effort, numbers, vec(word(), 0..3), option::of(json_text()), vec(extra, 0..3)),
    )
        .prop_map(
            |(
                (model_id, system, messages, tools, tool_choice),
                (effort, (max_output_tokens, temperature, top_p), stop_sequences, output_schema, extra),
            )| Request {
                system,
                tools,
                tool_choice,
                effort: effort.map(String::from),
                max_output_tokens,
                temperature,
                top_p,
                stop_sequences,
                output_schema,
                extensions: extra.iter().map(|(key, value)| extension(key, value)).collect(),
                ..request(&model_id, messages)
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_request_gives_a_valid_body_or_a_clear_error(request in any_request()) {
        match map(&request) {
            Ok(mapped) => {
                let refusal = judged(&request.model_id, &mapped);
                prop_assert_eq!(refusal, Ok(()));
                for rewrite in &mapped.rewrites {
                    prop_assert!(rewrites_known(&rewrite.rule), "{}", rewrite.rule);
                    prop_assert!(rewrite.at.starts_with('/'), "{}", rewrite.at);
                }
                prop_assert!(serde_json::from_str::<Value>(&mapped.readable()).is_ok());
            }
            Err(error) => {
                prop_assert!(matches!(error.code, ErrorCode::InvalidRequest | ErrorCode::Unsupported));
                prop_assert!(error.message.starts_with('/'), "{}", error.message);
            }
        }
        if let Ok(mapped) = count(&request, &target(&request.model_id), &Settings::default()) {
            prop_assert!(serde_json::from_str::<Value>(&joined(&mapped.body)).is_ok());
        }
    }

    #[test]
    fn any_id_is_looked_up(id in any::<String>()) {
        Known::by_id(&id);
        Known::by_id(&format!("arn:aws:bedrock:{id}"));
    }
}

fn rewrites_known(rule: &str) -> bool {
    super::super::rewrites::RULES.iter().any(|(name, _)| *name == rule)
}
