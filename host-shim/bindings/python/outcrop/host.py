"""Hosts: made, asked for models and answers, closed."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Union

from . import _ending, _log, errors
from . import models as _models
from ._calls import call, handle
from ._library import lib
from .events import Done
from .stream import Stream

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Host", "Limits"]

#: A request as docs/request.md has it: what `outcrop.request` makes, any mapping, or its JSON.
Request = Union[Mapping[str, Any], str, bytes]

_Path = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class Limits:
    """What a plugin is held to. None keeps the library's default."""

    #: Bytes of an instance's memory.
    memory_bytes: int | None = None
    #: Bytes that may cross in one call.
    host_call_bytes: int | None = None
    #: Handles that an instance may have at once.
    handles: int | None = None
    #: Seconds of one call into the plugin.
    call_time: float | None = None
    #: Streams of a plugin at once.
    streams: int | None = None
    #: Streams of the process at once.
    process_streams: int | None = None
    #: Bytes of a plugin's file.
    component_bytes: int | None = None
    #: Bytes of an answer.
    answer_bytes: int | None = None
    #: Per cent of a processor that a plugin may use for long.
    cpu_share: int | None = None
    #: Streams that may wait for a place, and for how many seconds.
    queued_streams: int | None = None
    queue_time: float | None = None
    #: Elements of an instance's tables.
    table_elements: int | None = None
    #: Calls to Bedrock that a stream may have under way.
    bridge_calls: int | None = None
    #: Lines of the log that a call may write, and the bytes of one.
    log_lines: int | None = None
    log_line_bytes: int | None = None


