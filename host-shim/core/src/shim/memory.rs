//! Short facts that outlive an instance.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Facts that a plugin may keep. What does not fit drops the fact that dies first.
const MOST_FACTS: usize = 4096;
/// Bytes of a fact, and of its key.
const FACT_BYTES: usize = 64;
/// Bytes of the model id or conversation that a fact is about.
const SUBJECT_BYTES: usize = 2048;
/// No fact lives longer.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a fact is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Model(String),
    Conversation(String),
}

/// The facts of one plugin.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    facts: Mutex<HashMap<(Subject, String), Fact>>,
}

#[derive(Debug)]
struct Fact {
    value: String,
    dies: Instant,
}

impl Memory {
    pub(crate) fn recall(&self, subject: Subject, key: String) -> Option<String> {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let fact = facts.get(&(subject, key))?;
        (fact.dies > Instant::now()).then(|| fact.value.clone())
    }

    /// Keeps a fact, if it is one: a short word in printable ASCII, never text of a prompt.
    pub(crate) fn remember(&self, subject: Subject, key: String, value: String, life: Duration) {
        let is_word =
            |text: &str| text.len() <= FACT_BYTES && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let (Subject::Model(name) | Subject::Conversation(name)) = &subject;
        if !is_word(&value) || !is_word(&key) || name.len() > SUBJECT_BYTES {
            return;
        }
        let dies = Instant::now() + life.min(LONGEST_LIFE);
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (subject, key);
        if facts.len() >= MOST_FACTS && !facts.contains_key(&place) {
            let now = Instant::now();
            facts.retain(|_, fact| fact.dies > now);
            if facts.len() >= MOST_FACTS
                && let Some(first) =
                    facts.iter().min_by_key(|(_, fact)| fact.dies).map(|(place, _)| place.clone())
            {
                facts.remove(&first);
            }
        }
        facts.insert(place, Fact { value, dies });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn model(name: &str) -> Subject {
        Subject::Model(name.to_owned())
    }

    #[test]
    fn facts_are_kept_apart_and_replaced() {
        let memory = Memory::default();
        memory.remember(model("a"), "ttl".into(), "5m".into(), DAY);
        memory.remember(model("a"), "ttl".into(), "1h".into(), DAY);
        memory.remember(Subject::Conversation("a".into()), "ttl".into(), "none".into(), DAY);
        assert_eq!(memory.recall(model("a"), "ttl".into()).as_deref(), Some("1h"));
        assert_eq!(memory.recall(model("b"), "ttl".into()), None);
    }

    #[test]
    fn what_is_no_short_word_or_is_dead_is_not_kept() {
        let memory = Memory::default();
        memory.remember(model("a"), "long".into(), "x".repeat(65), DAY);
        memory.remember(model("a"), "text".into(), "é".into(), DAY);
        memory.remember(model("a"), "dead".into(), "x".into(), Duration::ZERO);
        for key in ["long", "text", "dead"] {
            assert_eq!(memory.recall(model("a"), key.into()), None, "{key}");
        }
    }

    #[test]
    fn there_is_an_end_to_it() {
        let memory = Memory::default();
        for number in 0..MOST_FACTS + 100 {
            memory.remember(model(&number.to_string()), "k".into(), "v".into(), DAY);
        }
        assert_eq!(memory.facts.lock().expect("unpoisoned").len(), MOST_FACTS);
        assert!(memory.recall(model(&(MOST_FACTS + 99).to_string()), "k".into()).is_some());
    }
}
