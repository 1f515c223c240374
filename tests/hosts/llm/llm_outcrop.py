"""Amazon Bedrock for `llm`, through Outcrop: every model on offer, with tools, schemas, attachments and reasoning."""

import functools
import logging

import llm
import outcrop
from llm.parts import AttachmentPart, ReasoningPart, StreamEvent, TextPart, ToolCallPart, ToolResultPart

# Under this key a part carries what Bedrock wants back with it: the signature of reasoning.
METADATA = "outcrop"

ATTACHMENTS = {
    "image": ["image/png", "image/jpeg", "image/gif", "image/webp"],
    "document": ["application/pdf", "text/csv", "text/html", "text/markdown", "text/plain"],
    "video": ["video/mp4", "video/quicktime", "video/x-matroska", "video/webm", "video/mpeg"],
    "audio": ["audio/mpeg", "audio/wav", "audio/flac", "audio/ogg"],
}
KINDS = {mime_type: kind for kind, mime_types in ATTACHMENTS.items() for mime_type in mime_types}


@functools.cache
def host():
    """One host for the process. The credentials, region and profile are those that the AWS tools use."""
    return outcrop.Host()


@llm.hookimpl
def register_models(register):
    """Offers what the account offers; without credentials nothing."""
    try:
        models = host().models(timeout=10)
    except outcrop.OutcropError as error:
        logging.getLogger(__name__).warning("no models of Amazon Bedrock: %s", error)
        return
    for model in models:
        register(Outcrop(model), AsyncOutcrop(model))


class Options(llm.Options):
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    effort: str | None = None


class Shared:
    """What the two kinds of model have in common."""

    Options = Options
    can_stream = True

    def __init__(self, model):
        self.model_id = model.id
        self.supports_tools = "tools" in model.abilities
        self.supports_schema = "structured-output" in model.abilities
        self.attachment_types = {kind for taken in model.input for kind in ATTACHMENTS.get(taken, [])}

    def __str__(self):
        return f"Outcrop: {self.model_id}"

    def request(self, prompt):
        """A prompt as Outcrop takes it."""
        messages, system = [], None
        for message in prompt.messages:
            if message.role == "system":
                text = "".join(part.text for part in message.parts if isinstance(part, TextPart))
                if not messages:
                    system = text
                elif text != system:
                    messages.append({"role": "system", "content": text})
            elif message.role == "tool":
                messages += [tool_result(part) for part in message.parts if isinstance(part, ToolResultPart)]
            else:
                content = [block for part in message.parts for block in blocks(part)]
                spoken = {"role": message.role, "content": content}
                # All of a conversation is this model's own, as far as llm tells.
                messages.append({**spoken, "model": self.model_id} if message.role == "assistant" else spoken)
        tools = [outcrop.tool(tool.name, tool.description, tool.input_schema) for tool in prompt.tools]
        return outcrop.request(
            self.model_id,
            messages,
            system=system or None,
            tools=tools or None,
            output_schema=prompt.schema,
            max_tokens=prompt.options.max_tokens,
            temperature=prompt.options.temperature,
            top_p=prompt.options.top_p,
            effort=prompt.options.effort,
        )


class Outcrop(Shared, llm.Model):
    def execute(self, prompt, stream, response, conversation):
        try:
            with host().stream(self.request(prompt)) as answer:
                for event in answer:
                    yield from told(event, response)
        except outcrop.OutcropError as error:
            raise llm.ModelError(str(error)) from error


class AsyncOutcrop(Shared, llm.AsyncModel):
    async def execute(self, prompt, stream, response, conversation):
        try:
            async with host().stream(self.request(prompt)) as answer:
                async for event in answer:
                    for part in told(event, response):
                        yield part
        except outcrop.OutcropError as error:
            raise llm.ModelError(str(error)) from error


def blocks(part):
    """A part of a message as blocks of content."""
    if isinstance(part, TextPart):
        yield {"type": "text", "text": part.text}
    elif isinstance(part, AttachmentPart):
        yield media(part.attachment)
    elif isinstance(part, ReasoningPart):
        # Bedrock takes reasoning back as it gave it, or not at all.
        if part.provider_metadata and METADATA in part.provider_metadata:
            yield part.provider_metadata[METADATA]
    elif isinstance(part, ToolCallPart):
        yield {"type": "toolCall", "id": part.tool_call_id, "name": part.name, "arguments": part.arguments}


def media(attachment):
    """An attachment as a block of content."""
    mime_type = attachment.resolve_type()
    return {"type": KINDS[mime_type], "data": attachment.base64_content(), "mimeType": mime_type}


def tool_result(part):
    """A tool's result as a message."""
    call = outcrop.ToolCall(part.tool_call_id, part.name, {})
    content = [{"type": "text", "text": part.output}, *map(media, part.attachments)]
    return outcrop.tool_result(call, content, is_error=part.exception is not None)


def told(event, response):
    """What llm is told of an event."""
    match event:
        case outcrop.TextDelta():
            yield StreamEvent("text", event.delta, part_index=event.index)
        case outcrop.ThinkingDelta():
            yield StreamEvent("reasoning", event.delta, part_index=event.index)
        case outcrop.ToolCallStart():
            yield StreamEvent("tool_call_name", event.name, part_index=event.index, tool_call_id=event.id)
        case outcrop.ToolCallEnd():
            call = event.call
            response.add_tool_call(llm.ToolCall(call.name, call.arguments, call.id))
        case outcrop.ToolCallDelta():
            yield StreamEvent("tool_call_args", event.delta, part_index=event.index)
        case outcrop.Done():
            yield from reasoning(event.message)
            usage = event.usage
            cached = {name: usage[name] for name in ("cacheRead", "cacheWrite") if usage[name]}
            read = usage["input"] + sum(cached.values())
            response.set_usage(input=read, output=usage["output"], details=cached or None)
            response.response_json = {"stopReason": event.reason, "requestId": event.message.get("requestId")}


def reasoning(message):
    """The blocks of reasoning with their signatures, which come with the whole answer."""
    for index, block in enumerate(message["content"]):
        if block["type"] == "thinking":
            yield StreamEvent("reasoning", "", part_index=index, provider_metadata={METADATA: block})
