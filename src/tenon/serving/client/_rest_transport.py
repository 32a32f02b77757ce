"""TensorFlow Serving's REST API, asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import numpy as np
from google.protobuf import json_format

from tenon.base import Code, InvalidArgumentError, TenonError, UnavailableError, UnknownError
from tenon.formats import descriptor_pool, message_class
from tenon.serving.client._address import Address, TlsFiles
from tenon.serving.client._errors import ERRORS, StaleMetadataError, TryAgainError, seconds
from tenon.serving.client._examples import Classification, ExamplesRequest
from tenon.serving.client._http import Answer, HttpConnections
from tenon.serving.client._json import array_of, from_json, to_json
from tenon.serving.client._transport import Headers, Prediction, Transport
from tenon.serving.servables import ServableRequest

_CODES: Final = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    408: Code.DEADLINE_EXCEEDED,
    409: Code.ABORTED,
    413: Code.RESOURCE_EXHAUSTED,
    429: Code.RESOURCE_EXHAUSTED,
    499: Code.CANCELLED,
    500: Code.INTERNAL,
    501: Code.UNIMPLEMENTED,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.DEADLINE_EXCEEDED,
}
"""The code of every HTTP status that servers and proxies answer with; others are UNKNOWN."""

_GetModelMetadataResponse = message_class("tensorflow.serving.GetModelMetadataResponse")
_GetModelStatusResponse = message_class("tensorflow.serving.GetModelStatusResponse")


class RestTransport(Transport):
    """Ask over REST.

    Args:
        address: the server.
        tls: for ``https``.
    """

    def __init__(self, address: Address, tls: TlsFiles) -> None:
        self._prefix = f"{address.prefix}/v1/models/"
        self._connections = HttpConnections(address, tls.context() if address.secure else None)

    @property
    def tells_dtypes(self) -> bool:
        """JSON tells no dtypes."""
        return False

    def predict(self, prediction: Prediction, headers: Headers, timeout: float) -> dict[str, np.ndarray]:
        """Return the outputs by name, in the dtypes of the signature; a server sends all, those wanted are kept."""
        wanted = _wanted(prediction)
        request: dict[str, Any] = {"inputs": prediction.inputs}
        if prediction.signature_name:
            request["signature_name"] = prediction.signature_name
        path = f"{_path(prediction.target)}:predict"
        answer = _json_of(self._ask("POST", path, to_json(request), headers, timeout))
        if not isinstance(answer, dict) or "outputs" not in answer:
            raise UnknownError(f"answer: must be an object with 'outputs'; received {answer!r:.200}.")
        values = _values(answer["outputs"], prediction)
        return {name: array_of(name, values[name], prediction.infos[name]) for name in wanted}

    def classify(self, request: ExamplesRequest, headers: Headers, timeout: float) -> list[list[Classification]]:
        """Return the classes of every row."""
        rows = self._results("classify", request, headers, timeout)
        try:
            return [[Classification(str(label), float(score)) for label, score in row] for row in rows]
        except (TypeError, ValueError) as error:
            raise UnknownError(
                f"answer: each row must be a list of labels and scores; received {rows!r:.200}."
            ) from error

    def regress(self, request: ExamplesRequest, headers: Headers, timeout: float) -> list[float]:
        """Return the value of every row."""
        values = self._results("regress", request, headers, timeout)
        try:
            return [float(value) for value in values]
        except (TypeError, ValueError) as error:
            raise UnknownError(f"answer: must hold a number a row; received {values!r:.200}.") from error

    def status(self, target: ServableRequest, headers: Headers, timeout: float) -> Any:
        """Return a ``GetModelStatusResponse``."""
        return _message(_GetModelStatusResponse(), self._ask("GET", _path(target), None, headers, timeout))

    def metadata(self, target: ServableRequest, headers: Headers, timeout: float) -> Any:
        """Return a ``GetModelMetadataResponse``."""
        content = self._ask("GET", f"{_path(target)}/metadata", None, headers, timeout)
        return _message(_GetModelMetadataResponse(), content)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _results(self, verb: str, request: ExamplesRequest, headers: Headers, timeout: float) -> list[Any]:
        body: dict[str, Any] = {"examples": request.examples}
        if request.context is not None:
            body["context"] = request.context
        if request.signature_name:
            body["signature_name"] = request.signature_name
        answer = _json_of(self._ask("POST", f"{_path(request.target)}:{verb}", to_json(body), headers, timeout))
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list):
            raise UnknownError(f"answer: must be an object with the list 'results'; received {answer!r:.200}.")
        return results

    def _ask(self, method: str, path: str, body: bytes | None, headers: Headers, timeout: float) -> bytes:
        if body is not None:
            headers = {**headers, "content-type": "application/json"}
        answer = self._connections.ask(method, self._prefix + path, body, headers, timeout)
        if answer.status != 200:
            raise _refusal(answer)
        return answer.body


def _path(target: ServableRequest) -> str:
    name = quote(target.name, safe="")
    if target.version is not None:
        return f"{name}/versions/{target.version}"
    return name if target.label is None else f"{name}/labels/{quote(target.label, safe='')}"


def _refusal(answer: Answer) -> TenonError | TryAgainError:
    code, text = _CODES.get(answer.status, Code.UNKNOWN), _text(answer)
    if answer.status == 503:
        return TryAgainError(UnavailableError(text), seconds(answer.headers.get("retry-after")))
    return ERRORS[code](text)


def _text(answer: Answer) -> str:
    """Return what the server says is wrong: TensorFlow Serving's ``error``, else the page's beginning."""
    try:
        return str(from_json(answer.body)["error"])
    except (InvalidArgumentError, KeyError, TypeError):
        page = answer.body[:300].decode(errors="replace").strip()
        return f"the server answered with HTTP status {answer.status}: {page}"


def _json_of(content: bytes) -> Any:
    try:
        return from_json(content)
    except InvalidArgumentError as error:
        raise UnknownError(f"answer: must be JSON; received {content[:200]!r}.") from error


def _wanted(prediction: Prediction) -> list[str]:
    """Return the names of the outputs wanted; a wrong one is refused as over gRPC, before anything runs."""
    for name in prediction.outputs:
        if name not in prediction.infos:
            raise StaleMetadataError(
                InvalidArgumentError(
                    f"output tensor alias not found in signature: {name}. Ask for some of {sorted(prediction.infos)}."
                )
            )
    return list(prediction.outputs or prediction.infos)


def _values(outputs: Any, prediction: Prediction) -> Mapping[str, Any]:
    if len(prediction.infos) == 1:
        return dict.fromkeys(prediction.infos, outputs)
    if not isinstance(outputs, dict) or outputs.keys() != prediction.infos.keys():
        raise StaleMetadataError(
            UnknownError(f"answer: must have the outputs {sorted(prediction.infos)}; it has others.")
        )
    return outputs


def _message(message: Any, content: bytes) -> Any:
    try:
        return json_format.Parse(content, message, ignore_unknown_fields=True, descriptor_pool=descriptor_pool())
    except (json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise UnknownError(f"answer: must be a {message.DESCRIPTOR.name}; received {content[:200]!r}.") from error
