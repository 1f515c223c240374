"""What can go wrong: one class for each status of the C ABI.

``except outcrop.RateLimitedError`` is what a program decides by. All else that is known stands in the attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = [
    "BusyError",
    "ClosedError",
    "ContentFilteredError",
    "ContextTooLongError",
    "ForkedError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidRequestError",
    "ModelNotFoundError",
    "ModelNotReadyError",
    "NetworkError",
    "OtherError",
    "OutcropError",
    "OverloadedError",
    "PanicError",
    "PermissionDeniedError",
    "QuotaExceededError",
    "RateLimitedError",
    "ReenteredError",
    "ShutDownError",
    "StreamCancelledError",
    "TimedOutError",
    "TruncatedError",
    "UnauthenticatedError",
    "UnsupportedError",
]


class OutcropError(Exception):
    """A failure; itself where the library has a status that this package does not know."""

    #: The status in the C ABI.
    status: ClassVar[int] = 0
    #: The class of an answer's failure in the JSON (docs/request.md), such as ``rate-limited``; empty for a fault of
    #: the call.
    error_class: str = ""

    #: What happened, for a person.
    message: str
    #: What a person can do about it.
    remedy: str | None
    #: The provider's own code, such as ``ThrottlingException``.
    provider_code: str | None
    #: The status of the HTTP answer.
    http_status: int | None
    #: The provider's name for the failed request.
    request_id: str | None
    #: How long the provider asks to wait, in seconds.
    retry_after: float | None
    #: Whether any part of the answer had been handed over.
    delivered: bool
    #: Whether the same request can simply be sent again.
    retryable: bool
    #: Anything more, by key.
    details: Mapping[str, Any]

    def __init__(self, message: str = "", **known: Any) -> None:
        self.message = message or (type(self).__doc__ or "").split("\n")[0]
        self.remedy = known.get("remedy")
        self.provider_code = known.get("provider_code")
        self.http_status = known.get("http_status")
        self.request_id = known.get("request_id")
        self.retry_after = known.get("retry_after")
        self.delivered = known.get("delivered", False)
        self.retryable = known.get("retryable", False)
        self.details = known.get("details") or {}
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message

    def __reduce__(self) -> Any:
        # Exceptions cross between processes (multiprocessing): all attributes go along.
        return (type(self), (self.message,), self.__dict__)


class InvalidArgumentError(OutcropError):
    """An argument is wrong: text that is not UTF-8, an unknown option."""

    status = 10


class ClosedError(OutcropError):
    """The host or the stream was closed already."""

    status = 11


class PanicError(OutcropError):
    """The library has a fault, caught at its boundary; close the host."""

    status = 12


class ForkedError(OutcropError):
    """The process has forked since the host was made; make a host in the child."""

    status = 13


class ShutDownError(OutcropError):
    """The host was closed."""

    status = 14


class ReenteredError(OutcropError):
    """Called from inside a log callback of the library."""

    status = 15


class BusyError(OutcropError):
    """Another thread is taking events from the stream."""

    status = 16


class InvalidRequestError(OutcropError):
    """The request is wrong and will stay wrong."""

    status = 101
    error_class = "invalid-request"


class UnauthenticatedError(OutcropError):
    """No credentials, or the service does not believe them."""

    status = 102
    error_class = "unauthenticated"


class PermissionDeniedError(OutcropError):
    """The credentials do not allow it."""

    status = 103
    error_class = "permission-denied"


class ModelNotFoundError(OutcropError):
    """There is no such model, or not here."""

    status = 104
    error_class = "model-not-found"


class ModelNotReadyError(OutcropError):
    """The model is being made ready."""

    status = 105
    error_class = "model-not-ready"


class ContextTooLongError(OutcropError):
    """The conversation is longer than the model's window."""

    status = 106
    error_class = "context-too-long"


class RateLimitedError(OutcropError):
    """Too many requests or tokens a minute."""

    status = 107
    error_class = "rate-limited"


class QuotaExceededError(OutcropError):
    """A quota that does not refill in minutes."""

    status = 108
    error_class = "quota-exceeded"


class ContentFilteredError(OutcropError):
    """Refused for its content."""

    status = 109
    error_class = "content-filtered"


class OverloadedError(OutcropError):
    """The service, or this host, has no room now."""

    status = 110
    error_class = "overloaded"


class TimedOutError(OutcropError):
    """Nothing came in time."""

    status = 111
    error_class = "timeout"


class StreamCancelledError(OutcropError):
    """The caller ended it."""

    status = 112
    error_class = "cancelled"


class NetworkError(OutcropError):
    """The service could not be reached, or the connection broke."""

    status = 113
    error_class = "network"


class TruncatedError(OutcropError):
    """The answer ended before it was complete."""

    status = 114
    error_class = "truncated"


class UnsupportedError(OutcropError):
    """This provider or model cannot do it."""

    status = 115
    error_class = "unsupported"


class InternalError(OutcropError):
    """A fault of the service, the plugin or the host."""

    status = 116
    error_class = "internal"


class OtherError(OutcropError):
    """None of these."""

    status = 117
    error_class = "other"


BY_STATUS: Mapping[int, type[OutcropError]] = {kind.status: kind for kind in OutcropError.__subclasses__()}


def from_json(status: int, error: Mapping[str, Any]) -> OutcropError:
    """The exception for the ``error`` of an event, or a problem of a listing."""
    kind = BY_STATUS.get(status, OutcropError)
    retry_after_ms = error.get("retryAfterMs")
    made = kind(
        error["message"],
        remedy=error.get("remedy"),
        provider_code=error.get("providerCode"),
        http_status=error.get("httpStatus"),
        request_id=error.get("requestId"),
        retry_after=None if retry_after_ms is None else retry_after_ms / 1000,
        delivered=error["delivered"],
        retryable=error["retryable"],
        details=error.get("details"),
    )
    # Said by the library also where this package has no class for it.
    made.error_class = error["class"]
    return made


def from_class(error: Mapping[str, Any]) -> OutcropError:
    """The same where only the JSON is there."""
    statuses = (kind.status for kind in BY_STATUS.values() if kind.error_class == error["class"])
    return from_json(next(statuses, 0), error)
