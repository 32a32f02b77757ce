"""The turns: all contenders of a workload are made ready one after another, then each has its turn in every round."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.models.agreement import disagreements
from benchmarks.models.contenders import KERAS_JAX, ROOT, TENSORFLOW, Contender
from benchmarks.models.devices import ON_THE_CPU, Computing
from benchmarks.models.results import Cell
from benchmarks.models.task import RefusedError
from benchmarks.models.workloads import Kind, Workload
from benchmarks.processes import Worker, WorkerError, worker

FIRST_SECONDS = 300.0
"""What the first result may take, compiling included."""

TURN_SECONDS = 120.0
LEAST_ROUNDS = 3


@dataclass(frozen=True)
class Plan:
    """How long to measure.

    Args:
        rounds: of each workload.
        seconds: of a turn, which has at least one call.
        most_seconds: of a workload's rounds; after ``LEAST_ROUNDS`` no round begins later.
        threads: of each contender.
        folder: for files, caches and logs.
        computing: on which device and in which precision.
    """

    rounds: int
    seconds: float
    most_seconds: float
    threads: int
    folder: Path
    computing: Computing = ON_THE_CPU


@dataclass
class Seat:
    """A contender at one workload: its process, and what is known of it by batch size."""

    contender: Contender
    cells: dict[int, Cell]
    process: Worker | None = None
    values: dict[int, list[float]] = field(default_factory=dict)

    def ask(self, batch: int, question: list[Any], seconds: float) -> Any:
        """Return the answer; ``None`` where there is none, and the cell says why."""
        if self.process is None or self.cells[batch].refusal:
            return None
        try:
            return _ask(self.process, question, seconds)
        except RefusedError as error:
            self.refuse(batch, str(error))
        except WorkerError as error:
            self.process = None
            for each, cell in self.cells.items():
                if each == batch or not cell.calls:  # what was measured before stays
                    self.refuse(each, str(error))
        return None

    def refuse(self, batch: int, reason: str) -> None:
        """Take the figures away; the first reason stays."""
        cell = self.cells[batch]
        self.cells[batch] = replace(cell, calls=(), cpu=(), refusal=cell.refusal or " ".join(reason.split()))


def measure(workload: Workload, contenders: Sequence[Contender], plan: Plan) -> list[Cell]:
    """Return the cells of a workload.

    Args:
        workload: what to do.
        contenders: who takes part; those that do not do its kind are left out.
        plan: how long.
    """
    seats = [_seat(workload, each) for each in contenders if workload.kind in each.frameworks]
    with contextlib.ExitStack() as stack:
        for seat in seats:
            _make_ready(seat, workload, plan, stack)
        for batch in workload.batches:
            _compare(seats, workload, batch, plan)
            _take_turns(seats, workload, batch, plan)
        for seat in seats:
            memory = seat.ask(workload.batches[0], ["memory"], TURN_SECONDS)
            seat.cells = {batch: replace(cell, memory=memory) for batch, cell in seat.cells.items()}
    return [cell for seat in seats for cell in seat.cells.values()]


def _seat(workload: Workload, contender: Contender) -> Seat:
    def units(batch: int) -> int:
        return -(-workload.rows // batch) if workload.kind is Kind.FIT else 1

    cells = {batch: Cell(contender.name, workload.name, batch, units(batch)) for batch in workload.batches}
    return Seat(contender, cells)


def _make_ready(seat: Seat, workload: Workload, plan: Plan, stack: contextlib.ExitStack) -> None:
    """Start the contender's process and let it have its first result of every batch size."""
    contender = seat.contender
    if not contender.python.exists():
        for batch in seat.cells:
            seat.refuse(batch, f"{contender.python.parent.parent.name} is missing; `make bench` sets it up")
        return
    conversion = contender.conversion
    if conversion is not None:
        with _process(contender, conversion.python, conversion.framework, workload, plan) as seat.process:
            for batch in workload.batches:
                seat.ask(batch, ["convert", batch], FIRST_SECONDS)
    framework = contender.frameworks[workload.kind]
    if contender.starts_again:
        with _process(contender, contender.python, framework, workload, plan) as seat.process:
            _first_results(seat)
    own = _process(contender, contender.python, framework, workload, plan)
    seat.process = stack.enter_context(own)
    _first_results(seat)


def _first_results(seat: Seat) -> None:
    for batch, cell in seat.cells.items():
        answer = seat.ask(batch, ["first", batch], FIRST_SECONDS)
        if answer is None:
            continue
        _say(f"{cell.workload} {batch}  {seat.contender.name}: first result after {answer['seconds']:.2f} s")
        seat.values[batch] = answer["values"]
        when = "first_seconds" if cell.first_seconds is None else "second_seconds"
        known = {when: answer["seconds"], "import_seconds": answer["import_seconds"], "note": answer["note"]}
        seat.cells[batch] = replace(seat.cells[batch], **known)


@contextlib.contextmanager
def _process(
    contender: Contender, python: Path, framework: str, workload: Workload, plan: Plan
) -> Iterator[Worker | None]:
    folder = plan.folder / workload.name
    own = folder / contender.name.replace(" ", "_")
    own.mkdir(exist_ok=True)
    words = [str(python), "-m", "benchmarks.models.worker", framework, workload.name, str(folder), str(plan.threads)]
    words += [
        *["--compiled"] * contender.compiled,
        "--device",
        plan.computing.device,
        "--policy",
        plan.computing.policy,
    ]
    environment = {name: value.format(own=own) for name, value in contender.environment.items()}
    with worker(words, {**plan.computing.environment, **environment}, ROOT, own / "log") as process:
        yield process


def _compare(seats: Sequence[Seat], workload: Workload, batch: int, plan: Plan) -> None:
    values = {seat.contender.name: seat.values[batch] for seat in seats if batch in seat.values}
    trusted = (TENSORFLOW, KERAS_JAX, *(seat.contender.name for seat in reversed(seats)))
    reasons = disagreements(values, max(workload.tolerance, plan.computing.tolerance), trusted)
    for seat in seats:
        if seat.contender.name in reasons:
            seat.refuse(batch, reasons[seat.contender.name])


def _take_turns(seats: Sequence[Seat], workload: Workload, batch: int, plan: Plan) -> None:
    for seat in seats:
        seat.ask(batch, ["turn", batch, 0.0], FIRST_SECONDS)  # whole epochs may be other programs
    begin = time.monotonic()
    for number in range(plan.rounds):
        if number >= LEAST_ROUNDS and time.monotonic() > begin + plan.most_seconds:
            break
        first = number % len(seats)
        for seat in (*seats[first:], *seats[:first]):
            taken = seat.ask(batch, ["turn", batch, plan.seconds], TURN_SECONDS)
            if taken is not None:
                cell = seat.cells[batch]
                calls, cpu = (*cell.calls, taken["seconds"]), (*cell.cpu, taken["cpu_seconds"])
                seat.cells[batch] = replace(cell, calls=calls, cpu=cpu)
    for seat in seats:
        cell = seat.cells[batch]
        _say(f"{workload.name} {batch}  {seat.contender.name}: {cell.refusal or f'{cell.milliseconds:.4g} ms'}")


def _ask(process: Worker, question: list[Any], seconds: float) -> Any:
    answer = process.ask(question, seconds)
    if "refusal" in answer:
        raise RefusedError(answer["refusal"])
    return answer["answer"]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
