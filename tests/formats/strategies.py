"""Tensors of every dtype and shape."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenon.formats import numpy_dtype

NUMBERS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 17, 18, 19, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33)
DTYPES = tuple(numpy_dtype(number) for number in NUMBERS)
_BITS = {"int4": 4, "uint4": 4, "int2": 2, "uint2": 2, "float4_e2m1fn": 4}


@st.composite
def arrays(draw: st.DrawFn, shapes: st.SearchStrategy[tuple[int, ...]] | None = None) -> np.ndarray:
    """Draw an array of any dtype, with any bit pattern of the type."""
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(shapes or hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    count = int(np.prod(shape))
    if dtype.hasobject:
        values = np.empty(count, object)
        values[:] = draw(st.lists(st.binary(max_size=9), min_size=count, max_size=count))
        return values.reshape(shape)
    if dtype == np.bool_ or str(dtype) in _BITS:
        small = draw(hnp.arrays(np.uint8, count, elements=st.integers(0, 2 ** _BITS.get(str(dtype), 1) - 1)))
        return small.astype(np.int8).astype(dtype).reshape(shape)
    raw = draw(st.binary(min_size=count * dtype.itemsize, max_size=count * dtype.itemsize))
    return np.frombuffer(raw, dtype).reshape(shape)


def identical(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two arrays have the same dtype, shape and bits; signalling NaNs may have become quiet."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return (one.dtype.hasobject and one.tolist() == other.tolist()) or one.tobytes() == other.tobytes()
