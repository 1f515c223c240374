//! Which model ids may be called, and which region an ARN names.

/// A model id that Bedrock's own pattern allows: a plain id or profile id, or an ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelId<'a> {
    id: &'a str,
    arn: Option<Arn<'a>>,
}

/// The parts of an ARN that matter here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Arn<'a> {
    partition: &'a str,
    region: &'a str,
    account: &'a str,
}

/// Bedrock's limit for `modelId`.
const MAX_BYTES: usize = 2048;

/// What stands before a model's id in the id of a system-defined inference profile.
pub(crate) const GEOGRAPHIES: &[&str] = &[
    "global", "us", "us-gov", "eu", "ap", "apac", "au", "jp", "ca", "sa", "in", "me", "af", "mx", "il", "kr",
    "uk",
];

/// The id of a model's profile in a geography; none for an ARN, which does not tell its model.
pub(crate) fn in_geography(id: &str, geography: &str) -> Option<String> {
    let base = match id.split_once('.') {
        Some((known, base)) if GEOGRAPHIES.contains(&known) => base,
        _ => id,
    };
    (!id.starts_with("arn:")).then(|| format!("{geography}.{base}"))
}

impl<'a> ModelId<'a> {
    /// Reads an id, or says what is wrong with it.
    pub(crate) fn parse(id: &'a str) -> Result<Self, &'static str> {
        if id.is_empty() {
            return Err("the model id is empty");
        }
        if id.len() > MAX_BYTES {
            return Err("the model id is longer than 2048 bytes");
        }
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:/".contains(&byte)) {
            return Err("the model id holds a character other than letters, digits and - . _ : /");
        }
        if !id.starts_with("arn:") {
            return if id.contains('/') {
                Err("a model id with a slash is neither a Bedrock id nor an ARN")
            } else {
                Ok(Self { id, arn: None })
            };
        }
        // arn:partition:service:region:account:resource
        let mut parts = id.splitn(6, ':').skip(1);
        let mut part = || parts.next().unwrap_or_default();
        let (partition, service, region, account, resource) = (part(), part(), part(), part(), part());
        if partition != "aws" && !partition.starts_with("aws-") {
            return Err("the ARN's partition is none of AWS's");
        }
        if service != "bedrock" && service != "sagemaker" {
            return Err("the ARN is not one of Bedrock's");
        }
        if region.is_empty() || resource.is_empty() {
            return Err("the ARN is not whole: it must be arn:PARTITION:bedrock:REGION:ACCOUNT:RESOURCE");
        }
        Ok(Self { id, arn: Some(Arn { partition, region, account }) })
    }

    /// The region that the id names, if it is an ARN.
    pub(crate) fn region(&self) -> Option<&'a str> {
        self.arn.as_ref().map(|arn| arn.region)
    }

    /// Whether a plugin that was asked for `asked` may call this id: it must name the same model, and an ARN
    /// must lie where the asked one does or be listed. What an ARN hides, its `entry` in the listing tells.
    pub(crate) fn may_stand_for<T: AsRef<str>>(
        &self,
        asked: &Self,
        entry: impl Fn(&str) -> Option<T>,
    ) -> bool {
        if self.id == asked.id {
            return true;
        }
        let in_reach = match (&self.arn, &asked.arn) {
            (None, _) => true,
            (Some(arn), Some(asked)) if arn == asked => true,
            (Some(_), _) => entry(self.id).is_some(),
        };
        in_reach && self.is_same_model(asked, entry)
    }

    /// Whether both name one model: its id, a profile of it, or either behind an ARN.
    pub(crate) fn is_same_model<T: AsRef<str>>(
        &self,
        other: &Self,
        entry: impl Fn(&str) -> Option<T>,
    ) -> bool {
        let behind = |hiding: &Self, base: &str| {
            hiding.arn.is_some()
                && entry(hiding.id).is_some_and(|entry| {
                    entry.as_ref().split('"').any(|word| {
                        word.rsplit_once("foundation-model/").is_some_and(|(_, id)| same_base(id, base))
                    })
                })
        };
        same_base(self.name(), other.name()) || behind(self, other.name()) || behind(other, self.name())
    }

    /// The id, or what the ARN calls its resource.
    fn name(&self) -> &'a str {
        match &self.arn {
            None => self.id,
            Some(_) => {
                self.id.splitn(6, ':').last().and_then(|it| it.split_once('/')).map_or("", |(_, name)| name)
            }
        }
    }
}

