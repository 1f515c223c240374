"""The models on offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import OutcropError

__all__ = ["Model", "Models", "Pricing"]


@dataclass(frozen=True)
class Pricing:
    """US dollars per million tokens."""

    input: float
    output: float
    cache_read: float | None
    cache_write: float | None


@dataclass(frozen=True)
class Model:
    """A model that can be asked (docs/models.md)."""

    #: What to write into the ``model`` of a request.
    id: str
    #: What a person calls it.
    name: str
    #: Who made it.
    vendor: str
    #: What it takes: ``text``, ``image``, ``document``, ``video``, ``audio``.
    input: tuple[str, ...]
    #: What it gives, in the same words.
    output: tuple[str, ...]
    #: What it can be asked to do: ``tools``, ``reasoning``, ``prompt-caching``, ...
    abilities: frozenset[str]
    #: Tokens of input and output together.
    context_window: int
    #: Tokens.
    max_output_tokens: int
    #: Whether the two limits are known for this model, or only the configured defaults.
    limits_known: bool
    #: None where no price is known.
    pricing: Pricing | None
    #: Where the offer comes from: ``foundation-model``, ``system-profile``, ``configured``, ...
    origin: str
    #: Anything more that is known.
    details: Mapping[str, Any] = field(default_factory=dict)


class Models(list[Model]):
    """The models on offer; the beginning of the list is as good as its end."""

    #: What kept models from the list: a missing permission, for one.
    problems: tuple[OutcropError, ...] = ()


def from_json(json: Mapping[str, Any]) -> Model:
    """A model of a listing."""
    pricing = json.get("pricing")
    return Model(
        id=json["id"],
        name=json["name"],
        vendor=json["vendor"],
        input=tuple(json["input"]),
        output=tuple(json["output"]),
        abilities=frozenset(json["abilities"]),
        context_window=json["contextWindow"],
        max_output_tokens=json["maxOutputTokens"],
        limits_known=json["limitsKnown"],
        pricing=pricing
        and Pricing(pricing["input"], pricing["output"], pricing.get("cacheRead"), pricing.get("cacheWrite")),
        origin=json["origin"],
        details=json.get("details") or {},
    )
