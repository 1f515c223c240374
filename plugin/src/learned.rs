//! What earlier answers taught, kept by the host as short facts, since an instance does not outlive
//! its stream. Requests follow it from the start; recovery from a refusal adds to it, maps the request
//! again, and writes it down once an answer has begun.
//!
//! | about | key | value |
//! |---|---|---|
//! | a base model | `learned` | words for what it lacks, and `profile:` with the geography to call it through |
//! | a conversation | `reasoning` | `strip`, `drop` |

use crate::bindings::outcrop::provider::types::Request;
use crate::bridge::{About, Bridge};
use crate::models::Known;

/// What is known of a base model.
const MODEL: &str = "learned";
/// How earlier reasoning is to be sent in a conversation.
const REASONING: &str = "reasoning";
/// Stands before the geography of a profile.
const PROFILE: &str = "profile:";

/// The longest fact that a host keeps.
const LONGEST: usize = 64;
/// A day: long enough to spare a working day's refusals, short enough to notice that a model has changed.
const SECONDS: u32 = 24 * 60 * 60;

/// Something that a model turned out to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Cache points.
    CachePoints,
    /// To be told how long to keep.
    CacheTtl,
    /// Tools in a streamed answer.
    StreamedTools,
    /// Instructions apart from the conversation.
    System,
    /// Temperature and top-p.
    Sampling,
    /// Temperature beside top-p.
    BothSamplings,
    /// Stop sequences.
    StopSequences,
    /// To be told how hard to think.
    Effort,
    /// An output schema.
    Schema,
    /// To be made to call a tool.
    ForcedChoice,
    /// A tool whose arguments must follow its schema to the letter.
    Strict,
    /// The status of a tool result.
    ToolStatus,
    /// Media in tool results.
    MediaInResults,
    /// Anything beside tool results.
    MixedResults,
    /// Earlier reasoning.
    Reasoning,
    /// Images.
    Images,
    /// Documents.
    Documents,
    /// Videos.
    Videos,
    /// A conversation that begins with the model's turn.
    Opening,
    /// To have its tokens counted.
    Counting,
}

/// Every lack and its word.
const LACKS: &[(Lack, &str)] = &[
    (Lack::CachePoints, "cache"),
    (Lack::CacheTtl, "ttl"),
    (Lack::StreamedTools, "unary"),
    (Lack::System, "system"),
    (Lack::Sampling, "sampling"),
    (Lack::BothSamplings, "both"),
    (Lack::StopSequences, "stop"),
    (Lack::Effort, "effort"),
    (Lack::Schema, "schema"),
    (Lack::ForcedChoice, "choice"),
    (Lack::Strict, "strict"),
    (Lack::ToolStatus, "status"),
    (Lack::MediaInResults, "inside"),
    (Lack::MixedResults, "beside"),
    (Lack::Reasoning, "replay"),
    (Lack::Images, "images"),
    (Lack::Documents, "documents"),
    (Lack::Videos, "videos"),
    (Lack::Opening, "opening"),
    (Lack::Counting, "count"),
];

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// What the model lacks, a bit each.
    lacks: u32,
    /// Earlier reasoning in this conversation.
    pub reasoning: Earlier,
    /// The geography of the profile that serves a model which cannot be called by its own id.
    pub profile: Option<String>,
}

impl Learned {
    /// What the host remembers.
    pub fn recall<B: Bridge>(bridge: &B, known: &Known, request: &Request) -> Self {
        let mut learned = Self::of_model(bridge, known);
        if let Some(conversation) = request.conversation_id.as_deref()
            && let Some(word) = bridge.recall(About::Conversation(conversation), REASONING)
        {
            learned.reasoning = [Earlier::Stripped, Earlier::Dropped]
                .into_iter()
                .find(|earlier| earlier.word() == Some(word.as_str()))
                .unwrap_or_default();
        }
        learned
    }

    fn of_model<B: Bridge>(bridge: &B, known: &Known) -> Self {
        let mut learned = Self::default();
        let fact = bridge.recall(About::Model(&known.base), MODEL).unwrap_or_default();
        for word in fact.split(' ') {
            if let Some(geography) = word.strip_prefix(PROFILE) {
                learned.profile = Some(geography.into());
            } else if let Some((lack, _)) = LACKS.iter().find(|(_, known)| *known == word) {
                learned.add(*lack);
            }
        }
        learned
    }