/// Whether two plain ids are of one model: they may differ in the geography before and the number behind.
fn same_base(one: &str, other: &str) -> bool {
    let bare = |id| str::split(id, ':').next().unwrap_or_default();
    // `us.amazon.nova-lite-v1` is a profile of `amazon.nova-lite-v1`; what is behind the vendor has a dot too.
    let without_geography =
        |id: &str| id.split_once('.').filter(|(_, rest)| rest.contains('.')).map(|(_, rest)| rest.to_owned());
    let (one, other) = (bare(one).to_ascii_lowercase(), bare(other).to_ascii_lowercase());
    let (of_one, of_other) = (without_geography(&one), without_geography(&other));
    !one.is_empty()
        && (one == other
            || of_one.as_deref() == Some(&other)
            || of_other.as_deref() == Some(&one)
            || (of_one.is_some() && of_one == of_other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_arns_are_told_apart() {
        for (id, region) in [
            ("amazon.nova-micro-v1:0", None),
            ("us.anthropic.claude-opus-4-6-v1", None),
            (
                "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
                Some("eu-west-1"),
            ),
            ("arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/a.b", Some("us-gov-west-1")),
            ("arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1", Some("us-east-1")),
        ] {
            assert_eq!(ModelId::parse(id).map(|id| id.region()), Ok(region), "{id}");
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for id in [
            "",
            "a b",
            "http://169.254.169.254/latest",
            "../../secrets",
            "arn:aws:s3:::bucket",
            "arn:other:bedrock:us-east-1::foundation-model/x",
            "arn:aws:bedrock::1:foundation-model/x",
            "arn:aws:bedrock:us-east-1",
        ] {
            assert!(ModelId::parse(id).is_err(), "{id}");
        }
    }

    #[test]
    fn a_plugin_may_not_reach_other_accounts_or_regions() {
        const ARN: &str = "arn:aws:bedrock:us-east-1:111111111111:inference-profile/us.amazon.nova-lite-v1:0";
        let asked = ModelId::parse(ARN).expect("an ARN");
        let listed = "arn:aws:bedrock:eu-west-1:111111111111:inference-profile/eu.amazon.nova-lite-v1:0";
        let may = |id: &str| {
            let entry = |id: &str| (id == listed).then_some("{}");
            ModelId::parse(id).expect("an id").may_stand_for(&asked, entry)
        };
        assert!(may(ARN));
        assert!(may("us.amazon.nova-lite-v1:0"));
        assert!(may("arn:aws:bedrock:us-east-1:111111111111:inference-profile/global.amazon.nova-lite-v1:0"));
        assert!(!may("arn:aws:bedrock:us-east-1:222222222222:inference-profile/us.amazon.nova-lite-v1:0"));
        assert!(!may("arn:aws:bedrock:us-west-2:111111111111:inference-profile/us.amazon.nova-lite-v1:0"));
        assert!(!may("arn:aws:bedrock:us-east-1:111111111111:application-inference-profile/abc"));
        assert!(may(listed));
    }

    #[test]
    fn a_plugin_may_not_ask_another_model() {
        const PROFILE: &str = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
        let entry = |id: &str| {
            (id == PROFILE).then_some(
                r#"{"models":[{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0"}]}"#,
            )
        };
        let may = |id: &str, asked: &str| {
            let (id, asked) = (ModelId::parse(id).expect("an id"), ModelId::parse(asked).expect("an id"));
            id.may_stand_for(&asked, entry)
        };
        for (id, asked, allowed) in [
            ("us.amazon.nova-pro-v1:0", "amazon.nova-pro-v1", true),
            ("amazon.nova-pro-v1:0", "global.amazon.nova-pro-v1:0", true),
            ("eu.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0", true),
            ("us.zai.glm-4.7", "zai.glm-4.7", true),
            ("amazon.nova-pro-v1:0", PROFILE, true),
            (PROFILE, "us.amazon.nova-pro-v1:0", true),
            (
                "amazon.nova-pro-v1:0",
                "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
                true,
            ),
            ("amazon.nova-premier-v1:0", "amazon.nova-micro-v1:0", false),
            ("nova-micro-v1", "amazon.nova-micro-v1:0", false),
            ("amazon.nova-premier-v1:0", PROFILE, false),
            (PROFILE, "amazon.nova-micro-v1:0", false),
            (PROFILE, "pro", false),
        ] {
            assert_eq!(may(id, asked), allowed, "{id} for {asked}");
        }
    }
}
