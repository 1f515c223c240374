//! Documents: their names, their number, and what they need beside them.

use serde_json::Value;

use super::Rule;
use super::view::{Message, Request};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "document-name",
        about: "a document's name of other characters than letters, digits, single spaces, `-`, `_`, `(`, `)`, `[`, `]`",
        source: "anomalyco/opencode#19964, vercel/ai#20366 (the underscore is taken), generative-ai-use-cases#1671 (U+3000 is not)",
        refuses: names,
    },
    Rule {
        name: "duplicate-documents",
        about: "two documents of one name anywhere in the request",
        source: "maximhq/bifrost#7003, ag-ui-protocol/ag-ui#2425",
        refuses: duplicates,
    },
    Rule {
        name: "document-text",
        about: "a document in a turn without text",
        source: "archestra-ai/archestra#4220, ag-ui-protocol/ag-ui#1978; recorded: none is needed beside a result that holds one",
        refuses: text,
    },
    Rule {
        name: "too-many-documents",
        about: "more than five documents",
        source: "aws-samples/generative-ai-use-cases#1685",
        refuses: count,
    },
    Rule {
        name: "document-source",
        about: "a document given as text or content without citations",
        source: "strands-agents/harness-sdk#3582; recorded: text with citations",
        refuses: source,
    },
    Rule {
        name: "document-role",
        about: "a document, image, video or sound in the assistant's turn",
        source: "docs: Message, only the user's",
        refuses: role,
    },
];

/// The most documents of a request.
const MOST: usize = 5;

fn documents<'a>(request: &Request<'a>) -> impl Iterator<Item = (String, &'a Value)> + use<'a> {
    request.blocks().filter_map(|block| Some((block.at.clone(), block.get("document")?)))
}

fn names(request: &Request<'_>) -> Option<String> {
    let fits = |name: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || " -_()[]".contains(c);
        name.chars().all(known) && !name.contains("  ")
    };
    documents(request).any(|(_, document)| document["name"].as_str().is_some_and(|name| !fits(name))).then(|| {
        "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, \
         parentheses, and square brackets. The name can't contain more than one consecutive whitespace character."
            .to_owned()
    })
}

fn duplicates(request: &Request<'_>) -> Option<String> {
    let mut names: Vec<&str> =
        documents(request).filter_map(|(_, document)| document["name"].as_str()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1]).then(|| {
        "Messages can't contain duplicate document names. Rename the document and retry your request."
            .to_owned()
    })
}

fn text(request: &Request<'_>) -> Option<String> {
    let lacks = |message: Message<'_>| {
        message.has("document") && !message.has("text") && !message.has("guardContent")
    };
    request.messages().any(lacks).then(|| "A text block must be included when using documents.".to_owned())
}

fn count(request: &Request<'_>) -> Option<String> {
    (documents(request).count() > MOST)
        .then(|| format!("You can't include more than {MOST} documents in a request."))
}

fn source(request: &Request<'_>) -> Option<String> {
    let (at, _) = documents(request).find(|(_, document)| {
        let source = &document["source"];
        let written = source.get("text").is_some() || source.get("content").is_some();
        written && document["citations"]["enabled"] != true
    })?;
    Some(format!(
        "DocumentSource object at {at}.document.source must set one of the following keys: bytes, s3Location"
    ))
}

fn role(request: &Request<'_>) -> Option<String> {
    let kinds = ["document", "image", "video", "audio"];
    let block = request
        .messages()
        .flat_map(Message::blocks)
        .find(|block| block.role == "assistant" && kinds.iter().any(|kind| block.get(kind).is_some()))?;
    Some(format!("The content block at {} is only supported in messages with the user role.", block.at))
}
