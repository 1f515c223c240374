//! Every shape of request for every model of the plugin's table: nothing is sent that the real service would
//! refuse, and nothing that anybody said is lost on the way.
//!
//! Two judges that are not ours to please look at every body: the simulator's rules, which know nothing of the
//! plugin's table, and botocore's model of the service.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use amazon_bedrock_plugin::models::{families, table};
use bedrock_sim::{Operation, Scenario, Simulator, rules};
use outcrop::{ErrorClass, Event, Request};
use serde_json::{Value, json};

use crate::shapes::{QUESTION, shapes};
use crate::support::{Sent, Sim, check_sent, collect, host};

/// Ids of families of which the table lists no model, and forms of ids that say more than the base id.
const BESIDE: &[&str] = &[
    "us-gov.anthropic.claude-sonnet-5",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl",
    "anthropic.claude-v2",
    "anthropic.claude-novel-9",
    "amazon.titan-text-express-v1",
    "meta.llama3-2-90b-instruct-v1:0",
    "mistral.mistral-7b-instruct-v0:2",
    "cohere.command-r-plus-v1:0",
    "ai21.jamba-1-5-large-v1:0",
    "vendor.unheard-of-v1:0",
];

/// Models that no request of ours can please.
const UNREACHABLE: &[(&str, &str)] = &[
    ("openai.gpt-5.4", "served by the Responses endpoint alone"),
    ("openai.gpt-5.5", "served by the Responses endpoint alone"),
];

fn models() -> Vec<&'static str> {
    let listed = table::ROWS.iter().map(|row| row.id);
    let all = listed.chain(BESIDE.iter().copied());
    all.filter(|id| UNREACHABLE.iter().all(|(unreachable, _)| id != unreachable)).collect()
}

#[test]
fn every_family_is_among_the_models() {
    let met: BTreeSet<&str> = models().into_iter().map(|id| families::of(id).name).collect();
    for family in families::FAMILIES {
        assert!(met.contains(family.name), "{}", family.name);
    }
}

/// Whether the plugin may refuse a request before it is sent: where the model has no way to do what is asked (the
/// judge says so, not the plugin) and leaving it out would answer another question.
fn may_refuse(shape: &str, id: &str) -> bool {
    let refused = |members: Value| {
        let mut body = json!({ "messages": [{ "role": "user", "content": [{ "text": QUESTION }] }] });
        body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        rules::check(Operation::Converse, id, &body).is_err()
    };
    let no_tools = || {
        let tool = json!({ "toolSpec": { "name": "look", "inputSchema": { "json": { "type": "object" } } } });
        refused(json!({ "toolConfig": { "tools": [tool] } }))
    };
    let no_prefill = || {
        let turn = |role: &str| json!({ "role": role, "content": [{ "text": QUESTION }] });
        refused(json!({ "messages": [turn("user"), turn("assistant")] }))
    };
    let no_schema = || {
        let schema = json!({ "schema": r#"{"type":"object","additionalProperties":false}"# });
        let format = json!({ "type": "json_schema", "structure": { "jsonSchema": schema } });
        refused(json!({ "outputConfig": { "textFormat": format } }))
    };
    match shape {
        "prefill" => no_prefill(),
        "tool demanded" | "tool named" => no_tools(),
        _ if shape.starts_with("effort") && shape.ends_with("with tools") => no_tools(),
        _ if shape.starts_with("structured output") => no_schema() && no_tools(),
        _ => false,
    }
}

/// Every text of a request that is not blank: text blocks, and content that is one string.
fn texts(request: &Value) -> Vec<&str> {
    match request {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => {
            let is_text = members.get("type").is_some_and(|kind| kind == "text");
            let names = ["content", "system"].into_iter().chain(is_text.then_some("text"));
            let own = names.filter_map(|name| members.get(name)?.as_str());
            own.filter(|text| !text.trim().is_empty()).chain(members.values().flat_map(texts)).collect()
        }
        _ => Vec::new(),
    }
}

/// Every string in a value.
fn strings(value: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match value {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(items) => Box::new(items.iter().flat_map(strings)),
        Value::Object(members) => Box::new(members.values().flat_map(strings)),
        _ => Box::new(std::iter::empty()),
    }
}

/// What went wrong, and for which models.
#[derive(Default)]
struct Faults(BTreeMap<String, Vec<String>>);

impl Faults {
    fn add(&mut self, shape: &str, what: &str, id: &str) {
        self.0.entry(format!("{shape}: {what}")).or_default().push(id.to_owned());
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(what, ids)| writeln!(out, "{what}\n    {} of {}", ids.len(), ids.join(" ")))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_that_the_service_refuses() {
    let sim = Sim::of(Simulator::builder().enforce_rules().start_in_thread().expect("the simulator starts"));
    for operation in [Operation::Converse, Operation::ConverseStream] {
        sim.script(operation, Scenario::text("I see."));
    }
    let host = host(&sim);
    let mut bodies = Vec::new();
    let mut faults = Faults::default();
    let (mut cells, mut refused_early) = (0, 0);
    for id in models() {
        for (shape, request) in shapes(id) {
            cells += 1;
            sim.forget_requests();
            let said = texts(&request);
            assert!(said.contains(&QUESTION), "{shape}");
            let request = match Request::from_json(request.to_string().as_bytes()) {
                Ok(request) => request,
                Err(error) => {
                    faults.add(&shape, &error.to_string(), id);
                    continue;
                }
            };
            let last = collect(host.stream(request)).await.pop();
            let sent = sim.requests();
            let mut taken = true;
            for request in &sent {
                let asked = request.id.as_deref().unwrap_or_default();
                if let Err(refusal) = rules::check(request.operation, asked, &request.json()) {
                    faults.add(&shape, &format!("{}: {}", refusal.rule, refusal.message), id);
                    taken = false;
                }
            }
            match last {
                Some(Event::Done { .. }) => {
                    let body = sent.last().map(bedrock_sim::Request::json).unwrap_or_default();
                    for text in said.iter().filter(|text| !strings(&body).any(|sent| sent.contains(**text))) {
                        faults.add(&shape, &format!("{text:?} was not sent"), id);
                    }
                }
                Some(Event::Error { error }) => {
                    let class = matches!(error.class, ErrorClass::InvalidRequest | ErrorClass::Unsupported);
                    if sent.is_empty() && class && may_refuse(&shape, id) {
                        refused_early += 1;
                    } else if taken {
                        faults.add(&shape, &error.to_string(), id);
                    }
                }
                other => faults.add(&shape, &format!("{other:?}"), id),
            }
            bodies.extend(sent.into_iter().map(Sent::from));
        }
    }
    println!("{cells} cells, {} bodies, {refused_early} refused early", bodies.len());
    assert!(faults.0.is_empty(), "{faults}");
    check_sent(bodies);
    sim.forget_requests();
}
