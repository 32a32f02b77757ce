import google_crc32c
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tenon.formats import masked_crc32c


def test_the_check_value_of_the_standard_is_masked():
    assert google_crc32c.value(b"123456789") == 0xE3069283
    assert masked_crc32c(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17 & 0xFFFFFFFF) + 0xA282EAD8) % 2**32


@given(st.binary(max_size=100))
def test_bytes_and_arrays_have_the_same_checksum(data):
    assert masked_crc32c(data) == masked_crc32c(np.frombuffer(data, np.uint8))


@given(st.binary(max_size=100))
def test_the_mask_can_be_taken_off(data):
    rotated = (masked_crc32c(data) - 0xA282EAD8) % 2**32
    assert (rotated << 15 | rotated >> 17) % 2**32 == google_crc32c.value(data)
