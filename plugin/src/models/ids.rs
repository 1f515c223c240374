//! The forms in which Bedrock names a model.

/// What stands before a base id in a system-defined profile's id: the geography that it routes in.
pub const GEOGRAPHIES: &[&str] = &[
    "global", "us", "us-gov", "eu", "apac", "au", "jp", "ca", "sa", "in", "me", "af", "mx", "il", "kr", "uk",
];

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
