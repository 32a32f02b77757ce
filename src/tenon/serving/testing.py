"""Doubles that live in memory, for testing whatever stands above or below a servable.

``FakeServable`` answers from a Python function, ``FakeLoader`` loads when it is told to, ``StaticManager`` serves what
it is given.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tenon.base import DeadlineExceededError, InvalidArgumentError, TenonError, TensorSpec
from tenon.formats import message_class
from tenon.serving.lifecycle import ServingMap
from tenon.serving.servables import (
    DEFAULT_RUN_OPTIONS,
    Loader,
    Manager,
    RunOptions,
    Servable,
    ServableHandle,
    ServableId,
    ServableRequest,
    ServableSignature,
    ServableState,
    State,
)

__all__ = ["FakeLoader", "FakeServable", "FakeSignature", "StaticManager", "fake_signature", "half_plus_two"]

_ODD_DTYPES = {"float16": "DT_HALF", "float32": "DT_FLOAT", "float64": "DT_DOUBLE", "object": "DT_STRING"}

_GATE_SECONDS = 60

Specs = Mapping[str, TensorSpec]


@dataclass(frozen=True)
class FakeSignature:
    """A signature and the Python function behind it.

    Args:
        signature: what clients see.
        function: called with the inputs by keyword; returns every output by name. It may raise.
    """

    signature: ServableSignature
    function: Callable[..., Mapping[str, np.ndarray]]


def fake_signature(
    inputs: Specs,
    outputs: Specs,
    function: Callable[..., Mapping[str, np.ndarray]],
    method_name: str = "tensorflow/serving/predict",
) -> FakeSignature:
    """Make a signature whose ``SignatureDef`` names its tensors as Keras's exports do.

    Example:
        >>> x = TensorSpec((None,), "float32")
        >>> made = fake_signature({"x": x}, {"y": x}, lambda x: {"y": x})
        >>> made.signature.definition.inputs["x"].name
        'serving_default_x:0'
    """
    definition = message_class("tensorflow.SignatureDef")(method_name=method_name)
    for name, spec in inputs.items():
        _describe(definition.inputs[name], spec, f"serving_default_{name}:0")
    for index, (name, spec) in enumerate(outputs.items()):
        _describe(definition.outputs[name], spec, f"StatefulPartitionedCall:{index}")
    return FakeSignature(ServableSignature(inputs, outputs, definition), function)


def _describe(info: Any, spec: TensorSpec, name: str) -> None:
    dtypes = message_class("tensorflow.TensorInfo").DESCRIPTOR.fields_by_name["dtype"].enum_type.values_by_name
    dtype = dtypes[_ODD_DTYPES.get(spec.dtype.name, f"DT_{spec.dtype.name.upper()}")].number
    dimensions = [{"size": -1 if size is None else size} for size in spec.shape]
    wanted = message_class("tensorflow.TensorInfo")(name=name, dtype=dtype, tensor_shape={"dim": dimensions})
    info.CopyFrom(wanted)


class FakeServable(Servable):
    """Answer from a table of Python functions.

    Args:
        table: a ``FakeSignature`` per signature name.
        gate: if given, every ``run`` waits until it is set: a request that stays in flight as long as a test likes.

    Attributes:
        closed: how many times ``close`` was called.
        last_options: with which options it ran last.
    """

    def __init__(self, table: Mapping[str, FakeSignature], gate: asyncio.Event | None = None) -> None:
        self._table = dict(table)
        self._gate = gate
        self.closed = 0
        self.last_options = DEFAULT_RUN_OPTIONS

    @property
    def signatures(self) -> Mapping[str, ServableSignature]:
        """The signatures of the table."""
        return {name: entry.signature for name, entry in self._table.items()}

    async def run(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[str] | None = None,
        options: RunOptions = DEFAULT_RUN_OPTIONS,
    ) -> Mapping[str, np.ndarray]:
        """Call the signature's function; the contract is ``Servable.run``'s."""
        self.last_options = options
        entry = self._table[signature_name]
        _check_shapes(entry.signature.inputs, inputs)
        if self._gate is not None:
            await self._gate.wait()
        answer = entry.function(**inputs)
        return {name: answer[name] for name in (entry.signature.outputs if outputs is None else outputs)}

    def close(self) -> None:
        """Count the call."""
        self.closed += 1


def _check_shapes(specs: Specs, inputs: Mapping[str, np.ndarray]) -> None:
    for name, array in inputs.items():
        if not specs[name].accepts(array.shape):
            raise InvalidArgumentError(
                f"input {name!r}: the shape must fit {specs[name].shape}; received {array.shape}. Send such an array."
            )
    batches = {name: array.shape[0] for name, array in inputs.items() if array.ndim}
    if len(set(batches.values())) > 1:
        raise InvalidArgumentError(f"inputs: all must have one batch size; received {batches}. Send equal ones.")


def half_plus_two() -> FakeServable:
    """Return TensorFlow Serving's own example: ``y = 0.5 * x + 2`` over float32 of shape ``[batch]``.

    Example:
        >>> asyncio.run(half_plus_two().run("serving_default", {"x": np.float32([1, 2])}))["y"].tolist()
        [2.5, 3.0]
    """
    spec = TensorSpec((None,), np.dtype("float32"))
    signature = fake_signature({"x": spec}, {"y": spec}, lambda x: {"y": x * np.float32(0.5) + np.float32(2)})
    return FakeServable({"serving_default": signature})


class FakeLoader(Loader):
    """Load a servable at hand, when told to and unless told to fail.

    Args:
        servable: what ``load`` returns; ``half_plus_two()`` by default.
        error: if given, ``load`` raises it instead.
        gate: if given, ``load`` waits in its thread until it is set, for a minute at most: a test that fails before it
            opens the gate must not hang at exit.

    Attributes:
        loads: how many times ``load`` was entered.
    """

    def __init__(
        self,
        servable: Servable | None = None,
        error: Exception | None = None,
        gate: threading.Event | None = None,
    ) -> None:
        self.servable = half_plus_two() if servable is None else servable
        self.error = error
        self.gate = gate
        self.loads = 0

    def load(self) -> Servable:
        """Wait for the gate, then fail with the error or return the servable."""
        self.loads += 1
        if self.gate is not None and not self.gate.wait(_GATE_SECONDS):
            raise DeadlineExceededError(f"gate: the test must set it within {_GATE_SECONDS} s; it did not.")
        if self.error is not None:
            raise self.error
        return self.servable


class StaticManager(Manager):
    """Serve what is given, for ever.

    Args:
        servables: a servable per version per name; all are ``AVAILABLE``.
        errors: an error per version per name: versions that failed to load (``END``).

    Attributes:
        open_handles: handles not released yet, per id.

    Example:
        >>> manager = StaticManager({"m": {1: half_plus_two(), 3: half_plus_two()}})
        >>> [(state.id.version, state.state.name) for state in manager.states("m")]
        [(3, 'AVAILABLE'), (1, 'AVAILABLE')]
    """

    def __init__(
        self,
        servables: Mapping[str, Mapping[int, Servable]],
        errors: Mapping[str, Mapping[int, TenonError]] | None = None,
    ) -> None:
        self.open_handles: Counter[ServableId] = Counter()
        self._serving = ServingMap[tuple[ServableId, Servable]]()
        self._states: dict[str, dict[int, ServableState]] = {}
        for name, versions in servables.items():
            self._serving.replace(name, {v: (ServableId(name, v), servable) for v, servable in versions.items()})
            for version in versions:
                self._add(ServableState(ServableId(name, version), State.AVAILABLE))
        for name, failures in (errors or {}).items():
            for version, error in failures.items():
                self._add(ServableState(ServableId(name, version), State.END, error))

    def servable_handle(self, request: ServableRequest) -> ServableHandle:
        """Return a handle that is counted in ``open_handles``."""
        id_, servable = self._serving.find(request)
        self.open_handles[id_] += 1
        return ServableHandle(id_, servable, partial(self._release, id_))

    def available(self, name: str) -> tuple[int, ...]:
        """Return the versions given, newest first."""
        return self._serving.available(name)

    def states(self, name: str) -> tuple[ServableState, ...]:
        """Return the states given, newest version first."""
        return tuple(state for _, state in sorted(self._states.get(name, {}).items(), reverse=True))

    def names(self) -> tuple[str, ...]:
        """Return the names given, sorted."""
        return tuple(sorted(self._states))

    def _add(self, state: ServableState) -> None:
        self._states.setdefault(state.id.name, {})[state.id.version] = state

    def _release(self, id_: ServableId) -> None:
        self.open_handles[id_] -= 1
