import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import DataLossError, NotFoundError
from tenon.formats import RecordWriter, masked_crc32c, read_records


def written(records):
    file = io.BytesIO()
    writer = RecordWriter(file)
    for record in records:
        writer.write(record)
    return file.getvalue()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.tfrecord"


@given(st.lists(st.binary(max_size=100), max_size=20))
def test_records_survive_the_round_trip(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("records") / "data.tfrecord"
    path.write_bytes(written(records))
    assert list(read_records(path)) == records


def test_a_record_is_framed_by_length_and_checksums():
    length = struct.pack("<Q", 3)
    crcs = [struct.pack("<I", masked_crc32c(data)) for data in (length, b"one")]
    assert written([b"one"]) == length + crcs[0] + b"one" + crcs[1]


def test_every_changed_byte_is_reported_with_file_and_offset(path):
    whole = written([b"first", b"second"])
    second_at = len(written([b"first"]))
    for place in range(len(whole)):
        for mask in (0x01, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= mask
            path.write_bytes(damaged)
            offset = second_at if place >= second_at else 0
            with pytest.raises(DataLossError, match=rf"data\.tfrecord: the record at offset {offset} cannot be read"):
                list(read_records(path))


def test_every_truncation_is_reported_after_the_whole_records(path):
    whole = written([b"first", b"second"])
    second_at = len(written([b"first"]))
    for size in range(second_at + 1, len(whole)):
        path.write_bytes(whole[:size])
        records = read_records(path)
        assert next(records) == b"first"
        with pytest.raises(DataLossError, match=rf"the record at offset {second_at} cannot be read: .* truncated"):
            next(records)


def test_a_length_beyond_the_file_is_refused_before_it_is_allocated(path):
    length = struct.pack("<Q", 2**62)
    path.write_bytes(length + struct.pack("<I", masked_crc32c(length)) + b"tail")
    with pytest.raises(DataLossError, match=rf"truncated: {2**62 + 4} bytes must follow, there are 4"):
        list(read_records(path))


def test_another_kind_of_file_is_recognised(path):
    path.write_bytes(b"\x1f\x8b" + bytes(100))
    with pytest.raises(DataLossError, match="perhaps this is no uncompressed TFRecord file"):
        list(read_records(path))


def test_an_empty_file_has_no_records(path):
    path.touch()
    assert list(read_records(path)) == []


def test_a_missing_file_is_not_found(path):
    with pytest.raises(NotFoundError, match=r"data\.tfrecord: there is no such file"):
        list(read_records(path))


def test_a_file_may_be_appended_to(path):
    for record in (b"one", b"two"):
        with open(path, "ab") as file:
            RecordWriter(file).write(record)
    assert list(read_records(path)) == [b"one", b"two"]
