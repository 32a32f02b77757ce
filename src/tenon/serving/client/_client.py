"""One class to ask a server, over gRPC or REST."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np

from tenon.base import Code, InvalidArgumentError, PermissionDeniedError, TenonError
from tenon.serving.client._address import Address, TlsFiles, parse_address
from tenon.serving.client._errors import ERRORS, StaleMetadataError
from tenon.serving.client._examples import Classification, ExamplesRequest, features_of
from tenon.serving.client._retries import Deadline, RetryPolicy, ask
from tenon.serving.client._signatures import ModelMetadata, named_inputs, read_metadata
from tenon.serving.client._transport import Headers, Prediction, Transport
from tenon.serving.servables import ServableId, ServableRequest, ServableState, State

T = TypeVar("T")

_DEFAULT_SIGNATURE: Final = "serving_default"
_REMEMBERED: Final = 1024
"""How many models' and versions' signatures are remembered."""

_DOES_NOT_FIT: Final = frozenset({Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.FAILED_PRECONDITION})
"""What a server answers when a signature is not what the client remembers."""


class Client:
    """Ask a server of TensorFlow Serving's protocols, with NumPy arrays in and out.

    Requests that a server did not take (UNAVAILABLE, 503, nobody listens) are sent again within the deadline, others
    never. Any number of threads may share a client. The signatures of a model are asked for once and remembered until
    an answer or a refusal does not fit them.

    Args:
        url: ``grpc://HOST:8500`` or ``http://HOST:8501``; with TLS ``grpcs://`` or ``https://``. A REST server may
            stand behind a path.
        token: a JWT or another bearer token, sent as ``authorization: Bearer TOKEN``; or a function that returns the
            one that is valid now, called for every request.
        api_key: sent as ``x-api-key``, or a function that returns it.
        headers: sent with every request (gRPC: metadata), such as ``x-tenon-routing-key``.
        ca: a PEM file of the authorities that are trusted instead of the system's.
        certificate: for servers that ask who calls: PEM files of a certificate with its chain, and of its key.
        timeout: seconds that a call may take with all its attempts, unless it says otherwise.
        retry: how often and when a request is sent again.

    Raises:
        InvalidArgumentError: the URL, a number or the content of a file breaks a rule.
        NotFoundError: a file of TLS cannot be read.
        MissingExtraError: the extra ``serving`` is not installed.

    Example:
        >>> with Client("grpc://127.0.0.1:8500", retry=RetryPolicy(attempts=1)) as client:
        ...     client.url
        'grpc://127.0.0.1:8500'
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | Callable[[], str] | None = None,
        api_key: str | Callable[[], str] | None = None,
        headers: Headers | None = None,
        ca: str | os.PathLike[str] | None = None,
        certificate: tuple[str | os.PathLike[str], str | os.PathLike[str]] | None = None,
        timeout: float = 30.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.url = url
        self._secrets = {"authorization": ("Bearer ", token), "x-api-key": ("", api_key)}
        self._headers = _checked_headers(headers or {})
        self._timeout, self._retry = _checked_timeout(timeout), retry or RetryPolicy()
        self._transport = _transport(parse_address(url), TlsFiles(ca, certificate))
        self._metadata: dict[ServableRequest, ModelMetadata] = {}

    def predict(
        self,
        model: str,
        inputs: Any,
        *,
        version: int | None = None,
        label: str | None = None,
        signature: str | None = None,
        outputs: Sequence[str] = (),
        headers: Headers | None = None,
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Run a signature of a model.

        Args:
            model: its name.
            inputs: arrays, or what ``numpy.asarray`` takes, by name; or one, for the only input of the signature. They
                are converted to the signature's dtypes where that loses nothing but digits of floats. Strings are
                ``str`` (UTF-8) or ``bytes``.
            version: which version answers; the server's choice if not.
            label: which version, by its label.
            signature: ``serving_default`` if not.
            outputs: names of the outputs wanted; all if none.
            headers: sent with this request, beside the client's own.
            timeout: seconds that the call may take.

        Returns:
            The outputs by name, in the dtypes of the signature; strings are object arrays of ``bytes``.

        Raises:
            InvalidArgumentError: the inputs do not fit the signature; both a version and a label.
            NotFoundError: the server does not serve the model or the version.
            UnavailableError: the server did not take the request, after every attempt.
            DeadlineExceededError: the time ran out.
            TenonError: what else the server answers, by its code, with its words.
        """
        target, name = _target(model, version, label), signature or ""

        def attempt(extra: Headers, deadline: Deadline) -> dict[str, np.ndarray]:
            known = self._known_if_allowed(target, extra, deadline).signatures.get(name or _DEFAULT_SIGNATURE)
            infos = {} if known is None else known.outputs
            prediction = Prediction(target, name, named_inputs(inputs, known), tuple(outputs), infos)
            return self._transport.predict(prediction, extra, deadline.remaining())

        return self._ask(lambda extra, deadline: self._fitting(target, attempt, extra, deadline), headers, timeout)

    def classify(
        self,
        model: str,
        examples: Sequence[Mapping[str, Any]],
        *,
        context: Mapping[str, Any] | None = None,
        version: int | None = None,
        label: str | None = None,
        signature: str | None = None,
        headers: Headers | None = None,
        timeout: float | None = None,
    ) -> list[list[Classification]]:
        """Ask for the classes of rows, of a signature that takes ``tensorflow.Example``.

        Args:
            model: its name.
            examples: rows: numbers, text, bytes, or flat lists of one kind of them, by the names of features.
            context: features that all rows share.
            version: which version answers; the server's choice if not.
            label: which version, by its label.
            signature: ``serving_default`` if not.
            headers: sent with this request, beside the client's own.
            timeout: seconds that the call may take.

        Returns:
            The classes of every row.

        Raises:
            InvalidArgumentError: a feature is none, or the rows do not fit the signature.
            TenonError: as for ``predict``.
        """
        request = _examples_request(_target(model, version, label), signature, examples, context)
        return self._ask(lambda extra, end: self._transport.classify(request, extra, end.remaining()), headers, timeout)

    def regress(
        self,
        model: str,
        examples: Sequence[Mapping[str, Any]],
        *,
        context: Mapping[str, Any] | None = None,
        version: int | None = None,
        label: str | None = None,
        signature: str | None = None,
        headers: Headers | None = None,
        timeout: float | None = None,
    ) -> np.ndarray:
        """Ask for a value a row, of a signature that takes ``tensorflow.Example``.

        Args:
            model: its name.
            examples: rows: numbers, text, bytes, or flat lists of one kind of them, by the names of features.
            context: features that all rows share.
            version: which version answers; the server's choice if not.
            label: which version, by its label.
            signature: ``serving_default`` if not.
            headers: sent with this request, beside the client's own.
            timeout: seconds that the call may take.

        Returns:
            float32, shape ``(rows,)``.

        Raises:
            InvalidArgumentError: a feature is none, or the rows do not fit the signature.
            TenonError: as for ``predict``.
        """
        request = _examples_request(_target(model, version, label), signature, examples, context)
        values = self._ask(
            lambda extra, end: self._transport.regress(request, extra, end.remaining()), headers, timeout
        )
        return np.array(values, np.float32)

    def status(
        self,
        model: str,
        *,
        version: int | None = None,
        headers: Headers | None = None,
        timeout: float | None = None,
    ) -> tuple[ServableState, ...]:
        """Return where the versions of a model stand.

        Args:
            model: its name.
            version: only this one.
            headers: sent with this request, beside the client's own.
            timeout: seconds that the call may take.

        Raises:
            NotFoundError: the server knows nothing of the model or the version.
            TenonError: as for ``predict``.
        """
        target = _target(model, version, None)
        answer = self._ask(
            lambda extra, deadline: self._transport.status(target, extra, deadline.remaining()), headers, timeout
        )
        return tuple([_state(model, status) for status in answer.model_version_status])

    def metadata(
        self,
        model: str,
        *,
        version: int | None = None,
        label: str | None = None,
        headers: Headers | None = None,
        timeout: float | None = None,
    ) -> ModelMetadata:
        """Ask for the signatures of a model.

        Args:
            model: its name.
            version: of which version; of the one that answers if not.
            label: of which version, by its label.
            headers: sent with this request, beside the client's own.
            timeout: seconds that the call may take.

        Raises:
            InvalidArgumentError: both a version and a label.
            NotFoundError: the server does not serve the model or the version.
            TenonError: as for ``predict``.
        """
        target = _target(model, version, label)
        self._metadata.pop(target, None)
        return self._ask(lambda extra, deadline: self._known(target, extra, deadline), headers, timeout)

    def close(self) -> None:
        """Close the connections; the client answers nothing any more."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _ask(self, attempt: Callable[[Headers, Deadline], T], headers: Headers | None, timeout: float | None) -> T:
        limit = self._timeout if timeout is None else _checked_timeout(timeout)
        fixed = {**self._headers, **_checked_headers(headers or {})}
        return ask(self._retry, limit, lambda deadline: attempt({**fixed, **self._credentials()}, deadline))

    def _credentials(self) -> dict[str, str]:
        given = {
            name: (start, made()) if callable(made) else (start, made) for name, (start, made) in self._secrets.items()
        }
        return _checked_headers({name: start + secret for name, (start, secret) in given.items() if secret is not None})

    def _known(self, target: ServableRequest, headers: Headers, deadline: Deadline) -> ModelMetadata:
        known = self._metadata.get(target)
        if known is None:
            response = self._transport.metadata(target, headers, deadline.remaining())
            known = self._remember(target, read_metadata(response))
        return known

    def _known_if_allowed(self, target: ServableRequest, headers: Headers, deadline: Deadline) -> ModelMetadata:
        """Return what is known; nothing, where the caller may predict but not ask, and the protocol can do without."""
        try:
            return self._known(target, headers, deadline)
        except PermissionDeniedError:
            if not self._transport.tells_dtypes:
                raise
            return self._remember(target, ModelMetadata(ServableId(target.name, target.version or 0), {}))

    def _remember(self, target: ServableRequest, known: ModelMetadata) -> ModelMetadata:
        if len(self._metadata) >= _REMEMBERED:
            self._metadata.clear()
        self._metadata[target] = known
        return known

    def _fitting(
        self, target: ServableRequest, attempt: Callable[[Headers, Deadline], T], headers: Headers, deadline: Deadline
    ) -> T:
        """Make an attempt; where what is remembered does not fit, forget it and make another one."""
        remembered = target in self._metadata
        try:
            return attempt(headers, deadline)
        except StaleMetadataError as error:
            failure: TenonError = error.error
        except TenonError as error:
            if error.code in _DOES_NOT_FIT:
                self._metadata.pop(target, None)
            raise
        if not remembered:
            raise failure
        self._metadata.pop(target, None)
        try:
            return attempt(headers, deadline)
        except StaleMetadataError as error:
            raise error.error from None


def _transport(address: Address, tls: TlsFiles) -> Transport:
    if address.scheme.startswith("grpc"):
        from tenon.serving.client._grpc_transport import GrpcTransport

        return GrpcTransport(address, tls)
    from tenon.serving.client._rest_transport import RestTransport

    return RestTransport(address, tls)


def _target(model: str, version: int | None, label: str | None) -> ServableRequest:
    if not model:
        raise InvalidArgumentError("model: must be a name; received an empty one.")
    if version is not None and label is not None:
        raise InvalidArgumentError(f"version, label: give one of them; received {version} and {label!r}.")
    return ServableRequest(model, version, label)


def _examples_request(
    target: ServableRequest,
    signature: str | None,
    examples: Sequence[Mapping[str, Any]],
    context: Mapping[str, Any] | None,
) -> ExamplesRequest:
    shared = None if context is None else features_of(context)
    return ExamplesRequest(target, signature or "", [features_of(example) for example in examples], shared)


def _state(model: str, status: Any) -> ServableState:
    code = Code(status.status.error_code)
    error = None if code is Code.OK else ERRORS[code](status.status.error_message)
    return ServableState(ServableId(model, status.version), State(status.state), error)


def _checked_timeout(timeout: float) -> float:
    if not 0 < timeout < float("inf"):
        raise InvalidArgumentError(f"timeout: must be a number of seconds above 0; received {timeout}.")
    return timeout


def _checked_headers(headers: Headers) -> dict[str, str]:
    """Return headers with names in lower case; a line break would begin another one. No value is told: it is secret."""
    for name, value in headers.items():
        if not (name.isascii() and name.replace("-", "").isalnum() and value.isascii() and value.isprintable()):
            raise InvalidArgumentError(f"headers: must be printable ASCII, names of letters, digits and '-': {name!r}.")
    return {name.lower(): value for name, value in headers.items()}
