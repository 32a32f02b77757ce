"""Variables: tensors with a home, whose value a program changes."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(creating, like_a_tensor, assigning, copies, slices, scattered, names, trainability, constraints),
        *(open_shapes, other_dtypes, in_functions, counting, devices, refused),
    )


def creating(tf):
    matrix = tf.Variable(tf.constant([[1.0, 2.0], [3.0, 4.0]]))
    return {
        "from tensor": matrix,
        "from list": tf.Variable([1, 2, 3]),
        "from numpy": tf.Variable(np.arange(3.0)),
        "from bool": tf.Variable([True, True, False]),
        "from complex": tf.Variable([1 - 2j, 3j]),
        "from text": tf.Variable("oak"),
        "from function": tf.Variable(lambda: tf.ones([2]) * 3.0),
        "with dtype": tf.Variable(1, dtype=tf.float64),
        "shape": matrix.shape.as_list(),
        "dtype": matrix.dtype.name,
        "numpy": matrix.numpy(),
        "value": matrix.value(),
        "read_value": matrix.read_value(),
        "kinds": [isinstance(matrix, tf.Variable), isinstance(matrix, tf.Tensor), tf.is_tensor(matrix)],
        "text": [part in repr(matrix) for part in ("tf.Variable", "shape=(2, 2)", "dtype=float32")],
    }


def like_a_tensor(tf):
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    return {
        "operators": [v + 1, 2 - v, v * v, v / 2, v @ v, -v, v**2, abs(v), v > 2],
        "converted": tf.convert_to_tensor(v),
        "argmax": tf.argmax(v),
        "reshaped": tf.reshape(v, [1, 4]),
        "indexed": [v[0, 1], v[:, 0], v[-1]],
        "reduced": tf.reduce_sum(v),
        "numpy": np.asarray(v),
        "numpy function": np.exp(v),
        "rank and size": [tf.rank(v), tf.size(v)],
        "number": [float(tf.Variable(2.5)), int(tf.Variable(3))],
        "truth": bool(tf.Variable(1.0) > 0),
        "in a list": tf.stack([v[0], v[1] * 2]),
        "cast": tf.cast(v, tf.int32),
        "iterated": list(v),
        "equal by value": v == tf.constant([[1.0, 0.0], [3.0, 0.0]]),
        "no hash": caught(lambda: {v: 1}, TypeError),
        "reference": v.ref().deref() is v,
    }


def assigning(tf):
    stock = tf.Variable([4.0, 9.0])
    order = tf.Variable(stock)
    stock.assign([3, 8])
    returned = order.assign_add([0.5, 1.5])
    stock.assign_sub([1.0, 2.0])
    chained = tf.Variable(1.0)
    chained.assign_add(1.0).assign_add(1.0)
    counter = tf.Variable(0, dtype=tf.int64)
    for _ in range(4):
        counter.assign_add(1)
    v = tf.Variable(1.0)
    read_before = v + 0.0
    v.assign(100.0)
    return {
        "stock": stock,
        "order": order,
        "returned": returned,
        "chained": chained,
        "counter": counter,
        "read before": read_before,
        "without reading": v.assign(5.0, read_value=False) is None,
        "at the end": v,
        "other shape": caught(lambda: stock.assign([1.0, 2.0, 3.0]), ValueError),
        "other dtype": caught(lambda: counter.assign(tf.constant(1.5)), ValueError, TypeError),
    }


def copies(tf):
    a = tf.Variable([1.0, 2.0])
    b = tf.Variable(a)
    seen = a.numpy()
    tensor = tf.convert_to_tensor(a)
    identity = tf.identity(a)
    a.assign([100.0, 200.0])
    return {"variable": a, "copy": b, "seen": seen.tolist(), "tensor": tensor, "identity": identity}


def slices(tf):
    table = tf.Variable(tf.zeros([3, 4]))
    table[1].assign([1.0, 2.0, 3.0, 4.0])
    table[:, 0].assign([9.0, 9.0, 9.0])
    table[0, 1:3].assign([5.0, 6.0])
    first = table.numpy()
    table[2, ::2].assign(tf.constant([7.0, 8.0]))
    vector = tf.Variable([1, 2, 3, 4])
    vector[-1].assign(0)
    return {"first": first, "then": table, "vector": vector}


def scattered(tf):
    def fresh():
        return tf.Variable([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])

    def changed(method, rows, values):
        v = fresh()
        getattr(v, method)(tf.IndexedSlices(tf.constant(values), tf.constant(rows)))
        return v

    nd = tf.Variable([1, 2, 3, 4, 5, 6, 7, 8])
    nd.scatter_nd_add(indices=[[4], [3], [1], [7]], updates=[9, 10, 11, 12])
    nd.scatter_nd_update([[0]], [100])
    nd.scatter_nd_sub([[2]], [50])
    return {
        "update": changed("scatter_update", [2, 0], [[7.0, 7.0], [8.0, 8.0]]),
        "add": changed("scatter_add", [1, 1], [[1.0, 2.0], [10.0, 20.0]]),
        "sub": changed("scatter_sub", [0], [[1.0, 2.0]]),
        "max": changed("scatter_max", [0, 2], [[5.0, 0.0], [5.0, 0.0]]),
        "min": changed("scatter_min", [0, 2], [[5.0, 0.0], [5.0, 0.0]]),
        "mul": changed("scatter_mul", [1], [[3.0, 4.0]]),
        "div": changed("scatter_div", [1], [[4.0, 0.5]]),
        "nd": nd,
        "sparse read": fresh().sparse_read([2, 0]),
        "gather nd": fresh().gather_nd([[0, 1], [2, 0]]),
    }


def names(tf):
    first = tf.Variable([1.0], name="level")
    second = tf.Variable([2.0], name="level")
    with tf.name_scope("outer"), tf.name_scope("inner"):
        scoped = tf.Variable(0.0, name="w")
    return {
        "given": first.name,
        "twice": second.name,
        "different": first == second,
        "default": tf.Variable(1.0).name,
        "scoped": scoped.name,
    }


def trainability(tf):
    trained, counter = tf.Variable(2.0), tf.Variable(3.0, trainable=False)
    with tf.GradientTape() as tape:
        result = trained * counter
    gradients = tape.gradient(result, [trained, counter])
    return {
        "flags": [trained.trainable, counter.trainable],
        "gradients": gradients,
        "ints are flagged too": tf.Variable(1).trainable,
    }


def constraints(tf):
    def clip(value):
        return tf.clip_by_value(value, 0.0, 1.0)

    v = tf.Variable([0.5, 0.5], constraint=clip)
    v.assign([2.0, -1.0])
    return {"assign does not constrain": v, "kept": v.constraint(v)}


def open_shapes(tf):
    v = tf.Variable([[1.0, 2.0]], shape=tf.TensorShape([None, 2]))
    before = v.shape.as_list()
    v.assign([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    anything = tf.Variable(1.0, shape=tf.TensorShape(None))
    anything.assign([1.0, 2.0])
    return {
        "declared": before,
        "value": v,
        "tf.shape": tf.shape(v),
        "anything": anything,
        "still checked": caught(lambda: v.assign([[1.0, 2.0, 3.0]]), ValueError, tf.errors.InvalidArgumentError),
    }


def other_dtypes(tf):
    text, flag = tf.Variable(["a", "b"]), tf.Variable(False)
    text.assign(["long", "longer"])
    flag.assign(True)
    half = tf.Variable([1.0, 2.0], dtype=tf.float16)
    half.assign_add([0.5, 0.25])
    double = tf.Variable(1 / 3, dtype=tf.float64)
    return {"text": text, "flag": flag, "half": half, "double": double.numpy() == 1 / 3, "sum": double + 1}


def in_functions(tf):
    v = tf.Variable(1.0)
    table = tf.Variable(tf.zeros([2, 2]))

    @tf.function
    def update(x):
        v.assign(x * v)
        before = v + 0.0
        v.assign_add(10.0)
        table[0].assign([v, before])
        return before, v.read_value()

    first = list(update(tf.constant(2.0)))
    second = list(update(tf.constant(3.0)))
    return {"first": first, "second": second, "value": v, "table": table}


def counting(tf):
    class Counter(tf.Module):
        def __init__(self):
            self.count = tf.Variable(0, trainable=False)

        @tf.function
        def __call__(self, step):
            self.count.assign_add(step)
            return self.count

    counter = Counter()
    seen = [int(counter(tf.constant(step))) for step in (1, 5, 2)]
    return {"seen": seen, "count": counter.count, "variables": len(counter.variables)}


def devices(tf):
    with tf.device("CPU:0"):
        here = tf.Variable([[0.5, 1.5]])
        scaled = here * tf.constant([[4.0], [8.0]])
    with tf.device("/cpu:0"):
        there = tf.constant([1.0])
    return {"value": scaled, "device": [part.device.endswith("CPU:0") for part in (here, scaled, there)]}


def refused(tf):
    v = tf.Variable([1.0, 2.0])

    def set_item():
        v[0] = 5.0

    return {
        "no initial value": caught(lambda: tf.Variable(), ValueError, TypeError),
        "ragged lists": caught(lambda: tf.Variable([[1.0], [2.0, 3.0]]), ValueError),
        "set item": caught(set_item, TypeError),
        "mixing dtypes": caught(lambda: v + tf.constant([1, 2]), tf.errors.InvalidArgumentError),
        "truth of many": caught(lambda: bool(v), ValueError),
    }
