//! An answer as a person reads it.

use std::io::{self, Write};

use anstyle::Style;
use outcrop::request::ToolCall;
use outcrop::{Event, MODEL_FALLBACK, StopReason, Usage};

use crate::output::Channel;
use crate::output::style::{CYAN, DIM, YELLOW};

/// Arguments longer than this are written over several lines.
const ONE_LINE_CHARS: usize = 100;

/// Writes the answer and its tool calls to `out`, and what is not the answer (reasoning, remarks) to
/// `notes`, so that the answer can be piped on.
#[derive(Debug)]
pub(crate) struct Renderer<O, N> {
    out: Channel<O>,
    notes: Channel<N>,
    verbose: bool,
    unfinished: Option<Side>,
}

/// Where the last line stands that has not ended yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Out,
    Notes,
}

impl<O: Write, N: Write> Renderer<O, N> {
    pub(crate) fn new(out: Channel<O>, notes: Channel<N>, verbose: bool) -> Self {
        Self { out, notes, verbose, unfinished: None }
    }

    /// Shows one event. Only `out` can fail: an answer does not stop for want of remarks.
    pub(crate) fn show(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Start { model, request_id } => {
                let request = request_id.as_ref().map(|id| format!(", request {id}")).unwrap_or_default();
                self.remark_if_verbose(&format!("{model}{request}"))
            }
            Event::TextDelta { delta, .. } => self.text(delta),
            Event::ThinkingStart { .. } => self.end_line(),
            Event::ThinkingDelta { delta, .. } => self.reasoning(delta),
            Event::ToolcallEnd { tool_call, .. } => self.tool_call(tool_call),
            Event::BlockStart { kind, .. } => self.remark(DIM, &format!("[{kind}: shown with --json only]")),
            Event::Rewritten { rule, detail, .. } if rule == MODEL_FALLBACK => self.remark(YELLOW, detail),
            Event::Rewritten { rule, at, detail } => {
                self.remark_if_verbose(&format!("rewritten: {rule} at {at}: {detail}"))
            }
            Event::Extension { key, value } => self.remark_if_verbose(&format!("{key}: {value}")),
            Event::Done { reason, usage, .. } => self.done(reason, usage),
            // Told at the end of the program, as every failure is.
            Event::Error { .. } => self.end_line(),
            _ => Ok(()),
        }
    }

    /// Ends the line that is not finished, if there is one.
    fn end_line(&mut self) -> io::Result<()> {
        match self.unfinished.take() {
            Some(Side::Out) => {
                self.out.write(Style::new(), "\n")?;
                self.out.flush()
            }
            Some(Side::Notes) => {
                drop(self.notes.line(""));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.turn_to(Side::Out)?;
        self.out.write(Style::new(), text)?;
        self.unfinished_after(text, Side::Out);
        self.out.flush()
    }

    fn reasoning(&mut self, text: &str) -> io::Result<()> {
        self.turn_to(Side::Notes)?;
        drop(self.notes.write(DIM, text));
        self.unfinished_after(text, Side::Notes);
        Ok(())
    }

    fn tool_call(&mut self, call: &ToolCall) -> io::Result<()> {
        let mut arguments = serde_json::to_string(&call.arguments)?;
        if arguments.chars().count() > ONE_LINE_CHARS {
            arguments = serde_json::to_string_pretty(&call.arguments)?;
        }
        self.end_line()?;
        self.out.write(DIM, "tool call: ")?;
        self.out.write(CYAN, &call.name)?;
        self.out.line(&format!(" {arguments}"))?;
        self.out.flush()
    }

    fn done(&mut self, reason: &StopReason, usage: &Usage) -> io::Result<()> {
        self.end_line()?;
        if !matches!(reason, StopReason::Stop | StopReason::ToolUse) {
            self.remark(YELLOW, &format!("the answer is not whole: {}", why(reason)))?;
        }
        self.remark_if_verbose(&tokens(usage))
    }

    fn remark_if_verbose(&mut self, text: &str) -> io::Result<()> {
        if self.verbose { self.remark(DIM, text) } else { Ok(()) }
    }

    fn remark(&mut self, style: Style, text: &str) -> io::Result<()> {
        self.end_line()?;
        drop(self.notes.styled_line(style, text));
        Ok(())
    }

    /// Both sides are often the same terminal: neither continues a line of the other.
    fn turn_to(&mut self, side: Side) -> io::Result<()> {
        if self.unfinished.is_some_and(|unfinished| unfinished != side) { self.end_line() } else { Ok(()) }
    }

    fn unfinished_after(&mut self, text: &str, side: Side) {
        if !text.is_empty() {
            self.unfinished = (!text.ends_with('\n')).then_some(side);
        }
    }
}

fn why(reason: &StopReason) -> &str {
    match reason {
        StopReason::Length => "it came upon the limit of its length (--max-tokens, or the model's own)",
        StopReason::Filtered => "the provider's filter stopped it",
        StopReason::Guardrail => "a guardrail stopped it",
        StopReason::Refusal => "the model refused",
        StopReason::Malformed => "the model wrote what cannot be read",
        other => other.as_str(),
    }
}

fn tokens(usage: &Usage) -> String {
    let Usage { input, output, cache_read, cache_write, total_tokens, .. } = usage;
    let cost = usage.cost.map(|cost| format!("; ${:.6}", cost.total)).unwrap_or_default();
    format!(
        "tokens: {input} in, {output} out, {cache_read} from the cache, {cache_write} to the cache, {total_tokens} in all{cost}"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(delta: &str) -> Event {
        Event::TextDelta { content_index: 0, delta: delta.into() }
    }

    fn thinking(delta: &str) -> Event {
        Event::ThinkingDelta { content_index: 0, delta: delta.into() }
    }

    fn call(arguments: serde_json::Value) -> Event {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        Event::ToolcallEnd { content_index: 0, tool_call: ToolCall::new("t1", "look", arguments) }
    }

    /// What is written to both sides for these events.
    fn shown(verbose: bool, colour: bool, events: &[Event]) -> (String, String) {
        let channel = || Channel::new(Vec::new(), colour, true);
        let mut renderer = Renderer::new(channel(), channel(), verbose);
        for event in events {
            renderer.show(event).unwrap();
        }
        renderer.end_line().unwrap();
        let string = |channel: Channel<Vec<u8>>| String::from_utf8(channel.into_inner()).unwrap();
        (string(renderer.out), string(renderer.notes))
    }

    #[test]
    fn the_answer_alone_is_on_the_output() {
        let events = [thinking("H"), thinking("m."), text("Hel"), text("lo."), call(json!({ "a": 1 }))];
        let (out, notes) = shown(false, false, &events);
        assert_eq!(out, "Hello.\ntool call: look {\"a\":1}\n");
        assert_eq!(notes, "Hm.\n");
    }

    #[test]
    fn reasoning_is_dimmed() {
        let (_, notes) = shown(false, true, &[thinking("Hm.")]);
        assert_eq!(notes, "\u{1b}[2mHm.\u{1b}[0m\n");
    }

    #[test]
    fn blocks_of_text_continue_each_other() {
        let start = Event::TextStart { content_index: 1 };
        assert_eq!(shown(false, false, &[text("A"), start, text("B\n")]).0, "AB\n");
    }

    #[test]
    fn long_arguments_take_several_lines() {
        let (out, _) = shown(false, false, &[call(json!({ "text": "x".repeat(200) }))]);
        assert_eq!(out.lines().count(), 3);
    }

    #[test]
    fn remarks_are_for_the_verbose() {
        let events = [
            Event::Start { model: "p/m".into(), request_id: Some("r".into()) },
            Event::Rewritten {
                rule: "empty-text-dropped".into(),
                at: "/messages/0".into(),
                detail: "d".into(),
            },
            Event::Extension { key: "trace".into(), value: json!([1]) },
            text("A"),
        ];
        assert_eq!(shown(false, false, &events), ("A\n".into(), String::new()));
        let remarks = "p/m, request r\nrewritten: empty-text-dropped at /messages/0: d\ntrace: [1]\n";
        assert_eq!(shown(true, false, &events), ("A\n".into(), remarks.into()));
    }

    #[test]
    fn what_text_cannot_show_is_named() {
        let block = Event::BlockStart { content_index: 0, kind: "image".into() };
        assert_eq!(shown(false, false, &[block]).1, "[image: shown with --json only]\n");
    }

    #[test]
    fn an_answer_that_is_not_whole_says_so() {
        let mut renderer = Renderer::new(
            Channel::new(Vec::new(), false, false),
            Channel::new(Vec::new(), false, false),
            false,
        );
        renderer.text("Once upon").unwrap();
        renderer.done(&StopReason::Length, &Usage::default()).unwrap();
        renderer.done(&StopReason::Stop, &Usage::default()).unwrap();
        assert_eq!(renderer.out.into_inner(), b"Once upon\n");
        let notes = String::from_utf8(renderer.notes.into_inner()).unwrap();
        assert!(notes.starts_with("the answer is not whole: it came upon the limit"), "{notes}");
        assert_eq!(notes.lines().count(), 1);
    }
}
