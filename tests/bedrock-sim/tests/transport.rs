//! What happens on the wire: chunks, disconnects, resets, limits, shutdown.

use bedrock_sim::{Auth, Outcome, Scenario, Simulator, Step, Tls, frame};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use hyper::{Request, Response, Version, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Long enough for any machine; nothing waits it out when all is well.
const LIMIT: Duration = Duration::from_secs(20);

async fn simulator() -> Simulator {
    Simulator::builder().auth(Auth::off()).start().await.expect("it starts")
}

fn body(prompt: &str) -> String {
    serde_json::json!({ "messages": [{ "role": "user", "content": [{ "text": prompt }] }] }).to_string()
}

/// Sends a request by hand over HTTP/1.1.
async fn ask(simulator: &Simulator, prompt: &str) -> TcpStream {
    let mut stream = TcpStream::connect(simulator.address()).await.expect("it listens");
    let body = body(prompt);
    let request = format!(
        "POST /model/sim.text-v1%3A0/converse-stream HTTP/1.1\r\nhost: localhost\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("it reads");
    stream
}

/// Reads the head of a response and what came with it.
async fn head(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut read).await.expect("a response"), 0, "it closed");
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// The chunks of a whole chunked response.
fn chunks(response: &[u8]) -> Vec<Bytes> {
    let start = response.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
    let mut rest = &response[start..];
    let mut chunks = Vec::new();
    loop {
        let line = rest.windows(2).position(|end| end == b"\r\n").expect("a chunk's size");
        let size = std::str::from_utf8(&rest[..line]).expect("text");
        let size = usize::from_str_radix(size, 16).expect("hexadecimal");
        if size == 0 {
            return chunks;
        }
        chunks.push(Bytes::copy_from_slice(&rest[line + 2..line + 2 + size]));
        rest = &rest[line + 2 + size + 2..];
    }
}

async fn chunks_of(simulator: &Simulator, prompt: &str) -> Vec<Bytes> {
    let mut stream = ask(simulator, prompt).await;
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n0\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut response).await.expect("a response"), 0, "it closed");
    }
    chunks(&response)
}

