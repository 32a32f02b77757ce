"""Run in the environment that has TensorFlow: evaluates the examples of rows, and their gradients, with TensorFlow.

    python operations_in_tensorflow.py rows.json answers.json

``rows.json`` holds a list of ``{"name", "names", "example", "tensors"}``; ``answers.json`` gets an answer by name:
``{"values", "gradients", "signatures", "error"}``.
"""

import inspect
import json
import sys

import numpy as np
import tensorflow as tf


def encoded(value):
    """Return what JSON can hold of a result: nested lists of ``{"dtype", "shape", "data"}``."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (list, tuple)):
        return [encoded(item) for item in value]
    if isinstance(value, dict):
        return {str(key): encoded(item) for key, item in value.items()}
    if isinstance(value, tf.TensorShape):
        return {"shape_object": value.as_list()}
    if isinstance(value, tf.RaggedTensor):
        return {"ragged": [encoded(value.flat_values), [encoded(splits) for splits in value.nested_row_splits]]}
    if isinstance(value, tf.sparse.SparseTensor):
        return {"sparse": [encoded(value.indices), encoded(value.values), encoded(value.dense_shape)]}
    tensor = tf.convert_to_tensor(value)
    array = tensor.numpy()
    return {"dtype": tensor.dtype.name, "shape": list(np.shape(array)), "data": numbers(np.asarray(array))}


def numbers(array):
    """Return the elements as a flat list."""
    if array.dtype == object:
        return [item.decode("latin-1") for item in array.ravel()]
    if array.dtype.kind == "c":
        return [[item.real, item.imag] for item in array.ravel().tolist()]
    if array.dtype.kind == "V" or array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    return array.ravel().tolist()


def arguments(example):
    """Return the positional and named arguments that an example's text says."""
    return eval(f"(lambda *args, **kwargs: (args, kwargs))({example})", {"tf": tf, "np": np})


def watched(value, many):
    """Return a copy of an argument with tensors in place of floating point values, and those tensors."""
    if many and isinstance(value, (list, tuple)):
        found = [watched(item, False) for item in value]
        return [item for item, _ in found], [tensor for _, tensors in found for tensor in tensors]
    if value is None or isinstance(value, (str, bytes)):
        return value, []
    try:
        tensor = tf.convert_to_tensor(value)
    except (TypeError, ValueError):
        return value, []
    return (tensor, [tensor]) if tensor.dtype.is_floating or tensor.dtype.is_complex else (value, [])


def weighted(tensor):
    """Return the sum of a result's elements with weights that tell them apart."""
    count = int(np.prod(tensor.shape))
    weights = tf.reshape(tf.constant(np.cos(np.arange(count) + 1.0)), tensor.shape)
    return tf.reduce_sum(tensor * tf.cast(weights, tensor.dtype))


def gradients(function, example, many):
    """Return the gradients of an example's results with respect to its floating point arguments."""
    args, kwargs = arguments(example)
    given = list(args)
    sources = []
    for place, is_many in many.items():
        if int(place) < len(given):
            given[int(place)], tensors = watched(given[int(place)], is_many)
            sources += tensors
    with tf.GradientTape() as tape:
        tape.watch(sources)
        results = [r for r in tf.nest.flatten(function(*given, **kwargs)) if isinstance(r, tf.Tensor)]
        total = [weighted(r) for r in results if r.dtype.is_floating or r.dtype.is_complex]
    return [None if g is None else encoded(g) for g in tape.gradient(total, sources)]


def signature(path):
    """Return the parameters of a public function as ``[name, kind, default]``."""
    try:
        parameters = inspect.signature(attribute(path)).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[p.name, p.kind.name, None if p.default is p.empty else shown(p.default)] for p in parameters]


def shown(default):
    """Return a default as text; dtypes by their name."""
    return repr(default.name) if isinstance(default, tf.DType) else repr(default)


def attribute(path):
    """Return what stands at a path below ``tf``."""
    value = tf
    for name in path.split("."):
        value = getattr(value, name)
    return value


def answer(row):
    """Return everything about one row."""
    found = {"signatures": {}}
    for path in row["names"]:
        try:
            found["signatures"][path] = signature(path)
        except AttributeError:
            found["signatures"][path] = "missing"
    try:
        function = attribute(row["name"])
        args, kwargs = arguments(row["example"])
        found["values"] = encoded(function(*args, **kwargs))
    except Exception as error:
        return {**found, "error": f"{type(error).__name__}: {error}"}
    try:
        found["gradients"] = gradients(function, row["example"], row["tensors"])
    except Exception as error:
        found["gradients"] = f"{type(error).__name__}: {error}"
    return found


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        rows = json.load(file)
    with open(sys.argv[2], "w") as file:
        json.dump({row["name"]: answer(row) for row in rows}, file)
