//! Events, read.

use std::sync::OnceLock;

use outcrop::Event;

use crate::boundary;
use crate::error::ErrorObject;
use crate::handles::{self, outcrop_error, outcrop_event};
use crate::status::outcrop_status;
use crate::strings::outcrop_str;

/// What stands behind an `outcrop_event`.
#[derive(Debug)]
pub(crate) struct EventObject {
    event: Event,
    /// Written when it is asked for.
    json: OnceLock<String>,
}

impl EventObject {
    pub(crate) fn new(event: Event) -> Self {
        Self { event, json: OnceLock::new() }
    }
}

/// What an event is. A later version may have more kinds; `outcrop_event_json` tells all of any of them.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum outcrop_event_kind {
    /// No event: the handle is NULL or stale.
    OUTCROP_EVENT_NONE = 0,
    /// The service took the request.
    OUTCROP_EVENT_START = 1,
    /// A text block begins.
    OUTCROP_EVENT_TEXT_START = 2,
    /// More text: `outcrop_event_delta`.
    OUTCROP_EVENT_TEXT_DELTA = 3,
    /// A text block is whole.
    OUTCROP_EVENT_TEXT_END = 4,
    /// A block of reasoning begins.
    OUTCROP_EVENT_THINKING_START = 5,
    /// More reasoning: `outcrop_event_delta`.
    OUTCROP_EVENT_THINKING_DELTA = 6,
    /// A block of reasoning is whole.
    OUTCROP_EVENT_THINKING_END = 7,
    /// A tool call begins.
    OUTCROP_EVENT_TOOLCALL_START = 8,
    /// More of a tool call's arguments, a fragment of JSON text: `outcrop_event_delta`.
    OUTCROP_EVENT_TOOLCALL_DELTA = 9,
    /// A tool call is whole.
    OUTCROP_EVENT_TOOLCALL_END = 10,
    /// A block of another kind begins.
    OUTCROP_EVENT_BLOCK_START = 11,
    /// More of a block of another kind, or a citation.
    OUTCROP_EVENT_BLOCK_DELTA = 12,
    /// A block of another kind is whole.
    OUTCROP_EVENT_BLOCK_END = 13,
    /// What the answer has cost so far.
    OUTCROP_EVENT_USAGE = 14,
    /// The request was changed so that the model takes it.
    OUTCROP_EVENT_REWRITTEN = 15,
    /// Something else that the plugin told.
    OUTCROP_EVENT_EXTENSION = 16,
    /// The answer is complete. Nothing follows.
    OUTCROP_EVENT_DONE = 17,
    /// The answer failed: `outcrop_event_status`. Nothing follows.
    OUTCROP_EVENT_ERROR = 18,
    /// A kind that this version has no number for.
    OUTCROP_EVENT_OTHER = 99,
}

use outcrop_event_kind::*;

fn kind(event: &Event) -> outcrop_event_kind {
    match event {
        Event::Start { .. } => OUTCROP_EVENT_START,
        Event::TextStart { .. } => OUTCROP_EVENT_TEXT_START,
        Event::TextDelta { .. } => OUTCROP_EVENT_TEXT_DELTA,
        Event::TextEnd { .. } => OUTCROP_EVENT_TEXT_END,
        Event::ThinkingStart { .. } => OUTCROP_EVENT_THINKING_START,
        Event::ThinkingDelta { .. } => OUTCROP_EVENT_THINKING_DELTA,
        Event::ThinkingEnd { .. } => OUTCROP_EVENT_THINKING_END,
        Event::ToolcallStart { .. } => OUTCROP_EVENT_TOOLCALL_START,
        Event::ToolcallDelta { .. } => OUTCROP_EVENT_TOOLCALL_DELTA,
        Event::ToolcallEnd { .. } => OUTCROP_EVENT_TOOLCALL_END,
        Event::BlockStart { .. } => OUTCROP_EVENT_BLOCK_START,
        Event::BlockDelta { .. } => OUTCROP_EVENT_BLOCK_DELTA,
        Event::BlockEnd { .. } => OUTCROP_EVENT_BLOCK_END,
        Event::Usage { .. } => OUTCROP_EVENT_USAGE,
        Event::Rewritten { .. } => OUTCROP_EVENT_REWRITTEN,
        Event::Extension { .. } => OUTCROP_EVENT_EXTENSION,
        Event::Done { .. } => OUTCROP_EVENT_DONE,
        Event::Error { .. } => OUTCROP_EVENT_ERROR,
        _ => OUTCROP_EVENT_OTHER,
    }
}

fn content_index(event: &Event) -> Option<u32> {
    match event {
        Event::TextStart { content_index }
        | Event::TextDelta { content_index, .. }
        | Event::TextEnd { content_index, .. }
        | Event::ThinkingStart { content_index }
        | Event::ThinkingDelta { content_index, .. }
        | Event::ThinkingEnd { content_index, .. }
        | Event::ToolcallStart { content_index, .. }
        | Event::ToolcallDelta { content_index, .. }
        | Event::ToolcallEnd { content_index, .. }
        | Event::BlockStart { content_index, .. }
        | Event::BlockDelta { content_index, .. }
        | Event::BlockEnd { content_index } => Some(*content_index),
        _ => None,
    }
}

fn field<T>(event: *const outcrop_event, otherwise: T, read: impl FnOnce(&EventObject) -> Option<T>) -> T {
    boundary::or(otherwise, || read(&*handles::get(event).ok()?))
}

/// What the event is.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_event_get_kind(event: *const outcrop_event) -> outcrop_event_kind {
    field(event, OUTCROP_EVENT_NONE, |event| Some(kind(&event.event)))
}

/// Which block of content the event is about, from 0; -1 where it is about none.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_event_index(event: *const outcrop_event) -> i64 {
    field(event, -1, |event| content_index(&event.event).map(i64::from))
}

/// What is new in a delta of text, reasoning or arguments, not copied; none in other events.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_event_delta(event: *const outcrop_event) -> outcrop_str {
    field(event, outcrop_str::NONE, |event| match &event.event {
        Event::TextDelta { delta, .. }
        | Event::ThinkingDelta { delta, .. }
        | Event::ToolcallDelta { delta, .. } => Some(outcrop_str::of(delta)),
        _ => None,
    })
}

/// Whether nothing follows the event.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_event_is_terminal(event: *const outcrop_event) -> bool {
    field(event, false, |event| Some(event.event.is_terminal()))
}

/// What an error event tells, as a number; OUTCROP_OK for other events.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_event_status(event: *const outcrop_event) -> outcrop_status {
    field(event, outcrop_status::OUTCROP_INVALID_HANDLE, |event| {
        Some(match &event.event {
            Event::Error { error } => error.class.into(),
            _ => outcrop_status::OUTCROP_OK,
        })
    })
}

/// Why the answer failed, as an error of its own, to be freed; NULL for events that are none. Since version 2.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_event_error(event: *const outcrop_event) -> *mut outcrop_error {
    field(event, std::ptr::null_mut(), |event| match &event.event {
        Event::Error { error } => Some(handles::enter(ErrorObject::from(error))),
        _ => None,
    })
}

/// All of the event, as JSON: the same as a line of `outcrop chat --json`.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_event_json(event: *const outcrop_event) -> outcrop_str {
    field(event, outcrop_str::NONE, |event| {
        let json = event.json.get_or_init(|| serde_json::to_string(&event.event).unwrap_or_default());
        Some(outcrop_str::of(json))
    })
}

/// Frees an event. NULL is nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_event_free(event: *mut outcrop_event) {
    boundary::or((), || handles::take(event).map(drop));
}
