"""The gate that every request passes, whatever its protocol: who, may it, how much, and a line in the audit."""

from __future__ import annotations

import time
from asyncio import CancelledError
from types import TracebackType

from tenon.base import Code, PermissionDeniedError, ResourceExhaustedError, TenonError
from tenon.serving.security._audit_log import AuditLog
from tenon.serving.security._audit_records import AuditRecord
from tenon.serving.security._authenticator import Authenticator, HeadersGet
from tenon.serving.security._configuration import SecurityConfig
from tenon.serving.security._identity import ANONYMOUS, ANY_MODEL, OF_MODELS, Action, Identity
from tenon.serving.security._limits import Limiter, Meters, leave, max_request_bytes
from tenon.serving.security._reloading import Refresher

_NAMES = {code: code.name for code in Code}  # Python 3.11 takes 108 ns to tell a member's name, a dict 25


class Admission:
    """A request that was let in. Leave it when the answer is there: ``release``, or the end of a ``with`` block.

    ``Gate.admit`` makes them.

    Args:
        identity: who asks.
        meters: where the request is counted.
        audit: where its line goes, if anywhere.
        action: what is asked.
        model: of which model.
        protocol: for the audit.
        remote: the client's address, for the audit.
        request_id: the client's name for the request, for the audit.

    Attributes:
        identity: who asks.
        version: of the model, for the audit; set it when it is known.
        signature: of the model, for the audit; set it when it is known.
        max_request_bytes: the size that this request may have; ``None`` for no limit but the server's.
    """

    __slots__ = (
        *("_action", "_audit", "_began", "_meters", "_model", "_protocol", "_remote", "_request_id"),
        *("identity", "max_request_bytes", "signature", "version"),
    )

    def __init__(
        self,
        identity: Identity,
        meters: Meters,
        audit: AuditLog | None,
        action: Action,
        model: str,
        protocol: str,
        remote: str,
        request_id: str,
    ) -> None:
        self.identity = identity
        self.version: int | None = None
        self.signature = ""
        self.max_request_bytes = max_request_bytes(meters) if meters else None
        self._meters: Meters | None = meters
        self._audit, self._action, self._model = audit, action, model
        self._protocol, self._remote, self._request_id = protocol, remote, request_id
        self._began = 0.0 if audit is None else time.perf_counter()

    def check_size(self, size: int) -> None:
        """Refuse a request that is too large.

        Args:
            size: bytes of the request, as it came over the wire.

        Raises:
            ResourceExhaustedError: it has more than ``max_request_bytes``.
        """
        limit = self.max_request_bytes
        if limit is not None and size > limit:
            raise ResourceExhaustedError(
                f"A request must have at most {limit} bytes; received {size}. Send less at once."
            )

    def release(self, code: Code = Code.OK, reason: str = "") -> None:
        """End the request: give back its place, write its line. A second call does nothing.

        Args:
            code: how it ended.
            reason: why, if it failed; neither a payload nor a secret.
        """
        meters, self._meters = self._meters, None
        if meters:
            leave(meters)
        if self._audit is not None and meters is not None:
            identity = self.identity
            self._audit.write(
                AuditRecord(
                    time.time(),
                    "request",
                    identity.client,
                    identity.credential,
                    self._action,
                    self._model,
                    self.version,
                    self.signature,
                    self._protocol,
                    _NAMES[code],
                    reason,
                    time.perf_counter() - self._began,
                    self._request_id,
                    self._remote,
                )
            )

    def __enter__(self) -> Admission:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.release()
        elif isinstance(error, TenonError):
            self.release(error.code)
        else:
            self.release(Code.CANCELLED if isinstance(error, CancelledError) else Code.INTERNAL)


_LET_IN = Admission(ANONYMOUS, (), None, Action.STATUS, "", "", "", "")


