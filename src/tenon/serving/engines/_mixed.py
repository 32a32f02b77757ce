"""Two engines for one signature: each answers the batch sizes at which it is the faster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tenon.serving.engines._engine import Engine, Program, Shapes
from tenon.serving.engines._report import EngineReport


class MixedEngine(Engine):
    """Passes each batch to the engine that a report names for its size.

    Args:
        engines: by name; closed together with this one.
        report: the engine for each batch size.
    """

    def __init__(self, engines: Mapping[str, Engine], report: EngineReport) -> None:
        self._engines, self._report = engines, report
        self.name = report.name
        self.compiler = ThreadPoolExecutor(1, "tenon-compile")

    def prepare(self, shapes: Shapes) -> Program:
        """Make the program with the engine for its size; see ``Engine.prepare``."""
        return self._engine(shapes).prepare(shapes)

    def find(self, shapes: Shapes) -> Program | None:
        """Return the program of the engine for its size; see ``Engine.find``."""
        return self._engine(shapes).find(shapes)

    def engine_for(self, rows: int) -> str:
        """Return the engine that the report names; see ``Engine.engine_for``."""
        return self._report.engine_for(rows)

    def compile_and_run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run with the engine for the size of the inputs; see ``Engine.compile_and_run``."""
        return self._engine(tuple(array.shape for array in inputs)).compile_and_run(inputs)

    def close(self) -> None:
        """Close both; see ``Engine.close``."""
        self.compiler.shutdown(wait=False, cancel_futures=True)
        for engine in self._engines.values():
            engine.close()

    def _engine(self, shapes: Shapes) -> Engine:
        return self._engines[self._report.engine_for(shapes[0][0] if shapes and shapes[0] else 1)]
