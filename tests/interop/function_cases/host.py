"""Printing, Python functions in programs, and nested structures."""

import collections
import contextlib
import io
import tempfile
from pathlib import Path

import numpy as np

from tests.interop.function_cases.library import tf
from tests.interop.function_cases.registry import both, case
from tests.interop.function_cases.values import Pair

c = tf.constant


@case
def printed():
    values = [
        *(c(1), c(1.5), c(3.14159265), c(1e10), c(100000.0), c(1234567.0), c(0.1), c(1 / 3), c(1 / 3, tf.float64)),
        *(c(float("nan")), c(float("-inf")), c(True), c([True, False]), c("text"), c(["a", 'b"c'])),
        *(c([[1, 2], [3, 4]]), tf.range(10), tf.range(6), tf.reshape(tf.range(100), [10, 10]), tf.zeros([0])),
        *(tf.reshape(tf.range(30), [5, 3, 2]), {"a": c(1), "b": [c(2), "x"]}, (c(1),), Pair(c(1), 2), None, "x"),
        *([1, [2, 3]], np.array([1.5, 2]), c([1e-8, 1.0]), c(1 + 2j), c(7, tf.int8), c(0.1, tf.float16), [], {}),
        *(tf.float32, tf.TensorShape([1, None]), c(16777217.0), c(1e-5), c(1e16, tf.float64), tf.Variable([1, 2])),
    ]
    path = Path(tempfile.mkdtemp()) / "printed"
    with contextlib.redirect_stderr(io.StringIO()):
        for value in values:
            tf.print("value:", value, output_stream=f"file://{path}")
        tf.print(c(1), c(2), sep=", ", end="|\n", output_stream=f"file://{path}")
        tf.print(tf.range(20), summarize=-1, output_stream=f"file://{path}")
        tf.print(tf.range(20), summarize=2, output_stream=f"file://{path}")
    return path.read_text("utf-8")


@case
def printed_in_order():
    path = Path(tempfile.mkdtemp()) / "printed"

    @tf.function
    def f(x):
        tf.print("before", x, output_stream=f"file://{path}")
        for i in tf.range(3):
            if i > 0:
                tf.print("loop", i, output_stream=f"file://{path}")
        tf.print("after", {"x": x}, output_stream=f"file://{path}")
        return x

    f(c([1.0, 2.0]))
    f(c([3.0, 4.0]))
    return path.read_text("utf-8")


@case
def print_refuses_other_streams():
    return tf.print(1, output_stream="nowhere")


@both
def python_on_tensors():
    return tf.py_function(lambda a: [a + 1, tf.cast(a, tf.int32)], [c(3.7)], [tf.float32, tf.int32])


@both
def python_on_arrays():
    return tf.numpy_function(lambda a, b: np.hypot(a, b), [c(3.0), c(4.0)], tf.float32)


@case
def gradient_through_python():
    found = []
    for one in (lambda x: tf.py_function(lambda a: a * a * a, [x], tf.float32),) * 2:
        function = one if not found else tf.function(one)
        x = c(2.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x) * 2.0
        found.append([y, tape.gradient(y, x)])
    return found


@case
def no_gradient_through_arrays():
    x = c(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.function(lambda x: tf.numpy_function(np.square, [x], tf.float32))(x)
    return y, tape.gradient(y, x)


@case
def host_calls_in_order():
    log = []

    @tf.function
    def f(x):
        tf.py_function(lambda a: log.append(float(a)), [x], [])
        for i in tf.range(3):
            tf.py_function(lambda a: log.append(int(a)), [i], [])
        tf.py_function(lambda a: log.append("end"), [x], [])
        return x

    f(c(3.0))
    f(c(4.0))
    return log


@case
def flattened():
    return tf.nest.flatten([{"b": 2, "a": (1, [None, "x"])}, Pair(3, 4), collections.OrderedDict(z=1, y=2), np.ones(1)])


@case
def packed():
    return tf.nest.pack_sequence_as({"b": [0, 0], "a": Pair(0, 0)}, [1, 2, 3, 4])


@case
def packed_too_short():
    return tf.nest.pack_sequence_as([1, 2], [1])


@case
def packed_from_nothing():
    return tf.nest.pack_sequence_as([1, 2], 5)


@case
def mapped():
    return tf.nest.map_structure(lambda a, b: a + b, {"x": 1, "y": (2,)}, {"x": 10, "y": (20,)})


@case
def mapped_with_other_types():
    return tf.nest.map_structure(lambda a, b: a + b, [1, 2], (3, 4))


@case
def mapped_without_types():
    return tf.nest.map_structure(lambda a, b: a + b, [1, 2], (3, 4), check_types=False)


@case
def compared():
    checks = [([1], [2]), ([1], (2,)), ([1], [1, 2]), ([1], 1), ({"a": 1}, {"b": 1}), (Pair(1, 2), Pair(3, 4))]
    found = []
    for a, b in checks:
        try:
            tf.nest.assert_same_structure(a, b)
            found.append("same")
        except (TypeError, ValueError) as error:
            found.append(type(error).__name__)
    return found


@case
def nested_or_not():
    return [tf.nest.is_nested(x) for x in ([1], (), {}, "text", None, np.ones(2), Pair(1, 2), 1)]


@case
def unsortable_keys():
    return tf.nest.flatten({1: 2, "a": 3})
