"""The same expressions in Tenon and in TensorFlow: run as a script in TensorFlow's environment, imported in Tenon's.

An expression is source text that sees ``tf``, ``np`` and the helpers below. One process of TensorFlow computes all.
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
    return np.random.RandomState(seed).normal(size=shape).astype(dtype)


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

    def images(*shape, dtype="float32", seed=0):
        """Images: bytes, or numbers from 0 to 1."""
        if np.issubdtype(dtype, np.integer):
            return np.random.RandomState(seed).randint(0, 256, shape).astype(dtype)
        return values(*shape, dtype=dtype, low=0.0, seed=seed)

    return {"tf": tf, "np": np, "values": values, "normal": normal, "gradients": gradients, "images": images}


def leaves(result):
    if isinstance(result, (tuple, list)):
        return [leaf for item in result for leaf in leaves(item)]
    if isinstance(result, dict):
        return leaves(list(result.values()))
    return [np.array("None") if result is None else np.asarray(result)]


def evaluated(tf, expression):
    """Return the arrays that an expression gives, or the name of the error that it raises."""
    try:
        return leaves(eval(expression, helpers(tf)))
    except Exception as error:
        return [np.array(f"error: {type(error).__name__}: {error}"[:300])]


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
