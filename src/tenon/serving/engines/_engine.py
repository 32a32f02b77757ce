"""What every engine can do, and what a program of one is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np

Shapes = tuple[tuple[int, ...], ...]
"""The concrete shape of every input of a signature, in argument order."""


class Program(ABC):
    """A signature ready to run for one set of input shapes; safe to call from many threads.

    Attributes:
        engine: which kind of engine made it, such as ``xla`` or ``litert``.
        seconds: how long one run took when it was warm.
        threads: processors that one run keeps busy, where that is a choice; otherwise 1.
    """

    engine: str
    seconds: float
    threads: int

    @abstractmethod
    def __call__(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run; blocks until the results are on the host.

        Args:
            inputs: an array for each input of the signature, of exactly the shape and dtype that the program is for;
                they are only read.

        Returns:
            An array for each output of the signature, the caller's own.
        """

    @abstractmethod
    def on(self, threads: int) -> Program:
        """Return the program for runs that use so many processors; itself where the engine leaves no choice.

        Args:
            threads: one of the numbers that the engine was made for.
        """


class Engine(ABC):
    """All programs of one signature; safe to use from many threads.

    Attributes:
        name: the kind of engine, such as ``xla`` or ``litert``; several are joined with ``+``.
        compiler: the one thread in which ``compile_and_run`` belongs, so that new shapes never take the threads in
            which programs run.
    """

    name: str
    compiler: Executor

    @abstractmethod
    def prepare(self, shapes: Shapes) -> Program:
        """Make the program for ``shapes`` now and keep it for good. Blocks; call it before requests come.

        Args:
            shapes: of every input, in argument order.

        Raises:
            InvalidArgumentError: the shapes break a rule that the signature was exported with, such as a size of 0.
            UnimplementedError: this kind of engine cannot run the signature; the message says why.
        """

    @abstractmethod
    def find(self, shapes: Shapes) -> Program | None:
        """Return the program for ``shapes`` if there is one; never blocks.

        Args:
            shapes: of every input, in argument order.
        """

    @abstractmethod
    def engine_for(self, rows: int) -> str:
        """Return which kind of engine answers batches of a size: ``name``, or a part of it.

        Args:
            rows: the padded batch size.
        """

    @abstractmethod
    def compile_and_run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run on arrays of shapes seen for the first time: make the program, keep it while there is room, run it.

        Args:
            inputs: as a program takes them.

        Raises:
            InvalidArgumentError: as ``prepare``.
            UnimplementedError: as ``prepare``.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of programs and threads; runs in progress end. May be called twice."""
