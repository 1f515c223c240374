"""The steps of an answer: docs/request.md, "Events", as one class each.

All have a ``kind``, the JSON's ``type``, so both ``isinstance(event, TextDelta)`` and ``event.kind == "text_delta"``
tell them apart (also to a type checker). A program should skip kinds that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, ClassVar, Literal, TypedDict, Union

__all__ = [
    "BlockDelta",
    "BlockEnd",
    "BlockStart",
    "Done",
    "Event",
    "Extension",
    "Other",
    "Rewritten",
    "Start",
    "TextDelta",
    "TextEnd",
    "TextStart",
    "ThinkingDelta",
    "ThinkingEnd",
    "ThinkingStart",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallEnd",
    "ToolCallStart",
    "Usage",
    "UsageEvent",
]


class Usage(TypedDict, total=False):
    """Tokens; ``cost`` in US dollars and ``details`` where they are known."""

    input: int
    output: int
    cacheRead: int
    cacheWrite: int
    totalTokens: int
    cost: Mapping[str, float]
    details: Mapping[str, Any]


@dataclass
class ToolCall:
    """A call that the model wants made. `outcrop.tool_result` answers it."""

    __slots__ = ("arguments", "id", "name")

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass
class Start:
    """The service took the request."""

    __slots__ = ("model", "request_id")
    kind: ClassVar[Literal["start"]] = "start"

    model: str
    #: The provider's name for the request.
    request_id: str | None


@dataclass
class TextStart:
    """A text block begins."""

    __slots__ = ("index",)
    kind: ClassVar[Literal["text_start"]] = "text_start"

    #: Which block of content, from 0.
    index: int


@dataclass
class TextDelta:
    """More text."""

    __slots__ = ("delta", "index")
    kind: ClassVar[Literal["text_delta"]] = "text_delta"

    index: int
    delta: str


@dataclass
class TextEnd:
    """A text block is whole."""

    __slots__ = ("content", "index")
    kind: ClassVar[Literal["text_end"]] = "text_end"

    index: int
    content: str


@dataclass
class ThinkingStart:
    """A block of reasoning begins."""

    __slots__ = ("index",)
    kind: ClassVar[Literal["thinking_start"]] = "thinking_start"

    index: int


@dataclass
class ThinkingDelta:
    """More reasoning."""

    __slots__ = ("delta", "index")
    kind: ClassVar[Literal["thinking_delta"]] = "thinking_delta"

    index: int
    delta: str


@dataclass
class ThinkingEnd:
    """A block of reasoning is whole."""

    __slots__ = ("content", "index")
    kind: ClassVar[Literal["thinking_end"]] = "thinking_end"

    index: int
    #: All that was shown.
    content: str


@dataclass
class ToolCallStart:
    """A tool call begins."""

    __slots__ = ("id", "index", "name")
    kind: ClassVar[Literal["toolcall_start"]] = "toolcall_start"

    index: int
    id: str
    name: str


@dataclass
class ToolCallDelta:
    """More of a tool call's arguments: a fragment of JSON text."""

    __slots__ = ("delta", "index")
    kind: ClassVar[Literal["toolcall_delta"]] = "toolcall_delta"

    index: int
    delta: str


@dataclass
class ToolCallEnd:
    """A tool call is whole."""

    __slots__ = ("call", "index")
    kind: ClassVar[Literal["toolcall_end"]] = "toolcall_end"

    index: int
    call: ToolCall


@dataclass
class BlockStart:
    """A block of another kind begins: ``image``, ``tool-result``, ..."""

    __slots__ = ("block_kind", "index")
    kind: ClassVar[Literal["block_start"]] = "block_start"

    index: int
    block_kind: str


@dataclass
class BlockDelta:
    """More of a block of another kind, or a ``citation`` of a text block, in the provider's JSON."""

    __slots__ = ("block_kind", "index", "value")
    kind: ClassVar[Literal["block_delta"]] = "block_delta"

    index: int
    block_kind: str
    value: Any


@dataclass
class BlockEnd:
    """A block of another kind is whole."""

    __slots__ = ("index",)
    kind: ClassVar[Literal["block_end"]] = "block_end"

    index: int


