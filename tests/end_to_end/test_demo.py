"""The whole path, as a person walks it."""

from __future__ import annotations

import json
import math
import os
import pty
import random
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tenon import keras, saved_model
from tenon.formats import read_events
from tests.server_process import environment

SECONDS = 60
"""Within which a demo that is stopped ends."""


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tenon", "demo", *map(str, arguments)]


def run(cache: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=environment(cache),
        timeout=170,
    )


def hint(output: str, name: str) -> list[str]:
    return shlex.split(re.search(rf"^  {name} +(.*)$", output, re.MULTILINE)[1])


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def ports(output: str) -> list[int]:
    words = hint(output, "serve")
    return [int(words[words.index(flag) + 1]) for flag in ("--port", "--rest-api-port")]


def tags(run: Path) -> set[str]:
    return {value.tag for path in run.iterdir() for event in read_events(path) for value in event.summary.value}


def write_table(path: Path, rows: int = 300) -> Path:
    """Write houses whose size tells price and kind; the street is text, the garden mostly missing."""
    generator = random.Random(0)
    lines = ["size;rooms;street;garden;kind;price"]
    for row in range(rows):
        size = generator.uniform(20, 200)
        garden = "" if row % 3 else f"{generator.uniform(0, 500):.1f}"
        kind = "" if row % 50 == 7 else "house" if size > 110 else "flat"
        lines.append(f'{size:.2f};{int(size // 25) + 1};"Elm; {row}";{garden};{kind};{size * 3000 + 0.5:.1f}')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def test_the_digits_are_learned_exported_served_and_agreed_upon(tmp_path: Path, compile_cache: Path) -> None:
    done = run(compile_cache, "--output", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert float(re.search(r"accuracy ([\d.]+) on held-out data", done.stdout)[1]) >= 0.97
    assert re.search(r"359 held-out rows agree, .* REST [\d.e+-]+, gRPC [\d.e+-]+; all classes are equal", done.stdout)
    assert "\x1b" not in done.stdout

    model = saved_model.read(tmp_path / "models/digits/1")
    request = json.loads((tmp_path / "request.json").read_text())
    images = np.array([row["image"] for row in request["instances"]], np.float32)
    served = model.signatures["serving_default"](image=images)["output_0"]
    loaded = keras.models.load_model(tmp_path / "models/digits/1")
    np.testing.assert_allclose(served, loaded.predict({"image": images}, verbose=0), atol=1e-6)
    assert json.loads((tmp_path / "models/digits/1.classes.json").read_text()) == list("0123456789")

    for folder in ("train", "validation"):
        assert {"epoch_loss", "epoch_accuracy"} <= tags(tmp_path / "logs/digits/1" / folder)
    assert any(tag.endswith("/histogram") for tag in tags(tmp_path / "logs/digits/1/train"))
    assert hint(done.stdout, "watch")[1:] == ["--logdir", str(tmp_path / "logs/digits")]
    assert not any(listens(port) for port in ports(done.stdout))


def test_a_table_of_classes_and_then_one_of_numbers(tmp_path: Path, compile_cache: Path) -> None:
    table = write_table(tmp_path / "houses.csv")
    flags = ("--data", table, "--output", tmp_path / "out", "--epochs", 8)
    first = run(compile_cache, *flags, "--label", "kind")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "6 rows without 'kind' are dropped." in first.stdout
    assert "left out: column 'street', row 2: 'Elm; 0' is not a number." in first.stdout
    assert json.loads((tmp_path / "out/models/houses/1.classes.json").read_text()) == ["flat", "house"]
    assert re.search(r"accuracy 0\.9\d+|accuracy 1 ", first.stdout)

    second = run(compile_cache, *flags, "--label", "price")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "version 2; earlier versions stay beside it" in second.stdout
    found = re.search(r"mean absolute error ([\d.e+]+) on .* would give ([\d.e+]+)", second.stdout)
    assert float(found[1]) < float(found[2])
    signature = saved_model.read(tmp_path / "out/models/houses/2").signatures["serving_default"]
    assert sorted(signature.inputs) == ["garden", "rooms", "size"]
    row = {"garden": [math.nan], "rooms": [3.0], "size": [80.0]}
    assert np.isfinite(signature(**row)["output_0"]).all()


@contextmanager
def at_a_terminal(cache: Path, *arguments: object) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start the demo in a session of its own whose terminal the test holds."""
    ours, theirs = pty.openpty()
    ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    take_terminal = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    )
    login = [sys.executable, "-c", take_terminal]
    process = subprocess.Popen(
        [*login, *command(*arguments)], **ends, start_new_session=True, env={**environment(cache), "TERM": "xterm"}
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


def read_until(terminal: int, text: str) -> str:
    """Read what is printed until ``text`` or the end, without colours and without line ends of terminals."""
    printed = ""
    while text not in printed:
        try:
            printed += re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\r", "", os.read(terminal, 65536).decode(errors="replace"))
        except OSError:  # nobody holds the other end
            break
    return printed


@pytest.mark.parametrize(("ending", "code"), [("Ctrl-C", 0), ("SIGTERM", 128 + signal.SIGTERM)])
def test_at_a_terminal_the_server_stays_up_until_it_is_told(
    ending: str, code: int, tmp_path: Path, compile_cache: Path
) -> None:
    table = write_table(tmp_path / "houses.csv", rows=60)
    flags = ("--data", table, "--label", "kind", "--output", tmp_path / "out", "--epochs", 2)
    with at_a_terminal(compile_cache, *flags) as (process, terminal):
        printed = read_until(terminal, "Ctrl-C stops it")
        assert "Ctrl-C stops it" in printed
        curl = hint(printed, "ask")
        assert curl[:3] == ["curl", "-d", f"@{tmp_path}/out/request.json"]
        body = (tmp_path / "out/request.json").read_bytes()
        with urllib.request.urlopen(curl[3], body, timeout=30) as answer:
            (chances,) = json.load(answer)["predictions"]
        assert sum(chances) == pytest.approx(1)
        assert process.poll() is None
        if ending == "Ctrl-C":
            os.write(terminal, b"\x03")
        else:
            process.terminate()
        rest = read_until(terminal, "ended with the code 0" if code == 0 else "never printed")
        assert process.wait(SECONDS) == code
        assert ("ended with the code 0" in rest) == (code == 0)
        assert not any(listens(port) for port in ports(printed))
        assert "has ended" in (tmp_path / "out/server.log").read_text()
