"""Whose turn it is among lanes that could all run."""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count

from tenon.serving.batching._lane import Backlog, Lane

_clock = count(1)


def note_run(lane: Lane) -> None:
    """Remember that the lane's signature has just had a run."""
    lane.backlog.last_run = next(_clock)


class Turns:
    """Lanes that wait for a turn: the signature that ran longest ago has the next, and its lanes take turns in it.

    However many lanes one signature has (one for each shape that its clients send), it gets one turn for each of the
    others'; a signature that was idle does not queue behind one that is always there.
    """

    def __init__(self) -> None:
        self._lanes: dict[Backlog, deque[Lane]] = {}
        self._order: list[tuple[int, int, Backlog]] = []

    def __bool__(self) -> bool:
        return bool(self._order)

    def add(self, lane: Lane) -> None:
        """Let the lane wait."""
        lanes = self._lanes.get(lane.backlog)
        if lanes is None:
            self._lanes[lane.backlog] = deque((lane,))
            heapq.heappush(self._order, (lane.backlog.last_run, next(_clock), lane.backlog))
        else:
            lanes.append(lane)

    def pop(self) -> Lane:
        """Take off the lane whose turn it is; there must be one."""
        backlog = heapq.heappop(self._order)[2]
        lanes = self._lanes[backlog]
        lane = lanes.popleft()
        if lanes:
            now = next(_clock)
            heapq.heappush(self._order, (now, now, backlog))
        else:
            del self._lanes[backlog]
        return lane
