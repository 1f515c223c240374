//! What `configure` sets. The settings have the shape of the discovery part of an OpenClaw
//! configuration; members that concern the host (region, refresh interval) are its business.

use crate::bindings::outcrop::provider::types::Error;
use crate::errors;
use crate::json::{self, Object};

/// The context window of a model that nothing is known of.
pub const DEFAULT_CONTEXT_WINDOW: u32 = 32_000;

/// The most output tokens of a model that nothing is known of.
pub const DEFAULT_MAX_TOKENS: u32 = 4_096;

/// The plugin's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Vendors whose models are offered, lower-case; empty for all.
    pub provider_filter: Vec<String>,
    /// For models whose window is not known.
    pub default_context_window: u32,
    /// For models whose output limit is not known.
    pub default_max_tokens: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            provider_filter: Vec::new(),
            default_context_window: DEFAULT_CONTEXT_WINDOW,
            default_max_tokens: DEFAULT_MAX_TOKENS,
        }
    }
}

impl Settings {
    /// Reads `{"discovery":{"providerFilter":[..],"defaultContextWindow":n,"defaultMaxTokens":n}}`,
    /// every member optional. A limit is rounded down; one that is not above zero is the default.
    ///
    /// # Errors
    /// Where the text is no JSON object or a member has the wrong type; the error names the member.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut settings = Self::default();
        if text.trim().is_empty() {
            return Ok(settings);
        }
        let all = Object::parse(text).ok_or_else(|| errors::invalid("", "want a JSON object"))?;
        let Some(discovery) = all.get("discovery") else {
            return Ok(settings);
        };
        let discovery =
            Object::parse(discovery).ok_or_else(|| errors::invalid("/discovery", "want an object"))?;
        if let Some(filter) = discovery.get("providerFilter") {
            let wrong = || errors::invalid("/discovery/providerFilter", "want an array of strings");
            settings.provider_filter = json::array(filter)
                .ok_or_else(wrong)?
                .into_iter()
                .map(|name| Some(json::string(name)?.trim().to_lowercase()))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(wrong)?;
            settings.provider_filter.retain(|name| !name.is_empty());
        }
        for (member, setting) in [
            ("defaultContextWindow", &mut settings.default_context_window),
            ("defaultMaxTokens", &mut settings.default_max_tokens),
        ] {
            let Some(value) = discovery.get(member) else {
                continue;
            };
            let number: f64 = value
                .parse()
                .map_err(|_| errors::invalid(&["/discovery/", member].concat(), "want a number"))?;
            if number >= 1.0 {
                // Saturates: no model's limit is near the largest number.
                *setting = number as u32;
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_optional() {
        for text in ["", "{}", r#"{"discovery":null}"#, r#"{"discovery":{"region":"x"}}"#] {
            assert_eq!(Settings::parse(text), Ok(Settings::default()), "{text}");
        }
    }

    #[test]
    fn limits_are_rounded_down_and_must_be_above_zero() {
        let settings = Settings::parse(
            r#"{"discovery":{"providerFilter":[" Anthropic",""],"defaultContextWindow":1000.9,"defaultMaxTokens":-1}}"#,
        )
        .expect("settings");
        assert_eq!(settings.provider_filter, ["anthropic"]);
        assert_eq!(settings.default_context_window, 1000);
        assert_eq!(settings.default_max_tokens, DEFAULT_MAX_TOKENS);
    }

    #[test]
    fn a_wrong_type_is_named() {
        for (text, at) in [
            ("[]", ""),
            (r#"{"discovery":1}"#, "/discovery"),
            (r#"{"discovery":{"providerFilter":"a"}}"#, "/discovery/providerFilter"),
            (r#"{"discovery":{"defaultMaxTokens":"a"}}"#, "/discovery/defaultMaxTokens"),
        ] {
            let error = Settings::parse(text).expect_err(text);
            assert!(error.message.starts_with(at), "{}", error.message);
        }
    }
}