class Gate:
    """Lets requests in, or not. Belongs to one event loop; every call takes microseconds and never blocks.

    What the configuration leaves out is not checked, and an empty one lets everybody in at no cost. Files of keys are
    read again when they change and key sets from the network in a background thread; while new ones are broken or
    cannot be had, the old ones stay.

    Args:
        config: the security configuration.

    Raises:
        FailedPreconditionError: another process writes the audit.
        InvalidArgumentError: a file of keys is broken.
        OSError: a file of keys cannot be read, or the audit cannot be opened.

    Example:
        >>> gate = Gate(SecurityConfig())
        >>> with gate.admit(Action.PREDICT, "digits", {}.get) as admission:
        ...     admission.identity.client
        'anonymous'
        >>> gate.close()
    """

    def __init__(self, config: SecurityConfig) -> None:
        self._authenticator = Authenticator(config.jwt, config.api_keys, time.time) if config.authenticates else None
        self._limiter = None if config.limits is None else Limiter(config.limits, time.monotonic)
        self._audit = None if config.audit is None else AuditLog(config.audit)
        self._strict = self._audit if config.audit is not None and config.audit.strict else None
        self._open = self._authenticator is None and self._limiter is None and self._audit is None
        sources = [] if self._authenticator is None else self._authenticator.sources
        self._refreshers = [Refresher(source) for source in sources]  # a slow one does not hold up the others
        if self._authenticator is not None:
            self._authenticator.on_wanted(self._wake)

    @property
    def is_open(self) -> bool:
        """Whether everybody may do everything, unseen; edges may then leave the gate out."""
        return self._open

    @property
    def authenticates(self) -> bool:
        """Whether clients must prove who they are."""
        return self._authenticator is not None

    @property
    def lost_audit_lines(self) -> int:
        """How many lines the audit could not keep."""
        return 0 if self._audit is None else self._audit.lost

    def identify(self, headers_get: HeadersGet, *, protocol: str = "", remote: str = "") -> Identity:
        """Return who sends a request, for edges that want to know before they read it; ``admit`` takes the answer.

        Call it once a request: a token that counts once is used up by it.

        Args:
            headers_get: gives a header or metadata value by its name in lower case, or ``None``.
            protocol: for the audit.
            remote: the client's address, for the audit.

        Raises:
            UnauthenticatedError: there is no credential, or it is not good; the audit has a line.
            ResourceExhaustedError: too many tokens that count once are remembered, or too many lines wait.
            UnavailableError: the audit is strict and cannot be written.
        """
        if self._authenticator is None:
            return ANONYMOUS
        if self._strict is not None:
            self._strict.reserve()
        try:
            identity = self._authenticator.identify(headers_get)
        except TenonError as error:
            if self._audit is not None:
                self._audit.write(_refusal(error, None, "", "", protocol, remote, ""))
            raise
        if self._strict is not None:
            self._strict.give_up()
        return identity

    def admit(
        self,
        action: Action,
        model: str,
        caller: HeadersGet | Identity,
        *,
        protocol: str = "",
        remote: str = "",
        request_id: str = "",
    ) -> Admission:
        """Let a request in, or refuse it; the audit has a line for either.

        Args:
            action: what is asked.
            model: of which model; empty for all of them, and for what concerns the server.
            caller: gives a header or metadata value by its name in lower case; or what ``identify`` returned.
            protocol: for the audit.
            remote: the client's address, for the audit.
            request_id: the client's name for the request, for the audit.

        Returns:
            The admission, to be released.

        Raises:
            UnauthenticatedError: there is no credential, or it is not good.
            PermissionDeniedError: the client may not do this.
            ResourceExhaustedError: a limit is reached; ``retry_after`` tells when to try again.
            UnavailableError: the audit is strict and cannot be written.
        """
        if self._open:
            return _LET_IN
        audit = self._audit
        if self._strict is not None:
            self._strict.reserve()
        identity = None
        try:
            if isinstance(caller, Identity):
                identity = caller
            elif self._authenticator is None:
                identity = ANONYMOUS
            else:
                identity = self._authenticator.identify(caller)
            if not identity.may(action, model):
                raise _denied(identity, action, model)
            meters = () if self._limiter is None else self._limiter.enter(identity, model)
        except TenonError as error:
            if audit is not None:
                audit.write(_refusal(error, identity, action, model, protocol, remote, request_id))
            raise
        return Admission(identity, meters, audit, action, model, protocol, remote, request_id)

    def record(self, record: AuditRecord) -> None:
        """Write a line of the server's own into the audit, such as the refusal of a model that was tampered with.

        Args:
            record: what happened; without an audit it is dropped.
        """
        if self._audit is not None:
            self._audit.write(record, reserved=False)

    def refused_connection(self, reason: str) -> None:
        """Write into the audit that a client was not spoken to, for it has no certificate that counts.

        Args:
            reason: why.
        """
        self.record(AuditRecord(time.time(), "connection_refused", outcome=Code.UNAUTHENTICATED.name, reason=reason))

    def close(self) -> None:
        """Write what the audit still has to write, and end the threads. Requests that come later are not written."""
        for refresher in self._refreshers:
            refresher.close()
        if self._audit is not None:
            self._audit.close()

    def _wake(self) -> None:
        for refresher in self._refreshers:
            refresher.wake()


def _denied(identity: Identity, action: Action, model: str) -> PermissionDeniedError:
    scope = f"{action}:{model or ANY_MODEL}" if action in OF_MODELS else action.value
    return PermissionDeniedError(f"The client {identity.client!r} may not do this: it needs the scope {scope!r}.")


def _refusal(
    error: TenonError, identity: Identity | None, action: str, model: str, protocol: str, remote: str, request_id: str
) -> AuditRecord:
    return AuditRecord(
        time.time(),
        client="" if identity is None else identity.client,
        credential="" if identity is None else identity.credential,
        action=action,
        model=model,
        protocol=protocol,
        outcome=error.code.name,
        reason=error.message,
        request_id=request_id,
        remote=remote,
    )
