"""One signature answers: check shapes, batch, run, split."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Mapping, Sequence
from concurrent.futures import Executor

import numpy as np

from tenon.base import InvalidArgumentError, UnavailableError
from tenon.saved_model import LoadedSignature
from tenon.serving.batching._batcher import Batcher
from tenon.serving.engines import Engine, Shapes
from tenon.serving.servables import DEFAULT_RUN_OPTIONS, RunOptions

MAX_BATCHERS = 256
"""Queues kept for different trailing shapes of one signature."""

QUEUED_BATCHES = 64
"""Full batches that may wait for one signature before requests are refused."""


class SignatureRunner:
    """Runs one signature for many requests at once.

    Args:
        name: what to call it in errors.
        signature: its specs.
        engine: its compiled programs.
        sizes: padded batch sizes; empty when rows may not share a batch.
        executor: where slow programs run.
    """

    def __init__(
        self, name: str, signature: LoadedSignature, engine: Engine, sizes: tuple[int, ...], executor: Executor
    ) -> None:
        self._name, self._signature, self._engine = name, signature, engine
        self._sizes, self._executor = sizes, executor
        self._batchers: OrderedDict[Shapes, Batcher] = OrderedDict()
        self._inputs = [
            (key, spec, spec.shape[1:], dtype)
            for (key, spec), dtype in zip(signature.inputs.items(), signature.argument_dtypes, strict=True)
        ]
        self._static = all(None not in trailing for _, _, trailing, _ in self._inputs)
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
            InvalidArgumentError: a shape does not fit.
            UnavailableError: too many requests wait.
        """
        del options
        arrays = [self._checked(inputs[key], key, trailing, dtype) for key, _, trailing, dtype in self._inputs]
        if not self._static:
            self._check_shared_dimensions(arrays)
        outputs = dict(zip(self._outputs, await self._start(arrays), strict=True))
        return outputs if wanted is None else {name: outputs[name] for name in wanted}

    def _start(self, arrays: list[np.ndarray]) -> Awaitable[Sequence[np.ndarray]]:
        """Hand the arrays over; for what fits one batch that is the batcher's own future, with nothing in between."""
        if not self._sizes:
            return self._batcher(tuple(array.shape for array in arrays)).submit(arrays, 1)
        rows = self._common_rows(arrays)
        batcher = self._batcher(tuple(array.shape[1:] for array in arrays))
        return batcher.submit(arrays, rows) if 0 < rows <= self._sizes[-1] else self._in_parts(batcher, arrays, rows)

    async def _in_parts(self, batcher: Batcher, arrays: list[np.ndarray], rows: int) -> Sequence[np.ndarray]:
        if rows == 0:
            return self._empty_outputs()
        limit, parts = self._sizes[-1], []
        for start in range(0, rows, limit):  # one after another: a huge request must not fill the queue
            part = [array[start : start + limit] for array in arrays]
            parts.append(await batcher.submit(part, len(part[0])))
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
            bound = QUEUED_BATCHES * (self._sizes[-1] if self._sizes else 1)
            batcher = Batcher(self._name, self._engine, self._sizes, self._executor, bound)
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


def _readable(shape: Sequence[int | None]) -> str:
    return "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"
