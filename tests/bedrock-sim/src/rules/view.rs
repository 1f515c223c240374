//! A request as the rules look at it: messages and blocks, each with the place that a refusal names.

use serde_json::Value;

use super::model::Model;
use crate::Operation;

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) operation: Operation,
    /// As the request names the model.
    pub(super) id: &'a str,
    pub(super) model: &'a Model,
    pub(super) body: &'a Value,
}

/// One turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) index: usize,
    pub(super) role: &'a str,
    pub(super) content: &'a [Value],
}

/// A content block: of a message, or inside a tool result.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    /// As refusals write it: `messages.0.content.1`.
    pub(super) at: String,
    pub(super) role: &'a str,
    /// Whether it stands inside a tool result.
    pub(super) in_result: bool,
    pub(super) value: &'a Value,
}

impl<'a> Message<'a> {
    /// Its blocks, without those inside tool results.
    pub(super) fn blocks(self) -> impl Iterator<Item = Block<'a>> {
        let Self { index, role, content } = self;
        content.iter().enumerate().map(move |(number, value)| Block {
            at: format!("messages.{index}.content.{number}"),
            role,
            in_result: false,
            value,
        })
    }

    /// The members named so of its blocks: every `toolUse`, say.
    pub(super) fn all(self, member: &'static str) -> impl Iterator<Item = &'a Value> {
        self.content.iter().filter_map(move |block| block.get(member))
    }

    /// Whether any of its blocks is of that kind.
    pub(super) fn has(self, member: &'static str) -> bool {
        self.all(member).next().is_some()
    }
}

impl<'a> Block<'a> {
    /// The member of this name, where the block is of that kind.
    pub(super) fn get(&self, member: &str) -> Option<&'a Value> {
        self.value.get(member)
    }

    fn inside(self) -> Vec<Block<'a>> {
        let inner = array(self.get("toolResult").and_then(|result| result.get("content")));
        inner
            .iter()
            .enumerate()
            .map(|(number, value)| Block {
                at: format!("{}.toolResult.content.{number}", self.at),
                role: self.role,
                in_result: true,
                value,
            })
            .collect()
    }
}

impl<'a> Request<'a> {
    /// The turns.
    pub(super) fn messages(&self) -> impl DoubleEndedIterator<Item = Message<'a>> + use<'a> {
        let message = |(index, message): (usize, &'a Value)| Message {
            index,
            role: message["role"].as_str().unwrap_or_default(),
            content: array(message.get("content")),
        };
        array(self.body.get("messages")).iter().enumerate().map(message)
    }

    /// The blocks of all turns, then those inside their tool results.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block<'a>> + use<'a> {
        let own = self.messages().flat_map(Message::blocks);
        let inner = self.messages().flat_map(Message::blocks).flat_map(Block::inside);
        own.chain(inner)
    }

    /// The entries of `toolConfig.tools`.
    pub(super) fn tools(&self) -> &'a [Value] {
        array(self.body["toolConfig"].get("tools"))
    }

    /// The tools that the caller brings, each with its place in the list.
    pub(super) fn specs(&self) -> impl Iterator<Item = (usize, &'a Value)> + use<'a> {
        self.tools().iter().enumerate().filter_map(|(index, tool)| Some((index, tool.get("toolSpec")?)))
    }

    /// The model's own request fields.
    pub(super) fn field(&self, name: &str) -> Option<&'a Value> {
        self.body["additionalModelRequestFields"].get(name)
    }
}

/// An array's items; none of anything else.
pub(super) fn array(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
