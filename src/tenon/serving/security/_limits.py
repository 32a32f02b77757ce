"""How much a client may ask, and how much a model is asked: token buckets, concurrency, request sizes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tenon.base import InvalidArgumentError, ResourceExhaustedError
from tenon.serving.security._identity import Identity

MAX_METERS = 20_000
"""How many clients, models and pairs of them are remembered; of the idle ones, which have nothing to remember, none."""

_MAX_NAME = 256
_BUSY_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Limit:
    """How much may be asked; ``None`` for no limit.

    Args:
        requests_per_second: how many requests on average.
        burst: how many of them may come at once; ``None`` for one second's worth, at least 1.
        concurrency: how many may be in work at the same time.
        max_request_bytes: the size of a request.

    Raises:
        InvalidArgumentError: a number is out of its range, or there is a burst without a rate.

    Example:
        >>> Limit(requests_per_second=10.0).burst_or_default, Limit(requests_per_second=0.5).burst_or_default
        (10.0, 1.0)
    """

    requests_per_second: float | None = None
    burst: float | None = None
    concurrency: int | None = None
    max_request_bytes: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("requests_per_second", 1e-6), ("burst", 1), ("concurrency", 1), ("max_request_bytes", 0)):
            value = getattr(self, name)
            if value is not None and not least <= value < math.inf:
                raise InvalidArgumentError(f"{name}: must be a number of at least {least}; received {value}.")
        if self.burst is not None and self.requests_per_second is None:
            raise InvalidArgumentError(f"burst: needs requests_per_second beside it; received {self.burst} alone.")

    @property
    def burst_or_default(self) -> float:
        """The size of the bucket."""
        return self.burst or max(1.0, self.requests_per_second or 1.0)

    def share(self, count: int) -> Limit:
        """Return what each of ``count`` processes allows, so that together they allow about this.

        Rates and bursts are divided; a concurrency, too, and rounded up, so that nobody is shut out of a process. The
        connections of one client may all lie in one process, which then allows it no more than its share.

        Args:
            count: how many processes.

        Example:
            >>> Limit(requests_per_second=10.0, concurrency=3).share(2)
            Limit(requests_per_second=5.0, burst=None, concurrency=2, max_request_bytes=None)
        """
        rate, burst, concurrency = self.requests_per_second, self.burst, self.concurrency
        return replace(
            self,
            requests_per_second=None if rate is None else max(1e-6, rate / count),
            burst=None if burst is None else max(1.0, burst / count),
            concurrency=None if concurrency is None else -(-concurrency // count),
        )


NO_LIMIT = Limit()


@dataclass(frozen=True)
class LimitOverride:
    """Another limit for one client, one model, or one client with one model.

    Args:
        limit: the limit that stands in the place of the default.
        client: the client's name, if it is about one.
        model: the model's name, if it is about one.

    Raises:
        InvalidArgumentError: neither a client nor a model is named.
    """

    limit: Limit
    client: str | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        if not self.client and not self.model:
            raise InvalidArgumentError("client, model: an override must name one of them, or both; received neither.")


@dataclass(frozen=True)
class Limits:
    """All limits of a server; a request must be within each that concerns it.

    Args:
        client: for each client, whatever it asks.
        model: for each model, whoever asks.
        client_model: for each client with each model.
        overrides: what is otherwise for whom.

    Raises:
        InvalidArgumentError: two overrides are about the same.
    """

    client: Limit = NO_LIMIT
    model: Limit = NO_LIMIT
    client_model: Limit = NO_LIMIT
    overrides: tuple[LimitOverride, ...] = field(default=())

    def __post_init__(self) -> None:
        names = [(override.client, override.model) for override in self.overrides]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidArgumentError(f"overrides: must differ in client or model; received two for {twice}.")

    def share(self, count: int) -> Limits:
        """Return the limits of each of ``count`` processes; see ``Limit.share``.

        Args:
            count: how many processes.
        """
        return Limits(
            self.client.share(count),
            self.model.share(count),
            self.client_model.share(count),
            tuple(replace(override, limit=override.limit.share(count)) for override in self.overrides),
        )


class Meter:
    """What one client, model or pair has used of its limit.

    The bucket is kept as one number, the time at which it is full again (GCRA): a request moves it by ``1 / rate``,
    and may not move it further than ``burst / rate`` from now.

    Args:
        what: whose limit it is, for messages.
        limit: the limit.

    Attributes:
        running: requests in work.
        full_at: when the bucket is full again, in seconds of the limiter's clock.
    """

    __slots__ = ("concurrency", "full_at", "interval", "limit", "running", "span", "what")

    def __init__(self, what: str, limit: Limit) -> None:
        self.what, self.limit = what, limit
        self.interval = 0.0 if limit.requests_per_second is None else 1.0 / limit.requests_per_second
        self.span = limit.burst_or_default * self.interval + 1e-9 * self.interval  # a hair for rounding
        self.concurrency = math.inf if limit.concurrency is None else limit.concurrency
        self.full_at = -math.inf
        self.running = 0

    def check(self, now: float) -> None:
        """Refuse a request that is too much now.

        Raises:
            ResourceExhaustedError: with ``retry_after``.
        """
        if self.running >= self.concurrency:
            raise ResourceExhaustedError(
                f"{self.what} may have {self.limit.concurrency} requests in work at a time, and has them.",
                retry_after=_BUSY_RETRY_SECONDS,
            )
        wait = max(self.full_at, now) + self.interval - self.span - now
        if self.interval and wait > 0:
            raise ResourceExhaustedError(
                f"{self.what} may have {self.limit.requests_per_second:g} requests a second "
                f"({self.limit.burst_or_default:g} at once). Try again in {wait:.3g} seconds.",
                retry_after=wait,
            )

    def idle(self, now: float) -> bool:
        """Tell whether there is nothing to remember."""
        return not self.running and self.full_at <= now


Meters = tuple[Meter, ...]


class Limiter:
    """Holds the meters, and finds those of a request in one look-up. Belongs to one event loop.

    Memory is bounded: beyond ``MAX_METERS`` the idle are forgotten, then those without a request in work, oldest first.

    Args:
        limits: the limits.
        clock: seconds, never going back.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits, self._clock = limits, clock
        self._overrides = {(each.client, each.model): each.limit for each in limits.overrides}
        self._meters: dict[tuple[str, str | None, str | None], Meter] = {}
        self._routes: dict[tuple[str, str, str], Meters] = {}

    def enter(self, identity: Identity, model: str) -> Meters:
        """Count a request, if every limit allows it.

        Args:
            identity: who asks.
            model: for which model; empty for none.

        Returns:
            The meters, for ``leave``.

        Raises:
            ResourceExhaustedError: a limit is reached; nothing was counted.
        """
        meters = self._routes.get((identity.realm, identity.client, model))
        if meters is None:
            meters = self._find(identity, model[:_MAX_NAME])
        now = self._clock()
        for meter in meters:
            if meter.running >= meter.concurrency or meter.full_at + meter.interval > now + meter.span:
                meter.check(now)
        for meter in meters:
            meter.running += 1
            meter.full_at = (meter.full_at if meter.full_at > now else now) + meter.interval
        return meters

    def _find(self, identity: Identity, model: str) -> Meters:
        if len(self._meters) + 3 > MAX_METERS or len(self._routes) >= MAX_METERS:
            self._forget()
        client = identity.client
        found = [
            self._meter(identity, client, None, self._limits.client),
            self._meter(identity, None, model, self._limits.model) if model else None,
            self._meter(identity, client, model, self._limits.client_model) if model else None,
        ]
        meters = tuple(meter for meter in found if meter is not None)
        self._routes[identity.realm, client, model] = meters
        return meters

    def _meter(self, identity: Identity, client: str | None, model: str | None, default: Limit) -> Meter | None:
        limit = self._overrides.get((client, model), default)
        if limit == NO_LIMIT:
            return None
        realm = "" if client is None else identity.realm
        meter = self._meters.get((realm, client, model))
        if meter is None:
            meter = self._meters[realm, client, model] = Meter(_named(client, model), limit)
        return meter

    def _forget(self) -> None:
        now = self._clock()
        self._routes.clear()
        self._meters = {name: meter for name, meter in self._meters.items() if not meter.idle(now)}
        surplus = len(self._meters) - MAX_METERS // 2
        resting = [name for name, meter in self._meters.items() if not meter.running]
        for name in resting[: max(0, surplus)]:
            del self._meters[name]


def leave(meters: Meters) -> None:
    """End a request that ``Limiter.enter`` counted."""
    for meter in meters:
        meter.running -= 1


def max_request_bytes(meters: Meters) -> int | None:
    """Return the size that a request may have, or ``None``."""
    sizes = [meter.limit.max_request_bytes for meter in meters if meter.limit.max_request_bytes is not None]
    return min(sizes) if sizes else None


def _named(client: str | None, model: str | None) -> str:
    if client is None:
        return f"The model {model!r}"
    return f"The client {client!r}" + ("" if model is None else f" with the model {model!r}")
