"""One signature answers: check shapes, batch, run, split."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tenon.base import InvalidArgumentError, UnavailableError
from tenon.serving.batching._batcher import Batcher
from tenon.serving.batching._batching import Batching
from tenon.serving.batching._lane import Backlog
from tenon.serving.batching._observer import SignatureId
from tenon.serving.batching._run_plan import RunPlan
from tenon.serving.engines import Engine, Shapes
from tenon.serving.servables import DEFAULT_RUN_OPTIONS, RunOptions

if TYPE_CHECKING:
    from tenon.saved_model import LoadedSignature  # JAX comes with it, and who reads options needs none

MAX_BATCHERS = 256
"""Queues kept for different trailing shapes of one signature."""


class SignatureRunner:
    """Runs one signature for many requests at once; belongs to one event loop.

    Args:
        name: whose signature it is, for errors and the observer.
        signature: its specs.
        engine: its programs.
        plan: how many rows run together, with sizes that ``batching`` allows, or none when rows may not share a batch.
        batching: how to batch.
    """

    def __init__(
        self,
        name: SignatureId,
        signature: LoadedSignature,
        engine: Engine,
        plan: RunPlan,
        batching: Batching,
    ) -> None:
        self._name, self._signature, self._engine = name, signature, engine
        self._plan, self._sizes = plan, plan.sizes
        self._scheduler, self._observer = batching.scheduler, batching.observer
        self._parameters = batching.parameters
        self._backlog = Backlog(plan.full, self._parameters.max_enqueued_batches)
        self._batchers: OrderedDict[Shapes, Batcher] = OrderedDict()
        self._inputs = [
            (key, spec, spec.shape[1:], dtype)
            for (key, spec), dtype in zip(signature.inputs.items(), signature.argument_dtypes, strict=True)
        ]
        self._static = all(None not in trailing for _, _, trailing, _ in self._inputs)
        self._one_queue = self._static or self._parameters.pad_variable_length_inputs
        self._outputs = tuple(signature.outputs)

    async def run(
        self,
        inputs: Mapping[str, np.ndarray],
        wanted: Sequence[str] | None = None,
        options: RunOptions = DEFAULT_RUN_OPTIONS,
    ) -> dict[str, np.ndarray]:
        """Run the signature.

        Args:
            inputs: an array of the declared dtype for every input.
            wanted: names of the outputs to return, in order; ``None`` for all.
            options: deadline and priority.

        Returns:
            Outputs by name.

        Raises:
            InvalidArgumentError: a shape does not fit, or the request has more rows than it may.
            UnavailableError: too many requests wait.
            DeadlineExceededError: the deadline has passed, or could not be met; nothing was run.
        """
        arrays = [self._checked(inputs[key], key, trailing, dtype) for key, _, trailing, dtype in self._inputs]
        if not self._static:
            self._check_shared_dimensions(arrays)
        outputs = dict(zip(self._outputs, await self._start(arrays, options), strict=True))
        return outputs if wanted is None else {name: outputs[name] for name in wanted}

    def _start(self, arrays: list[np.ndarray], options: RunOptions) -> Awaitable[Sequence[np.ndarray]]:
        """Hand the arrays over; for what fits one batch that is the batcher's own future, with nothing in between."""
        if not self._sizes:
            return self._submit(self._batcher(tuple(array.shape for array in arrays)), arrays, 1, options)
        rows = len(arrays[0]) if len(arrays) == 1 else self._common_rows(arrays)
        if 0 < rows <= self._sizes[-1]:
            shapes = () if self._one_queue else self._shared_shapes(arrays)
            return self._submit(self._batchers.get(shapes) or self._batcher(shapes), arrays, rows, options)
        return self._in_parts(arrays, rows, options)

    def _shared_shapes(self, arrays: Sequence[np.ndarray]) -> Shapes:
        """Return what tasks must have in common to share a batch, besides what all tasks have."""
        return () if self._one_queue else tuple([array.shape[1:] for array in arrays])

    def _submit(
        self, batcher: Batcher, arrays: list[np.ndarray], rows: int, options: RunOptions, admitted: bool = False
    ) -> asyncio.Future[list[np.ndarray]]:
        lane, future = batcher.add(arrays, rows, options, admitted)
        self._scheduler.task_added(lane)
        return future

    async def _in_parts(self, arrays: list[np.ndarray], rows: int, options: RunOptions) -> Sequence[np.ndarray]:
        """Run a large request part by part, as many at once as there are threads: it must not fill the queue."""
        if rows == 0:
            return self._empty_outputs()
        most = self._parameters.max_request_rows
        if most is not None and rows > most:
            raise InvalidArgumentError(f"Task size {rows} is larger than maximum input batch size {most}")
        batcher, limit = self._batcher(self._shared_shapes(arrays)), self._sizes[-1]
        waiting: deque[asyncio.Future[list[np.ndarray]]] = deque()
        parts: list[list[np.ndarray]] = []
        try:
            for start in range(0, rows, limit):
                if len(waiting) == self._scheduler.num_batch_threads:
                    parts.append(await waiting.popleft())
                part = [array[start : start + limit] for array in arrays]
                waiting.append(self._submit(batcher, part, len(part[0]), options, admitted=start > 0))
            while waiting:
                parts.append(await waiting.popleft())
        finally:
            _give_up(waiting)
        return [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]

    def _checked(self, array: np.ndarray, key: str, trailing: tuple[int | None, ...], dtype: np.dtype) -> np.ndarray:
        if not self._sizes or array.shape[1:] != trailing or array.ndim == 0:
            self._check_shape(array, key)
        return array if array.dtype == dtype else self._narrowed(array, key, dtype)

    def _narrowed(self, array: np.ndarray, key: str, dtype: np.dtype) -> np.ndarray:
        """Convert 64-bit values to the 32 bits in which the program computes, refusing integers that do not fit."""
        if dtype.kind in "iu" and array.size:
            limits = np.iinfo(dtype)
            if array.min() < limits.min or array.max() > limits.max:
                raise InvalidArgumentError(
                    f"input {key!r} of {self._name}: the program computes in {dtype}, so values must lie between "
                    f"{limits.min} and {limits.max}; received values from {array.min()} to {array.max()}."
                )
        return array.astype(dtype)

    def _check_shape(self, array: np.ndarray, key: str) -> None:
        spec = self._signature.inputs[key]
        if not spec.accepts(array.shape):
            raise InvalidArgumentError(
                f"input {key!r} of {self._name}: must have the shape {_readable(spec.shape)}; "
                f"received {_readable(array.shape)}."
            )

    def _check_shared_dimensions(self, arrays: Sequence[np.ndarray]) -> None:
        """Refuse sizes that differ where the program needs equal ones (one symbol in several places)."""
        sizes: dict[str, int] = {}
        for array, shape in zip(arrays, self._signature.input_shapes, strict=True):
            for size, symbol in zip(array.shape, shape, strict=True):
                if isinstance(symbol, str) and sizes.setdefault(symbol, size) != size:
                    raise InvalidArgumentError(
                        f"inputs of {self._name}: the dimensions called {symbol!r} in "
                        f"{self._named_shapes()} must be equal; received {[a.shape for a in arrays]}."
                    )

    def _named_shapes(self) -> dict[str, tuple[int | str, ...]]:
        return dict(zip(self._signature.inputs, self._signature.input_shapes, strict=True))

    def _common_rows(self, arrays: Sequence[np.ndarray]) -> int:
        rows = len(arrays[0])
        for array in arrays[1:]:
            if len(array) != rows:
                received = {key: len(a) for (key, *_), a in zip(self._inputs, arrays, strict=True)}
                raise InvalidArgumentError(
                    f"inputs of {self._name}: must all have one batch size, their first dimension; received {received}."
                )
        return rows

    def _empty_outputs(self) -> list[np.ndarray]:
        outputs = []
        for spec in self._signature.outputs.values():
            sizes = [size for size in spec.shape[1:] if size is not None]
            outputs.append(np.zeros((0, *sizes), spec.dtype))
        if any(output.ndim < spec.rank for output, spec in zip(outputs, self._signature.outputs.values(), strict=True)):
            raise InvalidArgumentError(
                f"inputs of {self._name}: an empty batch leaves the shape of its outputs open; send at least one row."
            )
        return outputs

    def _batcher(self, shapes: Shapes) -> Batcher:
        batcher = self._batchers.get(shapes)
        if batcher is None:
            self._forget_idle()
            batcher = Batcher(self._name, self._engine, self._plan, self._backlog, self._parameters, self._observer)
            self._batchers[shapes] = batcher
        return batcher

    def _forget_idle(self) -> None:
        """Make room for one more queue.

        Raises:
            UnavailableError: ``MAX_BATCHERS`` sizes wait at once, as many new lengths that compile do.
        """
        if len(self._batchers) < MAX_BATCHERS:
            return
        idle = next((shapes for shapes, batcher in self._batchers.items() if batcher.idle), None)
        if idle is None:
            raise UnavailableError(
                f"{self._name}: requests of {MAX_BATCHERS} different input sizes wait, and no more may. "
                "Try again a little later, or pad inputs to fewer sizes."
            )
        del self._batchers[idle]


def _give_up(waiting: Iterable[asyncio.Future[Any]]) -> None:
    """Drop parts that nobody will await; one that has failed already is asked why, or asyncio would complain."""
    for future in waiting:
        if not future.cancel() and not future.cancelled():
            future.exception()


def _readable(shape: Sequence[int | None]) -> str:
    return "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"
