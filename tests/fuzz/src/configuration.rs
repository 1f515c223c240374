//! The configuration: any text is read or refused with a place; a change changes the one value.

use arbitrary::Unstructured;
use outcrop_config::{Document, Error, KeyPath};
use serde_json::Value;

use crate::json;

const WORDS: &[&str] = &[
    "models",
    "bedrockDiscovery",
    "enabled",
    "region",
    "us-east-1",
    "eu-west-1",
    "providerFilter",
    "anthropic",
    "refreshInterval",
    "defaultContextWindow",
    "defaultMaxTokens",
    "providers",
    "amazon-bedrock",
    "aws-bedrock",
    "bedrock-eu",
    "baseUrl",
    "https://bedrock-runtime.eu-west-1.amazonaws.com",
    "api",
    "bedrock-converse-stream",
    "auth",
    "aws-sdk",
    "headers",
    "X-Team",
    "id",
    "name",
    "reasoning",
    "input",
    "text",
    "image",
    "cost",
    "output",
    "cacheRead",
    "cacheWrite",
    "contextWindow",
    "maxTokens",
    "compat",
    "plugins",
    "entries",
    "config",
    "discovery",
    "guardrail",
    "guardrailIdentifier",
    "guardrailVersion",
    "DRAFT",
    "trace",
    "streamProcessingMode",
    "sync",
    "agents",
    "defaults",
    "model",
    "primary",
    "fallbacks",
    "amazon-bedrock/anthropic.claude-sonnet-4-20250514-v1:0",
    "params",
    "cacheRetention",
    "serviceTier",
    "mode",
    "merge",
    "replace",
    "$include",
    "${AWS_REGION}",
    "${UNSET}",
    "$${x}",
    "profile",
    "fips",
    "enabled ",
    "Enabled",
];

const COMMENTS: &[&str] = &["// a\n", "/* b */", " ", "\n", "\r\n\t", "/**/", "// :,{}\r\n"];

/// See the module.
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let text = text(&mut input);
    let environment = |name: &str| match name {
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        "HOME" => Some("/home/u".to_owned()),
        _ => None,
    };
    let document = match Document::parse("f", text.clone()) {
        Ok(document) => document,
        Err(Error::Invalid(problems)) => {
            assert!(problems.iter().all(|problem| problem.line >= 1 && problem.column >= 1));
            return;
        }
        Err(error) => panic!("reading a text failed otherwise: {error}"),
    };
    for problem in document.problems(&environment) {
        assert!(problem.line <= text.lines().count() + 1, "{problem}");
        assert!(!problem.to_string().is_empty());
    }
    // What is right is read; what is wrong is told.
    let _ = document.config(&environment);
    edit(&document, &mut input);
}

fn edit(document: &Document, input: &mut Unstructured<'_>) {
    let before = whole(document);
    let path = path(&before, input);
    let present = document.get(&path);
    if let Some(present) = &present
        && let Ok(same) = document.set(&path, present)
    {
        assert_eq!(same.text(), document.text(), "{path}: what is there already changes nothing");
    }
    let mut value = String::new();
    json::text(input, WORDS, &mut value);
    let value: Value = serde_json::from_str(&value).unwrap_or(Value::Null);
    if let Ok(changed) = document.set(&path, &value) {
        assert_eq!(changed.get(&path).as_ref(), Some(&value), "{path}");
        assert_eq!(comments(changed.text()), comments(document.text()), "{path}: {}", changed.text());
        assert_eq!(others(&before, &path), others(&whole(&changed), &path), "{path}: {}", changed.text());
        if present.is_none()
            && let Ok(again) = changed.unset(&path)
        {
            assert_eq!(again.get(&path), None);
        }
    }
    if let Ok(without) = document.unset(&path) {
        assert!(present.is_some(), "{path} was there");
        assert_eq!(others(&before, &path), others(&whole(&without), &path), "{path}: {}", without.text());
    }
}

fn whole(document: &Document) -> Value {
    document.get(&KeyPath::default()).expect("a value")
}

/// Top-level members that a path does not lead into, which nothing may touch.
fn others(root: &Value, path: &KeyPath) -> Vec<(String, Value)> {
    let outcrop_config::Step::Key(first) = (match path.steps().first() {
        Some(step) => step,
        None => return Vec::new(),
    }) else {
        return Vec::new();
    };
    let members = root.as_object().into_iter().flatten();
    members.filter(|(name, _)| *name != first).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// How often the comments that this target writes stand there.
fn comments(text: &str) -> usize {
    text.matches("// a").count() + text.matches("/* b */").count()
}

/// A place: often one that is there, sometimes one step past it.
fn path(root: &Value, input: &mut Unstructured<'_>) -> KeyPath {
    let mut text = String::new();
    let mut value = root;
    while input.ratio(7, 8).unwrap_or_default() {
        value = match value {
            Value::Object(members) if !members.is_empty() => {
                let index = input.choose_index(members.len()).unwrap_or_default();
                let Some((name, inner)) = members.iter().nth(index) else { break };
                text.push_str(&format!("[{}]", serde_json::to_string(name).expect("a string")));
                inner
            }
            Value::Array(values) if !values.is_empty() => {
                let index = input.choose_index(values.len()).unwrap_or_default();
                text.push_str(&format!("[{index}]"));
                &values[index]
            }
            _ => break,
        };
    }
    if input.ratio(1, 4).unwrap_or_default() {
        text.push_str(&format!("[{:?}]", input.choose(WORDS).unwrap_or(&"x")));
    }
    text.parse().unwrap_or_default()
}

/// JSON of our words with comments between its tokens, or anything at all.
fn text(input: &mut Unstructured<'_>) -> String {
    if input.ratio(1, 8).unwrap_or_default() {
        return String::from_utf8_lossy(input.bytes(input.len()).unwrap_or_default()).into_owned();
    }
    let mut plain = String::new();
    json::object(input, WORDS, &mut plain);
    let mut text = String::new();
    let (mut in_string, mut escaped) = (false, false);
    for letter in plain.chars() {
        text.push(letter);
        if in_string {
            in_string = letter != '"' || escaped;
            escaped = letter == '\\' && !escaped;
        } else if letter == '"' {
            in_string = true;
        } else if matches!(letter, '{' | '}' | '[' | ']' | ',' | ':') && input.ratio(1, 8).unwrap_or_default()
        {
            text.push_str(input.choose(COMMENTS).unwrap_or(&" "));
        }
    }
    text
}
