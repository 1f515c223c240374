//! The simulator held against AWS's SDK for Rust over HTTP/2 and TLS: its signer, transport and
//! event-stream decoder.

use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput, Message,
};
use bedrock_sim::{AuthOutcome, DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Simulator, Tls};
use hyper::Version;
use std::process::Command;

/// Set for the child process, which is the client: SSL_CERT_FILE is read once per process, and
/// setting a variable of one's own is unsafe.
const ENDPOINT: &str = "BEDROCK_SIM_TEST_ENDPOINT";

#[test]
fn the_sdk_over_http2() {
    if let Ok(endpoint) = std::env::var(ENDPOINT) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        return runtime.expect("a runtime").block_on(client(&endpoint));
    }
    let simulator = Simulator::builder().tls(Tls::default()).start_in_thread().expect("it starts");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "the_sdk_over_http2", "--nocapture"])
        .env(ENDPOINT, simulator.endpoint())
        .env("SSL_CERT_FILE", simulator.ca_file().expect("an authority"))
        .output()
        .expect("the client starts");
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));

    let requests = simulator.requests();
    let good = AuthOutcome::Signed { access_key: DEFAULT_ACCESS_KEY.to_owned() };
    let believed = requests.iter().filter(|request| request.auth.as_ref() == Some(&good));
    assert_eq!(believed.count(), requests.len() - 1, "all but one of a wrong secret");
    assert!(requests.iter().all(|request| request.version == Version::HTTP_2));
}

async fn client(endpoint: &str) {
    let client = runtime(endpoint, DEFAULT_SECRET_KEY);
    let id = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/sim0haiku0app";
    assert_eq!(text(&client, id, "hello there").await, Ok("You said: hello there".to_owned()));
    let cut_off = text(&client, "sim.exception-throttling-v1:0", "hello").await;
    assert!(cut_off.as_ref().is_err_and(|e| e.contains("ThrottlingException")), "{cut_off:?}");
    let retried = text(&client, "sim.service-unavailable-x1-v1:0", "hello").await;
    assert_eq!(retried, Ok("You said: hello".to_owned()));
    let refused = text(&runtime(endpoint, "other"), "sim.text-v1:0", "hello").await;
    assert_eq!(refused, Err("InvalidSignatureException".to_owned()));

    let config = aws_sdk_bedrock::config::Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(credentials(DEFAULT_SECRET_KEY));
    let control = aws_sdk_bedrock::Client::from_conf(config.build());
    let models = control.list_foundation_models().send().await.expect("models");
    assert!(models.model_summaries().len() >= 12);
    let profiles = control.list_inference_profiles().into_paginator().page_size(5).items().send();
    let profiles = profiles.collect::<Result<Vec<_>, _>>().await.expect("profiles");
    assert!(profiles.len() >= 12);
}

fn credentials(secret: &str) -> Credentials {
    Credentials::new(DEFAULT_ACCESS_KEY, secret, None, None, "test")
}

fn runtime(endpoint: &str, secret: &str) -> aws_sdk_bedrockruntime::Client {
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(credentials(secret));
    aws_sdk_bedrockruntime::Client::from_conf(config.build())
}

/// The text of a streamed answer, or the name of its error.
async fn text(client: &aws_sdk_bedrockruntime::Client, model: &str, prompt: &str) -> Result<String, String> {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(prompt.to_owned()))
        .build()
        .expect("a message");
    let sent = client.converse_stream().model_id(model).messages(message).send().await;
    let mut answer = sent.map_err(|error| name(&error))?;
    let mut text = String::new();
    while let Some(event) = answer.stream.recv().await.map_err(|error| name(&error))? {
        if let ConverseStreamOutput::ContentBlockDelta(event) = event
            && let Some(ContentBlockDelta::Text(piece)) = event.delta
        {
            text += &piece;
        }
    }
    Ok(text)
}

/// The error's code; the SDK gives none to an exception out of a stream, whose variant names it.
fn name(error: &(impl ProvideErrorMetadata + std::fmt::Debug)) -> String {
    error.code().map_or_else(|| format!("{error:?}"), str::to_owned)
}
