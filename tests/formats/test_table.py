import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import DataLossError, InvalidArgumentError, UnimplementedError
from tenon.formats import decode_table, encode_table, masked_crc32c

TABLES = st.dictionaries(st.binary(max_size=40), st.binary(max_size=60), max_size=60).map(dict.items).map(sorted)


@given(TABLES, st.integers(1, 2000))
def test_every_table_survives_the_round_trip(items, block_size):
    assert list(decode_table(encode_table(items, block_size=block_size))) == items


def test_neighbours_share_prefixes():
    items = [(b"model/layer/%06d/kernel" % number, b"") for number in range(1000)]
    assert len(encode_table(items)) < sum(len(key) for key, _ in items) / 1.5


def test_long_varints_are_read_back():
    items = [(b"k" * 300, b"v" * 70_000), (b"l" * 20_000, b"")]
    assert list(decode_table(encode_table(items))) == items


@pytest.mark.parametrize("keys", [(b"b", b"a"), (b"a", b"a"), (b"", b"")])
@pytest.mark.parametrize("block_size", [1, 1000])
def test_keys_must_ascend(keys, block_size):
    with pytest.raises(InvalidArgumentError, match=r"keys must ascend and be unique; received .* after"):
        encode_table([(key, b"value") for key in keys], block_size=block_size)


def test_every_changed_byte_is_reported_with_the_file():
    table = encode_table([(b"key%02d" % number, b"value") for number in range(20)], block_size=100)
    for place in range(len(table)):
        for mask in (0x01, 0x80, 0xFF):
            damaged = bytearray(table)
            damaged[place] ^= mask
            with pytest.raises(DataLossError, match=r"x\.index: the table is damaged: .* Restore the file"):
                list(decode_table(bytes(damaged), "x.index"))


def test_every_truncation_is_reported():
    table = encode_table([(b"key", b"value")])
    for size in range(len(table)):
        with pytest.raises(DataLossError, match="the table is damaged"):
            list(decode_table(table[:size]))


def compressed(kind):
    """Return a table of one (empty) block whose type byte says ``kind``."""
    table = encode_table([])
    block, rest = table[:8], table[13:]
    return block + struct.pack("<BI", kind, masked_crc32c(block + bytes([kind]))) + rest


@pytest.mark.parametrize(("kind", "name"), [(1, "Snappy"), (2, "zstd"), (9, "method 9")])
def test_a_compressed_block_is_refused_by_its_method(kind, name):
    with pytest.raises(UnimplementedError, match=rf"x\.index: the block at offset 0 is compressed with {name}"):
        list(decode_table(compressed(kind), "x.index"))


@given(st.binary(max_size=200))
def test_bytes_with_a_valid_footer_are_damage_and_nothing_worse(body):
    footer = encode_table([])[-48:]
    with pytest.raises(DataLossError):
        list(decode_table(body + footer))
