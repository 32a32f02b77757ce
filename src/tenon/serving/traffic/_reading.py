"""Traffic tables as strict JSON: what is unknown, repeated or of the wrong kind is refused, with its place."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tenon.base import InvalidArgumentError
from tenon.serving.traffic._rules import (
    Arm,
    Experiment,
    ModelRules,
    RollbackRule,
    ShadowRule,
    TrafficTable,
    WeightedVersion,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
Read = Callable[[Any, str], T]
"""From a value and its place to what it stands for."""


def read_traffic_table(text: str | bytes) -> TrafficTable:
    """Read a table from JSON; its keys are the fields of ``TrafficTable``, ``ModelRules`` and what they hold.

    Args:
        text: the JSON, in UTF-8 if it is bytes.

    Raises:
        InvalidArgumentError: it is no JSON, or a key or value has no meaning; the message begins with the place.

    Example:
        >>> read_traffic_table('{"models": {"m": {"split": [{"version": 3, "weigth": 1}]}}}')
        Traceback (most recent call last):
        ...
        tenon.base._errors.InvalidArgumentError: models.m.split[0]: unknown key 'weigth'. The keys are: version, weight.
    """
    return _table(parse_json(text), "")


def read_model_rules(text: str | bytes) -> ModelRules:
    """Read the rules of one model from JSON; its keys are the fields of ``ModelRules``.

    Args:
        text: the JSON, in UTF-8 if it is bytes.

    Raises:
        InvalidArgumentError: as ``read_traffic_table`` does.

    Example:
        >>> read_model_rules('{"aliases": {"champion": 3}}').version("champion")
        3
    """
    return _model(parse_json(text), "")


def to_json(rules: TrafficTable | ModelRules) -> dict[str, Any]:
    """Return rules as a JSON-able dict that the readers read back.

    Args:
        rules: a table, or the rules of one model.

    Example:
        >>> to_json(ModelRules({"champion": 3}))
        {'aliases': {'champion': 3}}
    """
    return _without_defaults(rules)


def _without_defaults(value: DataclassInstance) -> dict[str, Any]:
    fields = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
    return {field.name: _plain(item) for field, item in fields if item != _default(field)}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _without_defaults(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def parse_json(text: str | bytes) -> Any:
    """Parse JSON of the RFC: no NaN, no repeated keys.

    Raises:
        InvalidArgumentError: it is none.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_refuse_constant)
    except InvalidArgumentError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"traffic table: must be JSON; {error}. Correct it.") from error


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise InvalidArgumentError(f"traffic table: key {key!r:.200} stands twice in one object. Keep one of them.")
        made[key] = value
    return made


def _refuse_constant(name: str) -> Any:
    raise InvalidArgumentError(f"traffic table: numbers must be finite; received {name}. Give a number.")


def _refuse(place: str, rule: str, value: Any) -> InvalidArgumentError:
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    where = place or "traffic table"
    return InvalidArgumentError(f"{where}: must be {rule}; received {kinds.get(type(value), 'a number')}. Correct it.")


def _as_is(value: Any, place: str) -> Any:
    """Leave the check to the class that takes the value."""
    if isinstance(value, dict | list):
        raise _refuse(place, "a number or a string", value)
    return value


def _array(read: Read[T]) -> Read[tuple[T, ...]]:
    def read_array(value: Any, place: str) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise _refuse(place, "an array", value)
        return tuple(read(item, f"{place}[{index}]") for index, item in enumerate(value))

    return read_array


def _members(read: Read[T]) -> Read[dict[str, T]]:
    def read_members(value: Any, place: str) -> dict[str, T]:
        if not isinstance(value, dict):
            raise _refuse(place, "an object", value)
        return {key: read(item, f"{place}.{key}") for key, item in value.items()}

    return read_members


def _fields(kind: Callable[..., T], **special: Read[Any]) -> Read[T]:
    """Read an object whose keys are the fields of a dataclass; fields without default are required."""
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]  # every kind is a dataclass; no type says so
    names = [field.name for field in fields]
    required = [field.name for field in fields if _default(field) is dataclasses.MISSING]

    def read_fields(value: Any, place: str) -> T:
        if not isinstance(value, dict):
            raise _refuse(place, "an object", value)
        where = place or "traffic table"
        for key in value:
            if key not in names:
                raise InvalidArgumentError(f"{where}: unknown key {key!r:.200}. The keys are: {', '.join(names)}.")
        for key in required:
            if key not in value:
                raise InvalidArgumentError(f"{where}: key {key!r} is missing. Add it.")
        dot = f"{place}." if place else ""
        given = {key: special.get(key, _as_is)(item, f"{dot}{key}") for key, item in value.items()}
        try:
            return kind(**given)
        except InvalidArgumentError as error:
            raise InvalidArgumentError(f"{dot}{error.message}") from error

    return read_fields


_model = _fields(
    ModelRules,
    aliases=_members(_as_is),
    split=_array(_fields(WeightedVersion)),
    experiments=_array(_fields(Experiment, arms=_array(_fields(Arm)))),
    shadows=_array(_fields(ShadowRule)),
    rollback=_fields(RollbackRule, error_codes=_array(_as_is)),
)
_table = _fields(TrafficTable, models=_members(_model))