async fn http2(simulator: &Simulator) -> SendRequest<Full<Bytes>> {
    let file = simulator.ca_file().expect("an authority");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).expect("a PEM file")).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(simulator.address()).await.expect("it listens");
    let name = ServerName::try_from("localhost").expect("a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.expect("a good certificate");
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

async fn send(sender: &mut SendRequest<Full<Bytes>>, prompt: &str) -> Response<Incoming> {
    let request = Request::post("https://localhost/model/sim.text-v1%3A0/converse-stream")
        .body(Full::from(body(prompt)))
        .expect("a request");
    sender.send_request(request).await.expect("a response")
}

#[tokio::test]
async fn each_frame_is_a_chunk_unless_told_otherwise() {
    let simulator = simulator().await;
    let frames = chunks_of(&simulator, "sim:long deltas=50").await;
    assert_eq!(frames.len(), 54);
    for chunk in &frames {
        assert_eq!(frame::split(chunk.clone()).len(), 1);
    }
    let coalesced = chunks_of(&simulator, "sim:long deltas=50 writes=coalesced").await;
    assert_eq!(coalesced.len(), 1);
    assert_eq!(coalesced[0], frames.concat());
    let bytes = chunks_of(&simulator, "sim:text writes=byte x").await;
    assert!(bytes.iter().all(|chunk| chunk.len() == 1));
    assert_eq!(simulator.requests()[0].chunks_sent, 54);
    assert_eq!(simulator.requests()[0].outcome, Outcome::Completed);
}

#[tokio::test]
async fn a_client_that_leaves_is_seen_at_once() {
    let simulator = simulator().await;
    // The answers would go on for ever: nothing but the disconnect can end them.
    for (index, prompt) in ["sim:silence", "sim:silence after=0", "sim:no-headers"].iter().enumerate() {
        let mut stream = ask(&simulator, prompt).await;
        if *prompt != "sim:no-headers" {
            head(&mut stream).await;
        }
        let asked = |log: &bedrock_sim::Log| log.request(index).is_some_and(|r| r.auth.is_some());
        assert!(simulator.wait_for(asked, LIMIT).await, "{prompt}");
        assert_eq!(simulator.live_responses(), 1, "{prompt}");
        drop(stream);
        let request = simulator.wait_ended(index, LIMIT).await.expect(prompt);
        assert_eq!(request.outcome, Outcome::ClientGone, "{prompt}");
        assert_eq!(request.version, Version::HTTP_11);
    }
    assert!(simulator.wait_for(|log| log.open_connections() == 0, LIMIT).await);
}

#[tokio::test]
async fn a_stream_that_is_reset_ends_alone() {
    let builder = Simulator::builder().auth(Auth::off()).tls(Tls::default());
    let simulator = builder.start().await.expect("it starts");
    let mut sender = http2(&simulator).await;
    let silent = send(&mut sender, "sim:silence").await;
    let other = send(&mut sender, "sim:silence").await;
    drop(silent);
    let request = simulator.wait_ended(0, LIMIT).await.expect("it ends");
    assert_eq!((request.outcome, request.version), (Outcome::ClientGone, Version::HTTP_2));
    assert_eq!((simulator.live_responses(), simulator.open_connections()), (1, 1));
    let text = send(&mut sender, "hello").await.into_body().collect().await.expect("all of it");
    assert!(!text.to_bytes().is_empty());
    drop((other, sender));
    assert!(simulator.wait_for(|log| log.live_responses() == 0, LIMIT).await);
    assert!(simulator.wait_for(|log| log.open_connections() == 0, LIMIT).await);
}

#[tokio::test]
async fn a_broken_off_answer_is_told_from_a_whole_one() {
    let simulator = simulator().await;
    // Close: the connection ends without the last chunk.
    let mut closed = Vec::new();
    let mut stream = ask(&simulator, "sim:close").await;
    stream.read_to_end(&mut closed).await.expect("an orderly end");
    assert!(!closed.ends_with(b"0\r\n\r\n"));
    // Reset: what was sent before it arrives, then the connection is reset.
    let mut stream = ask(&simulator, "sim:reset after=3").await;
    let mut read = Vec::new();
    let error = stream.read_to_end(&mut read).await.expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let text = String::from_utf8_lossy(&read);
    assert!(text.contains("part 2"), "{text}");
    for index in 0..2 {
        let request = simulator.wait_ended(index, LIMIT).await.expect("it ends");
        assert_eq!(request.outcome, Outcome::BrokenOff);
    }
}

#[tokio::test]
async fn a_broken_off_stream_leaves_the_connection() {
    let builder = Simulator::builder().auth(Auth::off()).tls(Tls::default());
    let simulator = builder.start().await.expect("it starts");
    let mut sender = http2(&simulator).await;
    let closed = send(&mut sender, "sim:close").await.into_body().collect().await;
    assert!(closed.is_err());
    let whole = send(&mut sender, "still there?").await.into_body().collect().await;
    assert!(whole.is_ok());
    let reset = send(&mut sender, "sim:reset").await.into_body().collect().await;
    assert!(reset.is_err());
    assert!(simulator.wait_for(|log| log.open_connections() == 0, LIMIT).await);
}

#[tokio::test]
async fn streams_past_the_limit_wait() {
    let builder = Simulator::builder().auth(Auth::off()).tls(Tls::default());
    let simulator = builder.max_concurrent_streams(2).start().await.expect("it starts");
    let mut sender = http2(&simulator).await;
    let first = send(&mut sender, "sim:silence").await;
    let _second = send(&mut sender, "sim:silence").await;
    let mut third = sender.clone();
    let third = tokio::spawn(async move { send(&mut third, "sim:text here").await });
    drop(first);
    let third = third.await.expect("it is answered");
    third.into_body().collect().await.expect("all of it");
    let requests = simulator.requests();
    let first_ended = requests[0].ended_at.expect("it ended");
    assert!(requests[2].received_at >= first_ended);
}

#[tokio::test]
async fn scripts_answer_in_their_order() {
    let simulator = simulator().await;
    simulator.script_next("sim.text-v1:0", Scenario::error(500, "InternalServerException", "1"));
    simulator.script_next(bedrock_sim::Target::Any, Scenario::error(503, "X", "2"));
    simulator.script("sim.text-v1:0", Scenario::stream(vec![Step::event("messageStart", "".into())]));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let mut stream = ask(&simulator, "hello").await;
        statuses.push(head(&mut stream).await[9..12].to_owned());
    }
    assert_eq!(statuses, ["500", "503", "200"]);
}

#[tokio::test]
async fn dropping_the_simulator_closes_everything() {
    let simulator = Simulator::builder().auth(Auth::off()).start_in_thread().expect("it starts");
    let address = simulator.address();
    let mut stream = ask(&simulator, "sim:silence").await;
    head(&mut stream).await;
    drop(simulator);
    let mut rest = Vec::new();
    // Closed or reset: either way it has ended.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[test]
fn a_thread_without_a_runtime_can_wait() {
    use std::io::Write;
    let simulator = Simulator::builder().start_in_thread().expect("it starts");
    let mut stream = std::net::TcpStream::connect(simulator.address()).expect("it listens");
    stream.write_all(b"GET /foundation-models HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("it reads");
    let refused = |log: &bedrock_sim::Log| log.requests().iter().any(|r| r.status == Some(403));
    assert!(simulator.wait_for_blocking(refused, LIMIT));
    assert!(!simulator.wait_for_blocking(|log| log.requests().len() > 1, Duration::from_millis(10)));
}
