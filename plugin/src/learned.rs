//! What earlier answers taught, kept by the host as short facts, since an instance does not outlive
//! its stream. Requests follow it from the start; recovery from a refusal sets it, maps the request
//! again, and writes it down.
//!
//! | about | key | value |
//! |---|---|---|
//! | a base model | `cache-point/<base id>` | `refused` |
//! | a base model | `cache-ttl/<base id>` | `refused` |
//! | a base model | `unary/<base id>` | `tools` |
//! | a conversation | `reasoning/<conversation>` | `strip`, `drop` |
//!
//! The part of a key before the slash is the contract's `key`, the part behind it its `scope`.

use crate::bindings::outcrop::provider::types::Request;
use crate::bridge::{About, Bridge};
use crate::models::Known;

/// A base model refused cache points.
pub const CACHE_POINT: &str = "cache-point";
/// A base model refused a cache point's time.
pub const CACHE_TTL: &str = "cache-ttl";
/// A base model refused to stream something.
pub const UNARY: &str = "unary";
/// How earlier reasoning is to be sent in a conversation.
pub const REASONING: &str = "reasoning";

/// The value of what was refused.
pub const REFUSED: &str = "refused";
/// The value of [`UNARY`] for a model that calls no tools in a streamed answer.
pub const TOOLS: &str = "tools";

/// How earlier reasoning is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Earlier {
    /// As the model takes it.
    #[default]
    Kept,
    /// Not at all.
    Stripped,
    /// As it is, with the wish that the service drops what does not belong to this conversation.
    Dropped,
}

impl Earlier {
    /// As it is remembered; none for what is remembered by nothing.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Kept => None,
            Self::Stripped => Some("strip"),
            Self::Dropped => Some("drop"),
        }
    }
}

/// What is known from earlier answers, of the model and of the conversation of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// The model refuses cache points.
    pub no_cache_points: bool,
    /// The model refuses to be told how long to keep.
    pub no_cache_ttl: bool,
    /// The model refuses tools in a streamed answer.
    pub unary_tools: bool,
    /// Earlier reasoning in this conversation.
    pub reasoning: Earlier,
}

impl Learned {
    /// What the host remembers.
    pub fn recall<B: Bridge>(bridge: &B, known: &Known, request: &Request) -> Self {
        let model = |key| bridge.recall(About::Model(&known.base), key);
        let reasoning = request.conversation_id.as_deref().and_then(|conversation| {
            let word = bridge.recall(About::Conversation(conversation), REASONING)?;
            [Earlier::Stripped, Earlier::Dropped]
                .into_iter()
                .find(|earlier| earlier.word() == Some(word.as_str()))
        });
        Self {
            no_cache_points: model(CACHE_POINT).as_deref() == Some(REFUSED),
            no_cache_ttl: model(CACHE_TTL).as_deref() == Some(REFUSED),
            unary_tools: model(UNARY).as_deref() == Some(TOOLS),
            reasoning: reasoning.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::outcrop::provider::bedrock_bridge::{BodyPart, Failure, Listing};
    use crate::bindings::outcrop::provider::types::ToolChoice;
    use crate::stream::script::Scripted;

    /// Remembers what it was made with.
    struct Remembers(&'static [(About<'static>, &'static str, &'static str)]);

    impl Bridge for Remembers {
        type Call = Scripted;

        fn list_models(&self) -> Result<Listing, Failure> {
            unreachable!("nothing is listed")
        }

        fn lookup(&self, _: &str) -> Option<Vec<u8>> {
            None
        }

        fn start(&self, _: &str, _: &str, _: &[BodyPart]) -> Result<Scripted, Failure> {
            unreachable!("nothing is started")
        }

        fn recall(&self, about: About<'_>, key: &str) -> Option<String> {
            self.0.iter().find(|(a, k, _)| *a == about && *k == key).map(|(_, _, value)| (*value).into())
        }
    }

    fn request(conversation: Option<&str>) -> Request {
        Request {
            model_id: "us.novel.model".into(),
            conversation_id: conversation.map(String::from),
            system: Vec::new(),
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            effort: None,
            max_output_tokens: None,
            temperature: None,
            top_p: None,
            stop_sequences: Vec::new(),
            output_schema: None,
            extensions: Vec::new(),
        }
    }

    #[test]
    fn facts_are_of_the_base_model_and_of_the_conversation() {
        let memory = Remembers(&[
            (About::Model("novel.model"), CACHE_TTL, REFUSED),
            (About::Model("novel.model"), UNARY, "something"),
            (About::Model("other.model"), CACHE_POINT, REFUSED),
            (About::Conversation("c"), REASONING, "drop"),
            (About::Conversation("d"), REASONING, "novel"),
        ]);
        let known = Known::by_id("us.novel.model");
        let want = Learned { no_cache_ttl: true, ..Learned::default() };
        assert_eq!(Learned::recall(&memory, &known, &request(None)), want);
        assert_eq!(Learned::recall(&memory, &known, &request(Some("d"))), want);
        let dropped = Learned { reasoning: Earlier::Dropped, ..want };
        assert_eq!(Learned::recall(&memory, &known, &request(Some("c"))), dropped);
    }
}
