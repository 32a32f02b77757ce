"""Processes that never outlive the benchmark."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from time import monotonic, sleep
from typing import IO, Any

START_SECONDS = 90.0
STOP_SECONDS = 10.0
ASK_AGAIN_SECONDS = 0.02
_STAT_SESSION, _STAT_USER, _STAT_SYSTEM = 3, 11, 12
"""Places in ``/proc/PID/stat``, counted from the state."""


@dataclass(frozen=True)
class Running:
    """A server that is ready.

    Args:
        session: the number of its first process, which its children have as session.
        ready_seconds: from the start of the process until it said it was ready.
    """

    session: int
    ready_seconds: float

    def cpu_seconds(self) -> float:
        """Return the processor time of all its processes that are alive; 0 without ``/proc``."""
        ticks = sum(sum(times) for _, times in _members(self.session))
        return ticks / os.sysconf("SC_CLK_TCK")


class WorkerError(Exception):
    """A worker ended instead of answering; the message has the end of its log."""


@dataclass(frozen=True)
class Worker:
    """A process that answers lines of JSON, each with a line of JSON.

    Args:
        process: with its standard input and output as pipes.
        log: has what it prints otherwise.
    """

    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, question: Any, seconds: float) -> Any:
        """Return the answer.

        Args:
            question: what JSON can say.
            seconds: after which the process is killed.

        Raises:
            WorkerError: there is none; there will be no other.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        begin = monotonic()
        timer = Timer(seconds, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = b""
        finally:
            timer.cancel()
        if line:
            return json.loads(line)
        if monotonic() > begin + seconds:
            raise WorkerError(f"no answer in {seconds:g} s")
        raise WorkerError(f"it ended with {self.process.wait()}: {self.log.read_text(errors='replace')[-500:]}")


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], log: Path, is_ready: Callable[[], bool]
) -> Iterator[Running]:
    """Run a server for the length of a ``with`` block.

    Args:
        command: what to run; its folder is the one of ``log``.
        environment: in addition to this process's own.
        log: takes what the server prints.
        is_ready: asked until it says so.

    Raises:
        SystemExit: it ended, or was not ready after ``START_SECONDS``; the message has the end of its log.
    """
    start = monotonic()
    with log.open("wb") as output, _child(command, environment, log.parent, stdout=output) as process:
        while not is_ready():
            if process.poll() is not None or monotonic() > start + START_SECONDS:
                raise SystemExit(f"{' '.join(command)} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            sleep(ASK_AGAIN_SECONDS)
        yield Running(process.pid, monotonic() - start)


def output_of(command: Sequence[str], environment: Mapping[str, str], folder: Path, seconds: float) -> str:
    """Return what a program prints.

    Raises:
        SystemExit: it failed, or took longer than ``seconds``.
    """
    with _child(command, environment, folder, stdout=subprocess.PIPE) as process:
        try:
            text, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise SystemExit(f"{' '.join(command)} did not end in {seconds:g} s") from error
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{text.decode(errors='replace')[-2000:]}")
        return str(text.decode())


@contextlib.contextmanager
def worker(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> Iterator[Worker]:
    """Run a process that answers questions for the length of a ``with`` block.

    Args:
        command: what to run.
        environment: in addition to this process's own.
        folder: where it runs.
        log: takes its standard error.
    """
    pipe = subprocess.PIPE
    with (
        log.open("wb") as output,
        _child(command, environment, folder, stdin=pipe, stdout=pipe, stderr=output) as process,
    ):
        try:
            yield Worker(process, log)
        finally:
            for each in filter(None, (process.stdin, process.stdout)):
                with contextlib.suppress(BrokenPipeError):  # it is gone
                    each.close()


@contextlib.contextmanager
def _child(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes] = subprocess.STDOUT,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that leads a session of its own, and end the whole session, whatever happens."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the leader to end, then end what it leaves of its group and session."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for member, _ in _members(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    process.wait()


def _members(session: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Return the processes of a session, with the ticks that each has used as user and in the system."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[_STAT_SESSION]) == session:
                yield int(path.parent.name), (int(fields[_STAT_USER]), int(fields[_STAT_SYSTEM]))
