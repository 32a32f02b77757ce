"""Tensors: values with a shape and a dtype, which NumPy understands and nobody changes in place."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(making, generated, attributes, dtypes, inference, numpy_and_back, arithmetic, comparisons, reductions),
        *(functions_and_methods, strictness, immutability, casts, precision, identity_and_equality, iteration),
        *(specs, python_numbers),
    )


def making(tf):
    scalar = tf.constant(12)
    heights = tf.constant([18.5, 7.25, 31.0])
    counts = tf.constant([[3, 8], [0, 5]], dtype=tf.float16)
    blocks = tf.constant([[[9, 8, 7, 6]], [[5, 4, 3, 2]]])
    filled = tf.constant(7, shape=[2, 3])
    refolded = tf.constant([1, 2, 3, 4, 5, 6], shape=(3, 2), dtype=tf.int64)
    return {
        "scalar": scalar,
        "vector": heights,
        "matrix": counts,
        "cube": blocks,
        "filled": filled,
        "refolded": refolded,
        "strings": tf.constant(["oak", "ash", "über"]),
        "complex": tf.constant([1 + 2j, 3j]),
        "of tensors": tf.convert_to_tensor([[heights[0], 0.0], [0.0, heights[1]]]),
        "empty": tf.constant([]),
        "empty of ints": tf.constant([], dtype=tf.int32),
    }


def generated(tf):
    ones = tf.ones([2, 2])
    return {
        "zeros": tf.zeros([3, 2]),
        "zeros of ints": tf.zeros((2,), dtype=tf.int32),
        "zeros of shape": tf.zeros(tf.TensorShape([1, 2])),
        "ones": ones,
        "bools": tf.ones([2], tf.bool),
        "zeros like": tf.zeros_like(ones, dtype=tf.int64),
        "ones like": tf.ones_like([[1, 2, 3]]),
        "fill": tf.fill([2, 3], 9.5),
        "range": tf.range(5),
        "range by step": tf.range(3, 18, 3),
        "range of floats": tf.range(0.0, 1.0, 0.25),
        "range backwards": tf.range(10, 0, -4),
        "range of longs": tf.range(3, dtype=tf.int64),
        "linspace": tf.linspace(0.0, 10.0, 5),
        "linspace of rows": tf.linspace([0.0, 10.0], [1.0, 20.0], 3),
        "eye": tf.eye(3),
        "eye of batch": tf.eye(2, num_columns=3, batch_shape=[2]),
        "one hot": tf.one_hot([0, 2, -1, 1], depth=3),
        "one hot by values": tf.one_hot([1, 0], 2, on_value=5, off_value=-5, axis=0),
    }


def attributes(tf):
    tensor = tf.zeros([5, 1, 6])
    return {
        "dtype": tensor.dtype.name,
        "ndim": tensor.ndim,
        "rank": tf.rank(tensor),
        "shape": list(tensor.shape),
        "shape as list": tensor.shape.as_list(),
        "first axis": tensor.shape[0],
        "last axis": tensor.shape[-1],
        "shape tensor": tf.shape(tensor),
        "shape tensor of longs": tf.shape(tensor, out_type=tf.int64),
        "size": tf.size(tensor),
        "get_shape": tensor.get_shape().as_list(),
        "len": len(tensor),
        "is a tensor": isinstance(tensor, tf.Tensor),
        "tf.is_tensor": [tf.is_tensor(tensor), tf.is_tensor([1.0]), tf.is_tensor(np.ones(1))],
        "device": tensor.device[-5:] in ("CPU:0", "GPU:0"),
        "text names shape and dtype": all(
            part in str(tf.constant([1, 2])) for part in ("[1 2]", "shape=(2,)", "int32")
        ),
        "text of scalar": str(tf.constant(3.5)),
        "repr": repr(tf.constant([[1, 2], [3, 4]])),
    }


def dtypes(tf):
    kinds = [tf.float16, tf.float32, tf.float64, tf.bfloat16, tf.int8, tf.int16, tf.int32, tf.int64]
    kinds += [tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.bool, tf.complex64, tf.complex128, tf.string]
    return {
        "names": [kind.name for kind in kinds],
        "sizes": [kind.size for kind in kinds[:-1]],
        "floating": [kind.is_floating for kind in kinds],
        "integer": [kind.is_integer for kind in kinds],
        "complex": [kind.is_complex for kind in kinds],
        "equal to text": [tf.float32 == "float32", tf.int32 == "float32", tf.int64 != tf.int32],
        "equal to numpy": [tf.float32 == np.float32, tf.bool == np.bool_],
        "the other door": tf.dtypes.int32 == tf.int32
        and tf.dtypes.float32 == tf.float32
        and tf.dtypes.string == tf.string,
        "from text": tf.as_dtype("int64").name,
        "from numpy": tf.as_dtype(np.float16).name,
        "from python": [tf.as_dtype(float).name, tf.as_dtype(bool).name],
        "to numpy": np.dtype(tf.float64.as_numpy_dtype).name,
        "limits": [tf.int16.min, tf.int16.max, tf.uint8.max],
        "float limits": [float(tf.float32.max), float(tf.float16.min)],
        "text": [str(tf.float32), repr(tf.int32)],
        "in a dictionary": {tf.float32: "single"}[tf.dtypes.float32],
        "is a dtype": isinstance(tf.float32, tf.DType),
    }


def inference(tf):
    values = {
        "int": 1,
        "float": 1.5,
        "bool": True,
        "complex": 1j,
        "text": "text",
        "bytes": b"bytes",
        "ints and floats": [1, 2.5],
        "numpy longs": np.arange(3),
        "numpy doubles": np.ones(2),
        "numpy bytes": np.array([1, 2], np.uint8),
        "numpy scalar": np.float64(2.0),
        "ranges": range(4),
        "tuples": ((1, 2), (3, 4)),
        "large int": 2**31 - 1,
    }
    return {name: tf.convert_to_tensor(value) for name, value in values.items()} | {
        "too large an int": tf.constant(2**31),
        "too large an int as long": tf.constant(2**40, tf.int64),
        "hint": tf.convert_to_tensor([1, 2], dtype_hint=tf.float32),
    }


def numpy_and_back(tf):
    tensor = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    return {
        "numpy": tensor.numpy(),
        "np.array": np.array(tensor),
        "np.asarray with dtype": np.asarray(tensor, dtype=np.float64),
        "numpy function": np.square(tensor),
        "numpy reduction": np.mean(tensor, axis=0),
        "numpy on the left": np.ones([2, 2], np.float32) * tensor,
        "numpy on the right": tensor + np.array([10.0, 20.0], np.float32),
        "numpy of longs on the right": tf.constant([1, 2], tf.int64) + np.array([3, 4]),
        "numpy scalar type": type(tf.constant(2.0).numpy()).__name__,
        "round trip": tf.constant(tensor.numpy().T),
        "copy": numpy_does_not_alias(tf),
        "item": tf.constant([5]).numpy().item(),
        "bytes": tf.constant("text").numpy(),
    }


def numpy_does_not_alias(tf):
    array = np.array([1.0, 2.0], np.float32)
    tensor = tf.constant(array)
    array[0] = 100.0
    return tensor


def arithmetic(tf):
    a = tf.constant([[7, -2], [3, 4]])
    b = tf.constant([[2, 3], [-5, 1]])
    x = tf.constant([5.5, -7.25, 0.5])
    return {
        "add": a + b,
        "subtract": a - b,
        "multiply": a * b,
        "divide ints": a / b,
        "floor divide": a // b,
        "remainder": a % b,
        "power": a ** tf.constant([[2, 3], [1, 0]]),
        "matmul": a @ b,
        "negative": -a,
        "positive abs": abs(a),
        "and, or, xor, not of bools": [
            tf.constant([True, True, False]) & tf.constant([True, False, False]),
            tf.constant([True, True, False]) | tf.constant([True, False, False]),
            tf.constant([True, True, False]) ^ tf.constant([True, False, False]),
            ~tf.constant([True, False]),
        ],
        "and, or, xor, not of ints": [a & b, a | b, a ^ b, ~a],
        "python on the left": [2 + x, 2 - x, 2 * x, 2 / x, 2 // x, 2 % x, 2**x],
        "python on the right": [x + 2, x - 2, x * 2, x / 2, x // 2, x % 2, x**2],
        "named": [tf.add(a, b), tf.subtract(a, b), tf.multiply(a, b), tf.divide(a, b), tf.pow(a, 2), tf.negative(a)],
        "named in math": [tf.math.add(a, 1), tf.math.multiply(a, b), tf.math.floormod(a, b), tf.math.floordiv(a, b)],
        "truncated": [tf.truncatediv(a, b), tf.truncatemod(a, b)],
        "add_n": tf.add_n([a, b, a]),
        "divide_no_nan": tf.math.divide_no_nan(x, [0.0, 2.0, 0.0]),
        "matrix times vector": tf.linalg.matvec(a, [1, 1]),
        "matmul transposed": tf.matmul(a, b, transpose_a=True),
        "matmul of batch": tf.linalg.matmul(tf.ones([3, 2, 2]), tf.reshape(tf.range(4.0), [2, 2])),
    }


def comparisons(tf):
    a = tf.constant([1, 5, 3])
    b = tf.constant([1, 2, 6])
    return {
        "operators": [a < b, a <= b, a > b, a >= b, a == b, a != b],
        "named": [tf.less(a, b), tf.less_equal(a, b), tf.greater(a, b), tf.greater_equal(a, b)],
        "equal": [tf.equal(a, b), tf.not_equal(a, b)],
        "logical": [tf.logical_and(a > 1, b > 1), tf.logical_or(a > 1, b > 1), tf.logical_not(a > 1)],
        "exclusive": tf.math.logical_xor(a > 2, b > 2),
        "broadcast": a == 3,
        "shapes that do not fit are unequal": (a == tf.constant([1, 2])),
        "any and all": [
            tf.reduce_any(a > b),
            tf.reduce_all(a > 0),
            tf.reduce_all([[True, False], [True, True]], axis=1),
        ],
        "maximum and minimum": [tf.maximum(a, b), tf.minimum(a, b)],
        "truth": bool(tf.constant([3]) > 2),
        "truth of many": caught(lambda: bool(a), ValueError),
    }


def reductions(tf):
    c = tf.constant([[2.5, -1.0], [4.0, 8.5]])
    n = tf.constant([[3, 1, 2], [6, 5, 4]])
    return {
        "all axes": [tf.reduce_sum(c), tf.reduce_mean(c), tf.reduce_max(c), tf.reduce_min(c), tf.reduce_prod(c)],
        "one axis": [tf.reduce_sum(c, axis=0), tf.reduce_mean(c, axis=1), tf.reduce_max(c, 0), tf.reduce_min(c, -1)],
        "kept axes": tf.reduce_sum(c, axis=1, keepdims=True),
        "several axes": tf.reduce_sum(tf.ones([2, 3, 4]), axis=[0, 2]),
        "ints stay ints": [tf.reduce_sum(n), tf.reduce_mean(n), tf.reduce_prod(n, axis=1)],
        "deviation": [tf.math.reduce_std(c), tf.math.reduce_variance(c, axis=0)],
        "logsumexp": tf.reduce_logsumexp(c, axis=1),
        "norm": [tf.norm(c), tf.norm(c, ord=1, axis=0), tf.math.reduce_euclidean_norm(c, axis=1)],
        "argmax": [tf.argmax(c), tf.argmax(n, axis=1), tf.math.argmax(n, axis=0), tf.argmin(n, axis=1)],
        "argmax of ints": tf.argmax(n, axis=1, output_type=tf.int32),
        "count": tf.math.count_nonzero([[0, 1, 2], [0, 0, 3]], axis=0),
        "cumulated": [tf.cumsum(n, axis=1), tf.cumsum(n, axis=1, exclusive=True, reverse=True), tf.math.cumprod(n)],
        "in math": [
            tf.math.reduce_sum(n, axis=0),
            tf.math.reduce_mean(c),
            tf.math.reduce_max(n),
            tf.math.reduce_any(n > 5),
        ],
    }


def functions_and_methods(tf):
    x = tf.constant([-1.5, -0.25, 0.0, 0.75, 2.0])
    positive = tf.constant([0.5, 1.0, 2.0, 9.0])
    return {
        "of any number": {
            name: getattr(tf, name)(x)
            for name in (
                "abs",
                "square",
                "exp",
                "sin",
                "cos",
                "tan",
                "tanh",
                "sigmoid",
                "sign",
                "floor",
                "atan",
                "sinh",
            )
        },
        "of positive numbers": {
            name: getattr(tf.math, name)(positive)
            for name in ("sqrt", "rsqrt", "log", "log1p", "reciprocal", "lgamma", "digamma", "expm1", "cosh", "asinh")
        },
        "rounded": [tf.round([0.5, 1.5, -2.5, 2.4]), tf.math.ceil(x), tf.math.rint(x), tf.floor(x)],
        "sqrt": tf.sqrt(positive),
        "special": [tf.math.erf(x), tf.math.softplus(x), tf.math.xlogy(x[3:], x[3:]), tf.math.atan2(x, 2.0)],
        "nan": [tf.math.is_nan([1.0, np.nan]), tf.math.is_inf([np.inf, 1.0]), tf.math.is_finite([np.inf, 1.0])],
        "clipped": [tf.clip_by_value(x, -1.0, 1.0), tf.clip_by_norm(x, 1.0)],
        "clipped together": list(tf.clip_by_global_norm([x, positive], 2.0)[0]),
        "global norm": tf.linalg.global_norm([x, positive]),
        "softmax": [tf.nn.softmax(x), tf.nn.log_softmax(x), tf.math.softmax([[1.0, 2.0], [3.0, 5.0]], axis=0)],
        "squares": [tf.math.square(x), tf.math.squared_difference(x, 1.0), tf.nn.sigmoid(x)],
        "complex": [tf.complex(x, 1.0), tf.math.real([1 + 2j]), tf.math.imag([1 + 2j]), tf.math.conj([1 + 2j])],
        "lists for tensors": tf.multiply([1, 2, 3], [4, 5, 6]),
    }


def strictness(tf):
    ints, floats, doubles = tf.constant([1, 2]), tf.constant([1.0, 2.0]), tf.constant([1.0], tf.float64)
    try:
        ints + floats
        message = ""
    except tf.errors.InvalidArgumentError as error:
        message = str(error)
    return {
        "int plus float": caught(lambda: ints + floats, tf.errors.InvalidArgumentError),
        "float times double": caught(lambda: floats * doubles, tf.errors.InvalidArgumentError),
        "matmul of two dtypes": caught(
            lambda: tf.matmul(tf.ones([1, 1]), tf.ones([1, 1], tf.float64)), tf.errors.InvalidArgumentError
        ),
        "the message names both": ["int32" in message, "float" in message],
        "python float with ints": caught(lambda: ints + 1.5, tf.errors.InvalidArgumentError),
        "python int with floats": floats + 1,
        "shapes": caught(lambda: tf.ones([2, 3]) + tf.ones([2, 4]), tf.errors.InvalidArgumentError),
        "matmul of shapes": caught(lambda: tf.ones([2, 3]) @ tf.ones([2, 3]), tf.errors.InvalidArgumentError),
        "reshape": caught(lambda: tf.reshape(tf.range(6), [4, 2]), tf.errors.InvalidArgumentError),
        "ragged lists": caught(lambda: tf.constant([[1, 2], [3]]), ValueError),
        "mixed lists": caught(lambda: tf.constant([1, "a"]), ValueError, TypeError),
        "another dtype asked": caught(lambda: tf.convert_to_tensor(floats, dtype=tf.int32), ValueError),
        "axis out of range": caught(lambda: tf.reduce_sum(tf.ones([2]), axis=3), tf.errors.InvalidArgumentError),
        "index out of range": caught(lambda: tf.constant([1, 2])[2], tf.errors.InvalidArgumentError, IndexError),
        "an unknown attribute": caught(lambda: ints.no_such_thing, AttributeError),
        "errors have a class above": issubclass(tf.errors.InvalidArgumentError, tf.errors.OpError),
    }


def immutability(tf):
    tensor = tf.constant([1, 2, 3])

    def set_item():
        tensor[0] = 5

    grown = tensor
    grown += 1
    return {"set item": caught(set_item, TypeError), "in place makes new": grown, "the old stays": tensor}


def casts(tf):
    x = tf.constant([2.9, -2.9, 0.0, 1e-9])
    return {
        "to int truncates": tf.cast(x, tf.int32),
        "to bool": tf.cast(x, tf.bool),
        "by text": tf.cast(x, "float64"),
        "bool to float": tf.cast([True, False], tf.float32),
        "to half": tf.cast([1 / 3, 1000.7], tf.float16),
        "to bfloat16 and back": tf.cast(tf.cast([1 / 3, 1000.7], tf.bfloat16), tf.float32),
        "int to byte wraps": tf.cast([255, 256, 257, -1], tf.uint8),
        "saturated": tf.saturate_cast([-5.0, 300.0, 7.0], tf.uint8),
        "complex to float": tf.cast([1 + 0j], tf.float32),
        "bits": tf.bitcast([1.0, -2.0], tf.int32),
        "same dtype": tf.cast(x, tf.float32),
        "of a python list": tf.cast([1, 2, 3], tf.float32),
        "chained": tf.cast(tf.cast([3.99, 2.01], tf.int8), tf.float32),
    }


def precision(tf):
    third = tf.constant(1 / 3, tf.float64)
    return {
        "double keeps its digits": third.numpy() == 1 / 3,
        "sum of doubles": (tf.constant(1.0, tf.float64) + tf.constant(1e-15, tf.float64)).numpy() > 1.0,
        "single does not": (tf.constant(1.0) + tf.constant(1e-15)).numpy() > 1.0,
        "long keeps its digits": (tf.constant(2**53, tf.int64) + 1).numpy() == 2**53 + 1,
        "int wraps": tf.constant(2**31 - 1) + 1,
        "byte wraps": tf.constant([250], tf.uint8) + tf.constant([10], tf.uint8),
        "double functions": [tf.exp(third), tf.sin(third), tf.reduce_mean(tf.constant([1, 2, 4.5], tf.float64))],
        "mean of bytes": tf.reduce_mean(tf.constant([255, 255, 254], tf.uint8)),
        "unsigned long": tf.constant(2**64 - 1, tf.uint64),
    }


def identity_and_equality(tf):
    a, b = tf.constant([1.0]), tf.constant([1.0])
    return {
        "hash": caught(lambda: hash(a), TypeError),
        "references": len({a.ref(), b.ref(), a.ref()}),
        "reference gives back": a.ref().deref() is a,
        "identity": tf.identity(a),
        "with None": [(a is None), a is not None],
        "in a list by identity": any(item is a for item in [b, a]),
        "stop_gradient is identity": tf.stop_gradient(a),
    }


def iteration(tf):
    rows = tf.constant([[1, 2], [3, 4], [5, 6]])
    first, second, third = rows
    return {
        "rows": list(rows),
        "unpacked": [first, second, third],
        "elements": [int(value) for value in rows[0]],
        "enumerated": [position * int(row[0]) for position, row in enumerate(rows)],
        "zipped": [int(a) + int(b) for a, b in zip(rows[:, 0], rows[:, 1], strict=True)],
        "scalars do not iterate": caught(lambda: list(tf.constant(1)), TypeError),
        "list of rows stacked": tf.stack(list(rows)),
        "nest": tf.nest.map_structure(lambda part: part * 2, {"a": rows[0], "b": [rows[1]]}),
        "nest flat": tf.nest.flatten({"b": [1, (2, 3)], "a": 0}),
    }


def specs(tf):
    spec = tf.TensorSpec([None, 3], tf.float32, name="x")
    return {
        "shape": spec.shape.as_list(),
        "dtype": spec.dtype.name,
        "name": spec.name,
        "fits": [spec.is_compatible_with(tf.ones([5, 3])), spec.is_compatible_with(tf.ones([3, 5]))],
        "dtype does not fit": spec.is_compatible_with(tf.ones([5, 3], tf.int32)),
        "equal": spec == tf.TensorSpec((None, 3), tf.float32, name="x"),
        "from tensor": tf.TensorSpec.from_tensor(tf.ones([2, 2])).shape.as_list(),
        "of unknown rank": tf.TensorSpec(None, tf.int32).shape.rank,
        "text": repr(tf.TensorSpec([2, None], tf.int64)),
        "type spec of": tf.type_spec_from_value(tf.ones([2])).shape.as_list(),
    }


def python_numbers(tf):
    return {
        "int": int(tf.constant(7)),
        "float": float(tf.constant(2.5)),
        "int of float": int(tf.constant(7.9)),
        "index": [10, 20, 30][tf.constant(1)],
        "range": list(range(tf.constant(3))),
        "format": f"{tf.constant(2.5).numpy():.2f}",
        "round": round(float(tf.constant(2.345)), 1),
        "version": [isinstance(tf.__version__, str), isinstance(tf.version.VERSION, str)],
    }
