//! What is published beside the code says what the code does. `OUTCROP_UPDATE=1` writes it anew.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use outcrop_config::{Document, KeyPath, reference, schema};
use serde_json::json;

use crate::broken::{CASES, ENVIRONMENT};

const FIRST_LINE: &str =
    "<!-- the table of keys: written by a test of outcrop-config, OUTCROP_UPDATE=1 -->\n";
const LAST_LINE: &str = "<!-- the end of the table of keys -->\n";

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

fn compare(path: &Path, expected: &str) {
    if std::env::var_os("OUTCROP_UPDATE").is_some() {
        std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap();
    assert!(found == expected, "{} is not up to date: run this test with OUTCROP_UPDATE=1", path.display());
}

#[test]
fn the_schema_is_up_to_date() {
    let expected = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    compare(&docs("config.schema.json"), &expected);
}

#[test]
fn the_table_of_the_documentation_is_up_to_date() {
    let path = docs("configuration.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(FIRST_LINE).expect("the first line of the table");
    let (_, after) = rest.split_once(LAST_LINE).expect("the last line of the table");
    compare(&path, &[before, FIRST_LINE, "\n", &reference(), "\n", LAST_LINE, after].concat());
}

/// The examples of the page are configurations that are taken without a remark.
#[test]
fn the_examples_of_the_documentation_work() {
    let mut examples = 0;
    for page in ["configuration.md", "ec2.md", "plugins.md"] {
        let page = std::fs::read_to_string(docs(page)).unwrap();
        for example in page.split("```json5\n").skip(1) {
            let example = example.split("```").next().unwrap();
            let config = crate::options::config(example);
            assert!(config.notes.is_empty(), "{example}\n{:?}", config.notes);
            examples += 1;
        }
    }
    assert!(examples >= 3);
}

/// A validator that is not ours finds the same files wrong, but for what no schema can say.
#[test]
fn the_schema_refuses_what_the_check_refuses() {
    let beyond_a_schema =
        ["stands twice", "environment variable", "begins model ids", "is none of Bedrock's providers"];
    let mut instances = Vec::new();
    for (text, _, said) in CASES {
        let Ok(document) = Document::parse("f", *text) else { continue };
        if !beyond_a_schema.iter().any(|part| said.contains(part)) && !text.contains(ENVIRONMENT) {
            instances.push((*text, document.get(&KeyPath::default()).unwrap(), false));
        }
    }
    let wrong = instances.len();
    assert!(wrong >= 30);
    for text in crate::options::WHOLE {
        instances.push((text, Document::parse("f", *text).unwrap().get(&KeyPath::default()).unwrap(), true));
    }
    let given: Vec<_> = instances.iter().map(|(_, instance, _)| instance).collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/validate.py");
    let Ok(mut python) =
        Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    else {
        println!("skipped: there is no python3");
        return;
    };
    let input = json!({ "schema": schema(), "instances": given }).to_string();
    // Without the module it ends before it has read.
    drop(python.stdin.take().unwrap().write_all(input.as_bytes()));
    let output = python.wait_with_output().unwrap();
    if output.status.code() == Some(77) {
        println!("skipped: python3 has no jsonschema");
        return;
    }
    let verdicts: Vec<bool> = serde_json::from_slice(&output.stdout).unwrap();
    for ((text, _, expected), verdict) in instances.iter().zip(&verdicts) {
        assert_eq!(verdict, expected, "{text}");
    }
    assert_eq!(verdicts.len(), instances.len());
}
