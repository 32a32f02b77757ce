"""Tokens that count once: which ones have been used."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from tenon.base import ResourceExhaustedError, UnauthenticatedError

MAX_SPENT_TOKENS: Final = 250_000
_SWEEP_SECONDS = 1.0


class SpentTokens:
    """Remember every token until it has expired anyway.

    When the memory is full, further tokens are refused rather than old ones forgotten.

    Args:
        clock: seconds since the epoch.
        capacity: how many to remember.
    """

    def __init__(self, clock: Callable[[], float], capacity: int = MAX_SPENT_TOKENS) -> None:
        self._clock, self._capacity = clock, capacity
        self._spent: dict[bytes, float] = {}
        self._next_sweep = 0.0
        self.started: Final = clock()
        """Tokens issued before may have been used with a process that is gone."""

    def spend(self, issuer: str, jti: str, expires: float) -> None:
        """Use a token.

        Args:
            issuer: who made it.
            jti: its name there.
            expires: when it is refused anyway.

        Raises:
            UnauthenticatedError: it has been used.
            ResourceExhaustedError: too many are remembered.
        """
        name = sha256(f"{len(issuer)} {issuer}{jti}".encode(errors="surrogatepass")).digest()
        if name in self._spent:
            raise UnauthenticatedError("The token has been used before, and counts once. Ask its issuer for a new one.")
        if len(self._spent) >= self._capacity:
            self._sweep()
        self._spent[name] = expires

    def _sweep(self) -> None:
        now = self._clock()
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_SECONDS
            self._spent = {name: expires for name, expires in self._spent.items() if expires > now}
        if len(self._spent) >= self._capacity:
            raise ResourceExhaustedError(
                f"The server remembers {self._capacity} used tokens, and takes no further ones until some expire.",
                retry_after=_SWEEP_SECONDS,
            )
