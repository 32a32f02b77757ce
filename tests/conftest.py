"""What every test shares."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import jax
import pytest
from hypothesis import HealthCheck, settings

# Two noisy cores run several processes at once: how long a case takes says nothing about the code.
settings.register_profile("tenon", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tenon")


PROGRAMS = "TENON_TEST_PROGRAMS"
"""The folder in which the processes of one run keep what XLA compiled for them: tests compile much alike."""


def pytest_configure() -> None:
    if PROGRAMS not in os.environ:  # workers inherit it
        os.environ[PROGRAMS] = tempfile.mkdtemp(prefix="tenon-tests-")
    os.environ.setdefault("TENON_CACHE_DIR", os.environ[PROGRAMS])  # for processes that tests start
    jax.config.update("jax_compilation_cache_dir", os.environ[PROGRAMS])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(PROGRAMS), ignore_errors=True)


@pytest.hookimpl(optionalhook=True)  # without xdist, nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.schedule import Schedule

    return Schedule(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    gc.disable()  # thousands of tests are made, and all stay
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.fixture(autouse=True, scope="module")
def garbage_of_other_files() -> None:
    """Look for garbage among what this file makes: millions of objects that JAX and pytest keep take seconds each time.

    What the files before it left is found here, so that what its end says is said, and nothing is lost.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def compile_cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")
