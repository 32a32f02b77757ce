"""Running a graph: operations one after the other, with the values of their inputs at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenon.base import InternalError
from tenon.compat._mode import replaying
from tenon.compat._operation import GraphTensor, Operation
from tenon.core.recording import Recorder
from tenon.core.tensors import Tensor


class Environment:
    """The values of symbolic tensors while a graph, or a body in it, runs.

    Args:
        state: where variables and random numbers live.
        outer: the environment of the graph around a body.
        recorder: remembers what runs, where derivatives are wanted.

    Attributes:
        values: what was computed.
    """

    def __init__(self, state: Any, outer: Any = None, recorder: Recorder | None = None) -> None:
        self.state = state
        self.recorder = recorder
        self.values: dict[GraphTensor, Tensor] = {}
        self._outer = outer

    def get(self, tensor: GraphTensor) -> Tensor:
        """Return the value of a tensor."""
        found = self.values.get(tensor)
        if found is not None:
            return found
        if self._outer is None:
            raise InternalError(f"{tensor!r} was not computed before it was needed.")
        outer: Tensor = self._outer.get(tensor)
        return outer

    def run(self, operations: Sequence[Operation]) -> None:
        """Run operations, and keep what they give.

        Args:
            operations: in an order in which inputs come before what takes them.
        """
        sources = {source for one in operations for source in one.sources}
        if not sources:
            self._run_each(operations, sources)
            return
        self.recorder = Recorder(watch_variables=False)
        with self.recorder:
            for tensor in sources:
                if tensor in self.values or tensor.op not in set(operations):
                    self.recorder.watch(self.get(tensor).value)
            self._run_each(operations, sources)

    def _run_each(self, operations: Sequence[Operation], sources: set[GraphTensor]) -> None:
        with replaying(self):
            for operation in operations:
                if operation.outputs and all(tensor in self.values for tensor in operation.outputs):
                    continue  # fed
                found = operation.compute(self, [self.get(tensor) for tensor in operation.inputs])
                for tensor, value in zip(operation.outputs, found, strict=True):
                    self.values.setdefault(tensor, value)
                    if tensor in sources:
                        assert self.recorder is not None
                        self.recorder.watch(value.value)
