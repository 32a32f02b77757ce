"""The rules of one model, made ready for requests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from tenon.base import UnavailableError
from tenon.serving.servables import ServableRequest
from tenon.serving.traffic._assignment import Candidate, Gate, Key, choose, key_bytes, shares
from tenon.serving.traffic._route import Route, Shadow
from tenon.serving.traffic._rules import Arm, Experiment, ModelRules, ShadowRule, Target, WeightedVersion
from tenon.serving.traffic._watch import Lane, Watch


class Tally:
    """Count what became of the requests that a rule chose something for.

    Attributes:
        routed: those that went there.
        diverted: those that could not, because the version was not available (or, in an experiment, rolled back).
    """

    __slots__ = ("diverted", "routed")

    def __init__(self) -> None:
        self.routed = self.diverted = 0

    def to_json(self) -> dict[str, int]:
        """Return the counts."""
        return {"routed": self.routed, "diverted": self.diverted}


Tallies = dict[tuple[str, ...], Tally]
"""By rule, such as ``("split", "canary")``; they outlive the table."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Way:
    version: int
    route: Route
    tally: Tally


@dataclasses.dataclass(frozen=True, slots=True)
class _Mirror:
    version: int
    rate: float
    shadow: Shadow
    tally: Tally


_Ways = tuple[Candidate[_Way], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Stage:
    gate: Gate
    arms: _Ways


class ModelRouter:
    """Decide for the requests of one model that name neither version nor label, and count.

    Whatever can be made ahead is: a decision is some draws and a look whether the version is available.

    Args:
        name: the model's name.
        rules: its rules.
        rolled_back: its versions that get nothing from split and experiments.
        watch: counts what its canary and champion do; ``None`` if nobody wants to know.
        tallies: counts that go on.
        uniform: the source of chance.

    Attributes:
        decides: whether there is anything to decide; aliases alone are not.
    """

    def __init__(
        self,
        name: str,
        rules: ModelRules,
        rolled_back: Container[int],
        watch: Watch | None,
        tallies: Tallies,
        uniform: Callable[[], float],
    ) -> None:
        self.name, self.rules, self.watch = name, rules, watch
        self.tallies: Tallies = {}
        self._known_tallies = tallies
        self._rolled_back = rolled_back
        self._uniform = uniform
        self._lanes: Mapping[int, Lane] = watch.lanes if watch else {}
        self._aliases = {alias: Route(ServableRequest.specific(name, v)) for alias, v in rules.aliases.items()}
        self._latest = Route(ServableRequest.latest(name))
        self._latest_tally = self._tally("latest")
        self._stages = tuple(self._stage(experiment) for experiment in rules.experiments)
        parts = [(part, self._candidate(part, "split", name)) for part in rules.split]
        self._split = tuple(it for part, it in parts if part.weight and not self._is_rolled_back(part.version))
        self._reserve = self._champion()
        self._mirrors = tuple(self._mirror(rule) for rule in rules.shadows if rule.sample_rate)
        self.decides = bool(rules.split or self._stages or self._reserve or self._mirrors)

    def alias(self, label: str) -> Route | None:
        """Return where an alias leads, ``None`` if there is none of that name."""
        return self._aliases.get(label)

    def require_named(self, available: Container[int]) -> None:
        """Refuse a request that none of the split's versions can answer.

        Args:
            available: the versions that can answer.

        Raises:
            UnavailableError: none of them is one of the split.
        """
        named = sorted({way.value.version for way in self._split})
        if named and not any(version in available for version in named):
            raise UnavailableError(
                f"model {self.name!r}: the server is starting, and of the versions that its split names, {named}, none "
                "is loaded yet. Try again, or name a version."
            )

    def route(self, key: str | bytes | None, available: Container[int]) -> Route:
        """Return what the rules decide.

        Args:
            key: what ties requests together; ``None`` or empty for nothing.
            available: the versions that can answer.
        """
        route = self._choose(key_bytes(key), available)
        return self._mirrored(route, available) if self._mirrors else route

    def _choose(self, key: Key, available: Container[int]) -> Route:
        for stage in self._stages:
            if stage.gate.admits(key, self._uniform):
                way = choose(stage.arms, key, self._uniform).value
                if way.version in available and not self._is_rolled_back(way.version):
                    way.tally.routed += 1
                    return way.route
                way.tally.diverted += 1  # it goes where it would without the experiment: other arms stay fair samples
                break
        return self._divide(key, available)

    def _divide(self, key: Key, available: Container[int]) -> Route:
        if self._split:
            way = choose(self._split, key, self._uniform).value
            if way.version in available:
                way.tally.routed += 1
                return way.route
            way.tally.diverted += 1
        return self._divide_the_rest(key, available)

    def _divide_the_rest(self, key: Key, available: Container[int]) -> Route:
        """Choose among what is left: the others by their weights, then a champion, then the latest."""
        for candidates in (self._split, self._reserve):
            rest = [candidate for candidate in candidates if candidate.value.version in available]
            if rest:
                way = choose(rest, key, self._uniform).value
                way.tally.routed += 1
                return way.route
        self._latest_tally.routed += 1
        return self._latest

    def _mirrored(self, route: Route, available: Container[int]) -> Route:
        sampled = []
        for mirror in self._mirrors:
            if mirror.rate > self._uniform() and mirror.version != route.request.version:
                if mirror.version in available:
                    mirror.tally.routed += 1
                    sampled.append(mirror.shadow)
                else:
                    mirror.tally.diverted += 1
        if not sampled:
            return route
        return Route(route.request, route.experiment, route.arm, tuple(sampled), route.lane)

    def _is_rolled_back(self, target: Target) -> bool:
        return self.rules.version(target) in self._rolled_back

    def _tally(self, *key: str) -> Tally:
        return self.tallies.setdefault(key, self._known_tallies.get(key) or Tally())

    def _candidate(self, part: WeightedVersion | Arm, *identity: str, experiment: str | None = None) -> Candidate[_Way]:
        """Make a candidate whose draws depend on its name, so that its keys stay when its alias moves on."""
        version = self.rules.version(part.version)
        label: Target = part.name if isinstance(part, Arm) else part.version
        arm = part.name if isinstance(part, Arm) else None
        route = Route(ServableRequest.specific(self.name, version), experiment, arm, lane=self._lanes.get(version))
        tally = self._tally("split", str(label)) if experiment is None else self._tally("arm", experiment, str(label))
        return Candidate(_Way(version, route, tally), part.weight, *identity, label)

    def _stage(self, experiment: Experiment) -> _Stage:
        salt = experiment.salt or f"{self.name}/{experiment.name}"
        arms = [(arm, self._candidate(arm, "arm", salt, experiment=experiment.name)) for arm in experiment.arms]
        return _Stage(Gate(experiment.share, "experiment", salt), tuple(it for arm, it in arms if arm.weight))

    def _champion(self) -> _Ways:
        """Return the champion, if its canary is rolled back: it answers where nothing else has weight."""
        rule = self.rules.rollback
        if rule is None or rule.champion is None or not self._is_rolled_back(rule.canary):
            return ()
        return (
            ()
            if self._is_rolled_back(rule.champion)
            else (self._candidate(WeightedVersion(rule.champion, 1), "champion", self.name),)
        )

    def _mirror(self, rule: ShadowRule) -> _Mirror:
        version = self.rules.version(rule.version)
        request = ServableRequest.specific(self.name, version)
        shadow = Shadow(request, rule.relative_tolerance, rule.absolute_tolerance)
        return _Mirror(version, rule.sample_rate, shadow, self._tally("shadow", str(rule.version)))

    def status(self, now: float) -> dict[str, Any]:
        """Return rules and counts, JSON-able."""
        return {
            "aliases": dict(self.rules.aliases),
            "split": self._parts_status(self.rules.split, "split"),
            "experiments": [
                {
                    "name": experiment.name,
                    "share": experiment.share,
                    "arms": self._parts_status(experiment.arms, "arm", experiment.name),
                }
                for experiment in self.rules.experiments
            ],
            "shadows": [
                {
                    "version": self.rules.version(rule.version),
                    "sample_rate": rule.sample_rate,
                    **self._counts("shadow", str(rule.version)),
                }
                for rule in self.rules.shadows
            ],
            "latest": self._latest_tally.routed,
            "watch": self.watch.status(now) if self.watch else None,
        }

    def _parts_status(self, parts: Sequence[WeightedVersion | Arm], *place: str) -> list[dict[str, Any]]:
        weights = [0.0 if self._is_rolled_back(part.version) else part.weight for part in parts]
        return [self._part_status(part, share, *place) for part, share in zip(parts, shares(weights), strict=True)]

    def _part_status(self, part: WeightedVersion | Arm, share: float, *place: str) -> dict[str, Any]:
        name = part.name if isinstance(part, Arm) else part.version
        return {
            "name": str(name),
            "version": self.rules.version(part.version),
            "weight": part.weight,
            "share": share,
            "rolled_back": self._is_rolled_back(part.version),
            **self._counts(*place, str(name)),
        }

    def _counts(self, *key: str) -> dict[str, int]:
        return self.tallies.get(key, Tally()).to_json()
