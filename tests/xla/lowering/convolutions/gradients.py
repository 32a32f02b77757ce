"""Convolutions to differentiate: what layers do, with any strides, paddings, dilations and groups."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from hypothesis import strategies as st
from jax import lax

ORDER = ("NHWC", "HWIO", "NHWC")


def numbers(*shape: int, dtype: str = "float32") -> Any:
    """Return numbers with the same bits in every run."""
    return jax.numpy.asarray(np.random.default_rng(len(shape)).normal(size=shape), dtype)


def convolved(images: Any, kernel: Any, strides: Any = (1, 1), padding: Any = "SAME", **options: Any) -> jax.Array:
    """Return a convolution of two spatial dimensions."""
    order = options.pop("order", ORDER)
    return lax.conv_general_dilated(images, kernel, strides, padding, dimension_numbers=order, **options)


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    """Return strides, explicit padding and dilations of a 6x7 image with a 3x2 kernel."""
    two = lambda strategy: st.tuples(strategy, strategy)  # noqa: E731
    return {
        "strides": draw(two(st.integers(1, 3))),
        "padding": draw(st.sampled_from(["SAME", "VALID", ((0, 2), (1, 0)), ((3, 1), (2, 2)), ((-1, 0), (0, 1))])),
        "rhs_dilation": draw(two(st.integers(1, 2))),
    }
