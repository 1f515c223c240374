"""What a type checker knows of the package: `tests/lint-python` checks this file, nothing runs it."""

from __future__ import annotations

import asyncio
import logging

import outcrop


def narrowed(event: outcrop.Event) -> str:
    if event.kind == "text_delta":
        return event.delta
    if event.kind == "toolcall_end":
        return f"{event.call.name} {event.call.arguments['city']}"
    if isinstance(event, outcrop.Done):
        return f"{event.reason} {event.usage['totalTokens']} {event.text}"
    return ""


def threads(host: outcrop.Host) -> list[str]:
    with host.stream(outcrop.request("m", "Hello", max_tokens=1)) as stream:
        token: outcrop.CancelToken = stream.token()
        token.cancel()
        return [narrowed(event) for event in stream]


async def tasks() -> None:
    host = await asyncio.to_thread(outcrop.Host)
    async for event in host.stream({"model": "m", "messages": []}):
        narrowed(event)
    names: list[str] = [model.name for model in await host.models_async()]
    print(names, (await host.answer_async("{}")).tool_calls[0].name)


def failures(error: outcrop.RateLimitedError) -> float:
    base: outcrop.OutcropError = error
    return base.retry_after or 1.0


def options() -> outcrop.Host:
    limits = outcrop.Limits(streams=8, call_time=0.5)
    return outcrop.Host(
        region="eu-central-1", limits=limits, log=logging.getLogger("mine"), guardrail={"trace": "enabled"}
    )
