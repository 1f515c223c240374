"""The end of the interpreter.

A thread that is inside the library then, and logs, would look for an interpreter that is gone, and abort the process.
Hosts are closed by then (their finalizers run at exit too, and were registered later than this module's function, so
they run before it), which wakes whoever waits. Here the last of those are waited for, and nobody else gets in.
"""

from __future__ import annotations

import atexit
import threading
import weakref

# A thread that has been woken needs microseconds. One that has not come back after this does not come back.
_PATIENCE = 2.0

_locks: weakref.WeakSet[threading.Lock] = weakref.WeakSet()


def before_the_interpreter(lock: threading.Lock) -> None:
    """Has a lock taken for good before the interpreter ends: that under which a thread is inside the library."""
    _locks.add(lock)


@atexit.register
def _take_all() -> None:
    for lock in list(_locks):
        lock.acquire(timeout=_PATIENCE)
