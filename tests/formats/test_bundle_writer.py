import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import AlreadyExistsError, FailedPreconditionError, InvalidArgumentError
from tenon.formats import BundleReader, BundleWriter
from tests.formats.strategies import arrays, identical

KEYS = st.text(min_size=1, max_size=20).filter(lambda key: key[0] != "\0" and key.isprintable())


@given(tensors=st.dictionaries(KEYS, arrays(), max_size=6))
def test_every_tensor_survives_the_round_trip(tensors, tmp_path_factory):
    prefix = tmp_path_factory.mktemp("bundle") / "variables"
    with BundleWriter(prefix) as writer:
        for key, array in tensors.items():
            writer.add(key, array)
    reader = BundleReader(prefix)
    assert list(reader.keys()) == sorted(tensors, key=str.encode)
    for key, array in tensors.items():
        assert identical(reader.read(key), array)
        spec = reader.spec(key)
        assert (spec.name, spec.shape, spec.dtype) == (key, array.shape, array.dtype)


def test_the_bundle_is_two_files_in_a_folder_made_for_it(tmp_path):
    with BundleWriter(tmp_path / "deep" / "variables") as writer:
        writer.add("x", np.float32([1, 2]))
    names = sorted(path.name for path in (tmp_path / "deep").iterdir())
    assert names == ["variables.data-00000-of-00001", "variables.index"]
    assert (tmp_path / "deep" / names[0]).read_bytes() == np.float32([1, 2]).tobytes()


def test_nothing_is_visible_before_finish(tmp_path):
    writer = BundleWriter(tmp_path / "variables")
    writer.add("x", np.zeros(3))
    assert all(path.name.startswith(".") for path in tmp_path.iterdir())
    writer.finish()
    writer.finish()
    assert len(list(tmp_path.iterdir())) == 2


def test_an_exception_leaves_nothing(tmp_path):
    def write_and_fail():
        with BundleWriter(tmp_path / "variables") as writer:
            writer.add("x", np.zeros(3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert not list(tmp_path.iterdir())


def test_an_old_bundle_stays_whole_until_the_new_one_is_finished(tmp_path):
    for value in (1, 2):
        with BundleWriter(tmp_path / "variables") as writer:
            writer.add("x", np.int32(value))
            if value == 2:
                assert BundleReader(tmp_path / "variables").read("x") == 1
    assert BundleReader(tmp_path / "variables").read("x") == 2


def test_byte_order_and_strides_do_not_matter(tmp_path):
    array = np.arange(12, dtype=">f4").reshape(3, 4).T[::2]
    with BundleWriter(tmp_path / "b") as writer:
        writer.add("x", array)
    assert np.array_equal(BundleReader(tmp_path / "b").read("x"), array)


def test_text_becomes_utf8(tmp_path):
    with BundleWriter(tmp_path / "b") as writer:
        writer.add("x", [["é", "b"]])
    assert BundleReader(tmp_path / "b").read("x").tolist() == [["é".encode(), b"b"]]


@pytest.mark.parametrize("key", ["", "\0x"])
def test_reserved_keys_are_refused(tmp_path, key):
    with BundleWriter(tmp_path / "b") as writer, pytest.raises(InvalidArgumentError, match="key: must not be empty"):
        writer.add(key, 1)


def test_a_key_is_added_once(tmp_path):
    with BundleWriter(tmp_path / "b") as writer:
        writer.add("x", 1)
        with pytest.raises(AlreadyExistsError, match="key: 'x' is in the bundle already"):
            writer.add("x", 2)


def test_a_refused_tensor_leaves_the_bundle_usable(tmp_path):
    with BundleWriter(tmp_path / "b") as writer:
        for bad in (np.datetime64("2026-11-01"), np.array([b"ok", 3], object)):
            with pytest.raises(InvalidArgumentError):
                writer.add("x", bad)
        writer.add("x", 5)
    assert BundleReader(tmp_path / "b").read("x") == 5


@pytest.mark.parametrize("end", [BundleWriter.finish, BundleWriter.discard])
def test_a_closed_bundle_takes_no_tensors(tmp_path, end):
    writer = BundleWriter(tmp_path / "b")
    end(writer)
    with pytest.raises(FailedPreconditionError, match="the bundle is closed"):
        writer.add("x", 1)


def test_a_large_tensor_is_written_without_a_copy(tmp_path):
    array = np.ones(4_000_000, np.float32)
    with BundleWriter(tmp_path / "b") as writer:
        tracemalloc.start()
        writer.add("x", array)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < array.nbytes / 10


def test_a_bundle_written_again_never_shares_a_file_with_the_old_one(tmp_path):
    names = []
    for value in range(3):
        with BundleWriter(tmp_path / "b") as writer:
            writer.add("x", np.int32(value))
        assert BundleReader(tmp_path / "b").read("x") == value
        names.append(sorted(path.name for path in tmp_path.iterdir()))
    assert names == [
        ["b.data-00000-of-00001", "b.index"],
        ["b.data-00000-of-00002", "b.index"],
        ["b.data-00000-of-00001", "b.index"],
    ]


def test_data_that_a_killed_writer_left_is_never_overwritten_before_the_index_and_goes_with_it(tmp_path):
    (tmp_path / "b.data-00000-of-00001").write_bytes(b"left over")
    (tmp_path / "bb.data-00000-of-00001").write_bytes(b"of another bundle")
    with BundleWriter(tmp_path / "b") as writer:
        writer.add("x", 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "b.data-00000-of-00002",
        "b.index",
        "bb.data-00000-of-00001",
    ]


def test_a_prefix_may_hold_what_patterns_give_a_meaning_to(tmp_path):
    for value in range(2):
        with BundleWriter(tmp_path / "a[1]*?") as writer:
            writer.add("x", value)
    assert BundleReader(tmp_path / "a[1]*?").read("x") == 1
    assert len(list(tmp_path.iterdir())) == 2


FULL_DISK = """
import resource, sys
import numpy as np
from tenon.formats import BundleWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    with BundleWriter(sys.argv[1]) as writer:
        for number in range(200):
            writer.add(f"a/rather/long/key/{number:08}", np.full(int(sys.argv[3]), 7, np.uint8))
except OSError as error:
    print(type(error).__name__, "refused")
"""


@pytest.mark.parametrize(
    ("limit", "size"), [(20_000, 1000), (3_000, 30), (1_000, 1)], ids=["data as they come", "last data", "index"]
)
def test_a_disk_that_refuses_leaves_the_old_bundle_and_nothing_else(tmp_path, limit, size):
    with BundleWriter(tmp_path / "b") as writer:
        writer.add("x", 1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    arguments = [sys.executable, "-c", FULL_DISK, str(tmp_path / "b"), str(limit), str(size)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout == "OSError refused\n"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
