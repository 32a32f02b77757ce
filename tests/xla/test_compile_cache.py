"""Compiled programs outlive the process that compiled them."""

import os
import subprocess
import sys
import zlib

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

from tenon.xla import (
    LOWERING_RULES,
    _compile_cache,
    add_compiled_programs,
    compile_cache_directory,
    compile_cache_in,
    compiled_programs,
    enable_compile_cache_by_default,
    install_lowering_rules,
    without_lowering_rules,
)
from tenon.xla._jax_internals import holds_a_program

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


WRITE_MANY = """
import sys, jax, jax.numpy as jnp
from tenon.xla import enable_compile_cache
enable_compile_cache(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(12):
    print(float(jax.jit(lambda x: jnp.tanh(x) * number)(1.0)))
"""


def test_two_processes_that_write_the_same_programs_at_once_have_the_same_results(tmp_path):
    command = [sys.executable, "-W", "error::UserWarning", "-c", WRITE_MANY, str(tmp_path)]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:
        both = (one, other)
        for process in both:
            assert process.stdout.readline() == "ready\n"
        for process in both:
            process.stdin.write("go\n")
            process.stdin.flush()
        found = [process.communicate(timeout=60)[0].splitlines() for process in both]
    assert found[0] == found[1]
    assert len(found[0]) == 12
    assert not [path.name for path in tmp_path.iterdir() if not path.name.endswith(("-cache", "-atime", ".lockfile"))]
    assert all(holds_a_program(path.read_bytes()) for path in compiled_programs(tmp_path))


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_entry_is_compiled_anew_and_written_again(tmp_path, part):
    with compile_cache_in(tmp_path):
        expected = compile_one(9)(1.0)
        [program] = compiled_programs(tmp_path)
        whole = program.read_bytes()
        program.write_bytes(whole[: int(len(whole) * part)])
        assert compile_one(9)(1.0) == expected
        assert holds_a_program(program.read_bytes())


@pytest.mark.parametrize("place", [0.02, 0.3, 0.6, 0.98])
def test_an_entry_with_a_turned_bit_is_never_run(tmp_path, place):
    with compile_cache_in(tmp_path):
        expected = compile_one(10)(1.0)
        [program] = compiled_programs(tmp_path)
        damaged = bytearray(program.read_bytes())
        damaged[int(len(damaged) * place)] ^= 16
        program.write_bytes(damaged)
        assert compile_one(10)(1.0) == expected
        assert program.read_bytes() != bytes(damaged)


def test_a_whole_entry_that_holds_no_program_is_compiled_anew(tmp_path):
    with compile_cache_in(tmp_path):
        expected = compile_one(11)(1.0)
        [program] = compiled_programs(tmp_path)
        program.write_bytes(zlib.compress(b"\0\0\0\0no machine code"))
        with pytest.warns(UserWarning, match="Error reading persistent compilation cache entry"):
            assert compile_one(11)(1.0) == expected


@pytest.mark.parametrize("other", [lambda x: x * 12.5, lambda x: x + 12, lambda x: x * jax.numpy.arange(3)])
def test_another_program_or_constant_is_another_entry(tmp_path, other):
    with compile_cache_in(tmp_path):
        jax.jit(lambda x: x * 12).lower(1.0).compile()
        jax.jit(other).lower(1.0).compile()
        assert len(compiled_programs(tmp_path)) == 2


def test_a_switch_of_lowering_rules_is_another_entry(tmp_path):
    def draw(key):
        return jax.random.bits(key, (4,))

    install_lowering_rules(LOWERING_RULES)
    with compile_cache_in(tmp_path):
        jax.jit(lambda key: draw(key)).lower(jax.random.key(0)).compile()
        before = len(compiled_programs(tmp_path))
        with without_lowering_rules():
            jax.jit(lambda key: draw(key)).lower(jax.random.key(0)).compile()
        assert len(compiled_programs(tmp_path)) == before + 1
