"""Blobs are found whole or not at all, and the directory stays small."""

from __future__ import annotations

import os
import threading

import pytest

from tenon.serving.engines import BlobCache, blob_key


@pytest.fixture
def cache(tmp_path):
    return BlobCache(tmp_path / "blobs")


def test_what_was_put_is_found_also_by_others(cache, tmp_path):
    assert cache.get("k") is None
    cache.put("k", b"one")
    cache.put("k", b"two")
    assert BlobCache(tmp_path / "blobs").get("k") == b"two"
    assert cache.read_all() == {"k": b"two"}


@pytest.mark.parametrize("damage", [b"", b"x", bytes(40), "cut", "flip"])
def test_what_is_damaged_counts_as_missing(cache, tmp_path, damage):
    cache.put("k", b"some bytes")
    path = tmp_path / "blobs" / "k"
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[:-1], "flip": whole[:-1] + b"?"}.get(damage, damage))
    assert cache.get("k") is None
    cache.put("k", b"again")
    assert cache.get("k") == b"again"


def test_those_used_longest_ago_make_room(tmp_path):
    cache = BlobCache(tmp_path, max_bytes=3 * 132)
    for index, key in enumerate("abc"):
        cache.put(key, bytes(100))
        os.utime(tmp_path / key, (index, index))
    assert cache.get("a") is not None  # used now
    cache.put("d", bytes(100))
    assert [key for key in "abcd" if cache.get(key) is None] == ["b"]


def test_one_that_is_too_large_is_not_kept(tmp_path):
    cache = BlobCache(tmp_path, max_bytes=10)
    cache.put("k", bytes(11))
    assert cache.get("k") is None


def test_a_directory_that_cannot_be_written_costs_the_cache_only(tmp_path, caplog):
    (tmp_path / "file").touch()
    cache = BlobCache(tmp_path / "file" / "blobs")
    cache.put("k", b"one")
    assert cache.get("k") is None
    assert "cannot be written" in caplog.text


def test_without_a_directory_nothing_is_kept():
    cache = BlobCache(None)
    cache.put("k", b"one")
    assert cache.get("k") is None
    assert cache.read_all() == {}


def test_many_writers_leave_one_whole_blob(cache):
    threads = [threading.Thread(target=cache.put, args=("k", bytes([n]) * 10_000)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    blob = cache.get("k")
    assert blob is not None
    assert len(blob) == 10_000
    assert len(set(blob)) == 1


def test_a_key_depends_on_all_that_identifies_a_blob():
    assert blob_key("r", {"a": 1, "b": 2}) == blob_key("r", {"b": 2, "a": 1})
    assert blob_key("r", {"a": 1}) != blob_key("r", {"a": 2})


def test_files_that_others_rename_meanwhile_are_no_reason_to_warn(tmp_path, caplog):
    """Threads that load models, and other servers, put blobs at the same time: names come and go while one looks."""

    def put(name):
        for index in range(40):
            BlobCache(tmp_path).put(f"{name}{index}", b"blob")

    threads = [threading.Thread(target=put, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert caplog.text == ""
    assert len(BlobCache(tmp_path).read_all()) == 160
