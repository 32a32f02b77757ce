"""Classify, Regress and MultiInference over gRPC.

Requests are parsed as messages that are equal on the wire and keep each example as its bytes: nobody reads examples
but the model.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from tenon.base import InvalidArgumentError
from tenon.formats import message_class
from tenon.saved_model import CLASSIFY_METHOD_NAME
from tenon.serving.answering import (
    Call,
    Inference,
    InferenceTask,
    Pipeline,
    classify,
    model_spec,
    multi_inference,
    regress,
)
from tenon.serving.grpc._parsing import parsed, servable_request

Answer = Callable[[Pipeline, Call, bytes], Awaitable[Any]]

_Request: Final = message_class("tensorflow.serving.internal.SerializedRequest")
_MultiInferenceRequest: Final = message_class("tensorflow.serving.internal.SerializedMultiInferenceRequest")
_ClassificationResponse: Final = message_class("tensorflow.serving.ClassificationResponse")
_RegressionResponse: Final = message_class("tensorflow.serving.RegressionResponse")
_MultiInferenceResponse: Final = message_class("tensorflow.serving.MultiInferenceResponse")


def examples_of(serialized: Any) -> Sequence[bytes]:
    """Return the examples in a ``SerializedInput``, each with the context in front, as protocol buffers are merged.

    Example:
        >>> message = message_class("tensorflow.serving.internal.SerializedInput")()
        >>> message.example_list_with_context.context = b"a"
        >>> message.example_list_with_context.examples.append(b"b")
        >>> examples_of(message)
        [b'ab']
    """
    kind = serialized.WhichOneof("kind")
    if kind is None:
        return []
    found = getattr(serialized, kind)
    context = found.context if kind == "example_list_with_context" else b""
    return [context + example for example in found.examples] if context else list(found.examples)


async def _classify(pipeline: Pipeline, call: Call, data: bytes) -> Any:
    request = parsed(_Request, data)
    pipeline.admit(call, servable_request(request))
    call.check_size(len(data))
    answer = await classify(pipeline, call, request.model_spec.signature_name, examples_of(request.input))
    response = _ClassificationResponse(model_spec=model_spec(answer.id, answer.signature_name))
    _add_classifications(response.result, answer)
    return response


async def _regress(pipeline: Pipeline, call: Call, data: bytes) -> Any:
    request = parsed(_Request, data)
    pipeline.admit(call, servable_request(request))
    call.check_size(len(data))
    answer = await regress(pipeline, call, request.model_spec.signature_name, examples_of(request.input))
    response = _RegressionResponse(model_spec=model_spec(answer.id, answer.signature_name))
    _add_regressions(response.result, answer)
    return response


async def _multi_inference(pipeline: Pipeline, call: Call, data: bytes) -> Any:
    request = parsed(_MultiInferenceRequest, data)
    if not request.tasks:
        raise InvalidArgumentError("Missing ModelSpec: a MultiInferenceRequest needs at least one task.")
    pipeline.admit(call, servable_request(request.tasks[0]))
    call.check_size(len(data))
    tasks = [
        InferenceTask(task.model_spec.name, task.model_spec.signature_name, task.method_name) for task in request.tasks
    ]
    answers = await multi_inference(pipeline, call, tasks, examples_of(request.input))
    response = _MultiInferenceResponse()
    for task, answer in zip(tasks, answers, strict=True):
        result = response.results.add(model_spec=model_spec(answer.id, answer.signature_name))
        if task.method_name == CLASSIFY_METHOD_NAME:
            result.classification_result.SetInParent()
            _add_classifications(result.classification_result, answer)
        else:
            result.regression_result.SetInParent()
            _add_regressions(result.regression_result, answer)
    return response


def _add_classifications(result: Any, answer: Inference) -> None:
    for row in answer.rows:
        classes = result.classifications.add().classes
        for label, score in row:
            classes.add(label=_text(label), score=score)


def _text(label: bytes) -> str:
    try:
        return label.decode()
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(
            f"Expected classes Tensor of UTF-8 text, which labels are in protocol buffers. Got: {label[:32]!r}. Use "
            "Predict."
        ) from error


def _add_regressions(result: Any, answer: Inference) -> None:
    for value in answer.rows:
        result.regressions.add(value=value)


INFERENCE_METHODS: Final[Mapping[str, Answer]] = {
    "Classify": _classify,
    "Regress": _regress,
    "MultiInference": _multi_inference,
}
"""What answers each method of PredictionService that takes examples."""
