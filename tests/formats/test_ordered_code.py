from hypothesis import given
from hypothesis import strategies as st

from tenon.formats._ordered_code import tensor_slice_key

BOUNDS = st.integers(-(2**63), 2**63 - 1)


@given(st.binary(max_size=8), st.binary(max_size=8))
def test_keys_sort_as_names(one, other):
    assert (tensor_slice_key(one, []) < tensor_slice_key(other, [])) == (one < other)


@given(st.tuples(BOUNDS, BOUNDS), st.tuples(BOUNDS, BOUNDS))
def test_keys_sort_as_extents(one, other):
    assert (tensor_slice_key(b"w", [one]) < tensor_slice_key(b"w", [other])) == (one < other)


def test_known_keys():
    assert tensor_slice_key(b"a\0\xff", [(0, -1)]) == b"\0a\0\xff\xff\0\0\1\1\1\x80\x7f"
    assert tensor_slice_key(b"", [(64, -65)]) == b"\0\0\1\1\1\xc0\x40\x3f\xbf"
    assert tensor_slice_key(b"", [(2**63 - 1, 8192)])[5:] == b"\xff\xc0\x7f" + b"\xff" * 7 + b"\xe0\x20\x00"
