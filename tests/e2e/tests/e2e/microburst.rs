//! Faults that are not ours: `microburst`, a proxy that fails as AWS does, in front of `ministack`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use outcrop::request::Timeouts;
use outcrop::{Event, Host, HostBuilder, Request};
use serde_json::{Value, json};

use crate::peers::{MODEL, Peer, ministack, peer};
use crate::support::{Cache, collect};

/// A rule, and the classes that the answer may end with: what a frame is when its bytes are damaged depends on which.
const RULES: &[(&str, &[&str])] = &[
    (r#"{"error": {"code": "ThrottlingException"}}"#, &["rate-limited"]),
    (r#"{"error": {"code": "ServiceUnavailableException"}}"#, &["overloaded"]),
    (r#"{"error": {"code": "ModelNotReadyException"}}"#, &["model-not-ready"]),
    (r#"{"error": {"code": "AccessDeniedException"}}"#, &["permission-denied"]),
    (r#"{"error": {"code": "ExpiredTokenException", "status": 403}}"#, &["unauthenticated"]),
    (r#"{"reset": true}"#, &["network"]),
    (r#"{"response": {"abort_frac": 0.5}}"#, &["truncated"]),
    (r#"{"response": {"truncate_frac": 0.5}}"#, &["truncated"]),
    (r#"{"response": {"event_frames": [{"at": 2, "bad_crc": true}]}}"#, &["truncated"]),
    (r#"{"response": {"event_frames": [{"at": 3, "cut": 0.5}]}}"#, &["truncated"]),
    (
        r#"{"response": {"event_error": {"code": "ThrottlingException", "after_frames": 2}}}"#,
        &["rate-limited"],
    ),
    (r#"{"response": {"set_headers": {"Content-Type": "text/html"}}}"#, &["network"]),
    (r#"{"latency": 200}"#, &["done"]),
];

fn host(proxy: &Peer, cache: &Cache) -> HostBuilder {
    Host::builder()
        .region("us-east-1")
        .endpoint(&proxy.endpoint)
        .access_key("test", "test", None)
        .cache_folder(cache.path())
}

/// Replaces the rules, or asks for something of the proxy's own.
fn control(proxy: &Peer, method: &str, path: &str, body: &str) -> Value {
    let answer = send(proxy, method, &format!("/_microburst/{path}"), "x-none: x", body);
    assert!(answer.starts_with("HTTP/1.1 20"), "{method} {path} {body}: {answer}");
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    serde_json::from_str(body).unwrap_or_default()
}

fn send(proxy: &Peer, method: &str, path: &str, header: &str, body: &str) -> String {
    let place = proxy.endpoint.trim_start_matches("http://");
    let mut connection = TcpStream::connect(place).expect("connects");
    let length = body.len();
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nhost: {place}\r\nconnection: close\r\n{header}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .expect("written");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("read");
    String::from_utf8_lossy(&answer).into_owned()
}

fn rule(proxy: &Peer, rule: &str) {
    let mut rule: Value = serde_json::from_str(rule).expect("a rule");
    rule["service"] = "*".into();
    control(proxy, "POST", "rules", &json!([rule]).to_string());
    control(proxy, "DELETE", "fired", "");
}

/// How an answer ended, and its text.
async fn ask(host: &Host) -> (String, String, Vec<Event>) {
    let events = collect(host.stream(Request::new(MODEL).user("Hello"))).await;
    let text = events.iter().filter_map(|event| match event {
        Event::TextDelta { delta, .. } => Some(&**delta),
        _ => None,
    });
    let text: String = text.collect();
    let end = match events.last() {
        Some(Event::Error { error }) => error.class.to_string(),
        _ => "done".to_owned(),
    };
    (end, text, events)
}

#[tokio::test]
async fn faults_of_another_proxy_end_as_they_should() {
    let Some(ministack) = ministack(&[]) else { return };
    let Some(proxy) = peer("microburst", |command, port| {
        command.args(["--upstream", &ministack.endpoint, "--port", &port.to_string(), "--no-resign"]);
    }) else {
        return;
    };
    // It reads its models of AWS when it is first asked, which may take longer than a stream waits.
    let credential = "authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/bedrock/aws4_request, \
                      SignedHeaders=host, Signature=0";
    let first = send(&proxy, "POST", "/model/none/converse-stream", credential, "{}");
    assert!(first.starts_with("HTTP/1.1 "), "{first}");
    let cache = Cache::new();
    let once = host(&proxy, &cache).attempts(1).build().expect("a host");
    let (end, whole, _) = ask(&once).await;
    assert_eq!(end, "done");
    assert!(!whole.is_empty());

    for (fault, ends) in RULES {
        rule(&proxy, fault);
        let (end, text, events) = ask(&once).await;
        println!("| {fault} | {} | {end} | {} of {} bytes |", ends.join(" or "), text.len(), whole.len());
        assert!(ends.contains(&end.as_str()), "{fault}: {events:#?}");
        assert!(whole.starts_with(&text), "{fault}: {text:?}");
        assert_eq!(text == whole, end == "done", "{fault}");
        if let Some(Event::Error { error }) = events.last() {
            assert!(error.delivered || text.is_empty(), "{fault}: {error:?}");
            assert!(!(error.delivered && error.retryable), "{fault}: {error:?}");
        }
        let fired = control(&proxy, "GET", "fired", "");
        let count = fired.as_array().or_else(|| fired["fired"].as_array()).map_or(0, Vec::len);
        assert_eq!(count, 1, "{fault}: {fired}");
    }

    // Silence, up to the limit.
    rule(&proxy, r#"{"timeout_ms": 30000}"#);
    let mut timeouts = Timeouts::default();
    timeouts.first_content = Some(Duration::from_millis(500));
    let hasty = host(&proxy, &cache).attempts(1).timeouts(timeouts).build().expect("a host");
    assert_eq!(ask(&hasty).await.0, "timeout");

    // What fails once is tried again.
    let patient = host(&proxy, &cache).build().expect("a host");
    for fault in
        [r#"{"times": 1, "error": {"code": "ThrottlingException"}}"#, r#"{"times": 2, "reset": true}"#]
    {
        rule(&proxy, fault);
        let (end, text, _) = ask(&patient).await;
        assert_eq!((end.as_str(), text), ("done", whole.clone()), "{fault}");
    }
}
