import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.formats._varint import decode_varint, encode_varint


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3), st.binary(max_size=3))
def test_every_integer_survives_the_round_trip(value, before, after):
    encoded = encode_varint(value)
    assert len(encoded) == max(1, (value.bit_length() + 6) // 7)
    assert decode_varint(before + encoded + after, len(before)) == (value, len(before) + len(encoded))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "must end inside the data; there are 0 bytes"),
        (b"\x80", "must end inside the data; there are 1 bytes"),
        (b"\x80" * 11, "at most 10 bytes"),
        (b"\xff" * 9 + b"\x02", "at most 64 bits"),
    ],
)
def test_a_broken_integer_is_refused(data, reason):
    with pytest.raises(ValueError, match=reason):
        decode_varint(data, 0)
