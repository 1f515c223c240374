//! The IAM policy that a user or a role needs.

use serde_json::{Value, json};

use crate::Host;
use crate::bridge::Bridge;
use crate::bridge::credentials::origin::Origin;

impl Host {
    /// The least that a user or a role needs to use this host, as an IAM policy; narrowed to one model where
    /// one is named. Asks nobody.
    ///
    /// # Errors
    ///
    /// Where the model id has no known prefix.
    pub async fn iam_policy(&self, model: Option<&str>) -> crate::Result<Value> {
        let (bridge, id) = self.bridge_of(model)?;
        Ok(policy(bridge, id).await)
    }
}

/// The least that a user or role needs, as an IAM policy. Narrowed to one model where one is named.
async fn policy(bridge: &Bridge, model: Option<&str>) -> Value {
    let clients = bridge.clients();
    let partition = partition(&clients.region().await);
    let mut statements = vec![
        statement(
            "DiscoverModels",
            &[
                "bedrock:ListFoundationModels",
                "bedrock:ListInferenceProfiles",
                "bedrock:GetInferenceProfile",
                "bedrock:GetFoundationModelAvailability",
            ],
            json!("*"),
        ),
        statement(
            "CallModels",
            &["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
            json!(resources(partition, model)),
        ),
    ];
    if let Some((guardrail, _)) = bridge.guardrail() {
        let arn = match guardrail {
            arn if arn.starts_with("arn:") => arn.to_owned(),
            id => format!("arn:{partition}:bedrock:*:*:guardrail/{id}"),
        };
        statements.push(statement("ApplyGuardrail", &["bedrock:ApplyGuardrail"], json!(arn)));
    }
    if clients.origin().await.0 == Origin::Bearer {
        statements.push(statement("UseApiKeys", &["bedrock:CallWithBearerToken"], json!("*")));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn statement(sid: &str, actions: &[&str], resource: Value) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource })
}

/// What a call touches: the id itself, and for a profile the models behind it in every region it routes to.
fn resources(partition: &str, model: Option<&str>) -> Vec<String> {
    match model {
        None => ["*::foundation-model/*", "*:*:inference-profile/*", "*:*:application-inference-profile/*"]
            .map(|resource| format!("arn:{partition}:bedrock:{resource}"))
            .into(),
        Some(arn) if arn.contains(":foundation-model/") => vec![arn.to_owned()],
        // What is behind an ARN of a profile is not written in it.
        Some(arn) if arn.starts_with("arn:") => {
            vec![arn.to_owned(), format!("arn:{partition}:bedrock:*::foundation-model/*")]
        }
        Some(id) => {
            let model = |id: &str| format!("arn:{partition}:bedrock:*::foundation-model/{id}");
            match id.split_once('.') {
                // `us.amazon.nova-lite-v1:0` is a profile of `amazon.nova-lite-v1:0`; `zai.glm-4.7` is none. An
                // entry for what does not exist allows nothing.
                Some((_, base)) if base.contains('.') => vec![
                    format!("arn:{partition}:bedrock:*:*:inference-profile/{id}"),
                    model(base),
                    model(id),
                ],
                _ => vec![model(id)],
            }
        }
    }
}

/// The part of AWS that a region belongs to.
fn partition(region: &str) -> &'static str {
    const PARTITIONS: &[(&str, &str)] = &[
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    PARTITIONS.iter().find(|(begin, _)| region.starts_with(begin)).map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_what_a_call_touches() {
        let model = |id: &str| format!("arn:aws:bedrock:*::foundation-model/{id}");
        let arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
        for (id, expected) in [
            ("amazon.nova-lite-v1:0", vec![model("amazon.nova-lite-v1:0")]),
            (
                "global.amazon.nova-lite-v1:0",
                vec![
                    "arn:aws:bedrock:*:*:inference-profile/global.amazon.nova-lite-v1:0".to_owned(),
                    model("amazon.nova-lite-v1:0"),
                    model("global.amazon.nova-lite-v1:0"),
                ],
            ),
            (arn, vec![arn.to_owned(), model("*")]),
            (
                "arn:aws:bedrock:eu-west-1::foundation-model/a.b",
                vec!["arn:aws:bedrock:eu-west-1::foundation-model/a.b".to_owned()],
            ),
        ] {
            assert_eq!(resources("aws", Some(id)), expected, "{id}");
        }
        assert_eq!(resources("aws-cn", None).len(), 3);
    }

    #[test]
    fn regions_lie_in_partitions() {
        for (region, expected) in [
            ("us-east-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-north-1", "aws-cn"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(partition(region), expected, "{region}");
        }
    }
}
