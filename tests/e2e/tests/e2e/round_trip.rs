//! Every recorded request of the real service, turned into a neutral one and mapped again by the plugin, means what
//! it meant.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_sim::{Operation, Scenario, Simulator};
use outcrop::Request;
use serde_json::{Value, json};

use crate::neutral;
use crate::support::{Sent, Sim, check_sent, collect, host, shared};

/// Recordings that cannot be asked again, and why. The service refused both.
const UNASKED: &[(&str, &str)] = &[
    ("direct-uploaded_file-image-bedrock_claude_.1", "media of a tool result that lie in S3"),
    ("direct-uploaded_file-video-bedrock_claude_.1", "media of a tool result that lie in S3"),
];

/// Every recorded Converse or ConverseStream request: its name, the model, the body.
fn recorded() -> Vec<(String, String, Value)> {
    let Some(recordings) = shared("recordings") else { return Vec::new() };
    let mut all = Vec::new();
    for operation in ["Converse", "ConverseStream"] {
        let entries = std::fs::read_dir(recordings.join(operation)).expect("a folder");
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        for file in files {
            let path = file.to_string_lossy().into_owned();
            let Some(stem) = path.strip_suffix(".request.json") else { continue };
            let meta = std::fs::read(format!("{stem}.meta.json")).expect("its meta");
            let meta: Value = serde_json::from_slice(&meta).expect("JSON");
            // One recorder kept no JSON: the request had no body that could be read.
            let Ok(body) = serde_json::from_slice(&std::fs::read(&file).expect("a request")) else {
                continue;
            };
            let name = file.file_name().expect("a name").to_string_lossy().replace(".request.json", "");
            all.push((name, meta["model"].as_str().expect("a model").to_owned(), body));
        }
    }
    all
}

/// A difference that keeps the meaning: what it is called, and why it is allowed.
const ALLOWED: &[(&str, &str)] = &[
    (
        "nothing said",
        "an empty member, `auto` as tool choice and `success` as status say what their absence says",
    ),
    ("most tokens", "`maxTokens` is always sent, since Bedrock reserves the model's most where it is absent"),
    (
        "cache points",
        "points are added where the model takes them, and those among tools are the plugin's to place",
    ),
    ("turns joined", "consecutive turns of one role are one turn"),
    ("order of tools", "tools may be sorted, so that the prefix stays the same"),
    ("tool ids", "ids are renamed where the family wants them in a form, calls and results alike"),
    ("image format", "an image is labelled as its bytes are"),
    ("document as bytes", "a document's text is sent as its bytes, which models without citations take too"),
    ("schema's name", "the name of an output schema is the plugin's"),
    ("closed objects", "an output schema's objects are closed, which the service demands"),
    ("response paths", "fields of the answer that the plugin reads are asked for"),
];

/// The differences that were met, by name.
type Met = BTreeMap<&'static str, usize>;