class Host:
    """A loaded plugin with its connections and caches; for any number of threads and event loops.

    All arguments are optional. Without any, Outcrop's own plugin asks Amazon Bedrock with the credentials, region and
    profile that the AWS tools use. Making a host compiles the plugin where no compiled form is cached, which takes a
    good part of a second: an asyncio program says ``await asyncio.to_thread(outcrop.Host)``.

    Close it, or use it in a ``with``. A host is of the process that made it: after a fork its calls raise
    `ForkedError`.
    """

    def __init__(
        self,
        *,
        config: str | None = None,
        config_file: _Path | None = None,
        region: str | None = None,
        profile: str | None = None,
        endpoint: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        session_token: str | None = None,
        guardrail: Mapping[str, Any] | None = None,
        plugin_file: _Path | None = None,
        settings: Mapping[str, Any] | None = None,
        cache_folder: _Path | None = None,
        connect_timeout: float | None = None,
        attempts: int | None = None,
        fallbacks: Sequence[str] | None = None,
        adaptive_rate: bool | None = None,
        worker_threads: int | None = None,
        signal_handlers: bool | None = None,
        limits: Limits = Limits(),
        log: logging.Logger | None = logging.getLogger("outcrop"),
        options: Mapping[str, str | int] | None = None,
    ) -> None:
        """
        :param config: a configuration as JSON5 text (docs/configuration.md), or `config_file`: the path of one.
        :param region: of AWS; `profile`: of the AWS configuration; `endpoint`: a URL in place of Bedrock's.
        :param access_key_id: with `secret_access_key` and perhaps `session_token`, the keys of a tenant.
        :param guardrail: Converse's ``guardrailConfig``, which no request or plugin can leave out.
        :param plugin_file: another plugin, and its `settings`.
        :param cache_folder: where compiled plugins and listings are kept.
        :param connect_timeout: seconds; `attempts`: how often a request is sent at most.
        :param fallbacks: where else to ask before any content has come, in order (docs/reliability.md);
            `adaptive_rate`: whether requests are paced after the service has throttled.
        :param worker_threads: threads for connections and timers.
        :param signal_handlers: False where the library is to install none for what traps in the sandbox, which then
            costs time. Needed where `faulthandler` is enabled after the host is made.
        :param log: where lines of the library's log go, as far as its level allows when the host is made; None for
            nowhere. No line holds a prompt, an answer or a key.
        :param options: options of the C ABI that this package has no argument for, by their names there.
        """
        # In this order: what is set later holds.
        wanted: dict[str, Any] = {
            "config_text": config,
            "config_file": config_file,
            "region": region,
            "profile": profile,
            "endpoint": endpoint,
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "session_token": session_token,
            "guardrail": guardrail,
            "plugin_file": plugin_file,
            "settings": settings,
            "cache_folder": cache_folder,
            "connect_timeout_ms": _milliseconds(connect_timeout),
            "attempts": attempts,
            "fallbacks": None if fallbacks is None else list(fallbacks),
            "adaptive_rate": adaptive_rate,
            "worker_threads": worker_threads,
            "signal_handlers": signal_handlers,
        }
        for limit in fields(limits):
            value = getattr(limits, limit.name)
            if limit.name.endswith("_time"):
                wanted[f"limit_{limit.name}_ms"] = _milliseconds(value)
            else:
                wanted[f"limit_{limit.name}"] = value
        wanted.update(options or {})

        most = 0 if log is None else _log.most(log)
        logger = _log.enter(log) if log is not None and most else 0
        made = lib.options_new()
        try:
            for name, value in wanted.items():
                if value is not None:
                    _set(made, name, value)
            if logger:
                call(lib.options_set_log, made, most, _log.line, logger)
            self._handle = handle(lib.host_new, made)
        except BaseException:
            _log.leave(logger)
            raise
        finally:
            lib.options_free(made)
        # The library lists once and caches it; a second caller is as well served by waiting for the first.
        self._listing = threading.Lock()
        self._free = weakref.finalize(self, _close, self._handle, logger)
        self._free.atexit = False
        _ending.hosts.add(self)
        _ending.locks.add(self._listing)

    def models(self, timeout: float | None = None) -> _models.Models:
        """The models on offer. Asks AWS where no fresh listing is cached; `timeout` (seconds) bounds the wait."""
        with self._listing:
            listed = handle(lib.host_list_models, self._handle, -1 if timeout is None else _milliseconds(timeout))
        try:
            found = _models.Models(
                _models.from_json(json.loads(lib.models_json(listed, index).text()))
                for index in range(lib.models_count(listed))
            )
            found.problems = tuple(
                errors.from_class(json.loads(lib.models_problem_json(listed, index).text()))
                for index in range(lib.models_problem_count(listed))
            )
            return found
        finally:
            lib.models_free(listed)

    async def models_async(self, timeout: float | None = None) -> _models.Models:
        """The same, without blocking the event loop."""
        return await asyncio.to_thread(self.models, timeout)

    def reload_plugins(self) -> None:
        """Reads the configuration file anew and replaces the plugins that have changed; streams that run end on the
        plugin that they began with. Takes as long as making a host: in asyncio, ``await
        asyncio.to_thread(host.reload_plugins)``.

        :raises OutcropError: a new plugin, or the file, is not fit. The present plugin stays.
        """
        call(lib.host_reload_plugins, self._handle)

    def stream(self, request: Request) -> Stream:
        """Starts an answer. Nothing is sent before its first event is asked for.

        :raises InvalidRequestError: what was given is no request. What goes wrong later, the stream raises.
        """
        if isinstance(request, Mapping):
            request = json.dumps(request)
        if isinstance(request, str):
            request = request.encode()
        return Stream(self, handle(lib.host_start_stream, self._handle, request, len(request)))

    def answer(self, request: Request) -> Done:
        """The whole answer, for those who do not want it piece by piece."""
        with self.stream(request) as stream:
            for event in stream:
                if isinstance(event, Done):
                    return event
        raise AssertionError("a stream ends with Done or raises")

    async def answer_async(self, request: Request) -> Done:
        """The same, without blocking the event loop."""
        async with self.stream(request) as stream:
            async for event in stream:
                if isinstance(event, Done):
                    return event
        raise AssertionError("a stream ends with Done or raises")

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return not self._free.alive

    def close(self) -> None:
        """Ends the host's streams (`ShutDownError`) and its threads; also done when it is garbage."""
        self._free()

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _close(host: int, logger: int) -> None:
    lib.host_free(host)
    _log.leave(logger)


def _set(options: int, name: str, value: Any) -> None:
    """Sets an option: whole numbers as numbers, all else as text, which mappings and lists are as JSON."""
    key = name.encode()
    if isinstance(value, int):
        call(lib.options_set_number, options, key, len(key), int(value))
        return
    if isinstance(value, (Mapping, list)):
        value = json.dumps(value)
    text = os.fspath(value).encode()
    call(lib.options_set_text, options, key, len(key), text, len(text))


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(0, round(seconds * 1000))
