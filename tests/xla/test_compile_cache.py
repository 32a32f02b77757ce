"""Compiled programs outlive the process that compiled them."""

import os
import subprocess
import sys

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

from tenon.xla import (
    _compile_cache,
    add_compiled_programs,
    compile_cache_directory,
    compile_cache_in,
    compiled_programs,
    enable_compile_cache_by_default,
)

COMPILE = """
import sys, jax, jax.numpy as jnp
from tenon.xla import enable_compile_cache, run_in_calling_thread
run_in_calling_thread()
print(enable_compile_cache(sys.argv[1] if len(sys.argv) > 1 else None))
print(jax.jit(lambda x: jnp.tanh(x) @ x)(jnp.ones((8, 8)))[0, 0])
"""


def compile_in_a_process(*arguments, **variables):
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", **variables}
    command = [sys.executable, "-c", COMPILE, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return done.stdout.splitlines()[0], done.stderr


def programs(folder):
    return {path.name for path in folder.glob("*-cache")}


def test_a_second_process_finds_what_the_first_compiled(tmp_path):
    assert compile_in_a_process(tmp_path)[0] == str(tmp_path)
    first = programs(tmp_path)
    compile_in_a_process(tmp_path)
    assert first
    assert programs(tmp_path) == first


def test_a_damaged_entry_is_compiled_anew(tmp_path):
    compile_in_a_process(tmp_path)
    for path in tmp_path.glob("*-cache"):
        path.write_bytes(b"damaged")
    compile_in_a_process(tmp_path)


def test_the_folder_is_chosen_by_the_environment(tmp_path):
    assert compile_in_a_process(TENON_CACHE_DIR=str(tmp_path))[0] == str(tmp_path / "xla")
    assert compile_in_a_process(TENON_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path))[0] == str(tmp_path / "tenon" / "xla")


def test_a_folder_that_cannot_be_made_costs_the_cache_only(tmp_path):
    (tmp_path / "file").touch()
    printed, log = compile_in_a_process(tmp_path / "file" / "cache")
    assert printed == "None"
    assert "cannot be written" in log


def test_a_partial_entry_is_removed(tmp_path):
    compile_in_a_process(tmp_path)
    [whole] = [path for path in tmp_path.glob("*-atime") if "lambda" in path.name]
    whole.unlink()  # the file that is written last is missing: its writer died, or the disk was full
    partial = tmp_path / whole.name.replace("-atime", "-cache")
    partial.write_bytes(partial.read_bytes()[:10])
    compile_in_a_process(tmp_path)
    assert partial.stat().st_size > 10
    assert whole.is_file()


def compile_one(number):
    return jax.jit(lambda x: x * number).lower(1.0).compile()


def test_what_is_compiled_in_a_block_is_kept_elsewhere(tmp_path):
    before = jax.config.jax_compilation_cache_dir
    with compile_cache_in(tmp_path):
        assert compile_cache_directory() == tmp_path
        compile_one(3)
    compile_one(4)
    assert len(compiled_programs(tmp_path)) == 1
    assert jax.config.jax_compilation_cache_dir == before


def test_programs_of_others_are_found_and_own_ones_stay(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    with compile_cache_in(first):
        compile_one(5)
    [program] = compiled_programs(first)
    with compile_cache_in(second):
        add_compiled_programs(second, {program.name: program.read_bytes()})
        compile_one(5)
        assert [path.name for path in compiled_programs(second)] == [program.name]
        add_compiled_programs(second, {program.name: b"other"})
    assert (second / program.name).read_bytes() == program.read_bytes()


@pytest.mark.parametrize("name", ["../up-cache", "/etc/up-cache"])
def test_programs_of_others_stay_inside_the_directory(tmp_path, name):
    folder = tmp_path / "cache"
    folder.mkdir()
    add_compiled_programs(folder, {name: b"x"})
    assert [path.name for path in compiled_programs(folder)] == ["up-cache"]


def test_those_who_train_have_a_cache_in_their_folder(tmp_path):
    code = "import jax; from tenon import keras; jax.jit(lambda x: x * 2)(1.0)"
    unset = ("TENON_CACHE_DIR", "TENON_COMPILE_CACHE", "XDG_CACHE_HOME", "JAX_COMPILATION_CACHE_DIR")
    environment = {key: value for key, value in os.environ.items() if key not in unset} | {"HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", code], env=environment, check=True)
    assert programs(tmp_path / ".cache/tenon/xla")
    assert (tmp_path / ".cache/tenon/xla").stat().st_mode & 0o077 == 0


@pytest.fixture
def undecided(monkeypatch):
    """Let nobody have decided on a cache; afterwards everything is as it was."""
    names = (*_compile_cache._SETTINGS, "jax_compilation_cache_dir", "jax_enable_compilation_cache")
    before = {name: getattr(jax.config, name) for name in names}
    jax.config.update("jax_compilation_cache_dir", None)
    for name in ("TENON_CACHE_DIR", "TENON_COMPILE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    yield monkeypatch
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


@pytest.mark.parametrize("value", ["off", "0", "False"])
def test_the_default_is_switched_off(undecided, tmp_path, value):
    undecided.setenv("TENON_CACHE_DIR", str(tmp_path))
    undecided.setenv("TENON_COMPILE_CACHE", value)
    assert enable_compile_cache_by_default() is None
    undecided.delenv("TENON_COMPILE_CACHE")
    assert enable_compile_cache_by_default() == tmp_path / "xla"


@pytest.mark.parametrize(
    ("name", "value"), [("jax_compilation_cache_dir", "/a/folder"), ("jax_enable_compilation_cache", False)]
)
def test_what_jax_was_told_stands(undecided, tmp_path, name, value):
    undecided.setenv("TENON_CACHE_DIR", str(tmp_path))
    jax.config.update(name, value)
    assert enable_compile_cache_by_default() is None
    assert getattr(jax.config, name) == value


def test_a_folder_that_is_not_the_users_alone_is_left(undecided, tmp_path):
    folder = tmp_path / "xla"
    undecided.setenv("TENON_CACHE_DIR", str(tmp_path))
    folder.mkdir()
    folder.chmod(0o777)
    assert enable_compile_cache_by_default() is None
    folder.rmdir()
    folder.touch()
    assert enable_compile_cache_by_default() is None
    undecided.setenv("TENON_CACHE_DIR", "/proc/nowhere")
    assert enable_compile_cache_by_default() is None
    assert compile_cache_directory() is None


def test_a_directory_that_jax_is_given_later_is_used(tmp_path):
    own, later = tmp_path / "own", tmp_path / "later"
    with compile_cache_in(own):
        compile_one(6)
        jax.config.update("jax_compilation_cache_dir", str(later))
        compile_one(7)
        compile_one(8)
    assert len(compiled_programs(own)) == 1
    assert len(compiled_programs(later)) == 2
