//! Each error of the service has its class, its code, and a remedy where a person can do something.

use bedrock_sim::{DEFAULT_ACCESS_KEY, Outcome, Scenario};
use outcrop::{ErrorClass, Host};

use crate::support::{PATIENCE, ask, builder, collect, done, failed, host, simulator};

/// HTTP errors: scenario, class, provider code, status, retryable.
const HTTP: &[(&str, ErrorClass, &str, u16, bool)] = &[
    ("access-denied", ErrorClass::PermissionDenied, "AccessDeniedException", 403, false),
    ("validation", ErrorClass::InvalidRequest, "ValidationException", 400, false),
    ("context-overflow", ErrorClass::ContextTooLong, "ValidationException", 400, false),
    ("on-demand", ErrorClass::ModelNotFound, "ValidationException", 400, false),
    ("throttling", ErrorClass::RateLimited, "ThrottlingException", 429, true),
    ("too-many-tokens", ErrorClass::RateLimited, "ThrottlingException", 429, true),
    ("model-not-ready", ErrorClass::ModelNotReady, "ModelNotReadyException", 429, true),
    ("service-unavailable", ErrorClass::Overloaded, "ServiceUnavailableException", 503, true),
    ("internal-server", ErrorClass::Internal, "InternalServerException", 500, true),
    ("model-timeout", ErrorClass::Timeout, "ModelTimeoutException", 408, true),
    ("resource-not-found", ErrorClass::ModelNotFound, "ResourceNotFoundException", 404, false),
    ("expired-token", ErrorClass::Unauthenticated, "ExpiredTokenException", 403, false),
    ("unrecognized-client", ErrorClass::Unauthenticated, "UnrecognizedClientException", 403, false),
    ("invalid-signature", ErrorClass::Unauthenticated, "InvalidSignatureException", 403, false),
    (
        "missing-authentication",
        ErrorClass::Unauthenticated,
        "MissingAuthenticationTokenException",
        403,
        false,
    ),
];

/// Exception frames: scenario, class, retryable where nothing was delivered.
const EXCEPTIONS: &[(&str, ErrorClass, bool)] = &[
    ("exception-internal-server", ErrorClass::Internal, true),
    ("exception-validation", ErrorClass::InvalidRequest, false),
    ("exception-throttling", ErrorClass::RateLimited, true),
    ("exception-service-unavailable", ErrorClass::Overloaded, true),
];

#[tokio::test]
async fn http_errors_have_their_class() {
    let sim = simulator();
    let host = builder(&sim).attempts(1).build().expect("a host");
    for &(scenario, class, code, status, retryable) in HTTP {
        let error = failed(host.stream(ask(&format!("sim:{scenario}")))).await;
        assert_eq!(error.class, class, "{scenario}: {error:?}");
        assert_eq!(error.provider_code.as_deref(), Some(code), "{scenario}");
        assert_eq!(error.http_status, Some(status), "{scenario}");
        assert_eq!(error.retryable, retryable, "{scenario}");
        assert!(!error.delivered, "{scenario}");
        assert!(error.request_id.is_some(), "{scenario}");
        assert!(!error.message.is_empty(), "{scenario}");
    }
}