#[tokio::test]
async fn recorded_requests_keep_their_meaning() {
    let all = recorded();
    if all.is_empty() {
        return;
    }
    let sim = Sim::of(Simulator::builder().start_in_thread().expect("the simulator starts"));
    for operation in [Operation::Converse, Operation::ConverseStream] {
        sim.script(operation, Scenario::text("I see."));
    }
    let host = host(&sim);
    let mut met = Met::new();
    let mut wrong = Vec::new();
    let mut bodies = Vec::new();
    for (name, id, recorded) in &all {
        let request = match neutral::request(id, recorded) {
            Ok(request) => request,
            Err(why) => {
                let known = UNASKED.iter().any(|(part, because)| name.ends_with(part) && *because == why);
                if !known {
                    wrong.push(format!("{name}: {why}"));
                }
                continue;
            }
        };
        let request = Request::from_json(request.to_string().as_bytes());
        let request = request.unwrap_or_else(|error| panic!("{name}: {error}"));
        sim.forget_requests();
        let last = collect(host.stream(request)).await.pop();
        let Some(sent) = sim.requests().pop() else {
            wrong.push(format!("{name}: not sent: {last:?}"));
            continue;
        };
        let differences = compare(recorded, &sent.json(), &mut met);
        wrong.extend(differences.iter().map(|difference| format!("{name}: {difference}")));
        bodies.push(Sent::from(sent));
    }
    println!("{} requests compared; allowed differences met: {met:?}", bodies.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unexplained: Vec<_> =
        met.keys().filter(|name| ALLOWED.iter().all(|(known, _)| known != *name)).collect();
    assert!(unexplained.is_empty(), "differences without a reason: {unexplained:?}");
    check_sent(bodies);
    sim.forget_requests();
}

/// What differs in meaning, each with its place.
fn compare(recorded: &Value, sent: &Value, met: &mut Met) -> Vec<String> {
    let mut differences = Vec::new();
    let (mut before, mut after) = (recorded.clone(), sent.clone());
    points(&mut before, &mut after, met, &mut differences);
    for body in [&mut before, &mut after] {
        normalise(body, met);
    }
    if before["inferenceConfig"].get("maxTokens").is_none() {
        note(met, "most tokens", take(&mut after["inferenceConfig"], "maxTokens").is_some());
        drop_empty(&mut after, "inferenceConfig");
    }
    if before.get("additionalModelResponseFieldPaths").is_none() {
        note(met, "response paths", take(&mut after, "additionalModelResponseFieldPaths").is_some());
    }
    output_schema(&mut before, &mut after, met);
    differ("", &before, &after, &mut differences);
    differences
}

fn note(met: &mut Met, name: &'static str, found: bool) {
    if found {
        *met.entry(name).or_default() += 1;
    }
}

fn take(object: &mut Value, member: &str) -> Option<Value> {
    object.as_object_mut()?.remove(member)
}

fn drop_empty(body: &mut Value, member: &str) -> bool {
    let empty =
        body.get(member).is_some_and(|value| *value == json!({}) || *value == json!([]) || value.is_null());
    empty && take(body, member).is_some()
}

/// The places of cache points, as how much stands before each; and the body without them.
fn places(body: &mut Value) -> Vec<String> {
    let mut places = Vec::new();
    let mut strip = |place: String, blocks: &mut Value| {
        let Some(blocks) = blocks.as_array_mut() else { return };
        let mut before = 0;
        blocks.retain(|block| {
            let point = block.get("cachePoint").is_some();
            match point {
                true => places.push(format!("{place} after {before}")),
                false => before += 1,
            }
            !point
        });
    };
    strip("tools".to_owned(), &mut body["toolConfig"]["tools"]);
    strip("system".to_owned(), &mut body["system"]);
    for (index, message) in body["messages"].as_array_mut().into_iter().flatten().enumerate() {
        strip(format!("messages.{index}"), &mut message["content"]);
    }
    // Indexing made these.
    for member in ["toolConfig", "system"] {
        if body[member].is_null() || body[member] == json!({ "tools": null }) {
            take(body, member);
        }
    }
    places
}

fn points(before: &mut Value, after: &mut Value, met: &mut Met, differences: &mut Vec<String>) {
    let (asked, sent) = (places(before), places(after));
    for place in asked.iter().filter(|place| !place.starts_with("tools") && !sent.contains(place)) {
        differences.push(format!("the cache point of {place} is gone"));
    }
    note(met, "cache points", asked != sent);
}

/// The body as it would be if everything were said in one way.
fn normalise(body: &mut Value, met: &mut Met) {
    for member in ["system", "inferenceConfig", "additionalModelRequestFields"] {
        let empty = drop_empty(body, member);
        note(met, "nothing said", empty);
    }
    if body["toolConfig"]["toolChoice"] == json!({ "auto": {} }) {
        take(&mut body["toolConfig"], "toolChoice");
        note(met, "nothing said", true);
    }
    // Indexing made it.
    drop_empty(body, "toolConfig");
    if let Some(tools) = body.get_mut("toolConfig").and_then(|config| config["tools"].as_array_mut()) {
        let unsorted = tools.clone();
        tools.sort_by_key(Value::to_string);
        note(met, "order of tools", *tools != unsorted);
    }
    let mut turns: Vec<Value> = Vec::new();
    for turn in body["messages"].as_array().cloned().unwrap_or_default() {
        match turns.last_mut().filter(|last| last["role"] == turn["role"]) {
            Some(last) => {
                note(met, "turns joined", true);
                let content = turn["content"].as_array().cloned().unwrap_or_default();
                last["content"].as_array_mut().expect("content").extend(content);
            }
            None => turns.push(turn),
        }
    }
    let mut ids: Vec<Value> = Vec::new();
    for block in turns.iter_mut().flat_map(|turn| turn["content"].as_array_mut().expect("content")) {
        for kind in ["toolUse", "toolResult"] {
            let Some(block) = block.get_mut(kind) else { continue };
            if block["status"] == "success" {
                take(block, "status");
                note(met, "nothing said", true);
            }
            let id = block["toolUseId"].clone();
            let number = ids.iter().position(|known| *known == id).unwrap_or(ids.len());
            if number == ids.len() {
                ids.push(id);
            }
            block["toolUseId"] = json!(format!("call {number}"));
        }
        label(block, met);
    }
    body["messages"] = Value::Array(turns);
}

/// An image is what its bytes are, and a document's text is its bytes.
fn label(block: &mut Value, met: &mut Met) {
    for inner in block["toolResult"]["content"].as_array_mut().into_iter().flatten() {
        label(inner, met);
    }
    if let Some(image) = block.get_mut("image") {
        let bytes = image["source"]["bytes"].as_str().unwrap_or_default();
        let shown = match bytes {
            _ if bytes.starts_with("iVBORw0KGg") => "png",
            _ if bytes.starts_with("/9j/") => "jpeg",
            _ => return,
        };
        note(met, "image format", image["format"] != shown);
        image["format"] = json!(shown);
    }
    if let Some(source) = block.pointer_mut("/document/source").filter(|source| source["text"].is_string()) {
        note(met, "document as bytes", true);
        *source = json!({ "bytes": STANDARD.encode(source["text"].as_str().unwrap_or_default()) });
    }
    // Indexing made these.
    if block["toolResult"].is_null() || block["toolResult"] == json!({ "content": null }) {
        take(block, "toolResult");
    }
}

fn output_schema(before: &mut Value, after: &mut Value, met: &mut Met) {
    for body in [before, after] {
        let Some(schema) = body.pointer_mut("/outputConfig/textFormat/structure/jsonSchema") else {
            continue;
        };
        note(met, "schema's name", take(schema, "name").is_some());
        let text = schema["schema"].as_str().unwrap_or_default();
        let mut parsed: Value = serde_json::from_str(text).expect("a schema");
        note(met, "closed objects", open(&mut parsed));
        schema["schema"] = parsed;
    }
}

/// Takes `additionalProperties: false` out of a schema; whether there was one.
fn open(schema: &mut Value) -> bool {
    let mut closed = false;
    match schema {
        Value::Object(members) => {
            closed = members.get("additionalProperties") == Some(&json!(false));
            if closed {
                members.remove("additionalProperties");
            }
            for inner in members.values_mut() {
                closed |= open(inner);
            }
        }
        Value::Array(items) => {
            for inner in items {
                closed |= open(inner);
            }
        }
        _ => {}
    }
    closed
}

fn differ(at: &str, before: &Value, after: &Value, differences: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
            for key in keys {
                let at = format!("{at}/{key}");
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => differ(&at, one, other, differences),
                    (Some(one), None) => differences.push(format!("{at}: {} is gone", short(one))),
                    (None, Some(other)) => differences.push(format!("{at}: {} is new", short(other))),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differ(&format!("{at}/{index}"), one, other, differences);
            }
        }
        (one, other) if one.as_f64().is_some() && one.as_f64() == other.as_f64() => {}
        (one, other) if one == other => {}
        (one, other) => differences.push(format!("{at}: {} became {}", short(one), short(other))),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}

