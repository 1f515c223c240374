//! What a person can do when credentials cannot be had, or are not believed.

use super::origin::{Base, Origin};

const GIVEN: &str = "give the host an access key that is valid, with its session token if it is temporary";
const BEARER: &str = "AWS_BEARER_TOKEN_BEDROCK holds no key that is valid (it may have expired): make a new \
    Bedrock API key, or unset the variable";
const TEMPORARY_KEYS: &str = "get new temporary keys and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and \
    AWS_SESSION_TOKEN to them";
const KEYS: &str = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: the key may be deleted, inactive or \
    mistyped, or lack its AWS_SESSION_TOKEN";
const WEB_IDENTITY: &str = "see that the file of AWS_WEB_IDENTITY_TOKEN_FILE holds a fresh token and that the \
    role of AWS_ROLE_ARN trusts its issuer";
const EKS: &str =
    "see that the pod's service account has a pod identity association, and that its agent runs";
const ECS: &str = "see that the task has a task role (taskRoleArn)";
const INSTANCE: &str = "see that an IAM role is attached to the instance and that its metadata service is on \
    (IMDSv2, hop limit 2 for containers)";
const NOTHING: &str = "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or \
    AWS_PROFILE, or run where a role is attached (on EC2 that does not look like it set \
    AWS_EC2_METADATA_DISABLED=false)";

impl Origin {
    /// What a person can do when these credentials cannot be had, or are not believed.
    pub(crate) fn remedy(&self) -> String {
        let words = match self {
            Self::Given => GIVEN,
            Self::Bearer => BEARER,
            Self::Environment { temporary: true } => TEMPORARY_KEYS,
            Self::Environment { temporary: false } => KEYS,
            Self::WebIdentity => WEB_IDENTITY,
            Self::Container { eks: true } => EKS,
            Self::Container { eks: false } => ECS,
            Self::Instance => INSTANCE,
            Self::Nothing => NOTHING,
            Self::NoSuchProfile { name } => {
                return format!(
                    "add [profile {name}] to ~/.aws/config (`aws configure --profile {name}`), or name another \
                     profile"
                );
            }
            Self::Profile { name, assumes_role, base, base_name } => {
                let advice = of_profile(base_name, base);
                return if *assumes_role && *base != Base::Unclear {
                    format!(
                        "{advice}; and see that the role_arn of the profile {name} may be assumed with that"
                    )
                } else {
                    advice
                };
            }
        };
        words.to_owned()
    }
}

/// For the profile that the first credentials come from.
fn of_profile(name: &str, base: &Base) -> String {
    match base {
        Base::Sso => format!("run `aws sso login --profile {name}`"),
        Base::Login => format!(
            "console sign-in is not supported here: use `aws configure sso --profile {name}`, or export keys with \
             `aws configure export-credentials --profile {name}`"
        ),
        Base::Keys { temporary: true } => format!(
            "get new temporary keys for the profile {name} (aws_access_key_id, aws_secret_access_key, \
             aws_session_token)"
        ),
        Base::Keys { temporary: false } => format!(
            "check aws_access_key_id and aws_secret_access_key of the profile {name} (`aws configure --profile \
             {name}`)"
        ),
        Base::Process => {
            format!("run the credential_process of the profile {name} by hand to see what it says")
        }
        Base::WebIdentity => {
            format!("see that the web_identity_token_file of the profile {name} holds a fresh token")
        }
        Base::Environment => format!(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, from which the profile {name} has its credentials"
        ),
        Base::Container => {
            format!("see that the container has a role, from which the profile {name} has its credentials")
        }
        Base::Instance => format!(
            "see that an IAM role is attached to the instance, from which the profile {name} has its credentials"
        ),
        Base::Unclear => format!(
            "mend the profile {name} in ~/.aws/config (`aws configure list --profile {name}` shows how it is read)"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_is_for_the_profile_that_needs_it() {
        let role = Origin::Profile {
            name: "role".to_owned(),
            assumes_role: true,
            base: Base::Sso,
            base_name: "login".to_owned(),
        };
        let remedy = role.remedy();
        assert!(remedy.contains("aws sso login --profile login") && remedy.contains("of the profile role"));
    }
}
