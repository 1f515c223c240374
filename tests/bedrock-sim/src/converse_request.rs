//! What the scenarios read out of a Converse request.

use serde_json::Value;

use crate::events;

/// The body of a Converse, ConverseStream or CountTokens request.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConverseRequest {
    body: Value,
}

/// A tool that the request offers.
#[derive(Clone, Debug)]
pub(crate) struct Tool<'a> {
    pub(crate) name: &'a str,
    pub(crate) schema: &'a Value,
}

impl ConverseRequest {
    pub(crate) fn new(body: Value) -> Self {
        Self { body }
    }

    /// The last text of the last message, when that is the user's.
    pub(crate) fn prompt(&self) -> Option<&str> {
        let texts = self.last_user_blocks().iter().rev();
        texts.filter_map(|block| block["text"].as_str()).next()
    }

    /// The tool results of the last message.
    pub(crate) fn tool_results(&self) -> Vec<&Value> {
        self.last_user_blocks().iter().filter_map(|block| block.get("toolResult")).collect()
    }

    /// The tools to call: the one that `toolChoice` names first, then in the order of the request.
    pub(crate) fn tools(&self) -> Vec<Tool<'_>> {
        let config = &self.body["toolConfig"];
        let chosen = config["toolChoice"]["tool"]["name"].as_str();
        let specs = config["tools"].as_array().into_iter().flatten().map(|tool| &tool["toolSpec"]);
        let mut tools: Vec<Tool<'_>> = specs
            .filter_map(|spec| {
                let name = spec["name"].as_str()?;
                Some(Tool { name, schema: &spec["inputSchema"]["json"] })
            })
            .collect();
        tools.sort_by_key(|tool| Some(tool.name) != chosen);
        tools
    }

    /// About how many tokens the request has: a quarter of the letters of its texts.
    pub(crate) fn tokens(&self) -> u64 {
        let counted = ["system", "messages", "toolConfig"].map(|member| &self.body[member]);
        counted.into_iter().flat_map(texts).map(events::tokens).sum::<u64>().max(1)
    }

    fn last_user_blocks(&self) -> &[Value] {
        let last = self.body["messages"].as_array().and_then(|messages| messages.last());
        last.filter(|message| message["role"] == "user")
            .and_then(|message| message["content"].as_array())
            .map_or(&[], Vec::as_slice)
    }
}

/// Every string in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
