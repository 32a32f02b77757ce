"""The gate of security, in the way of every request."""

from __future__ import annotations

from collections.abc import Mapping

from tenon.base import Code, TenonError
from tenon.serving.answering._call import Call
from tenon.serving.answering._pipeline import Interceptor
from tenon.serving.security import Action, Gate

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


class GateInterceptor(Interceptor):
    """Let a request in as soon as it is known who sends it and what it asks, and end its admission with it.

    Args:
        gate: decides, counts and writes the audit.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def begin(self, call: Call) -> None:
        """Find out who asks, before anything is read."""
        call.identity = self._gate.identify(call.header, protocol=call.protocol.value, remote=call.remote)
        call.client = call.identity.client

    def admit(self, call: Call) -> None:
        """Ask whether they may, and enough of their quota is left."""
        assert call.identity is not None
        call.admission = self._gate.admit(
            ACTIONS.get(call.api.lower(), Action.ADMIN),
            "" if call.request is None else call.request.name,
            call.identity,
            protocol=call.protocol.value,
            remote=call.remote,
            request_id=call.header(REQUEST_ID_HEADER) or "",
        )

    def finish(self, call: Call, error: TenonError | None) -> None:
        """Give back the place, write the line."""
        admission = call.admission
        if admission is not None:
            admission.version = None if call.id is None else call.id.version
            admission.signature = call.signature_name
            admission.release(Code.OK if error is None else error.code, "" if error is None else error.message)
