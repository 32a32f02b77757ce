"""Damage is reported with the file's name and never loaded."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from tenon.base import DataLossError, NotFoundError, PermissionDeniedError
from tenon.saved_model import TensorSpec, read, save


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "1"
    spec = {"serving_default": {"x": TensorSpec((None, 4), "float32")}}
    save(lambda w, x: jnp.tanh(x @ w), path, spec, variables=np.ones((4, 2), "f4"))
    return path


@pytest.fixture
def copy(saved, tmp_path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "1"))


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_a_flipped_byte_anywhere_is_reported_with_the_files_name(copy):
    generator = random.Random(1)
    for path in files_of(copy):
        content = path.read_bytes()
        for position in {0, len(content) - 1, *(generator.randrange(len(content)) for _ in range(20))}:
            damaged = bytearray(content)
            damaged[position] ^= 1 << generator.randrange(8)
            path.write_bytes(damaged)
            with pytest.raises(DataLossError, match=path.name):
                read(copy)
        path.write_bytes(content)
    read(copy)


def test_a_file_that_cannot_be_read_is_named(copy):
    manifest = copy / "assets.extra/tenon/manifest.json"
    manifest.unlink()
    manifest.mkdir()
    with pytest.raises(DataLossError, match=r"manifest\.json: the file cannot be read \(Is a directory\)"):
        read(copy)


@contextmanager
def without_rights(root):
    """Take the right to read away; root needs none, so it becomes somebody else for a while."""
    user = os.geteuid()
    root.chmod(0)
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)
        root.chmod(0o755)


def test_a_directory_that_may_not_be_read_is_named(copy):
    with without_rights(copy), pytest.raises(PermissionDeniedError, match="may not be read"):
        read(copy)


def test_every_byte_of_the_manifest_is_covered(copy):
    path = copy / "assets.extra/tenon/manifest.json"
    content = path.read_bytes()
    for position in range(len(content)):
        path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        with pytest.raises(DataLossError, match=r"manifest\.json"):
            read(copy)


def test_a_manifest_of_another_layout_is_refused(copy):
    path = copy / "assets.extra/tenon/manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    with pytest.raises(DataLossError, match="does not match its own checksum"):
        read(copy)


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(p.read_bytes()[:-1])])
def test_a_missing_or_truncated_file_is_reported_with_its_name(saved, copy, damage):
    for path in files_of(copy):
        content = path.read_bytes()
        damage(path)
        with pytest.raises(DataLossError, match=path.name):
            read(copy)
        path.write_bytes(content)


def test_files_added_later_do_not_disturb(copy):
    (copy / "assets.extra/tf_serving_warmup_requests").write_bytes(b"later")
    assert "serving_default" in read(copy).signatures


def test_a_directory_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match="there is no SavedModel directory"):
        read(tmp_path / "nowhere")


def test_a_saved_model_of_another_writer_says_so(copy):
    shutil.rmtree(copy / "assets.extra")
    with pytest.raises(DataLossError, match="not written by Tenon"):
        read(copy)


SAVE_AGAIN_AND_AGAIN = """
import sys, numpy as np
from tenon.saved_model import TensorSpec, save
weights = {"w": np.ones((512, 512), "f4")}
spec = {"serving_default": {"x": TensorSpec((None, 512), "float32")}}
version = 0
print("ready", flush=True)
while True:
    version += 1
    save(lambda w, x: x @ w["w"], f"{sys.argv[1]}/{version % 3}", spec, variables=weights)
    print(version, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_no_damaged_model(tmp_path):
    """Kill -9 at random moments, also while a model is being replaced: every directory that loads is whole."""
    generator = random.Random(3)
    for attempt in range(4):
        root = tmp_path / str(attempt)
        root.mkdir()
        writer = subprocess.Popen(
            [sys.executable, "-c", SAVE_AGAIN_AND_AGAIN, str(root)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2 + attempt):
            writer.stdout.readline()
        time.sleep(generator.random() * 0.05)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        visible = [path for path in root.iterdir() if not path.name.startswith(".")]
        assert visible
        for path in root.iterdir():
            if path in visible:
                answer = read(path).signatures["serving_default"](np.ones((1, 512), "f4"))
                assert float(answer["output_0"][0, 0]) == 512.0
            else:
                assert_refused_or_whole(path)


def assert_refused_or_whole(path: Path) -> None:
    """A hidden leftover is refused unless the kill came after its last byte was on disk."""
    try:
        model = read(path)
    except (DataLossError, NotFoundError):
        return
    assert float(model.signatures["serving_default"](np.ones((1, 512), "f4"))["output_0"][0, 0]) == 512.0
