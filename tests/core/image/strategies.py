"""Small images."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

LENGTHS = st.integers(1, 7)


def numbers(*shape, dtype="float64", seed=0):
    """Numbers from 0 to 1, of which no two are equal."""
    count = int(np.prod(shape))
    return (np.random.default_rng(seed).permutation(count).reshape(shape) / max(count, 1)).astype(dtype)


@st.composite
def images(draw, channels=2):
    """Draw an image, or a batch of two."""
    batch = draw(st.sampled_from([(), (2,)]))
    return numbers(*batch, draw(LENGTHS), draw(LENGTHS), channels)
