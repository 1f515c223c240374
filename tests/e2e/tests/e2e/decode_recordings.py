"""Decodes recorded event streams with botocore's parser, which is not ours.

usage: decode_recordings.py FILE...   prints one JSON object: file name -> what the frames hold
"""

import base64
import json
import os
import sys

from botocore.eventstream import EventStreamBuffer


def decode(path):
    buffer = EventStreamBuffer()
    with open(path, "rb") as file:
        buffer.add_data(file.read())
    blocks, order, usage, stop, exception = {}, [], None, None, None

    def block(index, kind):
        if index not in blocks:
            blocks[index] = {"kind": kind, "text": "", "signature": "", "redacted": b"", "citations": 0}
            order.append(index)
        return blocks[index]

    for message in buffer:
        headers, payload = message.headers, json.loads(message.payload or b"{}")
        if headers.get(":message-type") != "event":
            exception = headers.get(":exception-type") or headers.get(":error-code")
            break
        event = headers[":event-type"]
        index = payload.get("contentBlockIndex")
        if event == "contentBlockStart":
            for kind, start in payload["start"].items():
                if start is None:
                    continue
                opened = block(index, kind)
                opened["kind"] = kind
                opened["start"] = start
        elif event == "contentBlockDelta":
            for kind, delta in payload["delta"].items():
                if delta is None:
                    continue
                if kind == "text":
                    block(index, "text")["text"] += delta
                elif kind == "toolUse":
                    block(index, "toolUse")["text"] += delta["input"]
                elif kind == "citation":
                    block(index, "text")["citations"] += 1
                elif kind == "reasoningContent":
                    opened = block(index, "reasoning")
                    opened["text"] += delta.get("text") or ""
                    opened["signature"] += delta.get("signature") or ""
                    opened["redacted"] += base64.b64decode(delta.get("redactedContent") or "")
        elif event == "messageStop":
            stop = payload["stopReason"]
        elif event == "metadata":
            counted = payload["usage"]
            usage = {
                "input": counted.get("inputTokens") or 0,
                "output": counted.get("outputTokens") or 0,
                "cacheRead": counted.get("cacheReadInputTokens") or 0,
                "cacheWrite": counted.get("cacheWriteInputTokens") or 0,
            }

    content = []
    for index in order:
        found = blocks[index]
        start = found.get("start") or {}
        server = (start.get("type") or "").startswith("server")
        if found["kind"] == "text":
            content.append({"type": "text", "text": found["text"], "citations": found["citations"]})
        elif found["kind"] == "reasoning":
            redacted = base64.b64encode(found["redacted"]).decode()
            content.append(
                {"type": "thinking", "text": found["text"], "signature": found["signature"], "redacted": redacted}
            )
        elif found["kind"] == "toolUse" and not server:
            arguments = json.loads(found["text"] or "{}")
            content.append(
                {"type": "toolCall", "id": start["toolUseId"], "name": start["name"], "arguments": arguments}
            )
        else:
            content.append({"type": "other"})
    return {"content": content, "usage": usage, "stop": stop, "exception": exception}


print(json.dumps({os.path.basename(path): decode(path) for path in sys.argv[1:]}))