    /// Keeps it for the next streams. What another stream learned meanwhile stays.
    pub fn remember<B: Bridge>(&self, bridge: &B, known: &Known, conversation: Option<&str>) {
        let before = Self::of_model(bridge, known);
        let mut all = self.clone();
        all.lacks |= before.lacks;
        all.profile = all.profile.or(before.profile.clone());
        if (all.lacks, &all.profile) != (before.lacks, &before.profile) {
            bridge.remember(About::Model(&known.base), MODEL, &all.words(), SECONDS);
        }
        if let (Some(conversation), Some(word)) = (conversation, self.reasoning.word()) {
            bridge.remember(About::Conversation(conversation), REASONING, word, SECONDS);
        }
    }

    /// As much of it as a fact can hold.
    fn words(&self) -> String {
        let profile = self.profile.as_ref().map(|geography| [PROFILE, geography].concat());
        let lacks = LACKS.iter().filter(|(lack, _)| self.lacks_this(*lack)).map(|(_, word)| (*word).into());
        let mut fact = String::new();
        for word in profile.into_iter().chain(lacks) {
            if fact.len() + 1 + word.len() <= LONGEST {
                if !fact.is_empty() {
                    fact.push(' ');
                }
                fact.push_str(&word);
            }
        }
        fact
    }

    /// Adds what the model lacks; false where that was known.
    pub fn add(&mut self, lack: Lack) -> bool {
        let known = self.lacks_this(lack);
        self.lacks |= bit(lack);
        !known
    }

    /// Whether the model lacks it.
    pub fn lacks_this(&self, lack: Lack) -> bool {
        self.lacks & bit(lack) != 0
    }

    /// All that the model lacks.
    pub fn lacks(&self) -> impl Iterator<Item = Lack> {
        LACKS.iter().map(|(lack, _)| *lack).filter(|lack| self.lacks_this(*lack))
    }
}

fn bit(lack: Lack) -> u32 {
    1 << (lack as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::script::{Memory, request};

    fn named(conversation: Option<&str>) -> Request {
        Request { conversation_id: conversation.map(String::from), ..request("us.novel.model") }
    }

    #[test]
    fn facts_are_of_the_base_model_and_of_the_conversation() {
        let memory = &Memory::default();
        let known = Known::by_id("us.novel.model");
        for (about, key, value) in [
            (About::Model("novel.model"), MODEL, "ttl novel profile:eu"),
            (About::Model("other.model"), MODEL, "cache"),
            (About::Conversation("c"), REASONING, "drop"),
            (About::Conversation("d"), REASONING, "novel"),
        ] {
            memory.remember(about, key, value, 1);
        }
        let learned = Learned::recall(&memory, &known, &named(None));
        assert_eq!(learned.lacks().collect::<Vec<_>>(), [Lack::CacheTtl]);
        assert_eq!(learned.profile.as_deref(), Some("eu"));
        assert_eq!(Learned::recall(&memory, &known, &named(Some("d"))), learned);
        let dropped = Learned { reasoning: Earlier::Dropped, ..learned };
        assert_eq!(Learned::recall(&memory, &known, &named(Some("c"))), dropped);
    }

    #[test]
    fn what_is_remembered_adds_up_and_fits_a_fact() {
        let memory = &Memory::default();
        let known = Known::by_id("novel.model");
        let request = named(Some("c"));
        let mut first = Learned { reasoning: Earlier::Stripped, ..Learned::default() };
        assert!(first.add(Lack::Sampling));
        assert!(!first.add(Lack::Sampling));
        first.remember(&memory, &known, Some("c"));
        let mut second = Learned { profile: Some("us".into()), ..Learned::default() };
        second.add(Lack::Effort);
        second.remember(&memory, &known, Some("c"));
        let both = Learned::recall(&memory, &known, &request);
        assert_eq!(both.words(), "profile:us sampling effort");
        assert_eq!(both.reasoning, Earlier::Stripped);
        let mut all = both;
        LACKS.iter().for_each(|(lack, _)| {
            all.add(*lack);
        });
        assert!(all.words().len() <= LONGEST);
        assert!(all.words().is_ascii());
    }
}
