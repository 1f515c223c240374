//! The rules held against the real service: what it was recorded to take and to refuse.

use std::path::{Path, PathBuf};

use bedrock_sim::{Auth, DEFAULT_ACCESS_KEY, Operation, Simulator, recorded_operation, rules};
use serde_json::Value;

/// Recorded refusals of a request (status 400) that cannot be judged, and why.
const UNJUDGED: &[(&str, &str)] = &[
    ("direct-url-video-bedrock_claude_.2", NO_BODY),
    ("direct-url_force_download-video-bedrock_claude_.2", NO_BODY),
    ("tool_return_content-binary-video-bedrock_claude_.1", NO_BODY),
    ("tool_return_content-url-video-bedrock_claude_.2", NO_BODY),
];
const NO_BODY: &str = "the recorder left the request's body out";

/// A recorded request.
struct Recorded {
    name: String,
    operation: Operation,
    id: String,
    status: u64,
    body: Option<Value>,
    /// The message of a refusal.
    message: Option<String>,
}

fn json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Every recorded Converse and ConverseStream request.
#[expect(clippy::print_stdout, reason = "a test says what it skips")]
fn recorded() -> Vec<Recorded> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/recordings"));
    if !folder.is_dir() {
        println!("skipped: there are no recordings");
        return Vec::new();
    }
    let mut all = Vec::new();
    for operation in ["Converse", "ConverseStream"] {
        for file in std::fs::read_dir(folder.join(operation)).expect("a folder") {
            let path = file.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let Some(name) = name.strip_suffix(".meta.json") else { continue };
            let beside = |ending: &str| path.with_file_name(format!("{name}.{ending}"));
            let meta = json(&path).expect("its meta");
            all.push(Recorded {
                name: name.to_owned(),
                operation: recorded_operation(&beside("response.json"))
                    .expect("its meta")
                    .expect("an operation"),
                id: meta["model"].as_str().expect("a model").to_owned(),
                status: meta["status"].as_u64().expect("a status"),
                body: json(&beside("request.json")),
                message: json(&beside("response.json"))
                    .and_then(|answer| Some(answer.get("message")?.as_str()?.to_owned())),
            });
        }
    }
    all
}

#[test]
fn what_the_service_took_is_taken() {
    let mut taken = 0;
    for recorded in recorded().iter().filter(|recorded| recorded.status == 200) {
        let Some(body) = &recorded.body else { continue };
        let judged = rules::check(recorded.operation, &recorded.id, body);
        assert_eq!(judged, Ok(()), "{} of {}", recorded.name, recorded.id);
        taken += 1;
    }
    println!("{taken} requests that were answered with 200 are taken");
}

#[test]
fn what_the_service_refused_is_refused_in_its_words() {
    let mut refused = 0;
    for recorded in recorded().iter().filter(|recorded| recorded.status == 400) {
        if let Some((_, why)) = UNJUDGED.iter().find(|(name, _)| recorded.name.ends_with(name)) {
            assert!(recorded.body.is_none(), "{}: {why}", recorded.name);
            continue;
        }
        let body = recorded.body.as_ref().unwrap_or_else(|| panic!("{} has no request", recorded.name));
        let refusal = rules::check(recorded.operation, &recorded.id, body).expect_err(&recorded.name);
        assert_eq!(Some(&refusal.message), recorded.message.as_ref(), "{}", recorded.name);
        refused += 1;
    }
    println!("{refused} requests that were answered with 400 are refused");
}

#[test]
fn every_exception_names_a_recording() {
    let all = recorded();
    for (name, _) in UNJUDGED.iter().filter(|_| !all.is_empty()) {
        assert!(all.iter().any(|recorded| recorded.status == 400 && recorded.name.ends_with(name)), "{name}");
    }
}

#[tokio::test]
async fn a_simulator_that_enforces_rules_answers_with_the_refusal() {
    use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials, Region};
    use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, InferenceConfiguration, Message};

    let sim = Simulator::builder().enforce_rules().auth(Auth::off()).start().await.expect("it starts");
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(DEFAULT_ACCESS_KEY, "secret", None, None, "test"))
        .endpoint_url(sim.endpoint())
        .build();
    let client = aws_sdk_bedrockruntime::Client::from_conf(config);
    let hello = Message::builder().role(ConversationRole::User).content(ContentBlock::Text("Hello".into()));
    let ask = |tokens: i32| {
        client
            .converse()
            .model_id("us.amazon.nova-lite-v1:0")
            .messages(hello.clone().build().expect("a message"))
            .inference_config(InferenceConfiguration::builder().max_tokens(tokens).build())
            .send()
    };
    let refused = ask(10_001).await.expect_err("refused").into_service_error();
    assert!(refused.is_validation_exception(), "{refused:?}");
    assert!(refused.to_string().contains("exceeds the model limit of 10000"), "{refused}");
    ask(10_000).await.expect("answered");
}
