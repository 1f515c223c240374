//! Puts an answer together from a plugin's chunks, and holds the plugin to the contract.
//!
//! Text and arguments are kept here as their deltas come, so that the whole message can never
//! differ from what was streamed.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use serde_json::{Map, Value};

use crate::event::{AssistantMessage, Event, StopReason, Usage};
use crate::request::{Content, RawBlock, Reasoning, ToolCall};
use crate::shim::contract::types::{self, Chunk};
use crate::shim::{Places, details, json, usage, weight};
use crate::{Error, ErrorClass, Result};

/// The most blocks that an answer may have. No model writes as many.
const MOST_BLOCKS: usize = 100_000;

/// An answer, as far as it has come.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Whose answer it is, for errors.
    plugin: Arc<str>,
    /// What it may still take up in the host, in bytes.
    room: usize,
    limit: usize,
    model: String,
    places: Places,
    request_id: Option<String>,
    blocks: Vec<Block>,
    usage: Usage,
    /// What is left of the deltas that came joined.
    run: Option<Run>,
    /// Whether the consumer has been given any content.
    delivered: bool,
    finished: bool,
}

#[derive(Debug)]
struct Block {
    kind: Kind,
    text: String,
    /// Set at its end.
    content: Option<Ended>,
}

#[derive(Debug)]
enum Kind {
    Text,
    Reasoning,
    ToolCall { id: String, name: String },
    Other(String),
}

#[derive(Debug)]
enum Ended {
    Whole(Content),
    /// A tool call whose arguments are no JSON object: whether that is a fault depends on how the answer ends.
    CutOff,
}

/// Deltas of one block that came as one string.
#[derive(Debug)]
struct Run {
    index: u32,
    kind: RunKind,
    text: ByteString,
    /// Where the next delta begins.
    place: usize,
    lengths: std::vec::IntoIter<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RunKind {
    Text,
    Reasoning,
    Arguments,
}

impl Answer {
    /// An answer by this plugin that may take up so many bytes.
    pub(crate) fn new(plugin: Arc<str>, limit: usize, model: String, places: Places) -> Self {
        Self {
            plugin,
            room: limit,
            limit,
            model,
            places,
            request_id: None,
            blocks: Vec::new(),
            usage: Usage::default(),
            run: None,
            delivered: false,
            finished: false,
        }
    }

    /// Whether any content has been handed over.
    pub(crate) fn delivered(&self) -> bool {
        self.delivered
    }

    /// Whether the last chunk has come.
    pub(crate) fn finished(&self) -> bool {
        self.finished
    }

