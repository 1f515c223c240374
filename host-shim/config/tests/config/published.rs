//! What is published beside the code says what the code does. `OUTCROP_UPDATE=1` writes it anew.

use std::path::{Path, PathBuf};

use outcrop_config::{reference, schema};

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
    for page in ["configuration.md", "ec2.md"] {
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
