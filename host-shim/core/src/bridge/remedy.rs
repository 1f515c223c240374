//! What a person can do about a failure whose cause lies in this machine's settings, of which no plugin knows.

use super::clients::Clients;
use super::credentials::origin::Origin;
use super::failure::{Failure, Stage};

/// The advice; none where the service's own words, or the plugin's, serve better.
pub(crate) async fn of(failure: &Failure, clients: &Clients) -> Option<String> {
    if failure.tells_of_clock() {
        return Some(
            "set the clock of this machine (NTP): AWS refuses signatures of another time".to_owned(),
        );
    }
    if let Some(action) = failure.denied_action() {
        return Some(allow(&action));
    }
    if failure.said().contains("scoped to a valid region") {
        let region = clients.region_found().await;
        return Some(format!(
            "the endpoint is one of another region than {} ({}): set --region or AWS_REGION to its own",
            region.name, region.origin
        ));
    }
    let (origin, _) = clients.origin().await;
    let is_bad_key = origin == Origin::Bearer && failure.is_access_denied();
    if is_bad_key || failure.is_of_credentials() {
        return Some(origin.remedy());
    }
    let region = clients.region_found().await;
    let stage = match (failure.stage, failure.http_status) {
        // It was no Bedrock that answered so.
        (Stage::Status, Some(300..=399 | 407)) => Stage::Connect,
        (stage, _) => stage,
    };
    match stage {
        Stage::Tls => Some(
            "see that the endpoint is the right one; where a proxy looks into TLS, name the file of its authority \
             in SSL_CERT_FILE"
                .to_owned(),
        ),
        Stage::Connect | Stage::Timeout => Some(match clients.endpoint() {
            Some(endpoint) => {
                format!("see that {endpoint} is the right endpoint, and that this machine reaches it")
            }
            None => format!(
                "see that {} ({}) is a region that has Bedrock, and that this machine reaches AWS (network, \
                 proxy, firewall, AWS_ENDPOINT_URL_*)",
                region.name, region.origin
            ),
        }),
        _ => None,
    }
}

/// For an action that is not allowed.
pub(crate) fn allow(action: &str) -> String {
    format!("allow {action} to this role or user; `outcrop doctor --policy` prints the whole policy")
}