    /// An error of the plugin's with its place in the caller's words.
    pub(crate) fn explain(&self, error: Error) -> Error {
        self.places.in_error(error)
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The next event of the deltas that came last.
    pub(crate) fn next_delta(&mut self) -> Option<Event> {
        let run = self.run.as_mut()?;
        let (content_index, kind) = (run.index, run.kind);
        // The places were checked when the run came.
        let delta = match run.lengths.next() {
            Some(length) => {
                let end = run.place + length as usize;
                let delta = run.text.slice_ref(&run.text[run.place..end]);
                run.place = end;
                delta
            }
            None => {
                let last = if run.place == 0 {
                    std::mem::take(&mut run.text)
                } else {
                    run.text.slice_ref(&run.text[run.place..])
                };
                self.run = None;
                last
            }
        };
        self.delivered = true;
        Some(match kind {
            RunKind::Text => Event::TextDelta { content_index, delta },
            RunKind::Reasoning => Event::ThinkingDelta { content_index, delta },
            RunKind::Arguments => Event::ToolcallDelta { content_index, delta },
        })
    }

    /// Takes a chunk. Deltas are given one by one by [`next_delta`](Self::next_delta).
    pub(crate) fn take(&mut self, chunk: Chunk) -> Result<Option<Event>> {
        if self.finished {
            return Err(self.fault("gave a chunk after the last one"));
        }
        let weight = weight::of_chunk(&chunk);
        self.room = self.room.checked_sub(weight).ok_or_else(|| {
            self.fault(format_args!(
                "gave an answer that takes up more than {} bytes (answerBytes)",
                self.limit
            ))
        })?;
        let event = match chunk {
            Chunk::TextDelta(deltas) => return self.begin_run(RunKind::Text, deltas).map(|()| None),
            Chunk::ReasoningDelta(deltas) => {
                return self.begin_run(RunKind::Reasoning, deltas).map(|()| None);
            }
            Chunk::ToolArgumentsDelta(deltas) => {
                return self.begin_run(RunKind::Arguments, deltas).map(|()| None);
            }
            Chunk::Started(request_id) => {
                self.request_id.clone_from(&request_id);
                Event::Start { model: self.model.clone(), request_id }
            }
            Chunk::BlockStart((content_index, kind)) => {
                let (kind, event) = match kind.as_str() {
                    "text" => (Kind::Text, Event::TextStart { content_index }),
                    "reasoning" => (Kind::Reasoning, Event::ThinkingStart { content_index }),
                    _ => (Kind::Other(kind.clone()), Event::BlockStart { content_index, kind }),
                };
                self.open(content_index, kind)?;
                event
            }
            Chunk::ToolCallStart((content_index, id, name)) => {
                self.open(content_index, Kind::ToolCall { id: id.clone(), name: name.clone() })?;
                Event::ToolcallStart { content_index, id, name }
            }
            Chunk::BlockDelta(types::BlockDelta { index, kind, value }) => {
                self.block(index)?;
                self.delivered = true;
                Event::BlockDelta { content_index: index, kind, value: json(value) }
            }
            Chunk::BlockEnd(end) => return self.end_block(end),
            Chunk::Usage(tokens) => {
                self.usage = usage(tokens);
                Event::Usage { usage: self.usage.clone() }
            }
            Chunk::Rewritten(types::Rewrite { rule, at, detail }) => {
                Event::Rewritten { rule, at: self.places.in_json(&at), detail }
            }
            Chunk::Other(types::Extension { key, value }) => Event::Extension { key, value: json(value) },
            Chunk::Finished(finish) => self.finish(finish)?,
        };
        Ok(Some(event))
    }

    /// The plugin has broken the contract. `what` goes on from its name.
    pub(crate) fn fault(&self, what: impl std::fmt::Display) -> Error {
        Error::of_plugin(&self.plugin, what)
    }

    fn open(&mut self, index: u32, kind: Kind) -> Result<()> {
        if index as usize != self.blocks.len() || self.blocks.len() >= MOST_BLOCKS {
            return Err(
                self.fault(format_args!("numbered a block {index} where {} was next", self.blocks.len()))
            );
        }
        self.delivered = true;
        self.blocks.push(Block { kind, text: String::new(), content: None });
        Ok(())
    }

    /// A block that has begun and not ended.
    fn block(&mut self, index: u32) -> Result<&mut Block> {
        let Self { plugin, blocks, .. } = self;
        blocks.get_mut(index as usize).filter(|block| block.content.is_none()).ok_or_else(|| {
            Error::of_plugin(plugin, format_args!("spoke of block {index}, which is not open"))
        })
    }

    fn begin_run(&mut self, kind: RunKind, deltas: types::Deltas) -> Result<()> {
        let types::Deltas { index, text, lengths } = deltas;
        let plugin = self.plugin.clone();
        let block = self.block(index)?;
        let fits = matches!(
            (kind, &block.kind),
            (RunKind::Text, Kind::Text)
                | (RunKind::Reasoning, Kind::Reasoning)
                | (RunKind::Arguments, Kind::ToolCall { .. })
        );
        if !fits {
            return Err(Error::of_plugin(
                &plugin,
                format_args!("gave a delta of another kind for block {index}"),
            ));
        }
        let mut end = 0_usize;
        for &length in &lengths {
            end = end.saturating_add(length as usize);
            if !text.is_char_boundary(end) {
                return Err(Error::of_plugin(
                    &plugin,
                    format_args!("cut the deltas of block {index} where there is no character"),
                ));
            }
        }
        block.text.push_str(&text);
        self.run = Some(Run { index, kind, text: text.into(), place: 0, lengths: lengths.into_iter() });
        Ok(())
    }

    fn end_block(&mut self, end: types::BlockEnd) -> Result<Option<Event>> {
        let types::BlockEnd { index, signature, redacted, raw } = end;
        let content_index = index;
        let block = self.block(index)?;
        let text = std::mem::take(&mut block.text);
        let raw = raw.map(json);
        let (content, event) = match (&block.kind, raw) {
            (Kind::Text, None) => {
                (Content::Text(text.clone()), Event::TextEnd { content_index, content: text.into() })
            }
            (Kind::Text, Some(json)) => (
                Content::Raw(RawBlock { kind: "text".to_owned(), text: text.clone(), json }),
                Event::TextEnd { content_index, content: text.into() },
            ),
            (Kind::Reasoning, _) => (
                Content::Reasoning(Reasoning {
                    text: text.clone(),
                    signature,
                    redacted: redacted.map(Bytes::from),
                }),
                Event::ThinkingEnd { content_index, content: text.into() },
            ),
            (Kind::ToolCall { id, name }, _) => match arguments(&text) {
                Some(arguments) => {
                    let tool_call = ToolCall { id: id.clone(), name: name.clone(), arguments };
                    (Content::ToolCall(tool_call.clone()), Event::ToolcallEnd { content_index, tool_call })
                }
                None => {
                    block.content = Some(Ended::CutOff);
                    return Ok(None);
                }
            },
            (Kind::Other(kind), raw) => (
                Content::Raw(RawBlock { kind: kind.clone(), text, json: raw.unwrap_or_default() }),
                Event::BlockEnd { content_index },
            ),
        };
        block.content = Some(Ended::Whole(content));
        Ok(Some(event))
    }

    fn finish(&mut self, finish: types::Finish) -> Result<Event> {
        let stop_reason = stop_reason(&finish.reason);
        let may_be_cut = matches!(stop_reason, StopReason::Length | StopReason::Malformed);
        let mut content = Vec::with_capacity(self.blocks.len());
        for (index, block) in self.blocks.drain(..).enumerate() {
            match (block.content, block.kind) {
                (Some(Ended::Whole(block)), _) => content.push(block),
                (Some(Ended::CutOff), _) if may_be_cut => {}
                (Some(Ended::CutOff), Kind::ToolCall { id, name }) => {
                    return Err(Error::new(
                        ErrorClass::Truncated,
                        format!("the arguments of the tool call {id} ({name}) are no JSON object"),
                    )
                    .with_remedy("send the request again; the model wrote the call wrong")
                    .retryable());
                }
                _ => {
                    return Err(Error::of_plugin(
                        &self.plugin,
                        format_args!("ended the answer with block {index} open"),
                    ));
                }
            }
        }
        self.finished = true;
        Ok(Event::Done {
            reason: stop_reason.clone(),
            usage: self.usage.clone(),
            message: Box::new(AssistantMessage {
                content,
                model: std::mem::take(&mut self.model),
                request_id: self.request_id.take(),
                stop_reason,
                raw_stop_reason: finish.raw,
                usage: std::mem::take(&mut self.usage),
                details: details(finish.extensions),
            }),
        })
    }
}

/// The arguments of a call, of which there may be none.
fn arguments(text: &str) -> Option<Map<String, Value>> {
    if text.trim().is_empty() { Some(Map::new()) } else { serde_json::from_str(text).ok() }
}

fn stop_reason(word: &str) -> StopReason {
    match word {
        "end-turn" | "stop-sequence" => StopReason::Stop,
        "max-tokens" | "context-window" => StopReason::Length,
        "tool-use" => StopReason::ToolUse,
        "filtered" => StopReason::Filtered,
        "guardrail" => StopReason::Guardrail,
        "refusal" => StopReason::Refusal,
        "malformed" => StopReason::Malformed,
        other => StopReason::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1 << 20;

    fn text(index: u32, text: &str, lengths: &[u32]) -> Chunk {
        Chunk::TextDelta(types::Deltas { index, text: text.to_owned(), lengths: lengths.to_vec() })
    }

    fn end(index: u32) -> Chunk {
        Chunk::BlockEnd(types::BlockEnd { index, signature: None, redacted: None, raw: None })
    }

    fn finished(reason: &str) -> Chunk {
        Chunk::Finished(types::Finish {
            reason: reason.to_owned(),
            raw: reason.to_owned(),
            extensions: vec![],
        })
    }

    fn play(chunks: Vec<Chunk>) -> Result<Vec<Event>> {
        let mut answer = Answer::new("tried".into(), LIMIT, "p/m".to_owned(), Places::default());
        let mut events = Vec::new();
        for chunk in chunks {
            events.extend(answer.take(chunk)?);
            while let Some(event) = answer.next_delta() {
                events.push(event);
            }
        }
        Ok(events)
    }

    fn done(chunks: Vec<Chunk>) -> AssistantMessage {
        match play(chunks).expect("an answer").pop() {
            Some(Event::Done { message, .. }) => *message,
            other => panic!("not done: {other:?}"),
        }
    }

    #[test]
    fn joined_deltas_are_taken_apart() {
        let chunks = vec![
            Chunk::BlockStart((0, "text".to_owned())),
            text(0, "añb", &[1, 2]),
            text(0, "", &[]),
            end(0),
            finished("end-turn"),
        ];
        let events = play(chunks).expect("an answer");
        let deltas: Vec<&str> = events
            .iter()
            .filter_map(|event| match event {
                Event::TextDelta { delta, .. } => Some(&**delta),
                _ => None,
            })
            .collect();
        assert_eq!(deltas, ["a", "ñ", "b", ""]);
        assert!(matches!(&events[events.len() - 2], Event::TextEnd { content, .. } if *content == "añb"));
    }

    #[test]
    fn a_plugin_that_breaks_the_contract_is_told_so() {
        let start = || Chunk::BlockStart((0, "text".to_owned()));
        for chunks in [
            vec![text(0, "x", &[])],
            vec![Chunk::BlockStart((1, "text".to_owned()))],
            vec![start(), text(0, "ñ", &[1])],
            vec![start(), text(0, "ab", &[1, u32::MAX])],
            vec![start(), end(0), end(0)],
            vec![start(), end(0), text(0, "x", &[])],
            vec![start(), finished("end-turn")],
            vec![finished("end-turn"), finished("end-turn")],
            vec![Chunk::BlockStart((0, "reasoning".to_owned())), text(0, "x", &[])],
        ] {
            let error = play(chunks).expect_err("an error");
            assert_eq!(error.class, ErrorClass::Internal);
        }
    }

    #[test]
    fn an_answer_has_an_end_to_its_size() {
        let start = || Chunk::BlockStart((0, "text".to_owned()));
        let half = "x".repeat(LIMIT / 2);
        let array = format!("[{}0]", "0,".repeat(LIMIT / 8));
        let extension = |value: &str| types::Extension { key: "k".to_owned(), value: value.to_owned() };
        for chunks in [
            vec![start(), text(0, &half, &[]), text(0, &half, &[])],
            vec![start(), text(0, "", &vec![0; LIMIT / 8])],
            vec![Chunk::Other(extension(&array))],
            (0..LIMIT).map(|_| Chunk::Started(None)).collect(),
        ] {
            let error = play(chunks).expect_err("an error");
            assert_eq!(error.class, ErrorClass::Internal);
            assert!(error.message.contains("tried") && error.message.contains("1048576 bytes"), "{error}");
        }
    }

    fn call(arguments: &str) -> Vec<Chunk> {
        vec![
            Chunk::ToolCallStart((0, "id-1".to_owned(), "f".to_owned())),
            Chunk::ToolArgumentsDelta(types::Deltas {
                index: 0,
                text: arguments.to_owned(),
                lengths: vec![],
            }),
            end(0),
        ]
    }

    #[test]
    fn arguments_are_a_json_object_or_the_call_is_named() {
        let mut whole = call(r#"{"n":12345678901234567890}"#);
        whole.push(finished("tool-use"));
        let message = done(whole);
        let arguments = &message.tool_calls().next().expect("a call").arguments;
        assert_eq!(Value::Object(arguments.clone()).to_string(), r#"{"n":12345678901234567890}"#);

        let mut empty = call("");
        empty.push(finished("tool-use"));
        assert!(done(empty).tool_calls().next().expect("a call").arguments.is_empty());

        let mut cut = call(r#"{"n":1"#);
        cut.push(finished("max-tokens"));
        assert_eq!(done(cut).tool_calls().count(), 0);

        let mut wrong = call(r#"{"n":1"#);
        wrong.push(finished("tool-use"));
        let error = play(wrong).expect_err("an error");
        assert_eq!(error.class, ErrorClass::Truncated);
        assert!(error.message.contains("id-1"), "{error}");
    }
}
