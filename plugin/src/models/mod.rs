//! What is known of models: a dated table of data, found by a base model's id, a profile's id or an ARN.
//!
//! The table is what holds where nothing better is known: a live listing wins over it, field by
//! field. A model that it does not list has its family's traits, and a family that it does not list
//! has those of [`families::UNKNOWN`], which change a request as little as can be.

pub mod dialects;
pub mod facts;
pub mod families;
pub mod ids;
pub mod prices;
pub mod route;
pub mod table;
pub mod traits;

use crate::bridge::Bridge;
use crate::json::Object;
use crate::learned::{Lack, Learned};
use crate::settings::Settings;
use families::Family;
use table::Row;
pub use traits::{Caching, Choices, Replay, Sampling, Traits};

/// What is known of the model that a request names.
#[derive(Clone, Debug)]
pub struct Known {
    /// The base model's id; what was asked for where it could not be told.
    pub base: String,
    /// Its family.
    pub family: &'static Family,
    /// Its row, where the table has one.
    pub row: Option<&'static Row>,
    /// How it behaves, as far as it did not teach otherwise.
    traits: Traits,
    /// What it turned out not to do, whatever the row says.
    lost: table::Can,
}

impl Known {
    /// By the id or ARN alone.
    pub fn by_id(id: &str) -> Self {
        Self::by_base(ids::base(id).unwrap_or(id))
    }

    /// By a base model's id.
    pub fn by_base(base: &str) -> Self {
        let (family, row) = (families::of(base), table::find(base));
        let traits = row.map_or(family.traits, |row| row.traits);
        Self { base: base.into(), family, row, traits, lost: table::NOTHING }
    }

    /// By what the user says the model is, by the id, and where that hides the model (an application
    /// profile's ARN), by what the cached listing says of it.
    pub fn resolve(bridge: &impl Bridge, settings: &Settings, id: &str) -> Self {
        if let Some(base) = settings.configured(id).and_then(|configured| configured.base.as_deref()) {
            return Self::by_id(base);
        }
        if ids::base(id).is_some() {
            return Self::by_id(id);
        }
        bridge
            .lookup(id)
            .and_then(|entry| {
                let entry = core::str::from_utf8(&entry).ok()?;
                members(&Object::parse(entry)?).into_iter().next()
            })
            .map_or_else(|| Self::by_id(id), |arn| Self::by_id(&arn))
    }

    /// The same without what it turned out to refuse.
    pub fn without(mut self, learned: &Learned) -> Self {
        let traits = &mut self.traits;
        for lack in learned.lacks() {
            match lack {
                Lack::CachePoints => traits.cache.keeps = Caching::Rejected,
                Lack::CacheTtl if matches!(traits.cache.keeps, Caching::Long | Caching::Unknown) => {
                    traits.cache.keeps = Caching::Short;
                }
                Lack::StreamedTools => self.lost |= table::STREAMS_TOOLS,
                Lack::Schema => self.lost |= table::SCHEMA,
                Lack::System => traits.system = false,
                Lack::Sampling => traits.sampling = Sampling::Rejected,
                Lack::BothSamplings if traits.sampling == Sampling::Taken => traits.sampling = Sampling::One,
                Lack::StopSequences => traits.stop_sequences = false,
                Lack::Effort => traits.dialect = dialects::SILENT,
                Lack::ForcedChoice => traits.choices = Choices::Auto,
                Lack::Strict => traits.schemas.strict = false,
                Lack::ToolStatus => traits.results.status = false,
                Lack::MediaInResults => traits.results.inside = table::NOTHING,
                Lack::MixedResults => traits.results.beside = table::NOTHING,
                Lack::Reasoning => traits.replay = Replay::Nothing,
                Lack::Images => traits.refuses |= table::IMAGES,
                Lack::Documents => traits.refuses |= table::DOCUMENTS,
                Lack::Videos => traits.refuses |= table::VIDEO,
                Lack::Opening => traits.opens = false,
                Lack::CacheTtl | Lack::BothSamplings | Lack::Counting => {}
            }
        }
        self
    }

    /// Whether it takes or does something. Of a model of which nothing is known, that is believed.
    pub fn takes(&self, what: table::Can) -> bool {
        let can = self.row.map_or(self.family.can, |row| row.can);
        self.lost & what == 0 && (can & what == what || core::ptr::eq(self.family, &families::UNKNOWN))
    }

    /// How it behaves.
    pub fn traits(&self) -> &Traits {
        &self.traits
    }
}

/// The ARNs of the models behind an inference profile.
pub(crate) fn members(profile: &Object<'_>) -> Vec<String> {
    profile
        .array("models")
        .unwrap_or_default()
        .into_iter()
        .filter_map(|model| Object::parse(model)?.string("modelArn"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_found_by_id_profile_and_arn() {
        for id in [
            "anthropic.claude-opus-5-5",
            "global.anthropic.claude-opus-5-5",
            "us-gov.anthropic.claude-opus-5-5",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-5-5",
            "arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/us-gov.anthropic.claude-opus-5-5",
        ] {
            let known = Known::by_id(id);
            assert_eq!(known.row.map(|row| row.id), Some("anthropic.claude-opus-5-5"), "{id}");
            assert_eq!(known.family.name, "claude");
        }
    }

    #[test]
    fn an_unlisted_model_has_its_familys_traits() {
        let known = Known::by_id("us.anthropic.claude-novel-9");
        assert!(known.row.is_none());
        assert_eq!(known.family.name, "claude");
        assert_eq!(known.traits().replay, Replay::Proven);
        let opaque = Known::by_id("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc");
        assert_eq!(opaque.family.name, "unknown");
    }
}
