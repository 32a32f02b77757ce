import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.formats import fingerprint64


@pytest.mark.parametrize(
    ("data", "value"),
    [(b"", 11160318154034397263), (b"abc", 2640714258260161385)],
)
def test_known_values(data, value):
    assert fingerprint64(data) == value


@given(st.binary(max_size=300))
def test_the_value_is_an_unsigned_64_bit_integer(data):
    assert 0 <= fingerprint64(data) < 2**64


def test_zero_bytes_count():
    assert len({fingerprint64(b"\0" * size) for size in range(100)}) == 100
