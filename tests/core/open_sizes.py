"""Functions compiled once for sizes that are known only when they run, beside what they give eagerly."""

from __future__ import annotations

import jax
import numpy as np
from jax import export

import tenon as tf


def assert_same_with_open_sizes(function, array, sizes):
    """Check that a program for ``sizes``, such as ``"b, h, w, 3"``, gives what eager execution gives."""

    def program(value):
        return [tensor.value for tensor in tf.nest.flatten(function(tf.Tensor(value)))]

    shape = export.symbolic_shape(sizes)
    with jax.enable_x64(True):
        exported = export.export(jax.jit(program))(jax.ShapeDtypeStruct(shape, array.dtype))
        results = exported.call(array)
    for found, expected in zip(results, tf.nest.flatten(function(array)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
