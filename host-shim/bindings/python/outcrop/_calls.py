"""Calls into the library that fail with an error."""

from __future__ import annotations

import ctypes
from typing import Any, Callable

from . import errors
from ._library import OK, lib


def call(function: Callable[..., int], *arguments: Any) -> None:
    """Calls a function whose last argument is the place for an error, and raises what it stores there."""
    error = ctypes.c_void_p()
    status = function(*arguments, ctypes.byref(error))
    if status != OK:
        raise _taken(status, error.value)


def handle(function: Callable[..., int], *arguments: Any) -> int:
    """The same for a function that makes a handle."""
    made = ctypes.c_void_p()
    call(function, *arguments, ctypes.byref(made))
    assert made.value is not None
    return made.value


def fault(status: int) -> errors.OutcropError:
    """The exception for a status that came without an error."""
    return errors.BY_STATUS.get(status, errors.OutcropError)()


def _taken(status: int, error: int | None) -> errors.OutcropError:
    if error is None:
        return fault(status)
    try:
        retry_after_ms = lib.error_retry_after_ms(error)
        return errors.BY_STATUS.get(status, errors.OutcropError)(
            lib.error_message(error).text() or "",
            remedy=lib.error_remedy(error).text(),
            provider_code=lib.error_provider_code(error).text(),
            http_status=lib.error_http_status(error) or None,
            request_id=lib.error_request_id(error).text(),
            retry_after=None if retry_after_ms < 0 else retry_after_ms / 1000,
            delivered=lib.error_delivered(error),
            retryable=lib.error_retryable(error),
        )
    finally:
        lib.error_free(error)
