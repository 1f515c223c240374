//! Misuse of the bridge.
//!
//! Each ends with an error that holds what the host said, or with an answer where it said nothing.

use std::sync::Mutex;

use crate::answers::{Answer, end, finished, start as block, text};
use crate::guest::exports::outcrop::provider::provider::{NextStep, Progress};
use crate::guest::outcrop::provider::bedrock_bridge::{self as bridge, Arrival, BodyPart, Call, Failure};
use crate::guest::outcrop::provider::memory::{self, Scope};
use crate::guest::outcrop::provider::types::{Block, Error, ErrorCode, Request};
use crate::guest::{error, progress};

const BODY: &str = r#"{"messages":[{"role":"user","content":[{"text":"sim:text Hello"}]}]}"#;

/// What an earlier stream left in this instance's memory.
static LEFT_BEHIND: Mutex<Option<String>> = Mutex::new(None);

/// A call under way, and what to do with it.
pub(crate) struct Calling {
    call: Call,
    reading: Reading,
}

enum Reading {
    /// As it should be: to the end, then a whole answer.
    Whole,
    /// Reads on a thousand times after the end or the failure.
    PastTheEnd,
    /// Never reads, and waits.
    Never(NextStep),
}

/// Starts the misuse of this name.
pub(crate) fn start(what: &str, request: &Request) -> Result<Answer, Error> {
    let model = request.model_id.as_str();
    let converse = |body: &str| send("converse-stream", model, vec![json(body)]);
    let asked = |model: &str| send("converse-stream", model, vec![json(BODY)]);
    let arn = |place: &str| format!("arn:aws:bedrock:{place}:inference-profile/us.{model}");
    match what {
        "foreign-model" => asked("anthropic.claude-opus-4-6-v1"),
        "foreign-account" => asked(&arn("us-east-1:999999999999")),
        "foreign-region" => asked(&arn("eu-west-1:111111111111")),
        "foreign-partition" => asked("arn:evil:bedrock:us-east-1:1:inference-profile/x"),
        "foreign-service" => asked("arn:aws:s3:::bucket/key"),
        "url-as-model" => asked("http://169.254.169.254/latest/meta-data"),
        "path-as-model" => asked("../../../etc/passwd"),
        "giant-model" => asked(&"x".repeat(1 << 20)),
        "foreign-operation" => send("invoke-model", model, vec![json(BODY)]),
        "storage" => converse(&with_image(r#"{"s3Location":{"uri":"s3://secrets/key.png"}}"#)),
        "storage-hidden" => converse(&with_image(r#"{"s3Locatio\u006e":{"uri":"s3://secrets/key.png"}}"#)),
        "storage-twice" => converse(&with_image(
            r#"{"s3Location":{"uri":"s3://secrets/key.png","uri":"s3://mine/cat.png"}}"#,
        )),
        "guardrail-left-out" => converse(BODY),
        "guardrail-replaced" => converse(&with(r#""guardrailConfig":{"guardrailIdentifier":"none"}"#)),
        "guardrail-twice" => converse(&with(r#""guardrailConfig":1,"guardrailConfi\u0067":2"#)),
        "metadata-replaced" => converse(&with(r#""requestMetadata":{"team":"nobody"}"#)),
        "body-no-json" => converse("{\"messages\":"),
        "body-no-object" => converse("[]"),
        "body-no-text" => send("converse-stream", model, vec![BodyPart::Json(vec![0xff; 64])]),
        "body-deep" => converse(&format!("{{\"a\":\"\\u0041\",\"b\":{}", "[".repeat(1 << 20))),
        "body-giant" => send("converse", model, vec![json(&"x".repeat(1 << 20)); 40]),
        "body-many-members" => {
            let members: Vec<String> = (0..500_000).map(|number| format!("\"{number}\":0")).collect();
            converse(&with(&members.join(",")))
        }
        "bodies-giant" => {
            let body = json(&with(&format!("\"x\":\"{}\"", "x".repeat(9 << 20))));
            let calls: Vec<_> = (0..8).map(|_| send("converse", model, vec![body.clone()])).collect();
            calls.into_iter().last().unwrap_or_else(|| asked(model))
        }
        "media-unknown" => send("converse", model, vec![json("{\"a\":\""), BodyPart::Media(7), json("\"}")]),
        "media-outside-a-string" => {
            send("converse", model, vec![json("{\"a\":"), BodyPart::Media(0), json("}")])
        }
        "media-repeated" => {
            let mut parts = vec![json("{\"a\":\"")];
            parts.resize(500_000, BodyPart::Media(0));
            parts.push(json("\"}"));
            send("converse", model, parts)
        }
        "thousands" => loop {
            drop(asked(model));
        },
        "thousands-held" => {
            let calls: Vec<_> = (0..10_000).map(|_| asked(model)).collect();
            calls.into_iter().last().unwrap_or_else(|| asked(model))
        }
        "read-past-the-end" => asked(model).map(|call| Calling { reading: Reading::PastTheEnd, ..call }),
        "read-past-a-failure" => asked("").map(|call| Calling { reading: Reading::PastTheEnd, ..call }),
        "never-read-and-wait" => never(asked(model), NextStep::Wait),
        "never-read-and-again" => never(asked(model), NextStep::Again),
        "wait-for-a-late-call" => {
            let body = [json(BODY)];
            let call = bridge::start_stream("converse-stream", model, &body, u32::MAX);
            never(call.map(|call| Calling { call, reading: Reading::Whole }), NextStep::Wait)
        }
        "memory-of-others" => return recall_of_others(request),
        "left-behind" => return left_behind(request),
        other => panic!("no such misuse: {other}"),
    }
    .map(Answer::Calls)
    .map_err(|failure| told(&failure))
}

/// A call that nobody is going to read.
pub(crate) fn unread(request: &Request) -> Result<Call, Error> {
    let body = [json(BODY)];
    bridge::start_stream("converse", &request.model_id, &body, 0).map_err(|failure| told(&failure))
}

fn never(call: Result<Calling, Failure>, next: NextStep) -> Result<Calling, Failure> {
    call.map(|call| Calling { reading: Reading::Never(next), ..call })
}

fn json(text: &str) -> BodyPart {
    BodyPart::Json(text.as_bytes().to_vec())
}

/// The body with more members.
fn with(members: &str) -> String {
    format!("{},{members}}}", &BODY[..BODY.len() - 1])
}

fn with_image(source: &str) -> String {
    format!(
        r#"{{"messages":[{{"role":"user","content":[{{"text":"Hello"}},{{"image":{{"format":"png","source":{source}}}}}]}}]}}"#
    )
}

fn send(operation: &str, model: &str, body: Vec<BodyPart>) -> Result<Calling, Failure> {
    let call = bridge::start_stream(operation, model, &body, 0)?;
    Ok(Calling { call, reading: Reading::Whole })
}

impl Calling {
    pub(crate) fn next(&mut self) -> Result<Progress, Error> {
        if let Reading::Never(next) = self.reading {
            return progress(Vec::new(), next);
        }
        let seen = match self.call.next_chunk() {
            Ok(Arrival::Nothing) => return progress(Vec::new(), NextStep::Wait),
            Ok(Arrival::Frame(_) | Arrival::Frames(_)) => return progress(Vec::new(), NextStep::Wait),
            Ok(Arrival::Body(_) | Arrival::End) => None,
            Err(failure) => Some(failure.message),
        };
        if matches!(self.reading, Reading::PastTheEnd) {
            for _ in 0..1_000 {
                let again = match self.call.next_chunk() {
                    Ok(Arrival::End) => None,
                    Ok(_) => Some("something came after the end".to_owned()),
                    Err(failure) => Some(failure.message),
                };
                if again != seen {
                    return Err(error(ErrorCode::Internal, format!("{seen:?} became {again:?}")));
                }
            }
        }
        match seen {
            None => progress(whole("answered"), NextStep::End),
            Some(message) => Err(error(ErrorCode::Other, message)),
        }
    }
}

fn whole(said: &str) -> Vec<crate::guest::outcrop::provider::types::Chunk> {
    vec![block(0), text(0, said), end(0), finished("end-turn")]
}

fn told(failure: &Failure) -> Error {
    error(ErrorCode::Other, failure.message.clone())
}

/// The caller's words.
fn prompt(request: &Request) -> &str {
    let first = request.messages.first().and_then(|message| message.content.first());
    match first {
        Some(Block::Text(text)) => text,
        _ => "",
    }
}

/// Carries words from one conversation to another in every way that the memory has, and tells how many facts
/// came through. A prompt `keep WORDS` keeps them; any other prompt looks for them.
fn recall_of_others(request: &Request) -> Result<Answer, Error> {
    let places = || {
        let conversation =
            (0..100).map(|number| (Scope::Conversation("victim".to_owned()), number.to_string()));
        let foreign = (0..100).map(|number| (Scope::Model("foreign.model".to_owned()), number.to_string()));
        let own = (0..100).map(|number| (Scope::Model(request.model_id.clone()), number.to_string()));
        conversation.chain(foreign).chain(own)
    };
    if let Some(words) = prompt(request).strip_prefix("keep ") {
        for (scope, key) in places() {
            memory::remember(&scope, &key, words, u32::MAX);
        }
    }
    let came = |count: &mut [usize; 3], scope: &Scope| match scope {
        Scope::Conversation(_) => count[0] += 1,
        Scope::Model(model) if *model == request.model_id => count[2] += 1,
        Scope::Model(_) => count[1] += 1,
    };
    let mut count = [0; 3];
    for (scope, key) in places() {
        if memory::recall(&scope, &key).is_some() {
            came(&mut count, &scope);
        }
    }
    let [conversation, foreign, own] = count;
    let said = format!("conversation {conversation}, foreign model {foreign}, own model {own}");
    Ok(Answer::Once(whole(&said), NextStep::End))
}

/// Tells what an earlier stream left in this instance, and leaves the prompt there.
fn left_behind(request: &Request) -> Result<Answer, Error> {
    let mut left = LEFT_BEHIND.lock().map_err(|_| error(ErrorCode::Internal, "poisoned".to_owned()))?;
    let found = left.replace(prompt(request).to_owned());
    Ok(Answer::Once(whole(&format!("{found:?}")), NextStep::End))
}
