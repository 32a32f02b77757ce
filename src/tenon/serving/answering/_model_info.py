"""What a client may ask about a model: the states of its versions and its signatures."""

from __future__ import annotations

from typing import Any

from tenon.base import Code, NotFoundError
from tenon.formats import message_class
from tenon.serving.answering._call import Call
from tenon.serving.answering._pipeline import Pipeline
from tenon.serving.servables import Manager, ServableId, ServableRequest, ServableState

SIGNATURE_DEF = "signature_def"
"""The only metadata field there is."""

_GetModelStatusResponse = message_class("tensorflow.serving.GetModelStatusResponse")
_GetModelMetadataResponse = message_class("tensorflow.serving.GetModelMetadataResponse")
_SignatureDefMap = message_class("tensorflow.serving.SignatureDefMap")
_ModelSpec = message_class("tensorflow.serving.ModelSpec")
_ModelVersionStatus = message_class("tensorflow.serving.ModelVersionStatus")


def model_status(manager: Manager, request: ServableRequest) -> Any:
    """Return the ``GetModelStatusResponse`` of a model.

    Args:
        manager: where the versions live.
        request: the model, and perhaps one version. A label is ignored and gives all versions, as TensorFlow
            Serving does.

    Raises:
        NotFoundError: nothing is known of the model or the version.

    Example:
        >>> from tenon.serving.testing import StaticManager, half_plus_two
        >>> manager = StaticManager({"m": {3: half_plus_two()}})
        >>> model_status(manager, ServableRequest.latest("m")).model_version_status[0].version
        3
    """
    version = request.version
    states = [state for state in manager.states(request.name) if version in (None, state.id.version)]
    if not states:
        what = "any versions" if version is None else f"version {version}"
        raise NotFoundError(f"Could not find {what} of model {request.name}")
    return _GetModelStatusResponse(model_version_status=[_version_status(state) for state in states])


def _version_status(state: ServableState) -> Any:
    code, message = (Code.OK, "") if state.error is None else (state.error.code, state.error.message)
    return _ModelVersionStatus(
        version=state.id.version,
        state=int(state.state),
        status={"error_code": int(code), "error_message": message},
    )


def model_metadata(pipeline: Pipeline, call: Call) -> Any:
    """Return the ``GetModelMetadataResponse`` of one version, with its signatures.

    Args:
        pipeline: the way to the versions.
        call: the request, admitted.

    Raises:
        NotFoundError: no such model, or the version is not available.
        InvalidArgumentError: an unknown label.

    Example:
        >>> from tenon.serving.answering import Protocol
        >>> from tenon.serving.testing import StaticManager, half_plus_two
        >>> pipeline = Pipeline(StaticManager({"m": {3: half_plus_two()}}))
        >>> call = Call(Protocol.REST, "metadata", {}.get, 0.0, request=ServableRequest.latest("m"))
        >>> model_metadata(pipeline, call).model_spec.version.value
        3
    """
    with pipeline.open(call) as handle:
        signatures = _SignatureDefMap()
        for name, signature in handle.servable.signatures.items():
            signatures.signature_def[name].CopyFrom(signature.definition)
        response = _GetModelMetadataResponse(model_spec=model_spec(handle.id))
        response.metadata[SIGNATURE_DEF].Pack(signatures)
        return response


def model_spec(id_: ServableId, signature_name: str = "") -> Any:
    """Return the ``ModelSpec`` of an answer.

    Args:
        id_: the name and the version that answered.
        signature_name: the signature that ran, where one did.

    Example:
        >>> model_spec(ServableId("m", 3), "serving_default").version.value
        3
    """
    return _ModelSpec(name=id_.name, version={"value": id_.version}, signature_name=signature_name)
