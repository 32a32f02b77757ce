"""The files of a compile cache: whole entries, a bound, and refusals of the file system that hurt nobody."""

import os
import zlib
from pathlib import Path

import jax
import pytest
from filelock import FileLock

from tenon.xla import _program_cache
from tenon.xla._program_cache import LOCK, PROGRAM, USED, ProgramCache, add_program, make_room

VALUE = zlib.compress(os.urandom(1000))


@pytest.fixture
def cache(tmp_path):
    """Return a cache without a bound in the directory that JAX is told."""
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    yield ProgramCache(tmp_path, -1)
    jax.config.update("jax_compilation_cache_dir", before)


def names(path: Path) -> list[str]:
    return sorted(file.name.removesuffix(PROGRAM) for file in path.glob(f"*{PROGRAM}"))


def test_what_is_put_is_got(cache, tmp_path):
    assert cache.get("a") is None
    cache.put("a", VALUE)
    assert cache.get("a") == VALUE
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"a{USED}", f"a{PROGRAM}"]


@pytest.mark.parametrize("damaged", [b"", bytes(1000), VALUE[:-1], VALUE[:500] + bytes(500)])
def test_a_damaged_entry_is_none_and_is_replaced(cache, tmp_path, damaged):
    (tmp_path / f"a{PROGRAM}").write_bytes(damaged)
    assert cache.get("a") is None
    cache.put("a", VALUE)
    assert cache.get("a") == VALUE


def test_the_least_recently_used_make_room(cache, tmp_path):
    for age, name in enumerate("abcd"):
        add_program(tmp_path / f"{name}{PROGRAM}", VALUE)
        os.utime(tmp_path / f"{name}{USED}", (age, age))
    cache.get("a")
    make_room(tmp_path, 2 * len(VALUE))
    assert names(tmp_path) == ["a", "d"]
    assert not (tmp_path / f"b{USED}").exists()


def test_a_process_looks_after_the_bound_from_its_first_program_on(tmp_path):
    for name in "abcdefgh":
        ProgramCache(tmp_path, 4 * len(VALUE)).put(name, VALUE)
    assert len(names(tmp_path)) <= 4
    ProgramCache(tmp_path, 10).put("large", VALUE)
    assert "large" not in names(tmp_path)


def test_one_process_makes_room_at_a_time(cache, tmp_path):
    cache.put("a", VALUE)
    with FileLock(tmp_path / LOCK):
        make_room(tmp_path, 0)
        assert names(tmp_path) == ["a"]
    make_room(tmp_path, 0)
    assert names(tmp_path) == []


def test_reading_and_writing_go_on_while_another_process_makes_room(cache, tmp_path):
    with FileLock(tmp_path / LOCK):
        cache.put("a", VALUE)
        assert cache.get("a") == VALUE


def test_after_a_refusal_nothing_is_written_and_everything_is_read(cache, tmp_path):
    cache.put("a", VALUE)
    (tmp_path / f"b{PROGRAM}").mkdir()
    cache.put("b", VALUE)
    cache.put("c", VALUE)
    assert names(tmp_path) == ["a", "b"]
    assert cache.get("a") == VALUE
    assert cache.get("b") is None


def test_a_disk_that_is_almost_full_is_left_to_others(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(_program_cache, "_FREE_BYTES", 2**60)
    cache.put("a", VALUE)
    assert names(tmp_path) == []


def test_a_directory_that_is_gone_hurts_nobody(cache, tmp_path):
    tmp_path.rmdir()
    cache.put("a", VALUE)
    assert cache.get("a") is None
