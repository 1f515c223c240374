"""The end of the interpreter.

A thread that is inside the library then, and logs, would look for an interpreter that is gone, and abort the process.
So before it ends the hosts are closed, which wakes whoever waits; these are waited for, and nobody else gets in.
"""

from __future__ import annotations

import atexit
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .host import Host

# A thread that has been woken needs microseconds. One that has not come back after this does not come back.
_PATIENCE = 2.0

#: Those that may be open.
hosts: weakref.WeakSet[Host] = weakref.WeakSet()
#: Held by threads that are inside the library.
locks: weakref.WeakSet[threading.Lock] = weakref.WeakSet()


@atexit.register
def _end() -> None:
    for host in list(hosts):
        host.close()
    for lock in list(locks):
        lock.acquire(timeout=_PATIENCE)
