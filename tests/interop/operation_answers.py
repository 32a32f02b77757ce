"""What a library with TensorFlow's interface answers to the examples of the table of operations, in terms of JSON.

The test calls it with Tenon, and runs it as a program in the environment that has TensorFlow:

    python operation_answers.py questions.json answers.json

Questions are ``{"rows": [{"name", "example", "tensors"}], "paths": [...], "expressions": [...]}``; the answers hold by
the name of each row ``{"values", "gradients"}`` or ``{"error"}``, by path the signature of each public function, and by
expression its value.
"""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

import numpy as np


def answers(tf: Any, questions: dict[str, Any]) -> dict[str, Any]:
    """Return all answers of a library."""
    return {
        "rows": {row["name"]: answer(tf, row) for row in questions["rows"]},
        "signatures": {path: signature(tf, path) for path in questions["paths"]},
        "expressions": {expression: evaluated(tf, expression) for expression in questions["expressions"]},
    }


def answer(tf: Any, row: dict[str, Any]) -> dict[str, Any]:
    """Return the results of a row's example, and their gradients with respect to its floating point arguments."""
    try:
        found = {"values": encoded(tf, _called(tf, row))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    try:
        found["gradients"] = gradients(tf, row)
    except Exception as error:
        found["gradients"] = f"{type(error).__name__}: {error}"
    return found


def _called(tf: Any, row: dict[str, Any]) -> Any:
    """Call with the arguments as they are; where a function wants tensors in place of lists, with tensors."""
    function = attribute(tf, row["name"])
    args, kwargs = arguments(tf, row["example"])
    try:
        return function(*args, **kwargs)
    except (AttributeError, TypeError):
        return function(*_with_tensors(tf, row, args)[0], **kwargs)


def arguments(tf: Any, example: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and named arguments that an example's text says."""
    found: tuple[tuple[Any, ...], dict[str, Any]] = eval(
        f"(lambda *args, **kwargs: (args, kwargs))({example})", {"tf": tf, "np": np}
    )
    return found


def _with_tensors(tf: Any, row: dict[str, Any], args: Any) -> tuple[list[Any], list[Any]]:
    """Return the positional arguments with tensors where a row has some, and those of them with derivatives."""
    given, sources = list(args), []
    for text, many in row["tensors"].items():
        place = int(text)
        if place < len(given):
            given[place], found = _as_tensors(tf, given[place], many)
            sources += found
    return given, sources


def _as_tensors(tf: Any, value: Any, many: bool) -> tuple[Any, list[Any]]:
    if many and isinstance(value, list | tuple):
        pairs = [_as_tensors(tf, item, False) for item in value]
        return [item for item, _ in pairs], [source for _, sources in pairs for source in sources]
    if value is None or isinstance(value, str | bytes):
        return value, []
    try:
        tensor = tf.convert_to_tensor(value)
    except (TypeError, ValueError):
        return value, []
    return tensor, [tensor] if tensor.dtype.is_floating or tensor.dtype.is_complex else []


def gradients(tf: Any, row: dict[str, Any]) -> list[Any]:
    """Return the gradients of a weighted sum of the results with respect to every argument that has one."""
    args, kwargs = arguments(tf, row["example"])
    given, sources = _with_tensors(tf, row, args)
    with tf.GradientTape() as tape:
        tape.watch(sources)
        results = tf.nest.flatten(attribute(tf, row["name"])(*given, **kwargs))
    targets = [r for r in results if tf.is_tensor(r) and (r.dtype.is_floating or r.dtype.is_complex)]
    found = tape.gradient(targets, sources, [weights(tf, target) for target in targets])
    return [None if gradient is None else encoded(tf, tf.convert_to_tensor(gradient)) for gradient in found]


def weights(tf: Any, tensor: Any) -> Any:
    """Return different numbers for the elements of a result, so that a gradient tells them apart."""
    sizes = tuple(tensor.shape)
    numbers = np.cos(np.arange(int(np.prod(sizes))) + 1.0).reshape(sizes)
    return tf.constant(numbers.astype(tensor.dtype.as_numpy_dtype))


def encoded(tf: Any, value: Any) -> Any:
    """Return what JSON can hold of a result: nested lists of ``{"dtype", "shape", "data"}``."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple):
        return [encoded(tf, item) for item in value]
    if isinstance(value, dict):
        return {str(key): encoded(tf, item) for key, item in value.items()}
    if isinstance(value, tf.TensorShape):
        return {"sizes": value.as_list()}
    if hasattr(value, "nested_row_splits"):
        return {"ragged": [encoded(tf, value.flat_values), encoded(tf, list(value.nested_row_splits))]}
    if hasattr(value, "dense_shape"):
        return {"sparse": [encoded(tf, part) for part in (value.indices, value.values, value.dense_shape)]}
    tensor = tf.convert_to_tensor(value)
    array = np.asarray(tensor.numpy(), object if tensor.dtype == tf.string else None)
    return {"dtype": tensor.dtype.name, "shape": list(array.shape), "data": _numbers(array)}


def _numbers(array: np.ndarray) -> list[Any]:
    if array.dtype == object:
        return [item.decode("latin-1") for item in array.ravel()]
    if array.dtype.kind == "c":
        return [[item.real, item.imag] for item in array.ravel().tolist()]
    wide = array.astype(np.float32) if array.dtype.kind == "V" or array.dtype.name == "bfloat16" else array
    return list(wide.ravel().tolist())


def evaluated(tf: Any, expression: str) -> Any:
    """Return the value of an expression of the names below, or ``{"error": [class, its bases...]}``."""
    names = {
        "tf": tf,
        "np": np,
        "c": tf.constant,
        "g": lambda function, *values: _gradients_of(tf, function, values),
        "i": tf.constant([1, 2]),
        "i64": tf.constant([1, 2], tf.int64),
        "u8": tf.constant([200, 3], tf.uint8),
        "f": tf.constant([1.0, 2.0]),
        "f22": tf.constant([[1.0, 2.0], [3.0, 5.0]]),
        "d": tf.constant([1.0, 2.0], tf.float64),
        "z": tf.constant([1 + 2j, 3.0], tf.complex64),
        "b": tf.constant([True, False]),
        "s": tf.constant(["a", "b"]),
        "v": tf.Variable([1.0, 2.0]),
    }
    try:
        return encoded(tf, eval(expression, names))
    except Exception as error:
        return {"error": [cls.__name__ for cls in type(error).__mro__]}


def _gradients_of(tf: Any, function: Any, values: Any) -> Any:
    tensors = [tf.constant(value) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        result = function(*tensors)
    return tape.gradient(result, tensors)


def signature(tf: Any, path: str) -> list[list[Any]] | None:
    """Return the parameters of a public function as ``[name, kind, default's text]``; ``None`` where there is none."""
    try:
        parameters = inspect.signature(attribute(tf, path)).parameters.values()
    except (AttributeError, TypeError, ValueError):
        return None
    return [[p.name, p.kind.name, None if p.default is p.empty else _shown(tf, p.default)] for p in parameters]


def _shown(tf: Any, default: Any) -> str:
    return repr(default.name) if isinstance(default, tf.DType) else getattr(default, "__name__", repr(default))


def attribute(tf: Any, path: str) -> Any:
    """Return what stands at a path below ``tf``."""
    value = tf
    for name in path.split("."):
        value = getattr(value, name)
    return value


if __name__ == "__main__":
    import tensorflow

    with open(sys.argv[1]) as given, open(sys.argv[2], "w") as wanted:
        json.dump(answers(tensorflow, json.load(given)), wanted)
