"""When to ask a server again that did not take a request."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenon.base import DeadlineExceededError, InvalidArgumentError
from tenon.serving.client._errors import TryAgainError

T = TypeVar("T")


class Deadline:
    """A moment until which a call may take.

    Args:
        timeout: seconds from now.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._end = time.monotonic() + timeout

    def seconds(self) -> float:
        """Return the seconds left; below 0 when it has passed."""
        return self._end - time.monotonic()

    def remaining(self) -> float:
        """Return the seconds left.

        Raises:
            DeadlineExceededError: there are none.
        """
        left = self.seconds()
        if left <= 0:
            raise DeadlineExceededError(f"client: the answer did not come within {self._timeout:.3g} seconds.")
        return left


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and after how long, a request that the server did not take is sent again.

    The waits are random between 0 and a bound that doubles each time ("full jitter"), so that clients who were turned
    away together do not come back together. A server that says when to come back (``Retry-After``) is obeyed.

    Args:
        attempts: how often a request is sent at most; 1 never sends again.
        initial_seconds: the bound of the first wait.
        maximum_seconds: the bound of every wait.

    Raises:
        InvalidArgumentError: a number is out of range.

    Example:
        >>> RetryPolicy().bound(1), RetryPolicy().bound(2), RetryPolicy().bound(50)
        (0.1, 0.2, 5.0)
    """

    attempts: int = 8
    initial_seconds: float = 0.1
    maximum_seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or not 0 <= self.initial_seconds <= self.maximum_seconds < float("inf"):
            raise InvalidArgumentError(
                f"retry: attempts must be at least 1 and 0 <= initial_seconds <= maximum_seconds; received {self}."
            )

    def bound(self, attempt: int) -> float:
        """Return the longest wait after the ``attempt``-th attempt, counted from 1, in seconds."""
        return min(self.maximum_seconds, self.initial_seconds * 2.0 ** min(attempt - 1, 64))


def ask(policy: RetryPolicy, timeout: float, attempt: Callable[[Deadline], T]) -> T:
    """Call ``attempt`` until it answers or fails for good.

    Raises:
        UnavailableError: the server did not take the request, and attempts or time ran out.
        TenonError: whatever else ``attempt`` raises, at once.
    """
    deadline = Deadline(timeout)
    count = 1
    while True:
        try:
            return attempt(deadline)
        except TryAgainError as refusal:
            wait = random.uniform(0, policy.bound(count)) if refusal.after is None else refusal.after
            if count >= policy.attempts or wait >= deadline.seconds():
                raise refusal.error from refusal.__cause__
        time.sleep(wait)
        count += 1
