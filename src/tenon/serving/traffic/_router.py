"""The machine that holds the rules in force and what was learned under them."""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Container, Mapping
from typing import Any

from tenon.base import Code, NotFoundError
from tenon.serving.servables import ServableRequest
from tenon.serving.traffic._model_router import ModelRouter
from tenon.serving.traffic._rollback import Rollback
from tenon.serving.traffic._route import Route
from tenon.serving.traffic._rules import ModelRules, TrafficTable
from tenon.serving.traffic._watch import Watch
from tenon.serving.traffic._windows import SlidingWindow

_LOGGER = logging.getLogger(__name__)

_REMEMBERED_ROLLBACKS = 100

_NO_ALIASES: Mapping[str, int] = {}


class Router:
    """Say which version answers a request, learn from how it ends, and roll canaries back.

    Belongs to one event loop; no method blocks or awaits. A request of a model without rules costs one dictionary
    look-up. Requests that were routed before a change end as they were routed.

    Args:
        table: the rules in force.
        on_rollback: called with every rollback that this router decides; must not raise.
        clock: seconds that never go back.
        uniform: the source of chance, numbers in ``[0, 1)``.

    Attributes:
        is_starting: whether versions are on their way that the rules name, so that no other may take their place.

    Example:
        >>> rules = ModelRules({"champion": 3})
        >>> router = Router(TrafficTable({"digits": rules}))
        >>> router.route(ServableRequest("digits", label="champion"), None, lambda name: {3, 4}).request.version
        3
        >>> router.route(ServableRequest.latest("prices"), None, lambda name: {1}) is None
        True
    """

    def __init__(
        self,
        table: TrafficTable | None = None,
        on_rollback: Callable[[Rollback], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self._on_rollback = on_rollback
        self._clock = clock
        self._uniform = uniform
        self._models: dict[str, ModelRouter] = {}
        self._windows: dict[tuple[str, int, float], SlidingWindow] = {}
        self._rolled_back: dict[str, dict[int, Rollback]] = {}
        self._history: deque[Rollback] = deque(maxlen=_REMEMBERED_ROLLBACKS)
        self._table = TrafficTable()
        self.is_starting = False
        self.replace(table or self._table)

    @property
    def table(self) -> TrafficTable:
        """The rules in force, before rollbacks."""
        return self._table

    @property
    def rollbacks(self) -> tuple[Rollback, ...]:
        """The rollbacks in force, by model and version."""
        return tuple(event for _, events in sorted(self._rolled_back.items()) for _, event in sorted(events.items()))

    def replace(self, table: TrafficTable) -> None:
        """Put other rules in force, for the next request on, all at once.

        Counts, windows and rollbacks of versions that the rules still name go on.

        Args:
            table: the rules.
        """
        models = {name: self._kept_or_made(name, rules) for name, rules in table.models.items()}
        self._table, self._models = table, models
        self._forget_windows()

    def has_rules(self, model: str) -> bool:
        """Tell whether there are rules for a model; without them ``route`` has nothing to say.

        Args:
            model: its name.
        """
        return model in self._models

    def route(
        self, request: ServableRequest, key: str | bytes | None, available: Callable[[str], Container[int]]
    ) -> Route | None:
        """Return what the rules say about a request, ``None`` if nothing: it goes where it asks.

        A request with a version is left alone, one whose label is an alias goes to the alias's version. All others go
        where their key belongs in an experiment or the split. If that version is not available, the others of
        the split get the request in proportion to their weights, and if none of them is available, the latest does.

        Args:
            request: what the client asks for.
            key: what ties requests together, such as the value of the table's ``routing_key_header`` or the client's
                id: equal keys get equal versions as long as the rules do not change. Chance decides without one.
            available: gives the versions of a model that can answer.

        Raises:
            UnavailableError: the server is starting, and of the versions of a split none can answer yet.
        """
        model = self._models.get(request.name)
        if model is None or request.version is not None:
            return None
        if request.label is not None:
            return model.alias(request.label)
        if not model.decides:
            return None
        if self.is_starting:
            model.require_named(available(request.name))
        return model.route(key, available(request.name))

    def finished(self, route: Route | None, code: Code, seconds: float) -> None:
        """Learn how a request ended; call it once for every route, with ``None`` too if that is simpler.

        Args:
            route: what ``route`` returned.
            code: how it ended.
            seconds: how long that took.
        """
        if route is None or route.lane is None:
            return
        now = self._clock()
        route.lane.add(now, code, seconds)
        model = self._models.get(route.request.name)
        if model is not None and model.watch is not None:
            self._look(model.name, model.watch, now)

    def aliases(self, model: str) -> Mapping[str, int]:
        """Return the versions of a model by alias, to be merged with its labels.

        Args:
            model: its name.
        """
        rules = self._table.models.get(model)
        return _NO_ALIASES if rules is None else rules.aliases

    def roll_back(self, rollback: Rollback) -> None:
        """Take the weight of a version, as an operator or another process decided; a second time changes nothing.

        It holds, whatever rules come, until ``reset``.

        Args:
            rollback: which version and why.
        """
        versions = self._rolled_back.setdefault(rollback.model, {})
        if rollback.version in versions:
            return
        versions[rollback.version] = rollback
        self._history.append(rollback)
        _LOGGER.warning("model %r: version %d is rolled back: %s", rollback.model, rollback.version, rollback.reason)
        self._remake(rollback.model)

    def reset(self, model: str, version: int) -> Rollback:
        """Give a version that was rolled back its weight again, forget what was counted, and return what is undone.

        Args:
            model: the model's name.
            version: the version.

        Raises:
            NotFoundError: it is not rolled back.
        """
        event = self._rolled_back.get(model, {}).pop(version, None)
        if event is None:
            known = [f"{event.model} {event.version}" for event in self.rollbacks]
            raise NotFoundError(f"model {model!r}: version {version} is not rolled back; these are: {known}.")
        if not self._rolled_back[model]:
            del self._rolled_back[model]
        for key in [key for key in self._windows if key[:2] == (model, version)]:
            del self._windows[key]
        self._remake(model)
        return event

    def status(self) -> dict[str, Any]:
        """Return rules, counts and rollbacks of all models, JSON-able."""
        now = self._clock()
        return {
            "routing_key_header": self._table.routing_key_header,
            "models": {name: model.status(now) for name, model in self._models.items()},
            "rollbacks": [event.to_json() for event in self.rollbacks],
            "history": [event.to_json() for event in self._history],
        }

    def _look(self, name: str, watch: Watch, now: float) -> None:
        breach = watch.look(now)
        if breach is None:
            return
        event = Rollback(name, watch.canary, time.time(), str(breach), breach)
        self.roll_back(event)
        if self._on_rollback is not None:
            self._on_rollback(event)

    def _kept_or_made(self, name: str, rules: ModelRules) -> ModelRouter:
        old = self._models.get(name)
        return old if old is not None and old.rules == rules else self._make(name, rules)

    def _remake(self, name: str) -> None:
        """Make the rules of one model anew, after its rollbacks changed."""
        if name in self._models:
            self._models[name] = self._make(name, self._models[name].rules)

    def _make(self, name: str, rules: ModelRules) -> ModelRouter:
        rolled_back = frozenset(self._rolled_back.get(name, ()))
        tallies = self._models[name].tallies if name in self._models else {}
        return ModelRouter(name, rules, rolled_back, self._watch(name, rules, rolled_back), tallies, self._uniform)

    def _watch(self, name: str, rules: ModelRules, rolled_back: Container[int]) -> Watch | None:
        """Return what watches a canary, unless it has lost already, or became the champion."""
        rule = rules.rollback
        if rule is None:
            return None
        canary = rules.version(rule.canary)
        champion = None if rule.champion is None else rules.version(rule.champion)
        if canary in rolled_back or canary == champion:
            return None
        versions = (canary,) if champion is None else (canary, champion)
        windows = {version: self._window(name, version, rule.window_seconds) for version in versions}
        return Watch(rule, canary, champion, windows)

    def _window(self, name: str, version: int, seconds: float) -> SlidingWindow:
        return self._windows.setdefault((name, version, seconds), SlidingWindow(seconds))

    def _forget_windows(self) -> None:
        watches = [model.watch for model in self._models.values() if model.watch is not None]
        used = {id(lane.window) for watch in watches for lane in watch.lanes.values()}
        self._windows = {key: window for key, window in self._windows.items() if id(window) in used}
