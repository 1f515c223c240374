//! The first request of a host is made by the AWS SDK, those after it in its likeness: nobody can tell which is which.

use std::collections::BTreeMap;
use std::time::Duration;

use bedrock_sim::raw::{Act, RawServer};
use bedrock_sim::{Auth, AuthOutcome, Operation, Scenario, Simulator, Target};
use outcrop::{Host, Request};

use crate::configuration::config;
use crate::support::{Sim, ask, builder, collect, done, failed, simulator};

/// The same request twice would not have the same.
const OF_ONE_REQUEST: &[&str] = &["amz-sdk-invocation-id", "authorization", "x-amz-date"];

const IDS: &[&str] = &[
    "sim.text-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456",
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
];

/// A model whose tokens can be counted.
const COUNTED: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";

fn request(id: &str) -> Request {
    Request::new(format!("amazon-bedrock/{id}")).user("Hello")
}

fn host(sim: &Sim) -> Host {
    let text = "{models: {providers: {'amazon-bedrock': {headers: {'X-Team': 'search', 'X-B': ' b '}}}}}";
    builder(sim).config(config(text)).build().expect("a host")
}

/// The answers asked for since the last time.
fn asked(sim: &Simulator) -> Vec<bedrock_sim::Request> {
    let mut requests = sim.requests();
    sim.forget_requests();
    requests.retain(|request| request.operation == Operation::ConverseStream);
    requests
}

/// The headers that two such requests have in common.
fn headers(request: &bedrock_sim::Request) -> BTreeMap<String, String> {
    let headers = request.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()));
    headers.filter(|(name, _)| !OF_ONE_REQUEST.contains(&name.as_str())).collect()
}

fn signed_headers(request: &bedrock_sim::Request) -> &str {
    let signature = request.header("authorization").expect("a signature");
    signature.split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next()).expect("headers")
}

#[tokio::test]
async fn a_copy_is_what_the_sdk_would_have_sent() {
    let sim = simulator();
    let warm = host(&sim);
    done(warm.stream(ask("Hello"))).await;
    asked(&sim);
    for id in IDS {
        collect(host(&sim).stream(request(id))).await;
        let by_sdk = asked(&sim).remove(0);
        collect(warm.stream(request(id))).await;
        let copied = asked(&sim).remove(0);
        assert_eq!(copied.target, by_sdk.target);
        assert_eq!(copied.body, by_sdk.body);
        assert_eq!(headers(&copied), headers(&by_sdk), "{id}");
        assert_eq!(copied.header("x-team"), Some("search"));
        assert_eq!(signed_headers(&copied), signed_headers(&by_sdk), "{id}");
        for name in OF_ONE_REQUEST {
            assert!(copied.header(name).is_some(), "{name}");
        }
        assert_ne!(copied.header("amz-sdk-invocation-id"), by_sdk.header("amz-sdk-invocation-id"));
        assert!(matches!(copied.auth, Some(AuthOutcome::Signed { .. })), "{:?}", copied.auth);
    }
}

#[tokio::test]
async fn a_clock_that_goes_wrong_later_is_corrected_too() {
    let sim = simulator();
    let host = builder(&sim).attempts(2).build().expect("a host");
    done(host.stream(ask("Hello"))).await;
    sim.set_auth(Auth::default().clock_ahead(900));
    asked(&sim);
    done(host.stream(ask("Hello"))).await;
    assert_eq!(asked(&sim).len(), 3, "refused twice, the second time before the SDK");
    done(host.stream(ask("Hello"))).await;
    assert_eq!(asked(&sim).len(), 1, "the SDK knows the service's clock");
}

#[tokio::test]
async fn a_clock_that_was_put_right_meanwhile_is_no_failure() {
    let sim = simulator();
    let host = builder(&sim).attempts(2).build().expect("a host");
    sim.set_auth(Auth::default().clock_ahead(900));
    // Of this the SDK learns a clock, and the next request is made by it.
    host.count_tokens(request(COUNTED)).await.expect("a count");
    done(host.stream(ask("Hello"))).await;
    sim.set_auth(Auth::default());
    done(host.stream(ask("Hello"))).await;
    asked(&sim);
    sim.script_next(Target::Any, Scenario::error(503, "ServiceUnavailableException", "no"));
    done(host.stream(ask("Hello"))).await;
    assert_eq!(
        asked(&sim).len(),
        3,
        "a copy that failed, the SDK with its old clock, the SDK with the right one"
    );
}

#[tokio::test]
async fn an_error_that_breaks_off_says_what_its_headers_said() {
    let error = "HTTP/1.1 429 Too Many Requests\r\nx-amzn-errortype: ThrottlingException\r\n\
                 x-amzn-requestid: r1\r\nretry-after: 300\r\ncontent-length: 99\r\n\r\n{";
    let server = RawServer::start(vec![Act::Read, Act::text(error)]).expect("it starts");
    let sim = simulator();
    let endpoint = format!("http://{}", server.address());
    let host = builder(&sim).endpoint(endpoint).build().expect("a host");
    for sender in ["SDK", "copy"] {
        let error = failed(host.stream(ask("Hello"))).await;
        assert_eq!(error.http_status, Some(429), "{sender}: {error:?}");
        assert_eq!(error.provider_code.as_deref(), Some("ThrottlingException"), "{sender}");
        assert_eq!(error.request_id.as_deref(), Some("r1"), "{sender}");
        assert_eq!(error.retry_after, Some(Duration::from_secs(300)), "{sender}");
    }
}

#[tokio::test]
async fn after_a_fault_of_the_server_another_connection_is_tried() {
    let sim = simulator();
    let host = builder(&sim).build().expect("a host");
    for sender in ["SDK", "copy"] {
        sim.script_next(Target::Any, Scenario::error(500, "InternalServerException", "no"));
        done(host.stream(ask("Hello"))).await;
        let requests = asked(&sim);
        assert_eq!(requests.len(), 2, "{sender}");
        assert_ne!(requests[0].connection, requests[1].connection, "{sender}");
    }
}
