"""liboutcrop, found, loaded and declared.

ctypes, and no compiled module: the wheel then holds for every CPython, and installs without a compiler and without
anything from a registry.

Each function is declared once. Those that wait, end something or may write to the log are called without the
interpreter's lock; those that only read an event keep it, since giving it away costs more than they do. (What can
write to the log must not hold it: another thread may be inside the log's callback and wait for the lock.)
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from ctypes import POINTER, c_bool, c_char_p, c_int, c_int64, c_size_t, c_uint16, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

#: The version of the C ABI that has all functions which this package calls, as have the later ones.
ABI_VERSION = 1

OK = 0
END = 1
PENDING = 2


class Str(ctypes.Structure):
    """Text that belongs to a handle."""

    _fields_ = [("data", c_void_p), ("len", c_size_t)]

    def text(self) -> str | None:
        """A copy; None where there is none."""
        if not self.data:
            return None
        return ctypes.string_at(self.data, self.len).decode()


LOG_CALLBACK = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_void_p, c_size_t, c_void_p, c_size_t)

_OUT = POINTER(c_void_p)

# Name: what it gives, what it takes. Called without the interpreter's lock.
_FUNCTIONS = {
    "abi_version": (c_uint32,),
    "version_string": (c_char_p,),
    "options_new": (c_void_p,),
    "options_set_text": (c_int, c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, _OUT),
    "options_set_number": (c_int, c_void_p, c_char_p, c_size_t, c_uint64, _OUT),
    "options_set_log": (c_int, c_void_p, c_uint32, LOG_CALLBACK, c_void_p, _OUT),
    "options_free": (None, c_void_p),
    "host_new": (c_int, c_void_p, _OUT, _OUT),
    "host_list_models": (c_int, c_void_p, c_int64, _OUT, _OUT),
    "host_reload_plugins": (c_int, c_void_p, _OUT),
    "host_start_stream": (c_int, c_void_p, c_char_p, c_size_t, _OUT, _OUT),
    "host_free": (None, c_void_p),
    "models_count": (c_size_t, c_void_p),
    "models_json": (Str, c_void_p, c_size_t),
    "models_problem_count": (c_size_t, c_void_p),
    "models_problem_json": (Str, c_void_p, c_size_t),
    "models_free": (None, c_void_p),
    "stream_try_next": (c_int, c_void_p, _OUT, _OUT),
    "stream_descriptor": (c_int, c_void_p, POINTER(c_int), _OUT),
    "stream_cancel_token": (c_int, c_void_p, _OUT, _OUT),
    "stream_free": (None, c_void_p),
    "cancel_token_cancel": (c_int, c_void_p),
    "cancel_token_free": (None, c_void_p),
    "error_status": (c_int, c_void_p),
    "error_message": (Str, c_void_p),
    "error_remedy": (Str, c_void_p),
    "error_provider_code": (Str, c_void_p),
    "error_request_id": (Str, c_void_p),
    "error_http_status": (c_uint16, c_void_p),
    "error_retry_after_ms": (c_int64, c_void_p),
    "error_delivered": (c_bool, c_void_p),
    "error_retryable": (c_bool, c_void_p),
    "error_free": (None, c_void_p),
}

# Called with it.
_READERS = {
    "event_get_kind": (c_int, c_void_p),
    "event_index": (c_int64, c_void_p),
    "event_delta": (Str, c_void_p),
    "event_status": (c_int, c_void_p),
    "event_json": (Str, c_void_p),
    "event_free": (None, c_void_p),
}


class Library:
    """The functions, by their names without the prefix."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    def __init__(self, path: str) -> None:
        try:
            self._declare(ctypes.CDLL(path), _FUNCTIONS)
            self._declare(ctypes.PyDLL(path), _READERS)
        except (OSError, AttributeError) as error:
            raise ImportError(
                f"liboutcrop cannot be loaded from {path}: {error}; install a wheel made for this "
                "platform, or name the library in OUTCROP_LIBRARY"
            ) from error
        if self.abi_version() < ABI_VERSION:
            raise ImportError(
                f"{path} has version {self.abi_version()} of the C ABI, and this package needs {ABI_VERSION}"
            )

    def _declare(self, library: ctypes.CDLL, functions: Mapping[str, tuple[Any, ...]]) -> None:
        for name, (result, *arguments) in functions.items():
            function = getattr(library, f"outcrop_{name}")
            function.restype = result
            function.argtypes = arguments
            setattr(self, name, function)


def _path() -> str:
    """The library that OUTCROP_LIBRARY names, or that of the wheel, or the system's."""
    named = os.environ.get("OUTCROP_LIBRARY")
    if named:
        return named
    carried = Path(__file__).with_name("liboutcrop.so")
    return str(carried) if carried.exists() else "liboutcrop.so.1"


lib = Library(_path())
