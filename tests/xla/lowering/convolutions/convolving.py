"""Convolutions of small random arrays."""

from __future__ import annotations

import jax
import numpy as np
from hypothesis import strategies as st
from jax import lax

ORDERS = {1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC")}


def convolved(images, kernel, strides=1, padding="SAME", dilation=1, groups=1, order=None, dtype=None):
    """Convolve with JAX; numbers stand for all dimensions, and the order of dimensions has channels last."""
    rank = images.ndim - 2
    return lax.conv_general_dilated(
        images,
        kernel,
        (strides,) * rank if isinstance(strides, int) else strides,
        padding,
        rhs_dilation=(dilation,) * rank if isinstance(dilation, int) else dilation,
        dimension_numbers=order or ORDERS[rank],
        feature_group_count=groups,
        preferred_element_type=dtype,
    )


def numbers(*shape, dtype="float32"):
    """Return random numbers, the same for the same shape."""
    return jax.numpy.asarray(np.random.default_rng(sum(shape)).normal(size=shape), dtype)


@st.composite
def windows(draw, ranks):
    """Draw spatial sizes, and the parameters of a convolution that sees at least one window of them."""
    rank = draw(st.sampled_from(ranks))
    each = st.lists(st.integers(1, 3), min_size=rank, max_size=rank).map(tuple)
    kernel, strides, dilation = draw(each), draw(each), draw(each)
    sizes = draw(st.lists(st.integers(1, 6), min_size=rank, max_size=rank).map(tuple))
    pads = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=rank, max_size=rank))
    reach = [(size - 1) * spread + 1 for size, spread in zip(kernel, dilation, strict=True)]
    short = [max(0, wide - size - low) for (low, _), wide, size in zip(pads, reach, sizes, strict=True)]
    padding = [(low, max(high, least)) for (low, high), least in zip(pads, short, strict=True)]
    return sizes, kernel, {"strides": strides, "dilation": dilation, "padding": padding}


def exported_for(platforms, function, *shapes):
    """Return the program of a function for some platforms; shapes may have symbols."""
    scope = jax.export.SymbolicScope()
    specs = [jax.ShapeDtypeStruct(jax.export.symbolic_shape(shape, scope=scope), "float32") for shape in shapes]
    return jax.export.export(jax.jit(lambda *values: function(*values)), platforms=platforms)(*specs)
