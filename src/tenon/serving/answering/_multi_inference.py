"""MultiInference: several signatures of one version asked with the same examples."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tenon.base import InvalidArgumentError, TenonError, UnimplementedError
from tenon.serving.answering._call import Call
from tenon.serving.answering._inference import (
    METHODS,
    Inference,
    Method,
    found_signature,
    strings_of,
    wanted_outputs,
)
from tenon.serving.answering._pipeline import Pipeline
from tenon.serving.answering._predict import DEFAULT_SIGNATURE_NAME
from tenon.serving.servables import Servable


@dataclass(frozen=True)
class InferenceTask:
    """One question of a MultiInference request.

    Args:
        model: the model's name as the task states it.
        signature_name: empty for ``serving_default``.
        method_name: ``tensorflow/serving/classify`` or ``tensorflow/serving/regress``.
    """

    model: str
    signature_name: str
    method_name: str


async def multi_inference(
    pipeline: Pipeline,
    call: Call,
    tasks: Sequence[InferenceTask],
    examples: Sequence[bytes],
) -> list[Inference]:
    """Ask several signatures of one version with the same examples.

    Each task is a run of its own, all at the same time: TensorFlow Serving runs one graph for all of them, but here
    every signature is one program, and none has what another one needs.

    Args:
        pipeline: the way to the versions.
        call: the request, admitted for the first task's model and version, which answer all tasks.
        tasks: what is asked.
        examples: serialized ``tensorflow.Example`` messages.

    Returns:
        An answer for each task, in their order.

    Raises:
        NotFoundError: no such model, or the version is not available.
        InvalidArgumentError: there are no tasks, they name several models or one signature twice, a signature is not
            there or does not fit its method, or as for ``classify`` and ``regress``.
        UnimplementedError: a task has another method.
    """
    names = _checked_names(tasks)
    with pipeline.open(call) as handle:
        prepared = [
            _prepared(handle.servable, name, task, pipeline.options.check_method_name)
            for name, task in zip(names, tasks, strict=True)
        ]
        strings = strings_of(examples)
        call.signature_name, call.engine = ",".join(names), handle.servable.signatures[names[0]].engine
        call.inputs = {method.input: strings for method, _ in prepared}
        options = call.run_options()
        runs = [
            handle.servable.run(name, {method.input: strings}, wanted, options)
            for name, (method, wanted) in zip(names, prepared, strict=True)
        ]
        answers = await asyncio.gather(*runs, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [
            Inference(handle.id, name, method.rows(outputs, len(examples)))
            for name, (method, _), outputs in zip(names, prepared, answers, strict=True)
            if not isinstance(outputs, BaseException)
        ]


def _checked_names(tasks: Sequence[InferenceTask]) -> list[str]:
    if not tasks:
        raise InvalidArgumentError("Missing ModelSpec: a MultiInferenceRequest needs at least one task.")
    names: list[str] = []
    for task in tasks:
        if not task.model:
            raise InvalidArgumentError("Found ModelSpec with an empty model name.")
        if task.model != tasks[0].model:
            raise InvalidArgumentError("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
        name = task.signature_name or DEFAULT_SIGNATURE_NAME
        if name in names:
            raise InvalidArgumentError(f"Duplicate evaluation of signature: {name}")
        names.append(name)
    return names


def _prepared(
    servable: Servable, name: str, task: InferenceTask, check_method_name: bool
) -> tuple[Method, Sequence[str]]:
    signature = found_signature(servable.signatures.get(name), name, _unknown_signature)
    method = METHODS.get(task.method_name)
    if method is None:
        raise UnimplementedError(
            f"Unsupported signature method_name: {task.method_name}. Ask for one of {', '.join(METHODS)}."
        )
    return method, wanted_outputs(method, signature, check_method_name)


def _unknown_signature(name: str) -> TenonError:
    return InvalidArgumentError(f"Requested signature not found in model graph: {name}")
