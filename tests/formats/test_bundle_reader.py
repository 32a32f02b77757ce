import shutil

import ml_dtypes
import numpy as np
import pytest

from tenon.base import DataLossError, NotFoundError, UnimplementedError
from tenon.formats import BundleReader, BundleWriter, decode_table, encode_table, message_class

Header = message_class("tensorflow.BundleHeaderProto")
Entry = message_class("tensorflow.BundleEntryProto")


@pytest.fixture
def prefix(tmp_path):
    with BundleWriter(tmp_path / "variables") as writer:
        writer.add("dense/kernel", np.arange(6, dtype=np.float32).reshape(2, 3))
        writer.add("dense/bias", np.ones(3, ml_dtypes.bfloat16))
        writer.add("words", ["a", "", "ccc"])
        writer.add("step", np.int64(7))
    return tmp_path / "variables"


def index_of(prefix):
    return prefix.with_suffix(".index")


def data_of(prefix):
    return prefix.with_suffix(".data-00000-of-00001")


def read_all(prefix):
    reader = BundleReader(prefix)
    keys = reader.keys()
    return {key: reader.read(key) for key in keys}


def edit_index(prefix, key, change, message=Entry):
    """Change one entry of a bundle's index and write it with right checksums."""
    items = dict(decode_table(index_of(prefix).read_bytes()))
    entry = message.FromString(items[key])
    change(entry)
    items[key] = entry.SerializeToString()
    index_of(prefix).write_bytes(encode_table(items.items()))


def test_keys_are_sorted(prefix):
    assert BundleReader(prefix).keys() == ("dense/bias", "dense/kernel", "step", "words")


@pytest.mark.parametrize("part", [index_of, data_of])
def test_every_changed_byte_is_reported_with_the_file(prefix, part):
    path = part(prefix)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for mask in (0x01, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= mask
            path.write_bytes(damaged)
            with pytest.raises(DataLossError, match=rf"{path.name}: .*(Restore|save)"):
                read_all(prefix)


@pytest.mark.parametrize("part", [index_of, data_of])
def test_every_truncation_is_reported_with_the_file(prefix, part):
    path = part(prefix)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(DataLossError, match=path.name):
            read_all(prefix)


def test_a_missing_bundle_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match=r"nothing\.index: there is no such bundle.*without '\.index'"):
        BundleReader(tmp_path / "nothing")


def test_a_missing_shard_is_data_loss(prefix):
    data_of(prefix).unlink()
    with pytest.raises(DataLossError, match=r"data-00000-of-00001: the shard that holds the tensor 'step' is missing"):
        BundleReader(prefix).read("step")


def test_an_unknown_key_is_answered_with_the_keys(prefix):
    for ask in (BundleReader(prefix).read, BundleReader(prefix).spec):
        with pytest.raises(NotFoundError, match=r"no tensor 'dense'; the keys are: \['dense/bias', 'dense/kernel'"):
            ask("dense")


def test_the_index_key_of_the_header_is_no_tensor(prefix):
    with pytest.raises(NotFoundError, match="no tensor ''"):
        BundleReader(prefix).read("")


IMPOSSIBLE = {
    "a negative size": (lambda entry: setattr(entry.shape.dim[0], "size", -1), r"index: .*shape of 'dense/kernel'"),
    "a huge shape": (lambda entry: setattr(entry.shape.dim[0], "size", 2**60), r"does not take 24 bytes"),
    "another dtype": (lambda entry: setattr(entry, "dtype", 9), r"does not take 24 bytes"),
    "strings instead": (lambda entry: setattr(entry, "dtype", 7), r"checksum|strings"),
    "a place past the end": (lambda entry: setattr(entry, "offset", 1000), "the file is truncated"),
    "a place before the start": (lambda entry: setattr(entry, "offset", -1), "the file is truncated"),
    "a negative length": (lambda entry: setattr(entry, "size", -24), "does not take -24 bytes"),
    "another shard": (lambda entry: setattr(entry, "shard_id", 3), "data-00003-of-00001: the shard .* is missing"),
    "a slice that is not there": (lambda entry: entry.slices.add().extent.add(length=1), "the slice .* is missing"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_entry_is_data_loss(prefix, name):
    change, reason = IMPOSSIBLE[name]
    edit_index(prefix, b"dense/kernel", change)
    with pytest.raises(DataLossError, match=reason):
        BundleReader(prefix).read("dense/kernel")


def test_a_huge_count_of_strings_is_data_loss(prefix):
    edit_index(prefix, b"words", lambda entry: setattr(entry.shape.dim[0], "size", 2**60))
    with pytest.raises(DataLossError, match=r"strings do not fit \d+ bytes"):
        BundleReader(prefix).read("words")


@pytest.mark.parametrize("dtype", [20, 21, 99])
def test_a_tensor_that_is_no_array_is_refused_alone(prefix, dtype):
    edit_index(prefix, b"step", lambda entry: setattr(entry, "dtype", dtype))
    with pytest.raises(UnimplementedError, match="the tensor 'step' cannot be read: dtype: "):
        BundleReader(prefix).read("step")
    assert BundleReader(prefix).read("dense/bias").tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda header: setattr(header, "endianness", Header.BIG),
        lambda header: setattr(header.version, "min_consumer", 2),
    ],
)
def test_a_foreign_bundle_is_refused(prefix, change):
    edit_index(prefix, b"", change, Header)
    with pytest.raises(UnimplementedError, match=r"variables\.index: only little-endian bundles of version 1"):
        BundleReader(prefix)


def test_an_index_without_header_is_data_loss(prefix):
    index_of(prefix).write_bytes(encode_table([]))
    with pytest.raises(DataLossError, match="it has no header"):
        BundleReader(prefix)


@pytest.mark.parametrize(("key", "reason"), [(b"x", "an entry is no message"), (b"", "an entry is no message")])
def test_an_entry_that_is_no_message_is_data_loss(prefix, key, reason):
    items = {**dict(decode_table(index_of(prefix).read_bytes())), key: b"\xff"}
    index_of(prefix).write_bytes(encode_table(sorted(items.items())))
    with pytest.raises(DataLossError, match=reason):
        BundleReader(prefix)


def test_a_key_that_is_not_text_is_data_loss(prefix):
    items = {**dict(decode_table(index_of(prefix).read_bytes())), b"\xff": b""}
    index_of(prefix).write_bytes(encode_table(sorted(items.items())))
    with pytest.raises(DataLossError, match="is not UTF-8"):
        BundleReader(prefix)


def test_several_shards_are_read(prefix):
    shutil.move(data_of(prefix), prefix.with_suffix(".data-00001-of-00002"))
    edit_index(prefix, b"", lambda header: setattr(header, "num_shards", 2), Header)
    for key in (b"dense/bias", b"dense/kernel", b"step", b"words"):
        edit_index(prefix, key, lambda entry: setattr(entry, "shard_id", 1))
    assert read_all(prefix)["words"].tolist() == [b"a", b"", b"ccc"]


def test_what_was_read_belongs_to_the_caller(prefix):
    array = BundleReader(prefix).read("dense/kernel")
    array[:] = 0
    assert BundleReader(prefix).read("dense/kernel").sum() == 15
