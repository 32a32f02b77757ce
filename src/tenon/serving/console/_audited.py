"""A line in the audit for each change."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tenon.base import Code, TenonError
from tenon.serving.http import HttpRequest
from tenon.serving.security import AuditRecord, Gate, Identity

REQUEST_ID_HEADER = "x-request-id"
"""The header under which a client names its request, for the audit."""


@contextmanager
def audited(
    gate: Gate, identity: Identity, change: str, request: HttpRequest, parameters: Mapping[str, Any]
) -> Iterator[None]:
    """Write a line, however the change ends that is made in the ``with`` block.

    Args:
        gate: has the audit.
        identity: who makes the change.
        change: what it is called.
        request: how it came.
        parameters: ``model`` and ``version``, where it is about them; looked at when the change has ended.
    """
    began, code, reason = time.perf_counter(), Code.CANCELLED, ""
    try:
        yield
        code = Code.OK
    except TenonError as error:
        code, reason = error.code, error.message
        raise
    except Exception:
        code = Code.INTERNAL
        raise
    finally:
        record = AuditRecord(
            time.time(),
            "admin",
            identity.client,
            identity.credential,
            change,
            parameters.get("model", ""),
            parameters.get("version"),
            protocol="REST",
            outcome=code.name,
            reason=reason,
            latency=time.perf_counter() - began,
            request_id=request.headers.get(REQUEST_ID_HEADER) or "",
            remote=request.remote,
        )
        gate.record(record)
