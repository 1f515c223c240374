"""Requests, put together: docs/request.md with Python's names. What these functions give are plain dictionaries."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Union

from .events import ToolCall

__all__ = ["audio", "document", "image", "request", "tool", "tool_result", "user", "video"]

#: Bytes, or the file that holds them.
Media = Union[bytes, "os.PathLike[str]"]

_Content = Union[str, Sequence[Mapping[str, Any]]]


def request(
    model: str,
    messages: str | Sequence[Mapping[str, Any]],
    *,
    system: _Content | None = None,
    tools: Sequence[Mapping[str, Any]] | None = None,
    tool_choice: str | Mapping[str, str] | None = None,
    effort: str | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    stop_sequences: Sequence[str] | None = None,
    output_schema: Mapping[str, Any] | None = None,
    conversation_id: str | None = None,
    extensions: Mapping[str, Any] | None = None,
    first_content_timeout: float | None = None,
    silence_timeout: float | None = None,
    total_timeout: float | None = None,
) -> dict[str, Any]:
    """A request. `messages` may be the text of a single message of the user. Times are in seconds."""
    timeouts = _present(
        firstContentMs=_milliseconds(first_content_timeout),
        silenceMs=_milliseconds(silence_timeout),
        totalMs=_milliseconds(total_timeout),
    )
    return _present(
        model=model,
        messages=[user(messages)] if isinstance(messages, str) else list(messages),
        system=system,
        tools=tools,
        toolChoice=tool_choice,
        effort=effort,
        maxTokens=max_tokens,
        temperature=temperature,
        topP=top_p,
        stopSequences=stop_sequences,
        outputSchema=output_schema,
        conversationId=conversation_id,
        extensions=extensions,
        timeouts=timeouts or None,
    )


def user(*content: str | Mapping[str, Any]) -> dict[str, Any]:
    """A message of the user: texts, and what `image`, `document`, `video` and `audio` make."""
    blocks = [{"type": "text", "text": block} if isinstance(block, str) else block for block in content]
    return {"role": "user", "content": blocks}


def tool(
    name: str,
    description: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    strict: bool | None = None,
) -> dict[str, Any]:
    """A tool that the model may call; `parameters` is the JSON Schema of its arguments."""
    return _present(name=name, description=description, parameters=parameters, strict=strict)


def tool_result(call: ToolCall, content: Any, *, is_error: bool = False) -> dict[str, Any]:
    """The message that answers a tool call: text, a list of blocks, or any other value as JSON."""
    if not isinstance(content, (str, list)):
        content = [{"type": "json", "json": content}]
    return {
        "role": "toolResult",
        "toolCallId": call.id,
        "toolName": call.name,
        "content": content,
        "isError": is_error,
    }


def image(media: Media, *, mime_type: str | None = None) -> dict[str, Any]:
    """An image. Its format is told by the bytes where nothing else tells it."""
    return _media("image", media, mime_type)


def video(media: Media, *, mime_type: str | None = None) -> dict[str, Any]:
    """A video."""
    return _media("video", media, mime_type)


def audio(media: Media, *, mime_type: str | None = None) -> dict[str, Any]:
    """A recording."""
    return _media("audio", media, mime_type)


def document(
    media: Media,
    *,
    mime_type: str | None = None,
    name: str | None = None,
    citations: bool | None = None,
    context: str | None = None,
) -> dict[str, Any]:
    """A document, by its name; whether the answer shall cite it, and what the model should know about it."""
    block = _media("document", media, mime_type)
    return {**block, **_present(name=name, citations=citations, context=context)}


def _media(kind: str, media: Media, mime_type: str | None) -> dict[str, Any]:
    name = None
    if not isinstance(media, bytes):
        path = Path(media)
        name, media = path.name, path.read_bytes()
    data = base64.b64encode(media).decode()
    return _present(type=kind, data=data, mimeType=mime_type, name=name)


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, round(seconds * 1000))
