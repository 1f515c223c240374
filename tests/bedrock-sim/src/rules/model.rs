//! Which family and which row an id belongs to.

use super::families::FAMILIES;
use super::family::{self, Family};
use super::models::{ROWS, Row};

/// What stands before a base id in the id of a system-defined profile.
const GEOGRAPHIES: &[&str] = &[
    "global", "us", "us-gov", "eu", "apac", "au", "jp", "ca", "sa", "in", "me", "af", "mx", "il", "kr", "uk",
];

/// What is known of the model that a request names.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) family: &'static Family,
    pub(super) row: Option<&'static Row>,
    /// Whether it is asked in the GovCloud partition.
    pub(super) gov_cloud: bool,
}

impl Model {
    pub(super) fn of(id: &str) -> Self {
        let resource = id.rsplit('/').next().unwrap_or(id);
        let hidden = id.starts_with("arn:") && !TELLING.iter().any(|kind| id.contains(kind));
        let geography = resource.split_once('.').filter(|(prefix, _)| GEOGRAPHIES.contains(prefix));
        let base = match geography {
            _ if hidden => "",
            Some((_, base)) => base,
            None => resource,
        };
        let family = longest(FAMILIES, base, |family| family.begins);
        Self {
            family: family.unwrap_or(&family::UNKNOWN),
            row: longest(ROWS, base, |row| std::slice::from_ref(&row.begins)),
            gov_cloud: id.starts_with("arn:aws-us-gov:") || id.starts_with("us-gov."),
        }
    }

    /// Whether its row has this flag.
    pub(super) fn is(&self, flag: u16) -> bool {
        self.row.is_some_and(|row| row.flags & flag != 0)
    }
}

/// Resource types of ARNs that end in a model's or a system-defined profile's id.
const TELLING: &[&str] = &[":foundation-model/", ":inference-profile/"];

/// The entry whose beginning of an id is the longest that fits.
fn longest<T>(
    table: &'static [T],
    base: &str,
    begins: fn(&'static T) -> &'static [&'static str],
) -> Option<&'static T> {
    let fit = |entry: &'static T| {
        let fitting = begins(entry).iter().filter(|begin| base.starts_with(**begin));
        fitting.map(|begin| begin.len()).max().map(|length| (length, entry))
    };
    table.iter().filter_map(fit).max_by_key(|(length, _)| *length).map(|(_, entry)| entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_profiles_and_arns_name_their_family() {
        for (id, family) in [
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude 4.5"),
            ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 to 4.1"),
            ("anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 and 3.5"),
            ("global.anthropic.claude-opus-5-5", "Claude that cannot be forced"),
            ("anthropic.claude-haiku-5-5", "Claude from 4.7"),
            ("anthropic.claude-opus-4-8", "Claude from 4.7"),
            ("anthropic.claude-sonnet-4-20250514-v1:0", "Claude 3.7 to 4.1"),
            ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-lite-v1:0", "Nova 2"),
            ("arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0", "Nova 1"),
            ("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", "unknown"),
            ("us.mistral.pixtral-large-2502-v1:0", "Pixtral"),
            ("mistral.mistral-large-3-675b-instruct", "Mistral that sees"),
            ("openai.gpt-oss-120b-1:0", "gpt-oss"),
            ("sim.text-v1:0", "unknown"),
        ] {
            assert_eq!(Model::of(id).family.name, family, "{id}");
        }
    }
}
