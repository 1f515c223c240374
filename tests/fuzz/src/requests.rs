//! Request JSON: anything is read or refused with a place; what is read and printed reads the same again.

use arbitrary::Unstructured;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::ours::request::{Content, Media, Message, Role, Tool, ToolChoice, ToolOutput, ToolResult};
use crate::{ErrorClass, Request};

const WORDS: &[&str] = &[
    "model",
    "amazon-bedrock/m",
    "system",
    "messages",
    "tools",
    "toolChoice",
    "auto",
    "any",
    "none",
    "effort",
    "high",
    "maxTokens",
    "temperature",
    "topP",
    "stopSequences",
    "outputSchema",
    "conversationId",
    "extensions",
    "timeouts",
    "firstContentMs",
    "silenceMs",
    "totalMs",
    "role",
    "user",
    "assistant",
    "toolResult",
    "content",
    "type",
    "text",
    "image",
    "document",
    "video",
    "audio",
    "data",
    "format",
    "mimeType",
    "image/png",
    "png",
    "name",
    "a.pdf",
    "citations",
    "context",
    "iVBORw0KGgo=",
    "JVBERi0=",
    "AQ==",
    "AQ",
    "thinking",
    "thinkingSignature",
    "redacted",
    "toolCall",
    "id",
    "arguments",
    "toolCallId",
    "toolName",
    "isError",
    "json",
    "searchResult",
    "source",
    "title",
    "cachePoint",
    "ttl",
    "5m",
    "1h",
    "raw",
    "provider",
    "usage",
    "description",
    "parameters",
    "strict",
    "object",
    "$serde_json::private::Number",
    "$serde_json::private::RawValue",
];

/// See the module.
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let text = text(&mut input);
    if let Err(error) = Tool::list_from_json(text.as_bytes()) {
        assert_eq!(error.class, ErrorClass::InvalidRequest);
    }
    let draft = Request::draft_from_json(text.as_bytes());
    let whole = Request::from_json(text.as_bytes());
    match (draft, whole) {
        (Err(draft), Err(whole)) => {
            assert_eq!((draft.class, whole.class), (ErrorClass::InvalidRequest, ErrorClass::InvalidRequest));
            assert!(!whole.message.is_empty());
        }
        (Err(error), Ok(_)) => panic!("a whole request is a draft too: {error}"),
        (Ok(draft), whole) => {
            if let Ok(whole) = whole {
                assert_eq!(whole, draft, "the same, asked for as a whole");
            }
            let printed = print(&draft).to_string();
            let again = Request::draft_from_json(printed.as_bytes())
                .unwrap_or_else(|error| panic!("what was printed is not read: {error}\n{printed}"));
            assert_eq!(again, draft, "{printed}");
        }
    }
}

/// A request that is mostly right, or JSON of our words, or anything at all.
fn text(input: &mut Unstructured<'_>) -> String {
    let mut text = String::new();
    match input.int_in_range(0..=7_u8).unwrap_or_default() {
        0 => return String::from_utf8_lossy(input.bytes(input.len()).unwrap_or_default()).into_owned(),
        1 => crate::json::text(input, WORDS, &mut text),
        _ => {
            let roles = ["user", "assistant", "toolResult", "system"];
            text.push_str("{\"model\":\"amazon-bedrock/m\",\"messages\":[");
            let mut first = true;
            while input.ratio(3, 4).unwrap_or_default() && !input.is_empty() {
                if !std::mem::take(&mut first) {
                    text.push(',');
                }
                let role = input.choose(&roles).unwrap_or(&"user");
                text.push_str(&format!("{{\"role\":\"{role}\",\"content\":"));
                content(input, &mut text);
                if *role == "toolResult" {
                    text.push_str(",\"toolCallId\":\"t\"");
                }
                text.push('}');
            }
            text.push(']');
            if input.ratio(1, 2).unwrap_or_default() {
                let member = input.choose(WORDS).unwrap_or(&"tools");
                text.push_str(&format!(",\"{member}\":"));
                crate::json::text(input, WORDS, &mut text);
            }
            text.push('}');
        }
    }
    text
}

/// Content of blocks that have a type, and of it the members that it needs.
fn content(input: &mut Unstructured<'_>, out: &mut String) {
    if input.ratio(1, 8).unwrap_or_default() {
        return crate::json::text(input, WORDS, out);
    }
    let blocks = [
        r#""type":"text","text":"x""#,
        r#""type":"image","data":"iVBORw0KGgo=""#,
        r#""type":"document","text":"%PDF-""#,
        r#""type":"document","data":"AQ","format":"pdf""#,
        r#""type":"video","data":"AQ==","mimeType":"video/mp4""#,
        r#""type":"audio","data":"AQ==","name":"a.mp3""#,
        r#""type":"thinking","thinking":"x""#,
        r#""type":"thinking","thinking":"","redacted":true,"thinkingSignature":"AQ==""#,
        r#""type":"toolCall","id":"t","name":"n""#,
        r#""type":"toolResult","toolCallId":"t","content":[{"type":"json","json":null}]"#,
        r#""type":"searchResult","source":"s","title":"t","content":"x","citations":true"#,
        r#""type":"json","json":[1.0]"#,
        r#""type":"cachePoint""#,
        r#""type":"novel","raw":{}"#,
        r#""type":"raw","raw":0.10"#,
    ];
    out.push('[');
    let mut first = true;
    while input.ratio(3, 4).unwrap_or_default() && !input.is_empty() {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        out.push('{');
        out.push_str(input.choose(&blocks).unwrap_or(&""));
        if input.ratio(1, 4).unwrap_or_default() {
            out.push_str(&format!(",\"{}\":", input.choose(WORDS).unwrap_or(&"text")));
            crate::json::text(input, WORDS, out);
        }
        out.push('}');
    }
    out.push(']');
}

