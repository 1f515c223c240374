"""The library's log, passed on to `logging`."""

from __future__ import annotations

import ctypes
import itertools
import logging

from ._library import LOG_CALLBACK

# The levels of `outcrop_log_level`, with what `logging` has for them; below DEBUG is TRACE.
_LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG, 5: logging.DEBUG - 5}

_loggers: dict[int, logging.Logger] = {}
_numbers = itertools.count(1)


def _line(number: int, level: int, target: int, target_len: int, text: int, text_len: int) -> None:
    """Logs a line, under the logger's child that is named after where the line comes from."""
    logger = _loggers.get(number)
    if logger is None:
        return
    names = ctypes.string_at(target, target_len).decode().split("::")[1:]
    if names:
        logger = logger.getChild(".".join(names))
    logger.log(_LEVELS.get(level, logging.DEBUG), "%s", ctypes.string_at(text, text_len).decode())


# One callback for all hosts, and never freed: a thread of the library that is late finds no logger, and that is all.
line = LOG_CALLBACK(_line)


def most(logger: logging.Logger) -> int:
    """The last level, in the library's numbers, that the logger takes; 0 where it takes none."""
    return max((number for number, level in _LEVELS.items() if logger.isEnabledFor(level)), default=0)


def enter(logger: logging.Logger) -> int:
    """A number for the callback to know the logger by."""
    number = next(_numbers)
    _loggers[number] = logger
    return number


def leave(number: int) -> None:
    """The logger gets no more lines."""
    _loggers.pop(number, None)