@dataclass
class UsageEvent:
    """What the answer has cost so far; the last one holds."""

    __slots__ = ("usage",)
    kind: ClassVar[Literal["usage"]] = "usage"

    usage: Usage


@dataclass
class Rewritten:
    """The plugin changed the request so that the model takes it."""

    __slots__ = ("at", "detail", "rule")
    kind: ClassVar[Literal["rewritten"]] = "rewritten"

    rule: str
    #: A JSON Pointer into the request.
    at: str
    detail: str


@dataclass
class Extension:
    """Something else that the plugin told."""

    __slots__ = ("key", "value")
    kind: ClassVar[Literal["extension"]] = "extension"

    key: str
    value: Any


@dataclass
class Done:
    """The answer is complete. Nothing follows."""

    __slots__ = ("message", "reason", "usage")
    kind: ClassVar[Literal["done"]] = "done"

    #: Why it ended: ``stop``, ``length``, ``toolUse``, ``filtered``, ``guardrail``, ``refusal``, ``malformed``, or
    #: another word.
    reason: str
    #: The whole answer. Goes into the next request's ``messages`` as it is.
    message: dict[str, Any]
    usage: Usage

    @property
    def text(self) -> str:
        """The text of the whole answer."""
        return "".join(block["text"] for block in self.message["content"] if block["type"] == "text")

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The calls that the model wants made."""
        return [_tool_call(block) for block in self.message["content"] if block["type"] == "toolCall"]


@dataclass
class Other:
    """A kind that this package does not know."""

    __slots__ = ("json", "type")
    kind: ClassVar[Literal["other"]] = "other"

    #: Its own word.
    type: str
    json: dict[str, Any]


Event = Union[
    Start,
    TextStart,
    TextDelta,
    TextEnd,
    ThinkingStart,
    ThinkingDelta,
    ThinkingEnd,
    ToolCallStart,
    ToolCallDelta,
    ToolCallEnd,
    BlockStart,
    BlockDelta,
    BlockEnd,
    UsageEvent,
    Rewritten,
    Extension,
    Done,
    Other,
]


def _tool_call(json: Mapping[str, Any]) -> ToolCall:
    return ToolCall(json["id"], json["name"], json["arguments"])


_FROM_JSON: dict[str, Callable[[dict[str, Any]], Event]] = {
    "start": lambda json: Start(json["model"], json.get("requestId")),
    "text_start": lambda json: TextStart(json["contentIndex"]),
    "text_delta": lambda json: TextDelta(json["contentIndex"], json["delta"]),
    "text_end": lambda json: TextEnd(json["contentIndex"], json["content"]),
    "thinking_start": lambda json: ThinkingStart(json["contentIndex"]),
    "thinking_delta": lambda json: ThinkingDelta(json["contentIndex"], json["delta"]),
    "thinking_end": lambda json: ThinkingEnd(json["contentIndex"], json["content"]),
    "toolcall_start": lambda json: ToolCallStart(json["contentIndex"], json["id"], json["name"]),
    "toolcall_delta": lambda json: ToolCallDelta(json["contentIndex"], json["delta"]),
    "toolcall_end": lambda json: ToolCallEnd(json["contentIndex"], _tool_call(json["toolCall"])),
    "block_start": lambda json: BlockStart(json["contentIndex"], json["kind"]),
    "block_delta": lambda json: BlockDelta(json["contentIndex"], json["kind"], json["value"]),
    "block_end": lambda json: BlockEnd(json["contentIndex"]),
    "usage": lambda json: UsageEvent(json["usage"]),
    "rewritten": lambda json: Rewritten(json["rule"], json["at"], json["detail"]),
    "extension": lambda json: Extension(json["key"], json["value"]),
    "done": lambda json: Done(json["reason"], json["message"], json["usage"]),
}


def from_json(json: dict[str, Any]) -> Event:
    """The event that a line of JSON tells."""
    make = _FROM_JSON.get(json["type"])
    return make(json) if make else Other(json["type"], json)
