//! What Bedrock listed: three lists, each as old as its own answer, and what could not be had.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::bridge::failure::Failure;

/// How long what failed is not asked for again.
const REST: Duration = Duration::from_secs(30);
/// A list that is older is no use to anybody.
const USABLE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Entries of one list, as the service wrote them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List {
    /// Seconds since the Unix epoch.
    pub(crate) fetched_at: u64,
    pub(crate) entries: Vec<Box<RawValue>>,
}

/// A list that could not be had.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Missed {
    /// What must be allowed to have it, as IAM names it.
    pub(crate) action: String,
    pub(crate) failure: Failure,
}

/// The lists by which models are found. One that could not be had this time is the last one there was.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lists {
    pub(crate) models: Option<List>,
    pub(crate) system_profiles: Option<List>,
    pub(crate) application_profiles: Option<List>,
    /// When the service was last asked, in seconds since the Unix epoch.
    pub(crate) asked_at: u64,
    pub(crate) missed: Vec<Missed>,
}

/// What may be done with lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// Shown, and nothing more.
    Fresh,
    /// Shown, and asked for again.
    Stale,
    /// There is nothing to show.
    Useless,
}

impl Lists {
    fn all(&self) -> [Option<&List>; 3] {
        [&self.models, &self.system_profiles, &self.application_profiles].map(Option::as_ref)
    }

    /// When the oldest of them was fetched; 0 where there is none.
    pub(crate) fn fetched_at(&self) -> u64 {
        self.all().into_iter().flatten().map(|list| list.fetched_at).min().unwrap_or_default()
    }

    /// How good they are, at a moment in seconds since the Unix epoch.
    pub(crate) fn age(&self, now: u64, fresh: Duration) -> Age {
        // What claims to be of the future is of a clock that was wrong.
        let younger = |at: u64, than: Duration| now.checked_sub(at).is_some_and(|age| age < than.as_secs());
        let is_complete =
            self.all().iter().all(|list| list.is_some_and(|list| younger(list.fetched_at, fresh)));
        let rests = !self.missed.is_empty()
            && self.missed.iter().all(|missed| missed.is_remembered())
            && younger(self.asked_at, REST);
        if is_complete || rests {
            Age::Fresh
        } else if self.all().into_iter().flatten().any(|list| younger(list.fetched_at, USABLE)) {
            Age::Stale
        } else {
            Age::Useless
        }
    }

    /// What is worth to lie on disk, and may.
    pub(crate) fn for_disk(&self) -> Option<Self> {
        let mut lists = self.clone();
        lists.missed.retain(Missed::is_remembered);
        let is_empty = lists.missed.is_empty() && lists.all().iter().all(Option::is_none);
        (!is_empty).then_some(lists)
    }

    /// What could not be had this time is taken from the last time.
    pub(crate) fn or_older(mut self, older: &Self) -> Self {
        for (list, older) in [
            (&mut self.models, &older.models),
            (&mut self.system_profiles, &older.system_profiles),
            (&mut self.application_profiles, &older.application_profiles),
        ] {
            if list.is_none() {
                list.clone_from(older);
            }
        }
        self
    }
}

impl Missed {
    /// Whether it is worth to be kept. Credentials and a clock are mended by a person, who tries again at once.
    pub(crate) fn is_remembered(&self) -> bool {
        !self.failure.is_of_credentials() && !self.failure.tells_of_clock()
    }
}

/// The lists as they are looked at.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) region: String,
    pub(crate) lists: Lists,
    /// `modelSummaries`, as JSON.
    pub(crate) foundation_models: Vec<u8>,
    /// `inferenceProfileSummaries` of both types and all pages, as JSON.
    pub(crate) inference_profiles: Vec<u8>,
    /// Every entry by its ids and ARNs.
    entries: HashMap<String, Arc<str>>,
}

impl Listing {
    pub(crate) fn new(region: String, lists: Lists) -> Self {
        let mut entries = HashMap::new();
        let mut joined = |parts: &[&Option<List>]| {
            let all: Vec<&RawValue> =
                parts.iter().copied().flatten().flat_map(|list| &list.entries).map(AsRef::as_ref).collect();
            for entry in &all {
                index(entry, &mut entries);
            }
            // Cannot fail: it is JSON already.
            serde_json::to_vec(&all).unwrap_or_default()
        };
        let foundation_models = joined(&[&lists.models]);
        let inference_profiles = joined(&[&lists.system_profiles, &lists.application_profiles]);
        Self { region, lists, foundation_models, inference_profiles, entries }
    }

    /// An entry by id or ARN, as JSON.
    pub(crate) fn entry(&self, id: &str) -> Option<&str> {
        self.entries.get(id).map(AsRef::as_ref)
    }
}

/// Seconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Enters an entry under its ids and ARNs.
fn index(entry: &RawValue, entries: &mut HashMap<String, Arc<str>>) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Names {
        model_id: Option<String>,
        model_arn: Option<String>,
        inference_profile_id: Option<String>,
        inference_profile_arn: Option<String>,
    }
    let Ok(names) = serde_json::from_str::<Names>(entry.get()) else { return };
    let text: Arc<str> = entry.get().into();
    let names = [names.model_id, names.model_arn, names.inference_profile_id, names.inference_profile_arn];
    for name in names.into_iter().flatten() {
        entries.entry(name).or_insert_with(|| text.clone());
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bridge::failure::Stage;

    const HOUR: Duration = Duration::from_secs(3600);

    pub(crate) fn list(fetched_at: u64, entry: &str) -> Option<List> {
        let entries = vec![RawValue::from_string(entry.to_owned()).expect("JSON")];
        Some(List { fetched_at, entries })
    }

    pub(crate) fn missed(stage: Stage, http_status: Option<u16>, error_type: Option<&str>) -> Missed {
        let mut failure = Failure::new(stage, "no");
        failure.http_status = http_status;
        failure.error_type = error_type.map(str::to_owned);
        Missed { action: "bedrock:ListInferenceProfiles".into(), failure }
    }

    fn lists(at: u64) -> Lists {
        Lists {
            models: list(at, r#"{"modelId":"a"}"#),
            system_profiles: list(at, r#"{"inferenceProfileId":"us.a"}"#),
            application_profiles: list(at, r#"{"inferenceProfileArn":"arn:b"}"#),
            asked_at: at,
            missed: Vec::new(),
        }
    }

    #[test]
    fn lists_age() {
        let at = 1_000_000;
        for (now, age) in [
            (at, Age::Fresh),
            (at + 3599, Age::Fresh),
            (at + 3600, Age::Stale),
            (at + USABLE.as_secs() - 1, Age::Stale),
            (at + USABLE.as_secs(), Age::Useless),
            (at - 1, Age::Useless),
        ] {
            assert_eq!(lists(at).age(now, HOUR), age, "{now}");
        }
        assert_eq!(Lists::default().age(at, HOUR), Age::Useless);
    }

    #[test]
    fn a_part_is_never_the_whole() {
        let at = 1_000_000;
        let denied = || vec![missed(Stage::Status, Some(403), Some("AccessDeniedException"))];
        let part = Lists { application_profiles: None, missed: denied(), ..lists(at) };
        assert_eq!(part.age(at + 29, HOUR), Age::Fresh, "it was just refused");
        assert_eq!(part.age(at + 30, HOUR), Age::Stale);
        let nothing = Lists { asked_at: at, missed: denied(), ..Lists::default() };
        assert_eq!(nothing.age(at + 29, HOUR), Age::Fresh, "the failure is shown");
        assert_eq!(nothing.age(at + 30, HOUR), Age::Useless);
        let whole = Lists { asked_at: at + 50, missed: denied(), ..part.or_older(&lists(at - 9000)) };
        assert_eq!(whole.age(at + 60, HOUR), Age::Fresh);
        assert_eq!(whole.age(at + 80, HOUR), Age::Stale, "its oldest part is");
        assert_eq!(whole.fetched_at(), at - 9000);
    }

    #[test]
    fn what_a_person_mends_is_asked_for_again_at_once() {
        for (stage, status, code, is_remembered) in [
            (Stage::Credentials, None, None, false),
            (Stage::Status, Some(403), Some("ExpiredTokenException"), false),
            (Stage::Status, Some(403), Some("InvalidSignatureException"), false),
            (Stage::Status, Some(401), None, false),
            (Stage::Status, Some(403), Some("AccessDeniedException"), true),
            (Stage::Status, Some(429), Some("ThrottlingException"), true),
            (Stage::Connect, None, None, true),
            (Stage::Timeout, None, None, true),
        ] {
            let missed = vec![missed(stage, status, code)];
            assert_eq!(missed[0].is_remembered(), is_remembered, "{stage:?} {code:?}");
            let lists = Lists { asked_at: 7, missed, ..Lists::default() };
            assert_eq!(lists.age(8, HOUR) == Age::Fresh, is_remembered);
        }
    }

    #[test]
    fn entries_are_found_by_every_name() {
        let listing = Listing::new("us-east-1".into(), lists(1));
        assert_eq!(listing.entry("us.a"), Some(r#"{"inferenceProfileId":"us.a"}"#));
        assert_eq!(listing.entry("arn:b"), Some(r#"{"inferenceProfileArn":"arn:b"}"#));
        assert_eq!(listing.entry("b"), None);
        assert_eq!(
            String::from_utf8_lossy(&listing.inference_profiles),
            r#"[{"inferenceProfileId":"us.a"},{"inferenceProfileArn":"arn:b"}]"#
        );
    }
}
