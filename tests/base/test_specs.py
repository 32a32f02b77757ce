"""Specs accept what fits them."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, TensorSpec

DIMENSIONS = st.lists(st.none() | st.integers(0, 5), max_size=4)


@given(DIMENSIONS, st.data())
def test_a_spec_accepts_every_shape_that_fills_its_open_dimensions(dimensions, data):
    shape = [data.draw(st.integers(0, 5)) if size is None else size for size in dimensions]
    assert TensorSpec(tuple(dimensions), "float32").accepts(tuple(shape))


@given(DIMENSIONS.filter(bool), st.data())
def test_a_spec_refuses_another_size_or_rank(dimensions, data):
    spec = TensorSpec(tuple(dimensions), "float32")
    shape = [0 if size is None else size for size in dimensions]
    assert not spec.accepts((*shape, 1))
    fixed = [axis for axis, size in enumerate(dimensions) if size is not None]
    if fixed:
        shape[data.draw(st.sampled_from(fixed))] += 1
        assert not spec.accepts(tuple(shape))


@pytest.mark.parametrize("shape", [(-1,), (None, -3), (2.5,), ("a",)])
def test_a_dimension_is_none_or_a_size(shape):
    with pytest.raises(InvalidArgumentError, match="None or an integer of at least 0"):
        TensorSpec(shape, "float32")


@pytest.mark.parametrize("dtype", ["bfloat16", ml_dtypes.bfloat16, "float8_e4m3fn", np.float32, "int64"])
def test_dtypes_may_be_named(dtype):
    assert isinstance(TensorSpec((), dtype).dtype, np.dtype)


def test_an_unknown_dtype_is_refused():
    with pytest.raises(InvalidArgumentError, match="received 'float33'"):
        TensorSpec((), "float33")