#[tokio::test]
async fn exceptions_have_their_class_first_and_mid_stream() {
    let sim = simulator();
    let host = builder(&sim).attempts(1).build().expect("a host");
    for &(scenario, class, retryable) in EXCEPTIONS {
        for after in [0, 1, 3] {
            let error = failed(host.stream(ask(&format!("sim:{scenario} after={after}")))).await;
            assert_eq!(error.class, class, "{scenario} {after}: {error:?}");
            assert_eq!(error.delivered, after > 0, "{scenario} {after}");
            assert_eq!(error.retryable, retryable && after == 0, "{scenario} {after}");
        }
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_before_the_first_content_only() {
    let sim = simulator();
    let host = host(&sim);
    for prompt in [
        "sim:throttling times=2 amz-retry-after=1",
        "sim:internal-server times=1",
        "sim:exception-throttling after=0 times=1",
        "sim:reset after=0 times=1",
        "sim:bad-message-checksum after=0 times=1",
        "sim:early-end after=0 times=0",
    ] {
        sim.forget_requests();
        let events = collect(host.stream(ask(prompt))).await;
        let sent = sim.requests().len();
        let finished = matches!(events.last(), Some(outcrop::Event::Done { .. }));
        match prompt {
            "sim:throttling times=2 amz-retry-after=1" => assert_eq!((sent, finished), (3, true), "{prompt}"),
            // A clean end is no fault of the wire: what it means is said, not tried again.
            "sim:early-end after=0 times=0" => assert_eq!((sent, finished), (1, false), "{prompt}"),
            _ => assert_eq!((sent, finished), (2, true), "{prompt}: {events:?}"),
        }
    }
    // Something was delivered: never again.
    sim.forget_requests();
    let error = failed(host.stream(ask("sim:exception-throttling after=2 times=1"))).await;
    assert!(error.delivered);
    assert_eq!(sim.requests().len(), 1);
}

#[tokio::test]
async fn a_wrong_secret_is_unauthenticated_and_is_not_shown() {
    let sim = simulator();
    let secret = "a-wrong-secret-nobody-may-see";
    let host = Host::builder()
        .region("us-east-1")
        .endpoint(sim.endpoint())
        .access_key(DEFAULT_ACCESS_KEY, secret, None)
        .build()
        .expect("a host");
    let error = failed(host.stream(ask("Hello"))).await;
    assert_eq!(error.class, ErrorClass::Unauthenticated, "{error:?}");
    assert!(error.remedy.is_some());
    assert!(!format!("{error:?} {error}").contains(secret));
    assert_eq!(sim.requests().len(), 1, "it is not tried again");
    // The same for the listing.
    let error = host.models().await.expect_err("no models");
    assert_eq!(error.class, ErrorClass::Unauthenticated, "{error:?}");
}

#[tokio::test]
async fn what_is_no_event_stream_is_said_so() {
    let sim = simulator();
    let host = builder(&sim).attempts(1).build().expect("a host");
    let error = failed(host.stream(ask("sim:wrong-content-type"))).await;
    assert!(error.message.contains("application/octet-stream"), "{error}");
    let error = failed(host.stream(ask("sim:proxy-error"))).await;
    assert_eq!(error.http_status, Some(502));
}

#[tokio::test]
async fn a_clock_that_is_off_is_corrected() {
    let sim = simulator();
    sim.set_auth(bedrock_sim::Auth::default().clock_ahead(900));
    let message = done(host(&sim).stream(ask("Hello"))).await;
    assert!(message.text().contains("Hello"));
    assert_eq!(sim.requests().len(), 2, "refused once, then signed by the service's clock");
}

#[tokio::test]
async fn a_host_that_is_not_there_is_a_network_error() {
    let host = Host::builder()
        .region("us-east-1")
        .endpoint("http://127.0.0.1:9")
        .access_key("AKID", "secret", None)
        .attempts(1)
        .build()
        .expect("a host");
    let error = failed(host.stream(ask("Hello"))).await;
    assert_eq!(error.class, ErrorClass::Network, "{error:?}");
    assert!(error.retryable);
}

#[tokio::test]
async fn unknown_events_and_members_are_no_errors() {
    let sim = simulator();
    let host = host(&sim);
    for scenario in ["unknown-event", "unknown-members", "block-start", "empty", "end-after-stop"] {
        let message = done(host.stream(ask(&format!("sim:{scenario}")))).await;
        assert!(scenario == "empty" || !message.text().is_empty(), "{scenario}");
    }
    let message = done(host.stream(ask("sim:stop reason=a_future_reason"))).await;
    assert_eq!(message.raw_stop_reason, "a_future_reason");
    assert_eq!(message.stop_reason.as_str(), "a-future-reason");
    // A scripted answer without a single known event is an answer that broke off.
    sim.script_next(bedrock_sim::Target::Any, Scenario::stream(vec![]));
    let error = failed(host.stream(ask("Hello"))).await;
    assert_eq!(error.class, ErrorClass::Truncated);
    let all = |log: &bedrock_sim::Log| log.requests().iter().all(|request| request.outcome != Outcome::Live);
    assert!(sim.wait_for(all, PATIENCE).await);
}