#[test]
fn the_comparison_sees_what_changes_the_meaning() {
    let body = json!({
        "messages": [
            { "role": "user", "content": [{ "text": "Look." }, { "cachePoint": { "type": "default" } }] },
            { "role": "assistant", "content": [{ "toolUse": { "toolUseId": "a", "name": "look", "input": { "n": 1 } } }] },
            { "role": "user", "content": [{ "toolResult": { "toolUseId": "a", "content": [{ "text": "x" }] } }] },
        ],
        "toolConfig": { "tools": [{ "toolSpec": { "name": "look", "inputSchema": { "json": { "type": "object" } } } }] },
    });
    let changed = |pointer: &str, value: Value| {
        let mut other = body.clone();
        *other.pointer_mut(pointer).expect("a place") = value;
        compare(&body, &other, &mut Met::new()).len()
    };
    assert_eq!(changed("/messages/0/content/0/text", json!("Look.")), 0);
    for (pointer, value) in [
        ("/messages/0/content/0/text", json!("See.")),
        ("/messages/0/content", json!([{ "text": "Look." }])),
        ("/messages/1/content/0/toolUse/input/n", json!(2)),
        ("/messages/2/content/0/toolResult/toolUseId", json!("b")),
        ("/messages/2/content/0/toolResult/content", json!([])),
        ("/toolConfig/tools/0/toolSpec/inputSchema/json/type", json!("string")),
    ] {
        assert_ne!(changed(pointer, value), 0, "{pointer}");
    }
}
