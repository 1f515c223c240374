//! Blank text.

use super::Rule;
use super::view::{Request, array};

const BLANK: Rule = Rule {
    name: "blank-text",
    about: "a text block of white space alone",
    source: "OpenHands#5339, boto/botocore#3525, NousResearch/hermes-agent#67978",
    refuses: blank,
};

pub(super) const ALWAYS: &[Rule] = &[BLANK];

pub(super) const RULES: &[Rule] = &[
    BLANK,
    Rule {
        name: "blank-system",
        about: "a system text of white space alone",
        source: "botocore's model: at least one character; NousResearch/hermes-agent#67978",
        refuses: blank_system,
    },
    Rule {
        name: "blank-guarded",
        about: "a guarded or cited text of white space alone",
        source: "OpenHands#5339: it holds for every text",
        refuses: blank_inside,
    },
];

fn is_blank(value: &serde_json::Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn told(at: &str, object: &str) -> String {
    format!(
        "The text field in the {object} object at {at} is blank. Add text to the text field, and try again."
    )
}

fn blank(request: &Request<'_>) -> Option<String> {
    let block = request.blocks().find(|block| block.get("text").is_some_and(is_blank))?;
    Some(told(&block.at, "ContentBlock"))
}

fn blank_system(request: &Request<'_>) -> Option<String> {
    let blocks = array(request.body.get("system"));
    let number = blocks.iter().position(|block| is_blank(&block["text"]))?;
    Some(told(&format!("system.{number}"), "SystemContentBlock"))
}

fn blank_inside(request: &Request<'_>) -> Option<String> {
    let blank = |block: &super::view::Block<'_>| {
        is_blank(&block.value["guardContent"]["text"]["text"])
            || array(block.value["citationsContent"].get("content"))
                .iter()
                .any(|part| is_blank(&part["text"]))
            || array(block.value["searchResult"].get("content")).iter().any(|part| is_blank(&part["text"]))
    };
    let block = request.blocks().find(blank)?;
    Some(told(&block.at, "ContentBlock"))
}
