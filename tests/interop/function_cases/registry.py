"""The cases by name, and what they saw, as JSON can hold it."""

import numpy as np

from tests.interop.function_cases.library import tf

CASES = {}


def case(function):
    """Register a case."""
    assert function.__name__ not in CASES, function.__name__
    CASES[function.__name__] = function
    return function


def both(function):
    """Register a function as two cases: as it is, and as a ``tf.function``."""
    CASES[function.__name__ + "_eager"] = function
    CASES[function.__name__ + "_traced"] = tf.function(function)
    return function


def plain(value):
    """Return what JSON can hold of a value: numbers, dtypes and forms of tensors."""
    if hasattr(value, "numpy"):
        array = np.asarray(value.numpy())
        items = [str(item) for item in array.ravel().tolist()] if array.dtype.kind in "OS" else array.tolist()
        return ["tensor", value.dtype.name, list(array.shape), items]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def answer(case):
    """Return what a case returns, or the class of the error that it raises."""
    try:
        return plain(case())
    except Exception as error:  # the classes are the answer
        return "raises " + " ".join([cls.__name__ for cls in type(error).__mro__ if cls.__module__ != "object"])
