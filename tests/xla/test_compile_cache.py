"""Compiled programs outlive the process that compiled them."""

import os
import subprocess
import sys

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
