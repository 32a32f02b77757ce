"""What is remembered of a traced request, and how it belongs to its client's trace (W3C Trace Context)."""

from __future__ import annotations

import random
import re
import time
from contextvars import ContextVar
from dataclasses import dataclass

from tenon.base import Code
from tenon.serving.servables import RunTimes

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII | re.DOTALL)
_SAMPLED = 1
_MAX_CHARACTERS = 512

current_trace_id: ContextVar[str] = ContextVar("tenon_trace_id", default="")
"""The id of the trace to which the current request belongs, for log records; empty outside of traces."""


@dataclass(frozen=True, slots=True)
class TraceParent:
    """The client's place in its trace.

    Args:
        trace_id: 32 hexadecimal digits.
        span_id: 16 hexadecimal digits.
        sampled: whether the client records the trace.
    """

    trace_id: str
    span_id: str
    sampled: bool


def parse_traceparent(header: str) -> TraceParent | None:
    """Read a ``traceparent``; ``None`` for anything that is not one, as W3C Trace Context asks.

    Args:
        header: the text as it came, from a stranger.

    Example:
        >>> parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").sampled
        True
        >>> parse_traceparent("00-zz") is None
        True
    """
    match = _TRACEPARENT.fullmatch(header) if len(header) <= _MAX_CHARACTERS else None
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceParent(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


class RequestTrace:
    """What is remembered of one request while it is answered; the spans are made of it later, in another thread.

    Args:
        parent: the client's place in its trace, if it told one.
        sampled: whether the request is exported; if not, only its id is known to the log.

    Attributes:
        trace_id: 32 hexadecimal digits, the parent's if there is one.
        epoch: what to add to a time of ``time.monotonic`` to have seconds since 1970.
    """

    def __init__(self, parent: TraceParent | None, sampled: bool) -> None:
        self.parent, self.sampled = parent, sampled
        self.trace_id = f"{random.getrandbits(128) | 1:032x}" if parent is None else parent.trace_id
        self.epoch = time.time() - time.monotonic()
        self.name = self.protocol = self.model = self.version = self.signature = self.engine = ""
        self.rows = 0
        self.code = Code.OK
        self.started = self.ended = 0.0
        self.times: RunTimes | None = None
