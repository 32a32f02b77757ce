"""Evaluate expressions of numbers that see ``tf``: run as a script in TensorFlow's environment, imported in Tenon's.

    python numeric_expressions.py EXPRESSIONS.json ANSWERS.npz

An expression also sees ``np`` and the helpers below, which give the same numbers everywhere.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np


def values(*shape, dtype="float32", low=-1.0, high=1.0, seed=0):
    """Numbers that look random and are the same everywhere."""
    return np.random.RandomState(seed).uniform(low, high, shape).astype(dtype)


def normal(*shape, dtype="float32", seed=0):
    """Numbers that look normally distributed."""
    return np.random.RandomState(seed).normal(size=shape).astype(dtype)


def spectrum(*shape, dtype="complex64"):
    """Complex numbers that look normally distributed."""
    return (normal(*shape) + 1j * normal(*shape, seed=1)).astype(dtype)


def edges(dtype="float32"):
    """Where activations bend, saturate or overflow."""
    return np.array([[-100, -8, -3, -1.5, -0.0, 0, 0.3, 1, 5, 6, 7, 100]], dtype)


def images(*shape, dtype="float32", seed=0):
    """Images: bytes, or numbers from 0 to 1."""
    if np.issubdtype(dtype, np.integer):
        return np.random.RandomState(seed).randint(0, 256, shape).astype(dtype)
    return values(*shape, dtype=dtype, low=0.0, seed=seed)


def boxes(count, seed=0):
    """Boxes [top, left, bottom, right] in an image of size 1."""
    return np.sort(np.random.RandomState(seed).uniform(size=(count, 2, 2)), 1).reshape(count, 4).astype("float32")


def colours():
    """Grey, black, white, and the pure colours between which hues lie."""
    return np.array([[[0.5] * 3, [0] * 3, [1] * 3, [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]]], "float32")


def helpers(tf):
    def gradients(function, *sources):
        """The result, and the gradients of a weighted sum of it with respect to the sources."""
        sources = [tf.constant(source) for source in sources]
        with tf.GradientTape() as tape:
            for source in sources:
                tape.watch(source)
            result = function(*sources)
        weights = np.cos(np.arange(np.prod(result.shape))).reshape(result.shape).astype(result.dtype.as_numpy_dtype)
        return [result, *tape.gradient(result, sources, output_gradients=tf.constant(weights))]

    return {
        "tf": tf,
        "np": np,
        "gradients": gradients,
        **{helper.__name__: helper for helper in (values, normal, spectrum, edges, images, boxes, colours)},
    }


def leaves(result):
    if isinstance(result, (tuple, list)):
        return [leaf for item in result for leaf in leaves(item)]
    if isinstance(result, dict):
        return leaves(list(result.values()))
    return [np.array("None") if result is None else np.asarray(result)]


def evaluated(tf, expression):
    """Return the arrays that an expression gives, or the classes of the error that it raises, and its message."""
    try:
        return leaves(eval(expression, helpers(tf)))
    except Exception as error:
        classes = " ".join(kind.__name__ for kind in type(error).__mro__)
        return [np.array(f"error: {classes}: {error}"[:300])]


def main():
    import tensorflow as tf

    expressions = json.loads(Path(sys.argv[1]).read_text())
    arrays = {}
    for name, expression in expressions.items():
        for place, array in enumerate(evaluated(tf, expression)):
            narrow = array.dtype.name == "bfloat16"
            arrays[f"{name}/{place}"] = array.astype(np.float32) if narrow else array
    np.savez(sys.argv[2], **arrays)


if __name__ == "__main__":
    main()
