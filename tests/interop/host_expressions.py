"""Evaluate expressions that see ``tf``: run as a script in TensorFlow's environment, imported in Tenon's.

python host_expressions.py FOLDER EXPRESSIONS.json ANSWERS.json IMAGES
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


def helpers(tf, images):
    """Return what expressions see beside ``tf``: names of parts, and functions that make bytes."""

    def feature(values):
        kinds = {
            bytes: ("bytes_list", "BytesList"),
            float: ("float_list", "FloatList"),
            int: ("int64_list", "Int64List"),
        }
        if not values:
            return tf.train.Feature()
        field, name = kinds[type(values[0])]
        return tf.train.Feature(**{field: getattr(tf.train, name)(value=values)})

    def features(values):
        return tf.train.Features(feature={key: feature(list(value)) for key, value in values.items()})

    def example(**values):
        return tf.train.Example(features=features(values)).SerializeToString()

    def sequence_example(context, **sequences):
        lists = {
            key: tf.train.FeatureList(feature=[feature(step) for step in steps]) for key, steps in sequences.items()
        }
        message = tf.train.SequenceExample(
            context=features(context), feature_lists=tf.train.FeatureLists(feature_list=lists)
        )
        return message.SerializeToString()

    def image(name):
        return Path(images, name).read_bytes()

    return {"S": tf.strings, "IO": tf.io, "example": example, "sequence_example": sequence_example, "image": image}


def answer(tf, folder, expression, images=Path("tests/interop/images")):
    """Return the plain value of an expression, or the names of the classes of the error that it raises."""
    scope = {"tf": tf, "np": np, "folder": folder, **helpers(tf, images)}
    try:
        return {"value": plain(eval(expression, scope))}
    except Exception as error:
        return {"error": [kind.__name__ for kind in type(error).__mro__], "message": str(error)[:300]}


if __name__ == "__main__":
    import tensorflow

    expressions = json.loads(Path(sys.argv[2]).read_text())
    answers = [answer(tensorflow, sys.argv[1], expression, sys.argv[4]) for expression in expressions]
    Path(sys.argv[3]).write_text(json.dumps(answers))
