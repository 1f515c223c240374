"""Answers being streamed: to threads, and to asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import threading
import time
import weakref
from ctypes import string_at
from typing import TYPE_CHECKING, Callable

from . import _ending, errors, events
from ._calls import fault, handle
from ._library import END, OK, PENDING, lib
from ._watch import Watch

if TYPE_CHECKING:
    from types import TracebackType

    from .host import Host

__all__ = ["CancelToken", "Stream"]

# Deltas are read without their JSON. The numbers are those of `outcrop_event_kind`.
_DELTAS: dict[int, Callable[[int, str], events.Event]] = {
    3: events.TextDelta,
    6: events.ThinkingDelta,
    9: events.ToolCallDelta,
}
_ERROR = 18

# What is called for each event, found once.
_try_next = lib.stream_try_next
_kind = lib.event_get_kind
_index = lib.event_index
_delta = lib.event_delta
_json = lib.event_json
_free = lib.event_free

# How many events a task is given at once before the other tasks of its event loop have their turn: some 30
# microseconds' worth, so that 64 streams which all have more keep the loop for two milliseconds.
_BURST = 8


class CancelToken:
    """Ends its stream, from any thread and at any time, also after the stream is gone."""

    def __init__(self, stream: int) -> None:
        self._handle = handle(lib.stream_cancel_token, stream)
        weakref.finalize(self, lib.cancel_token_free, self._handle).atexit = False

    def cancel(self) -> None:
        """Ends the stream. One that has ended already is nothing to do."""
        status = lib.cancel_token_cancel(self._handle)
        if status != OK:
            raise fault(status)


class Stream:
    """An answer: events, in their order, for one thread or task at a time (`BusyError`).

    ::

        for event in host.stream(request): ...
        async for event in host.stream(request): ...

    It ends after `Done`, or raises what went wrong (`OutcropError`); an answer that was cut off never looks like a
    short one. Leaving the loop early and letting go of the stream cancels it; ``with`` or ``async with`` does so at a
    certain place. So does cancelling the task that waits for an event.

    Made by `Host.stream`.
    """

    def __init__(self, host: Host, stream: int) -> None:
        self._handle = stream
        self._host = host
        self._watch: Watch | None = None
        self._ended = False
        self._burst = 0
        # Whether a task waits for an event; the lock is not held then.
        self._awaited = False
        # The place for an event, and the lock of whoever takes events: two threads never share it.
        self._event = ctypes.c_void_p()
        self._event_place = ctypes.byref(self._event)
        self._taking = threading.Lock()
        self._free = weakref.finalize(self, lib.stream_free, stream)
        # The host is closed then, and the stream with it.
        self._free.atexit = False
        _ending.locks.add(self._taking)

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self._ended

    def cancel(self) -> None:
        """Ends the stream, from any thread: its connection is closed, and whoever takes its events is told so at once
        by a `StreamCancelledError`. A stream that has ended or was closed stays as it is."""
        with contextlib.suppress(errors.ClosedError):
            self.token().cancel()

    def token(self) -> CancelToken:
        """What cancels the stream without keeping it."""
        return CancelToken(self._handle)

    def close(self) -> None:
        """Ends the stream and frees what it holds; also done when it is garbage."""
        self._free()
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.leave()

    def fileno(self) -> int:
        """A descriptor for an event loop of one's own: readable when `poll`, having given None, may have more. It
        belongs to the stream."""
        return self._watched().descriptor

    def poll(self, timeout: float | None = 0) -> events.Event | None:
        """The next event; None where nothing came in so many seconds, or the stream has `ended`. With None for a time
        it waits as long as it takes."""
        if self._awaited or not self._taking.acquire(False):
            raise errors.BusyError()
        try:
            until = None
            while True:
                status = _try_next(self._handle, self._event_place, None)
                if status == OK:
                    event = self._event.value
                    try:
                        kind = _kind(event)
                        make = _DELTAS.get(kind)
                        if make is None:
                            return _told(event, kind)
                        delta = _delta(event)
                        return make(_index(event), string_at(delta.data, delta.len).decode())
                    finally:
                        _free(event)
                if status == END:
                    self._ended = True
                    return None
                if status != PENDING:
                    raise fault(status)
                if timeout is not None:
                    now = time.monotonic()
                    if until is None:
                        until = now + timeout
                    if now >= until:
                        return None
                    self._watched().wait(until - now)
                else:
                    self._watched().wait(None)
        finally:
            self._taking.release()

    def _watched(self) -> Watch:
        watch = self._watch
        if watch is None:
            watch = self._watch = Watch(self._handle)
        return watch

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> events.Event:
        event = self.poll(None)
        if event is None:
            raise StopIteration
        return event

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> events.Event:
        try:
            if self._burst >= _BURST:
                self._burst = 0
                await asyncio.sleep(0)
            while True:
                event = self.poll(0)
                if event is not None:
                    self._burst += 1
                    return event
                if self._ended:
                    raise StopAsyncIteration
                self._burst = 0
                self._awaited = True
                try:
                    await self._watched().readable()
                finally:
                    self._awaited = False
        except asyncio.CancelledError:
            self.close()
            raise

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _told(event: int | None, kind: int) -> events.Event:
    """An event that is read from its JSON."""
    told = json.loads(_json(event).text())
    if kind == _ERROR:
        raise errors.from_json(lib.event_status(event), told["error"])
    return events.from_json(told)
