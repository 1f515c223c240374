//! Changes to a request that was refused. Each leaves every block at its place, so that what is told
//! of the request still points into it as the caller sent it.

use crate::bindings::outcrop::provider::types::{
    Block, Extension, Message, Request, Role, ToolChoice, ToolOutput,
};

/// What a user says who wants the model to go on.
const GO_ON: &str = "Continue from where you stopped.";

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The model is not told how hard to think.
    NoEffort,
    /// An effort above `high` becomes `high`.
    HighEffort,
    /// A conversation that ends with the model's turn ends with a user's, which asks it to go on.
    AskToGoOn,
    /// Calls, results and tools are left out; what they said is text.
    ToolsAsText,
    /// No more output tokens than the refusal names.
    FewerTokens,
    /// Latency `standard`.
    StandardLatency,
    /// Service tier `default`.
    DefaultTier,
    /// No document is to be cited.
    NoCitations,
    /// Texts of nothing but invisible signs are emptied, and then left out.
    NoBlankText,
}

impl Change {
    /// Changes the request; false where that is not needed.
    pub(super) fn make(self, request: &mut Request, said: &str) -> bool {
        match self {
            Self::NoEffort => request.effort.take().is_some(),
            Self::HighEffort => {
                let high = request.effort.as_deref().is_some_and(|effort| ["xhigh", "max"].contains(&effort));
                if high {
                    request.effort = Some("high".into());
                }
                high
            }
            Self::AskToGoOn => {
                let ends = request.messages.last().is_some_and(|last| last.role == Role::Assistant);
                if ends {
                    let content = vec![Block::Text(GO_ON.into())];
                    request.messages.push(Message { role: Role::User, content, model_id: None });
                }
                ends
            }
            Self::ToolsAsText => tools_as_text(request),
            Self::FewerTokens => fewer_tokens(request, said),
            Self::StandardLatency => set(request, "latency", "\"standard\""),
            Self::DefaultTier => set(request, "service-tier", "\"default\""),
            Self::NoCitations => no_citations(request),
            Self::NoBlankText => {
                let mut changed = false;
                each_text(request, &mut |text| {
                    if !text.is_empty() && !text.chars().any(is_visible) {
                        text.clear();
                        changed = true;
                    }
                });
                changed
            }
        }
    }
}

fn set(request: &mut Request, key: &str, value: &str) -> bool {
    let extension = request.extensions.iter_mut().find(|extension| extension.key == key);
    extension.is_some_and(|extension| core::mem::replace(&mut extension.value, value.into()) != value)
}

/// What is sent at most where the caller asks for no number; numbers above are dates and the like.
const MOST_UNASKED: u32 = 65_536;

/// The greatest number in a refusal that is less than what was asked for.
fn fewer_tokens(request: &mut Request, said: &str) -> bool {
    let asked = request.max_output_tokens.unwrap_or(MOST_UNASKED);
    let numbers = said.split(|letter: char| !letter.is_ascii_digit() && letter != ',');
    let limit = numbers
        .filter_map(|number| number.replace(',', "").parse::<u32>().ok())
        .filter(|number| *number > 0 && *number < asked)
        .max();
    request.max_output_tokens = limit.or(request.max_output_tokens);
    limit.is_some()
}

fn tools_as_text(request: &mut Request) -> bool {
    let mut names: Vec<(String, String)> = Vec::new();
    let mut changed = false;
    for block in request.messages.iter_mut().flat_map(|message| &mut message.content) {
        let text = match block {
            Block::ToolCall(call) => {
                names.push((call.id.clone(), call.name.clone()));
                ["[Assistant tool call]: ", &call.name, "(", &call.arguments, ")"].concat()
            }
            Block::ToolResult(result) => {
                let name = names.iter().rev().find(|(id, _)| *id == result.call_id);
                let name = name.map_or(result.call_id.as_str(), |(_, name)| name);
                let failed = if result.is_error { " (error)" } else { "" };
                let said: Vec<&str> = result.output.iter().map(said_by).collect();
                ["[Tool result: ", name, failed, "]: ", &said.join("\n")].concat()
            }
            _ => continue,
        };
        *block = Block::Text(text);
        changed = true;
    }
    if changed {
        request.tools.clear();
        request.tool_choice = ToolChoice::Auto;
    }
    changed
}

fn said_by(output: &ToolOutput) -> &str {
    match output {
        ToolOutput::Text(text) | ToolOutput::Json(text) => text,
        ToolOutput::Media(media) => match media.kind.as_str() {
            "image" => "(image omitted)",
            "document" => "(document omitted)",
            _ => "(media omitted)",
        },
        ToolOutput::Other(_) => "(output omitted)",
    }
}

fn no_citations(request: &mut Request) -> bool {
    let mut changed = false;
    for block in request.messages.iter_mut().flat_map(|message| &mut message.content) {
        if let Block::Media(media) = block {
            let asks = |extension: &Extension| extension.key == "citations" && extension.value == "true";
            changed |= media.extensions.iter().any(asks);
            media.extensions.retain(|extension| !asks(extension));
        }
    }
    changed
}

/// Every text that the caller wrote.
fn each_text(request: &mut Request, visit: &mut impl FnMut(&mut String)) {
    let content = request.messages.iter_mut().flat_map(|message| &mut message.content);
    for block in request.system.iter_mut().chain(content) {
        match block {
            Block::Text(text) => visit(text),
            Block::ToolResult(result) => {
                for output in &mut result.output {
                    if let ToolOutput::Text(text) = output {
                        visit(text);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a letter shows. Zero-width signs, fillers and marks of direction are no white space for
/// Unicode, and blank for Bedrock.
fn is_visible(letter: char) -> bool {
    const INVISIBLE: &[core::ops::RangeInclusive<char>] = &[
        '\u{ad}'..='\u{ad}',
        '\u{34f}'..='\u{34f}',
        '\u{61c}'..='\u{61c}',
        '\u{115f}'..='\u{1160}',
        '\u{17b4}'..='\u{17b5}',
        '\u{180b}'..='\u{180e}',
        '\u{200b}'..='\u{200f}',
        '\u{202a}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{2800}'..='\u{2800}',
        '\u{3164}'..='\u{3164}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{feff}'..='\u{feff}',
        '\u{ffa0}'..='\u{ffa0}',
        '\u{e0000}'..='\u{e0fff}',
    ];
    !letter.is_whitespace() && !letter.is_control() && !INVISIBLE.iter().any(|range| range.contains(&letter))
}
