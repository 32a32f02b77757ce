"""Pools, sorts, places, random numbers and products."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.lowering.cases import Case


def pool(size: int, stride: int, shape: tuple[int, ...], padding: str = "SAME", *, sums: bool = False) -> Case:
    """Return max or sum pooling of images, channels last."""
    start, reducer = (0.0, lax.add) if sums else (-np.inf, lax.max)
    window, strides = (1, size, size, 1), (1, stride, stride, 1)
    return Case(
        "sum_pool" if sums else "max_pool",
        f"{size}x{size}/{stride}",
        lambda images: lax.reduce_window(images, start, reducer, window, strides, padding),
        (shape,),
    )


def dropout(given: jax.Array) -> jax.Array:
    """Keep nine of ten numbers, by a key that comes from the data."""
    key = jax.random.wrap_key_data(lax.bitcast_convert_type(given.ravel()[:2], jnp.uint32))
    return jnp.where(jax.random.bernoulli(key, 0.9, given.shape), given / 0.9, 0)


def argmax(given: jax.Array) -> jax.Array:
    """Return the place of the largest number of each row."""
    return jnp.argmax(given, -1)


def whole_product(rows: int, size: int, columns: int) -> Case:
    """Return a product of int8 matrices, as quantized models make them."""
    shapes = ((rows, size), (size, columns))
    return Case("int8_product", f"by {size}x{columns}", multiply, shapes, "int8", differentiable=False)


def multiply(left: jax.Array, right: jax.Array) -> jax.Array:
    """Return the product in int32."""
    return lax.dot(left, right, preferred_element_type=jnp.int32)


OTHERS = (
    whole_product(1, 784, 128),
    whole_product(1, 1024, 1024),
    whole_product(1, 4096, 4096),
    whole_product(1, 2048, 1000),
    whole_product(32, 2048, 1000),
    pool(2, 2, (64, 32, 32, 32), "VALID"),
    pool(2, 2, (32, 26, 26, 32), "VALID"),
    pool(3, 2, (16, 56, 56, 64)),
    pool(3, 2, (8, 112, 112, 64)),
    pool(3, 1, (32, 28, 28, 64)),
    pool(3, 1, (16, 28, 28, 64), sums=True),
    pool(3, 2, (16, 56, 56, 64), sums=True),
    pool(2, 2, (64, 32, 32, 32), "VALID", sums=True),
    Case("integer_sort", "sort", jnp.sort, ((32, 1000),), differentiable=False),
    Case("integer_sort", "sort", jnp.sort, ((1 << 20,),), differentiable=False),
    Case("integer_sort", "argsort", jnp.argsort, ((1 << 18,),), differentiable=False),
    Case("argmax", "argmax", argmax, ((4096, 64),), differentiable=False),
    Case("argmax", "argmax", argmax, ((4096, 1000),), differentiable=False),
    Case("threefry2x32", "dropout", dropout, ((32, 128),), differentiable=False),
    Case("threefry2x32", "dropout", dropout, ((32, 128, 256),), differentiable=False),
)
