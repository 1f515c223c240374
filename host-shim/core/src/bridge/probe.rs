//! Single requests that ask whether something is there and allowed, for the account and the doctor.

use std::time::{Duration, SystemTime};

use aws_sdk_bedrock::types::{
    AgreementStatus, AuthorizationStatus, EntitlementAvailability, RegionAvailability,
};
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, GuardrailConfiguration, InferenceConfiguration, Message,
};
use aws_sdk_sts::error::ProvideErrorMetadata as _;

use super::call::Exchange;
use super::clients::Clients;
use super::failure::{Failure, Stage, without_quotation};

/// The most that one of these requests may take.
const TIME: Duration = Duration::from_secs(30);

/// An answer, and what time it is where it comes from.
#[derive(Debug)]
pub(crate) struct Asked<T> {
    pub(crate) answer: Result<T, Failure>,
    /// How far this machine's clock is ahead of the service's, in seconds; behind where negative. None where
    /// nobody answered.
    pub(crate) clock_ahead: Option<i64>,
}

/// Whose credentials they are.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) account: String,
    pub(crate) arn: String,
}

/// Asks the Security Token Service whose credentials these are. That needs no permission.
pub(crate) async fn identity(clients: &Clients) -> Result<Identity, Failure> {
    // One client, which learns the service's clock.
    let client = clients.sts().await;
    let ask = async || {
        let sent = client.get_caller_identity().send().await;
        let answer = sent.map_err(|error| {
            let mut failure = Failure::from_sdk(&error);
            // This service names its errors in the body.
            if let Some(code) = error.code() {
                failure.error_type = Some(code.to_owned());
            }
            if let Some(message) = error.message() {
                failure.message = without_quotation(message).to_owned();
            }
            failure.body.clear();
            failure
        })?;
        Ok(Identity { account: answer.account.unwrap_or_default(), arn: answer.arn.unwrap_or_default() })
    };
    bounded(clients.renewing(ask)).await
}

/// Whether the models may be listed.
pub(crate) async fn list_models(clients: &Clients) -> Asked<()> {
    asked(clients, async || {
        Ok(clients.control(None).await.list_foundation_models().send().await.map(drop)?)
    })
    .await
}

/// Whether the profiles may be listed; the id of one.
pub(crate) async fn list_profiles(clients: &Clients) -> Asked<Option<String>> {
    asked(clients, async || {
        let listed = clients.control(None).await.list_inference_profiles().max_results(1).send().await?;
        Ok(listed.inference_profile_summaries().first().map(|profile| profile.inference_profile_id.clone()))
    })
    .await
}

/// Whether a profile may be looked up; the id of the model behind it.
pub(crate) async fn get_profile(clients: &Clients, id: &str) -> Asked<Option<String>> {
    asked(clients, async || {
        let client = clients.control(None).await;
        let profile = client.get_inference_profile().inference_profile_identifier(id).send().await?;
        let arn = profile.models().first().and_then(|model| model.model_arn());
        Ok(arn.and_then(|arn| arn.rsplit_once('/')).map(|(_, id)| id.to_owned()))
    })
    .await
}

/// What keeps the account from a model; nothing where it is entitled to it.
pub(crate) async fn obstacles(clients: &Clients, id: &str) -> Asked<Vec<String>> {
    asked(clients, async || {
        let client = clients.control(None).await;
        let found = client.get_foundation_model_availability().model_id(id).send().await?;
        let mut obstacles = Vec::new();
        let mut need = |is_met: bool, what: &str, state: &str| {
            if !is_met {
                obstacles.push(format!("{what}: {state}"));
            }
        };
        if let Some(agreement) = found.agreement_availability() {
            let status = agreement.status();
            need(*status == AgreementStatus::Available, "agreement", status.as_str());
        }
        let status = found.authorization_status();
        need(*status == AuthorizationStatus::Authorized, "authorization", status.as_str());
        let status = found.entitlement_availability();
        need(*status == EntitlementAvailability::Available, "entitlement", status.as_str());
        let status = found.region_availability();
        need(*status == RegionAvailability::Available, "region", status.as_str());
        Ok(obstacles)
    })
    .await
}

/// Whether the model may be called: one token of an answer, under the guardrail that every request must carry.
pub(crate) async fn converse(
    clients: &Clients,
    id: &str,
    region: Option<&str>,
    guardrail: Option<(&str, &str)>,
) -> Asked<()> {
    asked(clients, async || {
        let text = ContentBlock::Text("Say OK.".to_owned());
        let message = Message::builder().role(ConversationRole::User).content(text).build();
        let message = message.map_err(|error| Failure::new(Stage::Refused, error.to_string()))?;
        let limits = InferenceConfiguration::builder().max_tokens(1).build();
        let mut call = clients.runtime(region).await.client.converse().model_id(id);
        if let Some((id, version)) = guardrail {
            let guardrail = GuardrailConfiguration::builder();
            let guardrail = guardrail.guardrail_identifier(id).guardrail_version(version).build();
            call = call.guardrail_config(guardrail);
        }
        Ok(call.messages(message).inference_config(limits).send().await.map(drop)?)
    })
    .await
}

async fn asked<T>(clients: &Clients, ask: impl AsyncFn() -> Result<T, Failure>) -> Asked<T> {
    let exchange = Exchange::dated();
    let answer = bounded(clients.renewing(async || exchange.clone().during(ask()).await)).await;
    let seconds = |ahead: Duration| i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX);
    let clock_ahead = exchange.date().map(|date| match SystemTime::now().duration_since(date) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    });
    Asked { answer, clock_ahead }
}

async fn bounded<T>(request: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(TIME, request).await.unwrap_or_else(|_| {
        Err(Failure::new(Stage::Timeout, format!("there was no answer within {} s", TIME.as_secs())))
    })
}