/// The JSON form, as `docs/request.md` has it.
fn print(request: &Request) -> Value {
    let mut printed = json!({
        "system": contents(Role::User, &request.system),
        "messages": request.messages.iter().map(message).collect::<Vec<_>>(),
        "tools": request.tools.iter().map(tool).collect::<Vec<_>>(),
        "toolChoice": match &request.tool_choice {
            ToolChoice::Auto => json!("auto"),
            ToolChoice::Any => json!("any"),
            ToolChoice::None => json!("none"),
            ToolChoice::Named(name) => json!({ "name": name }),
        },
        "effort": request.effort.map(|effort| effort.as_str()),
        "maxTokens": request.max_tokens,
        "temperature": request.temperature,
        "topP": request.top_p,
        "stopSequences": request.stop_sequences,
        "outputSchema": request.output_schema,
        "conversationId": request.conversation_id,
        "extensions": request.extensions,
        "timeouts": {
            "firstContentMs": request.timeouts.first_content.map(|time| time.as_millis() as u64),
            "silenceMs": request.timeouts.silence.map(|time| time.as_millis() as u64),
            "totalMs": request.timeouts.total.map(|time| time.as_millis() as u64),
        },
    });
    if !request.model.is_empty() {
        printed["model"] = request.model.as_str().into();
    }
    printed
}

fn tool(tool: &Tool) -> Value {
    json!({ "name": tool.name, "description": tool.description, "parameters": tool.parameters, "strict": tool.strict })
}

fn message(message: &Message) -> Value {
    let is_instruction = |content: &Content| matches!(content, Content::Instruction(_));
    if !message.content.is_empty() && message.content.iter().all(is_instruction) {
        return json!({ "role": "system", "content": contents(message.role, &message.content) });
    }
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let mut printed = json!({ "role": role, "content": contents(message.role, &message.content) });
    if let Some(model) = &message.model {
        printed["model"] = model.as_str().into();
    }
    printed
}

fn contents(role: Role, contents: &[Content]) -> Vec<Value> {
    contents.iter().map(|content| self::block(role, content)).collect()
}

fn block(role: Role, content: &Content) -> Value {
    match content {
        Content::Text(text) | Content::Instruction(text) => json!({ "type": "text", "text": text }),
        Content::Media(media) => self::media(media),
        Content::Reasoning(reasoning) => match &reasoning.redacted {
            Some(bytes) => {
                json!({ "type": "thinking", "thinking": "", "redacted": true, "thinkingSignature": STANDARD.encode(bytes) })
            }
            None => {
                json!({ "type": "thinking", "thinking": reasoning.text, "thinkingSignature": reasoning.signature })
            }
        },
        Content::ToolCall(call) => {
            json!({ "type": "toolCall", "id": call.id, "name": call.name, "arguments": call.arguments })
        }
        Content::ToolResult(result) => tool_result(result),
        Content::CachePoint(ttl) => json!({ "type": "cachePoint", "ttl": ttl }),
        Content::Raw(raw) if role == Role::User => json!({ "type": "raw", "raw": raw.json }),
        Content::Raw(raw) => json!({ "type": raw.kind, "text": raw.text, "raw": raw.json }),
    }
}

fn tool_result(result: &ToolResult) -> Value {
    let output = |output: &ToolOutput| match output {
        ToolOutput::Text(text) => json!({ "type": "text", "text": text }),
        ToolOutput::Json(value) => json!({ "type": "json", "json": value }),
        ToolOutput::Media(media) => self::media(media),
        ToolOutput::SearchResult(found) => {
            let mut printed = Map::from_iter([("type".to_owned(), "searchResult".into())]);
            for (name, value) in found.as_object().into_iter().flatten() {
                let value = if name == "citations" { &value["enabled"] } else { value };
                printed.insert(name.clone(), value.clone());
            }
            Value::Object(printed)
        }
    };
    let content: Vec<_> = result.output.iter().map(output).collect();
    json!({ "type": "toolResult", "toolCallId": result.call_id, "content": content, "isError": result.is_error })
}

fn media(media: &Media) -> Value {
    let mut printed = media.extensions.clone();
    printed.insert("type".to_owned(), media.kind.as_str().into());
    printed.insert("format".to_owned(), media.format.as_str().into());
    printed.insert("name".to_owned(), media.name.clone().into());
    // A text is believed to be what it is called; bytes are looked at.
    match std::str::from_utf8(&media.data) {
        Ok(text) if media.kind.as_str() == "document" => printed.insert("text".to_owned(), text.into()),
        _ => printed.insert("data".to_owned(), STANDARD.encode(&media.data).into()),
    };
    Value::Object(printed)
}
