"""What a contender does when it is its turn: it starts, is measured, and ends."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from loads import HERE, Load, answers_http
from processes import Running, free_port, output_of, running
from sample import Sample, read, read_settings

WARM_UP_SECONDS = 2.0
SPARE_SECONDS = 120.0
"""What a program may take besides what it measures."""


@dataclass(frozen=True)
class Figures:
    """What one turn found.

    Args:
        settings: the contender's.
        load: the label of the load.
        sample: the figures.
    """

    settings: str
    load: str
    sample: Sample


class Contender(ABC):
    """Who is measured.

    Attributes:
        name: whose it is.
        part: of the benchmark; what a part needs is written before its first turn.
    """

    name: str
    part: str

    @abstractmethod
    def turn(self, seconds: float, folder: Path) -> Iterator[Figures]:
        """Start, be measured, end.

        Args:
            seconds: length of each measurement.
            folder: what all contenders share; ``folder / "run"`` is for logs.

        Raises:
            SystemExit: it does not start, or a request failed or was answered wrongly: no figure is valid.
        """


@dataclass(frozen=True)
class Server(Contender):
    """A process that answers requests.

    Args:
        name: see ``Contender``.
        part: see ``Contender``.
        settings: what tells it from others of its name.
        words: its command; ``{port}``, ``{grpc_port}`` and ``{folder}`` are filled in.
        loads: each with the name of its port.
        environment: in addition to that of the benchmark, filled in likewise.
    """

    name: str
    part: str
    settings: str
    words: tuple[str, ...]
    loads: tuple[tuple[Load, str], ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def turn(self, seconds: float, folder: Path) -> Iterator[Figures]:
        """See ``Contender.turn``."""
        ports = _free_ports()
        loads = [(load, ports[name]) for load, name in self.loads]
        ready = partial(_all_answer, loads, folder)
        with _started(self.words, self.environment, folder, ports, ready) as server:
            sample: Sample | None = None
            for load, port in loads:
                put = partial(_put, server, load, port, folder=folder, before=sample)
                put(WARM_UP_SECONDS)
                sample = put(seconds)
                if sample.errors:
                    raise SystemExit(f"{self.name}, {load.label}: {sample.errors} requests failed.")
                yield Figures(self.settings, load.label, sample)


def _free_ports() -> dict[str, int]:
    return {"port": free_port(), "grpc_port": free_port()}


def _all_answer(loads: Sequence[tuple[Load, int]], folder: Path) -> bool:
    return all(load.ask(port, folder) for load, port in loads)


def _started(
    words: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    ports: Mapping[str, int],
    is_ready: Callable[[], bool],
) -> AbstractContextManager[Running]:
    """Run a server whose command and environment name the folder and its ports."""
    command = [word.format(folder=folder, **ports) for word in words]
    filled = {name: value.format(folder=folder, **ports) for name, value in environment.items()}
    return running(command, filled, folder / "run" / "server.log", is_ready)


def _put(server: Running, load: Load, port: int, seconds: float, *, folder: Path, before: Sample | None) -> Sample:
    """Put a load on a server, and say what it took of the processor."""
    used = server.cpu_seconds()
    command = load.command(port, seconds, folder, before)
    sample = read(output_of(command, {}, folder / "run", seconds + SPARE_SECONDS))
    requests = max(sample.requests_per_second * seconds, 1.0)
    return replace(sample, cpu_us=(server.cpu_seconds() - used) / requests * 1e6)


@dataclass(frozen=True)
class Program(Contender):
    """A model in a process that calls it itself, in settings of its own.

    Args:
        name: see ``Contender``.
        part: see ``Contender``.
        load: what the report calls it.
        words: its command; ``{seconds}`` and ``{folder}`` are filled in.
    """

    name: str
    part: str
    load: str
    words: tuple[str, ...]

    def turn(self, seconds: float, folder: Path) -> Iterator[Figures]:
        """See ``Contender.turn``."""
        command = [word.format(folder=folder, seconds=seconds) for word in self.words]
        for settings, sample in read_settings(output_of(command, {}, HERE, 4 * seconds + SPARE_SECONDS)).items():
            yield Figures(settings, self.load, sample)


@dataclass(frozen=True)
class SecondStart(Contender):
    """A server that starts once more: from the start of its process until it says that it is ready.

    Args:
        name: see ``Contender``.
        part: see ``Contender``.
        load: what the report calls it.
        words: its command; ``{port}``, ``{grpc_port}`` and ``{folder}`` are filled in.
        path: answers a GET with 200 when the server is ready.
    """

    name: str
    part: str
    load: str
    words: tuple[str, ...]
    path: str = "/readyz"

    def turn(self, seconds: float, folder: Path) -> Iterator[Figures]:
        """See ``Contender.turn``; ``seconds`` is of no meaning to it."""
        del seconds
        for settings in ("first", "second"):
            ports = _free_ports()
            with _started(self.words, {}, folder, ports, partial(answers_http, ports["port"], self.path)) as server:
                taken, used = server.ready_seconds, server.cpu_seconds()
            if settings == "second":
                yield Figures("compile cache", self.load, Sample(1 / taken, taken * 1e3, taken * 1e3, 0, used * 1e6))


def script(name: str, *words: str, python: str = sys.executable) -> tuple[str, ...]:
    """Return the command of a script that lies here."""
    return (python, str(HERE / name), *words)
