"""The gate of security, in the way of every request."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tenon.base import Code, InternalError, TenonError
from tenon.serving.answering._call import Call
from tenon.serving.answering._pipeline import Interceptor
from tenon.serving.security import Action, AuditRecord, Gate, Identity

REQUEST_ID_HEADER = "x-request-id"
"""The header or metadata key under which a client names its request, for the audit."""

ACTIONS: Mapping[str, Action] = {
    "predict": Action.PREDICT,
    "classify": Action.PREDICT,
    "regress": Action.PREDICT,
    "multiinference": Action.PREDICT,
    "infer": Action.PREDICT,
    "modelinfer": Action.PREDICT,
    "metadata": Action.METADATA,
    "getmodelmetadata": Action.METADATA,
    "modelmetadata": Action.METADATA,
    "status": Action.STATUS,
    "getmodelstatus": Action.STATUS,
    "modelready": Action.STATUS,
    "index": Action.STATUS,
    "repositoryindex": Action.STATUS,
    "metrics": Action.METRICS,
}
"""What right each API takes, by its name in lower case; what is not named here takes the right to administer."""


_ADMIN, _OK = Action.ADMIN, Code.OK  # Python 3.11 takes 70 ns to find a member in its class


class GateInterceptor(Interceptor):
    """Let a request in as soon as it is known who sends it and what it asks, and end its admission with it.

    Args:
        gate: decides, counts and writes the audit.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def begin(self, call: Call) -> None:
        """Find out who asks, before anything is read."""
        call.identity = self._gate.identify(call.header, protocol=call.protocol, remote=call.remote)
        call.client = call.identity.client

    def admit(self, call: Call) -> None:
        """Ask whether they may, and enough of their quota is left.

        Raises:
            TenonError: what ``Gate.admit`` raises.
        """
        identity, call.identity = call.identity, None
        if identity is None:
            raise InternalError("a call may be admitted once. Report it.")
        call.admission = self._gate.admit(
            ACTIONS.get(call.api.lower(), _ADMIN),
            "" if call.request is None else call.request.name,
            identity,
            protocol=call.protocol,
            remote=call.remote,
            request_id=call.header(REQUEST_ID_HEADER) or "",
        )

    def finish(self, call: Call, error: TenonError | None) -> None:
        """Give back the place, write the line."""
        code, admission = _OK if error is None else error.code, call.admission
        if admission is not None:  # the error's text stays out of it, for it may quote what the client sent
            admission.version = None if call.id is None else call.id.version
            admission.signature = call.signature_name
            admission.release(code)
        elif call.identity is not None:  # it made no sense before it was known what it asks
            self._gate.record(_without_target(call, call.identity, code))


def _without_target(call: Call, identity: Identity, code: Code) -> AuditRecord:
    return AuditRecord(
        time.time(),
        "request",
        identity.client,
        identity.credential,
        protocol=call.protocol,
        outcome=code.name,
        request_id=call.header(REQUEST_ID_HEADER) or "",
        remote=call.remote,
    )
