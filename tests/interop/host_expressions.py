"""Evaluate expressions that see ``tf``: run as a script in TensorFlow's environment, imported in Tenon's.

python host_expressions.py FOLDER EXPRESSIONS.json ANSWERS.json
"""

import json
import sys
from pathlib import Path

import numpy as np


def plain(value):
    """Return what JSON can hold of a result, dtypes included."""
    if hasattr(value, "to_list") and hasattr(value, "row_splits"):
        return ["ragged", value.dtype.name, value.row_splits.dtype.name, plain(value.to_list())]
    if hasattr(value, "dense_shape"):
        return ["sparse", *map(plain, (value.indices, value.values, value.dense_shape))]
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        array = np.asarray(value)
        dtype = getattr(value.dtype, "name", str(value.dtype))
        narrow = array.astype(np.float64) if dtype == "bfloat16" else array
        return [dtype, list(array.shape), plain(narrow.ravel().tolist())]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, complex):
        return [value.real, value.imag]
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)


def answer(tf, folder, expression):
    """Return the plain value of an expression, or the names of the classes of the error that it raises."""
    scope = {"tf": tf, "np": np, "folder": folder, "S": tf.strings}
    try:
        return {"value": plain(eval(expression, scope))}
    except Exception as error:
        return {"error": [kind.__name__ for kind in type(error).__mro__], "message": str(error)[:300]}


if __name__ == "__main__":
    import tensorflow

    expressions = json.loads(Path(sys.argv[2]).read_text())
    answers = [answer(tensorflow, sys.argv[1], expression) for expression in expressions]
    Path(sys.argv[3]).write_text(json.dumps(answers))
