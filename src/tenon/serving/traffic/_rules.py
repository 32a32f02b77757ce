"""The rules of traffic as immutable values that know what makes sense.

They are checked against nothing but themselves: a version that they name need not be loaded yet. Every message begins
with the field that is wrong, so that a reader can put the place in front of it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeGuard

from tenon.base import Code, InvalidArgumentError

MAX_WEIGHT = 1e9
"""No weight is larger, and none but 0 smaller than its inverse: their quotients stay numbers."""

SERVER_ERRORS = ("DATA_LOSS", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "UNIMPLEMENTED", "UNKNOWN")
"""The codes that speak against the version that gave them; the others are the client's doing."""

_ALIAS = re.compile(r"(?!\d+\Z)[^/:\x00-\x20\x7f]{1,128}\Z")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_HEADER = re.compile(r"[a-z0-9_.-]{1,64}\Z")

Target = int | str
"""A version by its number, or the alias that stands for it."""


def _check(is_right: bool, rule: str, received: object, advice: str) -> None:
    if not is_right:
        raise InvalidArgumentError(f"{rule}; received {received!r:.200}. {advice}")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_range(name: str, value: object, low: float, high: float) -> None:
    right = _is_number(value) and low <= value <= high
    _check(right, f"{name}: must be a number from {low:g} to {high:g}", value, "Give such a number.")


def _check_optional_range(name: str, value: object, low: float, high: float) -> None:
    if value is not None:
        _check_range(name, value, low, high)


def _check_whole(name: str, value: object) -> None:
    right = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    _check(right, f"{name}: must be a whole number of 0 or more", value, "Give such a number.")


def _check_target(name: str, value: object) -> None:
    if isinstance(value, str):
        advice = "Give a version as a number, or an alias without spaces, '/' and ':'."
        _check(bool(_ALIAS.match(value)), f"{name}: must be a version or the name of an alias", value, advice)
    else:
        _check_whole(name, value)


def _check_name(name: str, value: object) -> None:
    advice = "It travels in a header: use up to 64 letters, digits, '_', '.' and '-'."
    _check(isinstance(value, str) and bool(_NAME.match(value)), f"{name}: must be a plain name", value, advice)


def _check_weight(value: object) -> None:
    right = _is_number(value) and (value == 0 or 1 / MAX_WEIGHT <= value <= MAX_WEIGHT)
    rule = f"weight: must be 0 or a number from {1 / MAX_WEIGHT:g} to {MAX_WEIGHT:g}"
    _check(right, rule, value, "Weights are relative: 95 and 5 are 0.95 and 0.05.")


def _check_weights(name: str, weights: Iterable[float]) -> None:
    found = list(weights)
    _check(any(found), f"{name}: one weight at least must be more than 0", found, "Raise one, or leave the rule out.")


