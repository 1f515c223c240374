//! The forms in which Bedrock names a model.

/// What stands before a base id in a system-defined profile's id: the geography that it routes in.
pub const GEOGRAPHIES: &[&str] = &[
    "global", "us", "us-gov", "eu", "ap", "apac", "au", "jp", "ca", "sa", "in", "me", "af", "mx", "il", "kr",
    "uk",
];

/// The geography that routes everywhere.
pub const EVERYWHERE: &str = "global";

/// The geographies that a region's callers are nearest to, by how the region's name begins, nearest
/// first: the country, then the continent. Of two that fit, the first holds. Which profiles a region
/// really has, its listing says.
const NEAREST: &[(&str, &[&str])] = &[
    ("us-gov-", &["us-gov"]),
    ("us-", &["us"]),
    ("ca-", &["ca", "us"]),
    ("mx-", &["mx", "us"]),
    ("sa-", &["sa"]),
    ("eu-west-2", &["uk", "eu"]),
    ("eu-", &["eu"]),
    ("ap-northeast-1", &["jp", "apac", "ap"]),
    ("ap-northeast-3", &["jp", "apac", "ap"]),
    ("ap-northeast-2", &["kr", "apac", "ap"]),
    ("ap-southeast-2", &["au", "apac", "ap"]),
    ("ap-southeast-4", &["au", "apac", "ap"]),
    ("ap-south-", &["in", "apac", "ap"]),
    ("ap-", &["apac", "ap"]),
    ("il-", &["il"]),
    ("me-", &["me"]),
    ("af-", &["af"]),
];

/// The geographies of a region, nearest first.
pub fn nearest(region: &str) -> &'static [&'static str] {
    NEAREST.iter().find(|(begin, _)| region.starts_with(begin)).map_or(&[], |(_, geographies)| geographies)
}

/// How far a geography is from a region: its own, nearest first, then the whole world, then any other.
pub fn distance(region: &str, geography: &str) -> usize {
    let own = nearest(region);
    match own.iter().position(|known| *known == geography) {
        Some(place) => place,
        None if geography == EVERYWHERE => own.len(),
        None => own.len() + 1,
    }
}

/// An id as it is compared: some write `:0` behind it where others do not.
pub fn comparable(id: &str) -> String {
    id.strip_suffix(":0").unwrap_or(id).to_ascii_lowercase()
}

/// The id with a `:0` that it lacks, or without the one it has.
pub fn respelled(id: &str) -> String {
    match id.strip_suffix(":0") {
        Some(short) => short.into(),
        None => [id, ":0"].concat(),
    }
}

/// The region that an ARN names; none where it is none, or names none.
pub fn region(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

/// Resource types of ARNs that end in a model's or a system-defined profile's id. Any other
/// (application profiles, provisioned throughput, deployments, prompts) hides its model.
const TELLING: &[&str] = &["foundation-model", "inference-profile"];

/// The base model's id inside an id or ARN; none where it cannot be told from it.
pub fn base(id: &str) -> Option<&str> {
    let id = if id.starts_with("arn:") {
        let resource = id.splitn(6, ':').nth(5)?;
        let (kind, name) = resource.split_once('/')?;
        TELLING.contains(&kind).then_some(name)?
    } else {
        id
    };
    Some(match geography(id) {
        Some(prefix) => &id[prefix.len() + 1..],
        None => id,
    })
}

/// The geography before a profile's id.
pub fn geography(id: &str) -> Option<&str> {
    let (prefix, _) = id.split_once('.')?;
    GEOGRAPHIES.contains(&prefix).then_some(prefix)
}

/// Whether the id names something in the GovCloud partition.
pub fn is_gov_cloud(id: &str) -> bool {
    id.starts_with("arn:aws-us-gov:") || geography(id) == Some("us-gov")
}

/// Whether the id is the ARN of a managed prompt, which brings its own messages and parameters.
pub fn is_prompt(id: &str) -> bool {
    id.starts_with("arn:") && id.contains(":prompt/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regions_own_geography_is_the_nearest() {
        for (region, want) in [
            ("us-east-1", ["us", "global", "eu"]),
            ("us-gov-west-1", ["us-gov", "global", "us"]),
            ("ap-northeast-1", ["jp", "apac", "global"]),
            ("ap-southeast-2", ["au", "apac", "us"]),
            ("ca-central-1", ["ca", "us", "global"]),
            ("eu-west-2", ["uk", "eu", "global"]),
            ("xx-new-1", ["global", "us", "eu"]),
        ] {
            let mut geographies = want.map(|geography| (distance(region, geography), geography));
            geographies.sort_by_key(|(distance, _)| *distance);
            assert_eq!(geographies.map(|(_, geography)| geography), want, "{region}");
        }
    }

    #[test]
    fn spellings_are_compared_without_their_end() {
        assert_eq!(
            comparable("us.Anthropic.claude-opus-4-6-v1:0"),
            comparable("us.anthropic.claude-opus-4-6-v1")
        );
        assert_eq!(respelled("a-v1:0"), "a-v1");
        assert_eq!(respelled("a-v1"), "a-v1:0");
        assert_ne!(comparable("amazon.nova-lite-v1:0:24k"), comparable("amazon.nova-lite-v1:0"));
        assert_eq!(region("arn:aws:bedrock:eu-west-1::foundation-model/a"), Some("eu-west-1"));
        assert_eq!(region("arn:aws:bedrock:::foundation-model/a"), None);
        assert_eq!(region("a.b"), None);
    }

    #[test]
    fn geographies_are_cut_off_and_nothing_else() {
        for (id, want) in [
            ("us.meta.llama4-scout-17b-instruct-v1:0", Some("meta.llama4-scout-17b-instruct-v1:0")),
            ("amazon.nova-2-lite-v1:0:256k", Some("amazon.nova-2-lite-v1:0:256k")),
            (
                "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0",
                Some("amazon.nova-pro-v1:0"),
            ),
            ("arn:aws:bedrock:us-east-1:1:provisioned-model/x", None),
            ("arn:aws:bedrock:us-east-1:1:prompt/ABC:1", None),
            ("arn:aws", None),
            ("", Some("")),
        ] {
            assert_eq!(base(id), want, "{id}");
        }
        assert!(is_gov_cloud("us-gov.anthropic.claude-sonnet-5"));
        assert!(!is_gov_cloud("us.anthropic.claude-sonnet-5"));
    }
}
