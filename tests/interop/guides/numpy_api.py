"""NumPy's functions on tensors: `tf.experimental.numpy`, with gradients and functions; it changes a whole process."""

import importlib

import numpy as np

from tests.interop.guides._results import collect


def run(tf):
    tnp = importlib.import_module(f"{tf.__name__}.experimental.numpy")
    tnp.experimental_enable_numpy_behavior()

    def sections(section):
        def bound(tf):
            return section(tf, tnp)

        bound.__name__ = section.__name__
        return bound

    found = (
        creating,
        attributes,
        promotion,
        arithmetic,
        reducing,
        shaping,
        indexing,
        joining,
        linear_algebra,
        comparing,
    )
    return collect(tf, *map(sections, (*found, with_numpy, with_tensorflow, gradients, in_functions, training)))


def creating(tf, tnp):
    return {
        "ones": tnp.ones([2, 3], dtype=tnp.float32),
        "default dtypes": [tnp.zeros([2]).dtype.name, tnp.array([1, 2]).dtype.name, tnp.array([1.5]).dtype.name],
        "arange": tnp.arange(1, 7, 2),
        "linspace": tnp.linspace(0.0, 1.0, 5),
        "eye": tnp.eye(2, dtype=tnp.int32),
        "full": tnp.full([2], 7.0),
        "array": tnp.array([[1, 2], [3, 4]], dtype=tnp.float32),
        "like": [tnp.zeros_like(tnp.array([1, 2])), tnp.ones_like(tnp.array([1.0]))],
        "diagonal": tnp.diag(tnp.array([1.0, 2.0])),
        "triangle": tnp.tri(3),
        "meshgrid": list(tnp.meshgrid(tnp.array([1, 2]), tnp.array([3, 4, 5]))),
        "is a tensor": isinstance(tnp.ones([1]), tf.Tensor),
        "constants": [float(tnp.pi), float(tnp.e), float(tnp.inf)],
    }


def attributes(tf, tnp):
    x = tnp.arange(6, dtype=tnp.float32).reshape(2, 3)
    return {
        "shape": list(x.shape),
        "ndim": x.ndim,
        "size": int(x.size),
        "T": x.T,
        "astype": x.astype(tnp.int32),
        "reshape": x.reshape([3, 2]),
        "ravel": x.ravel(),
        "transpose": x.transpose(),
        "clip": x.clip(1.0, 4.0),
        "of a tensor": tf.constant([[1, 2], [3, 4]]).T,
        "len": len(x),
        "tolist": x.tolist(),
    }


def promotion(tf, tnp):
    kinds = [tnp.int32, tnp.int64, tnp.float32, tnp.float64, tnp.bool_]
    pairs = {}
    for a in kinds[:-1]:
        for b in kinds:
            pairs[f"{np.dtype(a).name} {np.dtype(b).name}"] = (tnp.ones([1], a) + tnp.ones([1], b)).dtype.name
    return pairs | {
        "tensors": (tf.constant([1]) + tf.constant([2.5])).dtype.name,
        "python float": (tnp.array([1], tnp.int32) + 1.5).dtype.name,
        "result type": tf.as_dtype(tnp.result_type(tnp.int8, tnp.int32)).name,
    }


