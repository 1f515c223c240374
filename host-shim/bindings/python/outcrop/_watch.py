"""Waiting for a stream's descriptor: in a thread, or in an event loop."""

from __future__ import annotations

import asyncio
import ctypes
import os
import select
from typing import Callable

from ._calls import call
from ._library import lib


class Watch:
    """A descriptor that becomes readable when a stream may have more.

    An event loop that watches it holds it, and it holds nothing of the stream: a stream that nobody wants any more is
    not kept by a loop. The descriptor is closed with the last of those who hold it, so not while a thread waits for it.
    """

    def __init__(self, stream: int) -> None:
        descriptor = ctypes.c_int(-1)
        call(lib.stream_descriptor, stream, ctypes.byref(descriptor))
        self.descriptor = descriptor.value
        self._process = os.getpid()
        self._poll: select.poll | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiter: asyncio.Future[None] | None = None

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        if hasattr(self, "descriptor"):
            close(self.descriptor)

    def wait(self, timeout: float | None) -> None:
        """Blocks until it is readable, or for so many seconds. A signal's handler runs meanwhile, and may raise."""
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.descriptor, select.POLLIN)
        self._poll.poll(None if timeout is None else timeout * 1000)

    def readable(self) -> asyncio.Future[None]:
        """Done when it is readable, in the running event loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self.leave()
            loop.add_reader(self.descriptor, self._wake)
            self._loop = loop
        self._waiter = loop.create_future()
        return self._waiter

    def leave(self) -> None:
        """No event loop watches it any more, and who waits is woken. To be called from any thread."""
        loop = self._loop
        if loop is None or self._process != os.getpid():
            # In a forked child the loop's selector is the parent's, too.
            return
        if asyncio._get_running_loop() is loop:
            self._leave()
        elif not loop.is_closed():
            try:
                loop.call_soon_threadsafe(self._leave)
            except RuntimeError:
                pass  # closed just now, and the descriptor forgotten with it

    def _leave(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.remove_reader(self.descriptor)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        elif self._loop is not None:
            # Nobody waits: a loop that went on watching would turn for nothing.
            self._leave()
