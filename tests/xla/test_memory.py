"""Memory that a program freed is there for the next one."""

import os
import subprocess
import sys

import pytest

from tenon.xla import keep_freed_memory
from tenon.xla._memory import SWITCH, _is_ours

RUN = """
import resource
from tenon.xla import keep_freed_memory
print(keep_freed_memory())
import jax, jax.numpy as jnp
x = jnp.zeros(10 * 2**20)
step = jax.jit(lambda x: x + 1)
faults = []
for turn in range(40):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    step(x).block_until_ready()
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(sorted(faults[20:])[10])
"""
PAGES = 40 * 2**20 // 4096


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in os.confstr_names, reason="another C library")
def test_a_program_runs_again_in_the_memory_that_it_freed():
    clean = {name: value for name, value in os.environ.items() if _is_ours({name: value})}
    command = [sys.executable, "-c", RUN]
    done = subprocess.run(command, capture_output=True, text=True, env={**clean, "JAX_PLATFORMS": "cpu"}, check=True)
    kept, median_of_the_last_runs = done.stdout.split()
    assert kept == "True"
    assert int(median_of_the_last_runs) < PAGES / 10


def test_nothing_is_kept_when_it_is_switched_off(monkeypatch):
    monkeypatch.setenv(SWITCH, "off")
    assert not keep_freed_memory()


@pytest.mark.parametrize(
    "environment",
    [
        {"TENON_KEEP_MEMORY": "OFF"},
        {"MALLOC_ARENA_MAX": "4"},
        {"MALLOC_TRIM_THRESHOLD_": "1"},
        {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
        {"LD_PRELOAD": "/usr/lib/libjemalloc.so.2"},
        {"LD_PRELOAD": "/usr/lib/libtcmalloc.so.4"},
    ],
)
def test_who_tunes_the_allocator_is_not_overruled(environment):
    assert not _is_ours(environment)


@pytest.mark.parametrize("environment", [{}, {"TENON_KEEP_MEMORY": "on"}, {"GLIBC_TUNABLES": "glibc.pthread.rseq=0"}])
def test_else_the_process_keeps_its_memory(environment):
    assert _is_ours(environment)