def arithmetic(tf, tnp):
    a, b = tnp.array([[1.0, 2.0], [3.0, 4.0]]), tnp.array([10.0, 100.0])
    return {
        "broadcast": a + b,
        "operators": [a - b, a * b, a / b, a // 2.0, a % 2.0, a**2.0, -a],
        "named": [tnp.add(a, b), tnp.multiply(a, b), tnp.true_divide(a, b), tnp.power(a, 3.0), tnp.mod(b, 7.0)],
        "functions": [tnp.sqrt(a), tnp.exp(a), tnp.log(a), tnp.sin(a), tnp.tanh(a), tnp.abs(-a), tnp.square(a)],
        "rounded": [tnp.floor(a / 2), tnp.ceil(a / 2), tnp.around(a / 4)],
        "extremes": [tnp.maximum(a, 2.5), tnp.minimum(a, 2.5), tnp.sign(a - 2.0)],
        "logarithms": [tnp.log2(a), tnp.log10(a), tnp.log1p(a), tnp.hypot(a, b)],
    }


def reducing(tf, tnp):
    a = tnp.array([[3.0, 1.0, 2.0], [6.0, 5.0, 4.0]])
    return {
        "sum": [tnp.sum(a), tnp.sum(a, axis=0), tnp.sum(a, axis=1, keepdims=True)],
        "mean": [tnp.mean(a), tnp.mean(a, axis=1), tnp.average(a, axis=0)],
        "spread": [tnp.std(a), tnp.var(a, axis=0)],
        "extremes": [tnp.max(a), tnp.min(a, axis=1), tnp.amax(a, 0), tnp.ptp(a, axis=1)],
        "arg": [tnp.argmax(a), tnp.argmin(a, axis=1), tnp.argsort(a, axis=1), tnp.sort(a, axis=1)],
        "product": tnp.prod(a, axis=1),
        "cumulated": [tnp.cumsum(a, axis=1), tnp.cumprod(a, axis=0)],
        "any and all": [tnp.any(a > 5), tnp.all(a > 0, axis=0)],
        "count": tnp.count_nonzero(a > 2.0),
        "integers": tnp.mean(tnp.array([1, 2, 4])),
    }


def shaping(tf, tnp):
    a = tnp.arange(6).reshape(1, 2, 3)
    return {
        "squeeze": tnp.squeeze(a),
        "expand": list(tnp.expand_dims(a, 0).shape),
        "swap": list(tnp.swapaxes(a, 1, 2).shape),
        "move": list(tnp.moveaxis(a, 0, -1).shape),
        "flip": tnp.flip(a[0], axis=1),
        "roll": tnp.roll(a[0], 1, axis=1),
        "repeat": tnp.repeat(tnp.array([1, 2]), 2),
        "tile": tnp.tile(tnp.array([1, 2]), [2, 2]),
        "pad": tnp.pad(tnp.array([1, 2]), [[1, 2]], mode="constant"),
        "broadcast": tnp.broadcast_to(tnp.array([1, 2, 3]), [2, 3]),
        "at least": [list(tnp.atleast_2d(tnp.array([1, 2])).shape), list(tnp.atleast_1d(5).shape)],
    }


def indexing(tf, tnp):
    a = tnp.arange(12).reshape(3, 4)
    return {
        "slice": a[1:, ::2],
        "element": a[2, 3],
        "list": a[[2, 0]],
        "two lists": a[[0, 1, 2], [3, 0, 1]],
        "mask": a[a > 6],
        "row mask": a[tnp.array([True, False, True])],
        "new axis": list(a[:, tnp.newaxis].shape),
        "mixed": a[:, [0, 3]],
        "take": tnp.take(a, [0, 2], axis=0),
        "where": tnp.where(a > 5, a, -a),
        "nonzero": list(tnp.nonzero(a > 9)),
        "along axis": tnp.take_along_axis(a, tnp.array([[0], [1], [2]]), axis=1),
    }


def joining(tf, tnp):
    a, b = tnp.array([1, 2, 3]), tnp.array([4, 5, 6])
    return {
        "concatenate": tnp.concatenate([a, b]),
        "stack": tnp.stack([a, b], axis=1),
        "vstack": tnp.vstack([a, b]),
        "hstack": tnp.hstack([a, b]),
        "split": tnp.split(tnp.arange(6), 3),
        "append": tnp.append(a, b),
    }


def linear_algebra(tf, tnp):
    a, b = tnp.array([[1.0, 2.0], [3.0, 4.0]]), tnp.array([1.0, -1.0])
    return {
        "dot": tnp.dot(a, b),
        "matmul": [tnp.matmul(a, a), a @ b],
        "inner": tnp.inner(b, b),
        "outer": tnp.outer(b, b),
        "einsum": tnp.einsum("ij,jk->ik", a, a),
        "trace": tnp.trace(a),
        "tensordot": tnp.tensordot(a, a, axes=1),
        "kron": tnp.kron(a, tnp.eye(2)),
        "cross": tnp.cross(tnp.array([1.0, 0.0, 0.0]), tnp.array([0.0, 1.0, 0.0])),
        "triangle": [tnp.triu(a), tnp.tril(a)],
        "diagonal": tnp.diagonal(a),
    }


def comparing(tf, tnp):
    a, b = tnp.array([1.0, 2.0, 3.0]), tnp.array([1.0, 2.5, 3.0])
    return {
        "equal": tnp.equal(a, b),
        "close": [tnp.isclose(a, b), tnp.allclose(a, a + 1e-9)],
        "array_equal": tnp.array_equal(a, b),
        "logical": [tnp.logical_and(a > 1, b < 3), tnp.logical_not(a > 1)],
        "finite": [tnp.isfinite(tnp.array([1.0, np.inf])), tnp.isnan(tnp.array([np.nan]))],
    }


def with_numpy(tf, tnp):
    a = tnp.ones([2, 2]) * 2
    return {
        "numpy function": np.sum(a),
        "numpy array on the left": np.ones([2, 2]) + a,
        "tnp of numpy": tnp.sum(np.array([1.0, 2.0])),
        "asarray": np.asarray(a),
        "round trip": tnp.array(np.arange(3)),
    }


def with_tensorflow(tf, tnp):
    a = tnp.array([[1.0, 2.0], [3.0, 4.0]], dtype=tnp.float32)
    return {
        "tf of tnp": tf.reduce_sum(a, axis=0),
        "tnp of tf": tnp.sum(tf.constant([1.0, 2.0])),
        "matmul": tf.linalg.matmul(a, tf.ones([2, 1])),
        "variable": tf.Variable(a).assign_add(tnp.ones_like(a)),
    }


def gradients(tf, tnp):
    x = tnp.array([[1.0, 2.0], [3.0, 4.0]], dtype=tnp.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tnp.mean(tnp.square(tnp.sin(x))) + tnp.max(x)
    with tf.GradientTape() as second:
        second.watch(x)
        z = tnp.stack([tnp.sum(x**2), tnp.prod(x)])
    return {"gradient": tape.gradient(y, x), "jacobian": second.jacobian(z, x)}


def in_functions(tf, tnp):
    @tf.function
    def normalise(x):
        return (x - tnp.mean(x, axis=0)) / (tnp.std(x, axis=0) + 1e-3)

    return {
        "normalised": normalise(tnp.arange(6, dtype=tnp.float32).reshape(3, 2)),
        "vectorised": tf.vectorized_map(lambda row: tnp.sum(row) * row, tnp.ones([3, 2], tnp.float32)),
    }


def training(tf, tnp):
    class Linear(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(tnp.array([[0.5], [-0.5]], dtype=tnp.float32))
            self.b = tf.Variable(tnp.zeros([1], dtype=tnp.float32))

        def __call__(self, x):
            return tnp.matmul(x, self.w) + self.b

    model = Linear()
    x = tnp.sin(tnp.arange(20, dtype=tnp.float32)).reshape(10, 2)
    y = tnp.sum(x, axis=1, keepdims=True) * 2.0 + 1.0
    losses = []
    for _ in range(5):
        with tf.GradientTape() as tape:
            loss = tnp.mean((model(x) - y) ** 2)
        for variable, gradient in zip(model.variables, tape.gradient(loss, model.variables), strict=True):
            variable.assign_sub(0.3 * gradient)
        losses.append(float(loss))
    return {"losses": losses, "variables": list(model.variables)}
