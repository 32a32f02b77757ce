"""When a process that ended is replaced."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RestartPolicy:
    """At once, and later and later if its successors die young.

    Args:
        young_seconds: a process that ends before this age has died young.
        first_seconds: how long the second of a row waits.
        most_seconds: how long any waits at most.

    Example:
        >>> policy = RestartPolicy()
        >>> [policy.delay(deaths) for deaths in (1, 2, 3, 99)]
        [0.0, 0.5, 1.0, 30.0]
        >>> policy.young_deaths(2, lived_seconds=3.0), policy.young_deaths(2, lived_seconds=3600.0)
        (3, 1)
    """

    young_seconds: float = 60.0
    first_seconds: float = 0.5
    most_seconds: float = 30.0

    def young_deaths(self, before: int, lived_seconds: float) -> int:
        """Return how many processes of one place have died in a row, the last one counted.

        Args:
            before: how many had when the last one began.
            lived_seconds: how old the last one became.
        """
        return before + 1 if lived_seconds < self.young_seconds else 1

    def delay(self, deaths: int) -> float:
        """Return how many seconds to wait before the next.

        Args:
            deaths: as ``young_deaths`` has it.
        """
        if deaths <= 1:
            return 0.0
        return min(self.most_seconds, self.first_seconds * 2.0 ** min(deaths - 2, 30))
