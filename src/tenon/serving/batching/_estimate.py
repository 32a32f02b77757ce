"""How long a program is expected to run, and therefore where."""

from __future__ import annotations

INLINE_SECONDS = 0.0005
"""A program that is faster than this runs in the event loop: handing it to a thread would cost more than it takes."""

WEIGHT = 0.125
"""What one run counts in the running mean."""

OUTLIER = 4.0
"""A run counts as this many times the mean at most: the machine was busy with something else."""

HOPE = 0.9
"""By what a refusal lowers the mean. Without runs nothing else would, and one bad second would refuse for ever."""

SLOW_RUNS = 4
"""So many runs in a row that hold up the event loop send a program to the threads; fewer may be the machine's doing."""

THREADED_RUNS = 128
"""After so many runs in a thread, a program that was quick when it was compiled is tried in the event loop again."""


class RunEstimate:
    """The running mean of one program's seconds.

    Args:
        seconds: measured when the program was compiled.

    Attributes:
        seconds: the mean.
        inline: whether the program should run in the event loop. What was measured on zeros may differ from what
            clients send (a loop that ends early), so a program that turns out to be slow goes to threads for a while.
    """

    __slots__ = ("_quick", "_slow_runs", "_threaded", "inline", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.inline = self._quick = seconds <= INLINE_SECONDS
        self._slow_runs = self._threaded = 0

    def ran(self, seconds: float, inline: bool) -> None:
        """Count a run.

        Args:
            seconds: how long it took.
            inline: whether it ran in the event loop.
        """
        self.seconds += WEIGHT * (min(seconds, OUTLIER * max(self.seconds, INLINE_SECONDS)) - self.seconds)
        if not inline:
            self._threaded -= 1
            self.inline = self._quick and self._threaded <= 0
        elif seconds <= 2 * INLINE_SECONDS:
            self._slow_runs = 0
        else:
            self._slow_runs += 1
            if self._slow_runs >= SLOW_RUNS:
                self._threaded, self.inline = THREADED_RUNS, False

    def refused(self) -> None:
        """Count a task that was not run because of this estimate."""
        self.seconds *= HOPE
