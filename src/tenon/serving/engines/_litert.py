"""A LiteRT flatbuffer as an engine: programs for shapes and numbers of threads, which share interpreters."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np

from tenon.base import UnimplementedError
from tenon.serving.engines._engine import Engine, Program, Shapes
from tenon.serving.engines._interpreters import Flatbuffer, Interpreters, one_line
from tenon.serving.engines._program_table import ProgramTable

SLOW_SECONDS = 0.02
"""A first run that takes longer is not repeated to be timed."""

Fallback = Callable[[Sequence[np.ndarray]], list[np.ndarray]]
"""Answers what LiteRT refuses."""

Pools = Mapping[int, Interpreters]
"""Interpreters by the threads of a run."""

_log = logging.getLogger("tenon.serving")


class LiteRtProgram(Program):
    """A flatbuffer for one set of input shapes.

    Args:
        pools: its interpreters.
        threads: that one run uses, of those in ``pools``.
        seconds: how long a run takes.
        fallback: answers inputs that LiteRT refuses; without one the refusal is an error.
    """

    engine = "litert"

    def __init__(self, pools: Pools, threads: int, seconds: float, fallback: Fallback | None = None) -> None:
        self.threads, self.seconds = threads, seconds
        self._pools, self._interpreters, self._fallback = pools, pools[threads], fallback
        self._others = {threads: self}

    def __call__(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run on an interpreter that nobody uses, or wait for one; see ``Program``.

        Raises:
            RuntimeError: an operation refuses the values, such as an index out of its range, and there is no fallback.
        """
        try:
            return self._interpreters.run(inputs)
        except RuntimeError as error:
            if self._fallback is None:
                raise
            _log.debug("LiteRT refuses an input, the fallback answers: %s", one_line(error))
            return self._fallback(inputs)

    def on(self, threads: int) -> LiteRtProgram:
        """Return the program with interpreters of so many threads, or the next fewer; see ``Program.on``.

        The seconds are a guess until it has run.
        """
        other = self._others.get(threads)
        if other is None:
            found = max((each for each in self._pools if each <= threads), default=min(self._pools))
            seconds = self.seconds * max(1.0, self.threads / found)
            other = self._others[threads] = LiteRtProgram(self._pools, found, seconds, self._fallback)
        return other


class LiteRtEngine(Engine):
    """All programs of one signature, interpreted by LiteRT on the CPU.

    Args:
        flatbuffer: the program for all shapes.
        runs: how many runs there may be at once, by the threads of one; programs are made for the most threads,
            ``Program.on`` gives the others.
        fallback: as for a program.
        check: raises ``InvalidArgumentError`` for shapes that the signature does not take, where LiteRT would not know.

    Attributes:
        runs: as given, by ascending threads.
    """

    name = "litert"

    def __init__(
        self,
        flatbuffer: Flatbuffer,
        runs: Mapping[int, int],
        fallback: Fallback | None = None,
        check: Callable[[Shapes], object] | None = None,
    ) -> None:
        self.runs = dict(sorted(runs.items()))
        self._pools = {threads: Interpreters(flatbuffer, threads, limit) for threads, limit in self.runs.items()}
        self._dtypes, self._filling, self._filled = flatbuffer.dtypes, Lock(), False
        widest = max(self.runs)

        def make(shapes: Shapes) -> LiteRtProgram:
            if check is not None:
                check(shapes)
            seconds = _run_seconds(self._pools[widest], self._zeros(shapes))
            return LiteRtProgram(self._pools, widest, seconds, fallback)

        self.compiler = ThreadPoolExecutor(1, "tenon-compile")
        self._programs = ProgramTable(make)

    def prepare(self, shapes: Shapes) -> LiteRtProgram:
        """Run an interpreter for ``shapes``, and make all of them the first time; see ``Engine.prepare``."""
        program = self._programs.pin(shapes)
        with self._filling:
            if not self._filled:
                self._filled = True
                for threads in sorted(self._pools)[:-1]:  # the program has made those with the most threads
                    self._pools[threads].fill(self._zeros(shapes))
        return program

    def _zeros(self, shapes: Shapes) -> list[np.ndarray]:
        return [
            np.full(shape, b"", dtype) if dtype.kind == "O" else np.zeros(shape, dtype)
            for shape, dtype in zip(shapes, self._dtypes, strict=True)
        ]

    def find(self, shapes: Shapes) -> LiteRtProgram | None:
        """Return the program for ``shapes`` if there is one; see ``Engine.find``."""
        return self._programs.find(shapes)

    def engine_for(self, rows: int) -> str:
        """Return the name, whatever the size; see ``Engine.engine_for``."""
        del rows
        return self.name

    def compile_and_run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Make an interpreter for new shapes and run; see ``Engine.compile_and_run``."""
        return self._programs.find_or_make(tuple(array.shape for array in inputs))(inputs)

    def close(self) -> None:
        """Forget the programs; see ``Engine.close``."""
        self.compiler.shutdown(wait=False, cancel_futures=True)
        self._programs.clear()


def _run_seconds(interpreters: Interpreters, inputs: Sequence[np.ndarray]) -> float:
    """Return how long a run takes.

    Raises:
        UnimplementedError: LiteRT cannot run inputs of these shapes; the message says why.
    """
    try:
        seconds = _timed(interpreters, inputs)
        return seconds if seconds >= SLOW_SECONDS else _timed(interpreters, inputs)
    except (ValueError, RuntimeError) as error:
        shapes = tuple(array.shape for array in inputs)
        raise UnimplementedError(f"LiteRT cannot run the program for the shapes {shapes}: {one_line(error)}") from error


def _timed(interpreters: Interpreters, inputs: Sequence[np.ndarray]) -> float:
    start = time.perf_counter()
    interpreters.run(inputs)
    return time.perf_counter() - start
