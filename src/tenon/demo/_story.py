"""From real data to a served model, step by step."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

import tenon.keras as keras
from tenon.base import FailedPreconditionError, UnavailableError, write_file
from tenon.demo._ask import Answer, ask_grpc, ask_rest, check_agreement, request_body
from tenon.demo._dataset import Dataset, hold_out
from tenon.demo._digits import read_digits
from tenon.demo._models import build_digits_model, build_table_model
from tenon.demo._options import DemoOptions
from tenon.demo._report import Report
from tenon.demo._server import Endpoint, choose_endpoint, serve_command, served
from tenon.demo._table import read_table
from tenon.demo._training import fit, predict, score

SEED = 0

MIN_ACCURACY = 0.97
"""What the digits must reach on held-out rows."""

ASKED_ROWS = 500
"""Held-out rows that the server is asked for, at most."""


@dataclass(frozen=True)
class _Subject:
    """What to learn: where the rows come from, the model, and what it must reach."""

    title: str
    read: Callable[[], Dataset]
    build: Callable[[Dataset, int], Any]
    epochs: int
    min_accuracy: float = 0.0


@dataclass(frozen=True)
class Places:
    """Where the files of one version go."""

    output: Path
    model: str
    version: int

    @property
    def base(self) -> Path:
        return self.output / "models" / self.model

    @property
    def saved_model(self) -> Path:
        return self.base / str(self.version)

    @property
    def classes(self) -> Path:
        return self.base / f"{self.version}.classes.json"

    @property
    def logs(self) -> Path:
        return self.output / "logs" / self.model / str(self.version)

    @property
    def request(self) -> Path:
        return self.output / "request.json"

    @property
    def server_log(self) -> Path:
        return self.output / "server.log"


def run_demo(options: DemoOptions, console: Console, stay: bool = False) -> None:
    """Train on real data, export, serve, ask over REST and gRPC, compare, and print it all.

    Everything is written below ``options.output``. A second run adds the next version beside the first. Python's,
    NumPy's and Keras's random generators are seeded.

    Args:
        options: data, places and ports.
        console: where to print.
        stay: keep the server up until Ctrl-C (SIGINT); else stop it as soon as it has answered.

    Raises:
        MissingExtraError: scikit-learn is needed and not installed.
        NotFoundError, PermissionDeniedError, InvalidArgumentError: the table cannot be used; see ``read_table``.
        FailedPreconditionError: the model is less accurate than the data allows, a port is taken, or ``output``
            cannot be written.
        UnavailableError, DeadlineExceededError: the server did not start, answer or stop as it should.
        InternalError: the answers differ.
    """
    report, subject = Report(console), _subject(options)
    report.title(f"Tenon: {subject.title}, from real data to a served model")
    with report.waiting("reading"):
        train, held_out = _read(subject, report)
    places = make_places(options.output, train.name)
    model, outputs = _train(subject, options.epochs or subject.epochs, train, held_out, places.logs, report)
    _save(model, held_out, places, report)
    endpoint = choose_endpoint(train.name, options.port, options.rest_api_port)
    with ExitStack() as stack:
        with report.waiting("starting the server"):
            process = stack.enter_context(served(endpoint, places.base, places.server_log))
        report.say("Serve", f"gRPC {endpoint.target}, REST {endpoint.url}")
        _ask(endpoint, held_out.rows(slice(ASKED_ROWS)), outputs[:ASKED_ROWS], report)
        _show_the_way(places, endpoint, report)
        if stay:
            _stay(process, report)
    report.say("Stop", "the server got SIGTERM, answered what was in flight and ended with the code 0")


def _subject(options: DemoOptions) -> _Subject:
    if options.data is None or options.label is None:
        return _Subject("handwritten digits", read_digits, build_digits_model, epochs=15, min_accuracy=MIN_ACCURACY)
    read = partial(read_table, options.data, options.label)
    return _Subject(f"{options.label!r} of {options.data}", read, build_table_model, epochs=20)


def _read(subject: _Subject, report: Report) -> tuple[Dataset, Dataset]:
    dataset = subject.read()
    train, held_out = hold_out(dataset, SEED)
    names = list(dataset.inputs)
    inputs = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    report.say("Data", f"{len(dataset)} rows: {len(train)} to train on, {len(held_out)} held out; inputs: {inputs}")
    for note in dataset.notes:
        report.say("", note)
    return train, held_out


def make_places(output: Path, model: str) -> Places:
    """Make the folders of the next version: one more than every model and every log that is there.

    Raises:
        FailedPreconditionError: the file system refuses.
    """
    places = Places(output, model, 1)
    taken = [int(path.name) for folder in (places.base, places.logs.parent) for path in folder.glob("[0-9]*")
             if path.name.isdecimal()]  # fmt: skip
    places = Places(output, model, max(taken, default=0) + 1)
    try:
        places.base.mkdir(parents=True, exist_ok=True)
        places.logs.mkdir(parents=True)
    except OSError as error:
        raise FailedPreconditionError(
            f"--output: cannot write below {str(output)!r}: {error.strerror}. Choose a folder that is yours."
        ) from error
    return places


def _train(
    subject: _Subject, epochs: int, train: Dataset, held_out: Dataset, logs: Path, report: Report
) -> tuple[Any, np.ndarray]:
    """Train a model that is good enough; return it and its outputs for ``held_out``."""
    keras.utils.set_random_seed(SEED)
    model = subject.build(train, epochs)
    report.say("Model", f"{model.count_params()} weights, {epochs} epochs")
    with report.training(epochs) as shown:
        fit(model, train, held_out, epochs, logs, [shown])
    outputs = predict(model, held_out.inputs)
    found = score(outputs, train, held_out)
    report.say("Test", str(found))
    if found.value < subject.min_accuracy:
        raise FailedPreconditionError(
            f"the accuracy on held-out data must be at least {subject.min_accuracy}; received {found.value:.4f}, so "
            f"the model is not exported. Train for more than {epochs} epochs: --epochs {max(2 * epochs, 15)}"
        )
    return model, outputs


def _save(model: Any, held_out: Dataset, places: Places, report: Report) -> None:
    model.save(places.saved_model)
    kept = "" if places.version == 1 else "; earlier versions stay beside it, the newest is served"
    report.say("Export", f"{places.saved_model}: a SavedModel, version {places.version}{kept}")
    write_file(places.request, request_body(_whole_row(held_out).inputs))
    if held_out.classes is not None:
        write_file(places.classes, json.dumps(held_out.classes).encode())


def _whole_row(dataset: Dataset) -> Dataset:
    """Return one row, with no missing value if there is such a row: the JSON token NaN is not for every client."""
    rows = len(dataset)
    whole = np.all([np.isfinite(values.reshape(rows, -1)).all(axis=1) for values in dataset.inputs.values()], axis=0)
    first = int(np.argmax(whole))
    return dataset.rows(slice(first, first + 1))


def _ask(endpoint: Endpoint, held_out: Dataset, outputs: np.ndarray, report: Report) -> None:
    """Ask over both protocols for the same rows; print and check the answers."""
    here = Answer("Keras, here", outputs)
    over = [Answer(way, ask(endpoint, held_out.inputs)) for way, ask in (("REST", ask_rest), ("gRPC", ask_grpc))]
    differences = [f"{answer.way} {check_agreement(here, answer, held_out.classes is not None):.1e}" for answer in over]
    equal = "" if held_out.classes is None else "; all classes are equal"
    report.say("Ask", f"{len(held_out)} held-out rows agree, largest difference: {', '.join(differences)}{equal}")
    report.answers(held_out, [here, *over])


def _show_the_way(places: Places, endpoint: Endpoint, report: Report) -> None:
    python, tensorboard = (
        _near(Path(sys.executable).with_name(name)) for name in (Path(sys.executable).name, "tensorboard")
    )
    lines = {
        "ask": shlex.join(["curl", "-d", f"@{places.request}", f"{endpoint.url}:predict"]),
        "watch": shlex.join([tensorboard, "--logdir", str(places.logs.parent)]),
        "serve": shlex.join(serve_command(endpoint, places.base, python)),
        "model": str(places.saved_model),
        "classes": str(places.classes) if places.classes.exists() else "",
        "log": str(places.server_log),
    }
    for name, line in lines.items():
        if line:
            report.hint(name, line)


def _near(program: Path) -> str:
    """Return how to call a program of this environment: as a path from here where that is shorter, else by its name."""
    if not program.exists():
        return program.name
    here = Path.cwd()
    return str(program.relative_to(here)) if program.is_relative_to(here) else str(program)


def _stay(process: subprocess.Popen[bytes], report: Report) -> None:
    try:
        report.say("Up", "the server stays up; Ctrl-C stops it")  # which may be done before this returns
        process.wait()
    except KeyboardInterrupt:
        return
    raise UnavailableError("the server ended by itself; its log tells why.")
