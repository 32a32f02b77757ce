"""Random shapes, index expressions and arrays, small ones: every new form of a program is compiled."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

SHAPES = st.lists(st.integers(0, 4), min_size=0, max_size=3).map(tuple)
FULL_SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
ENDS = st.none() | st.integers(-6, 6)
STEPS = st.sampled_from([None, 1, 2, 3, -1, -2])


def numbers(shape, dtype=np.int32):
    """Return different numbers, so that every place can be told from every other."""
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


def words(shape):
    """Return different strings."""
    return np.array([b"w%d" % i for i in range(np.prod(shape, dtype=int))], object).reshape(shape)


@st.composite
def slices(draw):
    return slice(draw(ENDS), draw(ENDS), draw(STEPS))


@st.composite
def shapes_and_keys(draw):
    """Draw a shape and an index expression that fits it."""
    shape = draw(SHAPES)
    count = draw(st.integers(0, len(shape)))
    dots = draw(st.none() | st.integers(0, count))
    items = []
    for place in range(count):
        from_end = dots is not None and place >= dots
        size = shape[len(shape) - count + place] if from_end else shape[place]
        options = [slices(), *([st.integers(-size, size - 1)] if size else [])]
        items.append(draw(st.one_of(options)))
    if dots is not None:
        items.insert(dots, Ellipsis)
    for _ in range(draw(st.integers(0, 2))):
        items.insert(draw(st.integers(0, len(items))), None)
    return shape, tuple(items) if len(items) != 1 or draw(st.booleans()) else items[0]
