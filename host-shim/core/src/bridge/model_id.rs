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

    /// Whether a plugin that was asked for `asked` may call this id: the same id, any id of the
    /// account's own that is no ARN, an ARN in the same partition, region and account as the asked
    /// one, or one that the listing holds.
    pub(crate) fn may_stand_for(&self, asked: &Self, is_listed: impl FnOnce(&str) -> bool) -> bool {
        match (&self.arn, &asked.arn) {
            _ if self.id == asked.id => true,
            (None, _) => true,
            (Some(arn), Some(asked)) if arn == asked => true,
            (Some(_), _) => is_listed(self.id),
        }
    }
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
        let arn = "arn:aws:bedrock:us-east-1:111111111111:application-inference-profile/abc";
        let asked = ModelId::parse(arn).expect("an ARN");
        let may = |id: &'static str| ModelId::parse(id).expect("an id").may_stand_for(&asked, |_| false);
        assert!(may(arn));
        assert!(may("us.amazon.nova-lite-v1:0"));
        assert!(may("arn:aws:bedrock:us-east-1:111111111111:inference-profile/x"));
        assert!(!may("arn:aws:bedrock:us-east-1:222222222222:inference-profile/x"));
        assert!(!may("arn:aws:bedrock:eu-west-1:111111111111:inference-profile/x"));
        let listed =
            ModelId::parse("arn:aws:bedrock:eu-west-1:111111111111:inference-profile/x").expect("an ARN");
        assert!(listed.may_stand_for(&asked, |_| true));
    }
}