def _check_unique(name: str, values: Iterable[object]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    _check(not repeated, f"{name}: each may stand there once", repeated, "Join the repeated ones.")


@dataclass(frozen=True, slots=True)
class WeightedVersion:
    """A part of a split.

    Args:
        version: a version, or an alias of the model.
        weight: its part of all weights; 0 for none now.
    """

    version: Target
    weight: float

    def __post_init__(self) -> None:
        _check_target("version", self.version)
        _check_weight(self.weight)


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the ways of an experiment.

    Args:
        name: what clients see.
        version: a version, or an alias of the model.
        weight: its part of all weights of the experiment.
    """

    name: str
    version: Target
    weight: float = 1.0

    def __post_init__(self) -> None:
        _check_name("name", self.name)
        _check_target("version", self.version)
        _check_weight(self.weight)


@dataclass(frozen=True, slots=True)
class Experiment:
    """An A/B test: some of the routing keys, divided among arms at random and for good.

    Args:
        name: what clients see.
        arms: two or more.
        share: which part takes part of the keys that no experiment before it took.
        salt: what is drawn from; the model's name and the experiment's unless given. Another salt draws anew;
            experiments of several models with equal salts, shares and arms divide the keys equally.
    """

    name: str
    arms: tuple[Arm, ...]
    share: float = 1.0
    salt: str = ""

    def __post_init__(self) -> None:
        _check_name("name", self.name)
        _check(len(self.arms) > 1, "arms: must be two at least", [arm.name for arm in self.arms], "Add the other.")
        _check_unique("arms: names", (arm.name for arm in self.arms))
        _check_weights("arms", (arm.weight for arm in self.arms))
        _check_range("share", self.share, 1 / MAX_WEIGHT, 1)
        _check(isinstance(self.salt, str), "salt: must be a text", self.salt, "Write it in quotes.")


@dataclass(frozen=True, slots=True)
class ShadowRule:
    """A version that runs a sample of the requests once more, for comparison only.

    Args:
        version: a version, or an alias of the model.
        sample_rate: which part of the requests it runs.
        relative_tolerance: how far floats may be apart and still agree, times the answer's magnitude; other types
            must be equal.
        absolute_tolerance: added to it.
    """

    version: Target
    sample_rate: float = 1.0
    relative_tolerance: float = 1e-3
    absolute_tolerance: float = 1e-5

    def __post_init__(self) -> None:
        _check_target("version", self.version)
        _check_range("sample_rate", self.sample_rate, 0, 1)
        _check_range("relative_tolerance", self.relative_tolerance, 0, MAX_WEIGHT)
        _check_range("absolute_tolerance", self.absolute_tolerance, 0, MAX_WEIGHT)


@dataclass(frozen=True, slots=True)
class RollbackRule:
    """When a canary loses its weight.

    Only requests that the rules themselves sent are looked at: a client that names a version is no fair sample.

    Args:
        canary: the version or alias that is watched.
        champion: the version or alias that it is measured against and that takes over if nothing else has weight.
        window_seconds: how far back it looks.
        minimum_requests: fewer requests in the window say nothing.
        max_error_rate: bound of the part of requests that end with one of ``error_codes``.
        max_error_rate_increase: how much larger than the champion's it may be.
        latency_quantile: which quantile of the latency is bounded; only answers with code OK have one.
        max_latency_seconds: bound of that quantile.
        max_latency_ratio: how many times the champion's it may be.
        confidence: how sure it must be that a bound is broken. Every second is a look, and looks overlap, so it is
            higher than for a test that is made once.
        error_codes: names of canonical codes that count as errors.
    """

    canary: Target = "canary"
    champion: Target | None = None
    window_seconds: float = 60.0
    minimum_requests: int = 50
    max_error_rate: float | None = None
    max_error_rate_increase: float | None = None
    latency_quantile: float = 0.99
    max_latency_seconds: float | None = None
    max_latency_ratio: float | None = None
    confidence: float = 0.9999
    error_codes: tuple[str, ...] = SERVER_ERRORS

    def __post_init__(self) -> None:
        _check_target("canary", self.canary)
        if self.champion is not None:
            _check_target("champion", self.champion)
        _check_range("window_seconds", self.window_seconds, 1, 86400)
        _check_whole("minimum_requests", self.minimum_requests)
        _check(self.minimum_requests > 0, "minimum_requests: must be 1 at least", self.minimum_requests, "Raise it.")
        _check_optional_range("max_error_rate", self.max_error_rate, 0, 1)
        _check_optional_range("max_error_rate_increase", self.max_error_rate_increase, 0, 1)
        _check_range("latency_quantile", self.latency_quantile, 0.01, 0.9999)
        _check_optional_range("max_latency_seconds", self.max_latency_seconds, 1e-6, 86400)
        _check_optional_range("max_latency_ratio", self.max_latency_ratio, 1, 1e6)
        _check_range("confidence", self.confidence, 0.5, 1 - 1e-12)
        unknown = [name for name in self.error_codes if name not in Code.__members__]
        _check(not unknown, "error_codes: must be canonical codes", unknown, f"Choose of {[*Code.__members__]}.")
        self._check_bounds()

    def _check_bounds(self) -> None:
        relative = (self.max_error_rate_increase, self.max_latency_ratio)
        bounds = [bound for bound in (self.max_error_rate, self.max_latency_seconds, *relative) if bound is not None]
        _check(bool(bounds), "max_error_rate: one bound at least is needed", bounds, "Set it or another 'max_'.")
        needs_champion = any(bound is not None for bound in relative)
        advice = "Name the version or alias that the canary is measured against."
        _check(self.champion is not None or not needs_champion, "champion: is needed", self.champion, advice)


@dataclass(frozen=True, slots=True)
class ModelRules:
    """The traffic of one model. What it names by alias must be among its aliases.

    Args:
        aliases: versions by name, such as ``champion`` and ``canary``.
        split: how requests are divided that name neither version nor label.
        experiments: those that some of these requests take part in before they are split.
        shadows: versions that run some of these requests once more.
        rollback: when a canary loses its weight.
    """

    aliases: Mapping[str, int] = field(default_factory=dict)
    split: tuple[WeightedVersion, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    shadows: tuple[ShadowRule, ...] = ()
    rollback: RollbackRule | None = None

    def __post_init__(self) -> None:
        for name, version in self.aliases.items():
            _check(isinstance(name, str), "aliases: names must be texts", name, "Write them in quotes.")
            _check_target("aliases", name)
            _check_whole(f"aliases.{name}", version)
        object.__setattr__(self, "aliases", MappingProxyType(dict(self.aliases)))
        _check_unique("split", (part.version for part in self.split))
        if self.split:
            _check_weights("split", (part.weight for part in self.split))
        _check_unique("experiments: names", (experiment.name for experiment in self.experiments))
        greedy = [experiment.name for experiment in self.experiments[:-1] if experiment.share == 1]
        rule = "experiments: only the last may have a share of 1, for it leaves nothing to others"
        _check(not greedy, rule, greedy, "Lower its share.")
        _check_unique("shadows", (shadow.version for shadow in self.shadows))
        self._check_aliases()

    def _check_aliases(self) -> None:
        for place, target in self._targets():
            known = not isinstance(target, str) or target in self.aliases
            _check(known, f"{place}: must be among the aliases {sorted(self.aliases)}", target, "Add it there.")
        if self.rollback is not None:
            versions = {self.version(part.version) for part in self.parts()}
            right = self.version(self.rollback.canary) in versions
            _check(right, "rollback.canary: must be in the split or an arm", self.rollback.canary, "Add it there.")

    def _targets(self) -> Iterator[tuple[str, Target]]:
        yield from ((f"split[{i}].version", part.version) for i, part in enumerate(self.split))
        for i, experiment in enumerate(self.experiments):
            yield from ((f"experiments[{i}].arms[{j}].version", arm.version) for j, arm in enumerate(experiment.arms))
        yield from ((f"shadows[{i}].version", shadow.version) for i, shadow in enumerate(self.shadows))
        if self.rollback is not None:
            yield "rollback.canary", self.rollback.canary
            if self.rollback.champion is not None:
                yield "rollback.champion", self.rollback.champion

    def parts(self) -> tuple[WeightedVersion | Arm, ...]:
        """Return everything that has a weight: the split's parts and the experiments' arms."""
        return (*self.split, *(arm for experiment in self.experiments for arm in experiment.arms))

    @property
    def versions(self) -> frozenset[int]:
        """What may answer by these rules.

        Example:
            >>> sorted(ModelRules({"champion": 3, "next": 5}, split=(WeightedVersion(4, 1),)).versions)
            [3, 4, 5]
        """
        arms = (arm.version for experiment in self.experiments for arm in experiment.arms)
        parts = (part.version for part in self.split)
        return frozenset(self.aliases.values()) | {self.version(each) for each in (*parts, *arms)}

    def version(self, target: Target) -> int:
        """Return the version that ``target`` stands for.

        Example:
            >>> ModelRules(aliases={"champion": 3}).version("champion")
            3
        """
        return self.aliases[target] if isinstance(target, str) else target


@dataclass(frozen=True, slots=True)
class TrafficTable:
    """The traffic of all models at one moment; ``Router.replace`` makes it true at once.

    Args:
        models: rules by the name of the model; one that is missing has none, and its latest version answers.
        routing_key_header: the header, in lower case, whose value is the routing key.

    Example:
        >>> split = (WeightedVersion("champion", 95), WeightedVersion("canary", 5))
        >>> rules = ModelRules({"champion": 3, "canary": 4}, split)
        >>> TrafficTable({"digits": rules}).replaced("digits", None)
        TrafficTable(models=mappingproxy({}), routing_key_header='x-tenon-routing-key')
    """

    models: Mapping[str, ModelRules] = field(default_factory=dict)
    routing_key_header: str = "x-tenon-routing-key"

    def __post_init__(self) -> None:
        for name in self.models:
            _check(isinstance(name, str) and bool(name), "models: a model must have a name", name, "Name it.")
        object.__setattr__(self, "models", MappingProxyType(dict(self.models)))
        right = isinstance(self.routing_key_header, str) and bool(_HEADER.match(self.routing_key_header))
        advice = "Use letters a to z, digits, '_', '.' and '-'."
        _check(right, "routing_key_header: must be a header's name in lower case", self.routing_key_header, advice)

    def replaced(self, model: str, rules: ModelRules | None) -> TrafficTable:
        """Return a table in which ``model`` has these rules, or none if they are ``None``."""
        others = {name: kept for name, kept in self.models.items() if name != model}
        return TrafficTable(others if rules is None else {**others, model: rules}, self.routing_key_header)
