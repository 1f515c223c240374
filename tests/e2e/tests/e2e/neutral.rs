//! A Converse body turned back into the neutral request that a host would have made: the inverse of what the plugin
//! does, for tests that hold recorded requests against it.

use serde_json::{Map, Value, json};

/// The neutral request in its JSON form, or what of the body has no place in one.
pub(crate) fn request(id: &str, body: &Value) -> Result<Value, String> {
    let model = format!("amazon-bedrock/{id}");
    let mut request = json!({ "model": model });
    let mut extensions = Map::new();
    for (member, value) in body.as_object().expect("an object") {
        match member.as_str() {
            "messages" => {
                let messages = items(value).iter().map(|message| turn(&model, message));
                request["messages"] = messages.collect::<Result<Value, String>>()?;
            }
            "system" => {
                let blocks = items(value).iter().map(|block| {
                    plain(block).ok_or_else(|| {
                        format!("a system block that is neither text nor cache point: {block}")
                    })
                });
                request["system"] = blocks.collect::<Result<Value, String>>()?;
            }
            "inferenceConfig" => {
                for (name, value) in members(value) {
                    request[name.as_str()] = value.clone();
                }
            }
            "toolConfig" => tools(value, &mut request, &mut extensions)?,
            "outputConfig" => {
                let schema = value["textFormat"]["structure"]["jsonSchema"]["schema"].as_str();
                let schema = schema.and_then(|schema| serde_json::from_str(schema).ok());
                request["outputSchema"] = schema.ok_or("an outputConfig without a schema")?;
            }
            _ => {
                let (key, value) = extension(member, value).ok_or_else(|| format!("the member {member}"))?;
                extensions.insert(key.to_owned(), value);
            }
        }
    }
    if !extensions.is_empty() {
        request["extensions"] = Value::Object(extensions);
    }
    Ok(request)
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The members that are extensions of the neutral request.
fn extension(member: &str, value: &Value) -> Option<(&'static str, Value)> {
    Some(match member {
        "guardrailConfig" => ("guardrail", value.clone()),
        "performanceConfig" => ("latency", value["latency"].clone()),
        "serviceTier" => ("service-tier", value["type"].clone()),
        "requestMetadata" => ("metadata", value.clone()),
        "additionalModelRequestFields" => ("model-fields", value.clone()),
        "additionalModelResponseFieldPaths" => ("response-paths", value.clone()),
        _ => return None,
    })
}

fn tools(config: &Value, request: &mut Value, extensions: &mut Map<String, Value>) -> Result<(), String> {
    let mut own = Vec::new();
    let mut servers = Vec::new();
    for tool in items(&config["tools"]) {
        let spec = &tool["toolSpec"];
        if spec.is_object() {
            let mut tool = json!({ "name": spec["name"], "parameters": spec["inputSchema"]["json"] });
            for name in ["description", "strict"] {
                if let Some(value) = spec.get(name) {
                    tool[name] = value.clone();
                }
            }
            own.push(tool);
        } else if let Some(name) = tool["systemTool"].get("name") {
            servers.push(name.clone());
        } else if tool.get("cachePoint").is_some() {
            // Of the tools a host says that they shall be cached, and not where.
            extensions.insert("cache-retention".to_owned(), json!("short"));
        } else {
            return Err(format!("the tool {tool}"));
        }
    }
    if !own.is_empty() {
        request["tools"] = Value::Array(own);
    }
    if !servers.is_empty() {
        extensions.insert("system-tools".to_owned(), Value::Array(servers));
    }
    if let Some((choice, value)) = members(&config["toolChoice"]).next() {
        request["toolChoice"] = match choice.as_str() {
            "tool" => json!({ "name": value["name"] }),
            word => json!(word),
        };
    }
    Ok(())
}

fn turn(model: &str, message: &Value) -> Result<Value, String> {
    let role = message["role"].as_str().unwrap_or_default();
    let form = match role {
        "user" => of_user,
        "assistant" => of_assistant,
        other => return Err(format!("the role {other}")),
    };
    let content: Value = items(&message["content"]).iter().map(form).collect::<Result<_, String>>()?;
    let mut turn = json!({ "role": role, "content": content });
    if role == "assistant" {
        turn["model"] = json!(model);
    }
    Ok(turn)
}

/// Text and cache points, which are the same everywhere.
fn plain(block: &Value) -> Option<Value> {
    if let Some(text) = block.get("text") {
        return Some(json!({ "type": "text", "text": text }));
    }
    let point = block.get("cachePoint")?;
    let mut block = json!({ "type": "cachePoint" });
    if let Some(ttl) = point.get("ttl") {
        block["ttl"] = ttl.clone();
    }
    Some(block)
}

/// Media whose bytes are in the request; none where they lie in S3.
fn media(block: &Value) -> Option<Value> {
    let (kind, media) = members(block).next()?;
    let mut block = json!({ "type": kind, "format": media["format"] });
    match (media["source"].get("bytes"), media["source"].get("text")) {
        (Some(bytes), _) => block["data"] = bytes.clone(),
        (None, Some(text)) => block["text"] = text.clone(),
        (None, None) => return None,
    }
    for (name, value) in [
        ("name", media.get("name")),
        ("context", media.get("context")),
        ("citations", media["citations"].get("enabled")),
    ] {
        if let Some(value) = value {
            block[name] = value.clone();
        }
    }
    Some(block)
}

fn of_user(block: &Value) -> Result<Value, String> {
    if let Some(block) = plain(block) {
        return Ok(block);
    }
    let kind = members(block).next().map(|(kind, _)| kind.as_str()).unwrap_or_default();
    match kind {
        "toolResult" => {
            let result = &block["toolResult"];
            let content = items(&result["content"]).iter().map(output);
            Ok(json!({
                "type": "toolResult",
                "toolCallId": result["toolUseId"],
                "isError": result["status"] == "error",
                "content": content.collect::<Result<Value, String>>()?,
            }))
        }
        "image" | "document" | "video" | "audio" => {
            Ok(media(block).unwrap_or_else(|| json!({ "type": "raw", "raw": block })))
        }
        "guardContent" | "searchResult" => Ok(json!({ "type": "raw", "raw": block })),
        _ => Err(format!("the block {kind} of a user")),
    }
}

fn output(block: &Value) -> Result<Value, String> {
    if let Some(json) = block.get("json") {
        return Ok(json!({ "type": "json", "json": json }));
    }
    let stored = || "media of a tool result that lie in S3".to_owned();
    plain(block).map_or_else(|| media(block).ok_or_else(stored), Ok)
}

fn of_assistant(block: &Value) -> Result<Value, String> {
    if let Some(block) = plain(block) {
        return Ok(block);
    }
    if let Some(call) = block.get("toolUse") {
        return Ok(json!({
            "type": "toolCall", "id": call["toolUseId"], "name": call["name"], "arguments": call["input"],
        }));
    }
    let reasoning =
        block.get("reasoningContent").ok_or_else(|| format!("a block of the assistant: {block}"))?;
    Ok(match reasoning.get("redactedContent") {
        Some(redacted) => {
            json!({ "type": "thinking", "thinking": "", "redacted": true, "thinkingSignature": redacted })
        }
        None => {
            let text = &reasoning["reasoningText"];
            let mut block = json!({ "type": "thinking", "thinking": text["text"] });
            if let Some(signature) = text.get("signature") {
                block["thinkingSignature"] = signature.clone();
            }
            block
        }
    })
}
