"""Functional control flow: branches, loops, scans and maps as functions of functions."""

import numpy as np

from tests.interop.guides._results import collect


def run(tf):
    return collect(
        tf,
        *(conditionals, cases, loops, loop_options, loops_of_structures, scans, folds, maps, maps_of_structures),
        *(vectorised, eager_and_traced, gradient_of_branches, gradient_of_loops, gradient_of_scans, recurrent_network),
        *(state_in_branches, grouping),
    )


def conditionals(tf):
    @tf.function
    def choose(x, y):
        return tf.cond(tf.less(x, y), lambda: tf.add(x, y), lambda: tf.square(y))

    @tf.function
    def structures(flag):
        return tf.cond(flag, lambda: {"a": 1, "b": (2.0, [3])}, lambda: {"a": 10, "b": (20.0, [30])})

    return {
        "traced": [choose(tf.constant(2), tf.constant(5)), choose(tf.constant(5), tf.constant(2))],
        "eager": tf.cond(tf.constant(True), lambda: 1.0, lambda: 2.0),
        "python truth": tf.cond(tf.constant(3) > 4, true_fn=lambda: tf.zeros([2]), false_fn=lambda: tf.ones([2])),
        "structures": [structures(tf.constant(True)), structures(tf.constant(False))],
        "in shapes": tf.cond(tf.size(tf.ones([2, 3])) > 5, lambda: "many", lambda: "few"),
    }


def cases(tf):
    @tf.function
    def pick(index):
        return tf.switch_case(
            index, [lambda: tf.constant(10), lambda: tf.constant(20)], default=lambda: tf.constant(-1)
        )

    @tf.function
    def by_conditions(x):
        return tf.case([(x < 0, lambda: -x), (x > 10, lambda: x - 10)], default=lambda: x, exclusive=True)

    branches = {1: lambda: tf.constant("one"), 0: lambda: tf.constant("zero")}
    return {
        "switch": [pick(tf.constant(index)) for index in (0, 1, 2, -5)],
        "by number": [tf.switch_case(tf.constant(index), branches) for index in (0, 1)],
        "case": [by_conditions(tf.constant(x)) for x in (-4, 5, 12)],
        "first wins": tf.case([(tf.constant(True), lambda: 1), (tf.constant(True), lambda: 2)], default=lambda: 3),
    }


def loops(tf):
    @tf.function
    def power(x, n):
        def body(i, result):
            return i + 1, result * x

        return tf.while_loop(lambda i, result: i < n, body, (tf.constant(0), tf.ones_like(x)))

    return {
        "traced": list(power(tf.constant([2.0, 3.0]), tf.constant(3))),
        "eager": list(tf.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s + i), [0, 0])),
        "one value": tf.while_loop(lambda x: x < 100, lambda x: [x * 3], [tf.constant(2)]),
        "never": list(tf.while_loop(lambda i: i > 5, lambda i: (i + 1,), (tf.constant(0),))),
    }


def loop_options(tf):
    limited = tf.while_loop(lambda i: True, lambda i: (i + 1,), (tf.constant(0),), maximum_iterations=7)
    options = tf.while_loop(
        lambda i, x: i < 3,
        lambda i, x: (i + 1, x * 2),
        (tf.constant(0), tf.ones([2])),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([2])),
        parallel_iterations=1,
        swap_memory=False,
    )
    return {"limited": list(limited), "options": list(options)}


def loops_of_structures(tf):
    @tf.function
    def fibonacci():
        n = 10
        array = tf.TensorArray(tf.int32, size=n)

        def body(state):
            a, b = state["pair"]
            written = state["array"].write(state["i"], a)
            return ({"i": state["i"] + 1, "pair": (b, a + b), "array": written},)

        (end,) = tf.while_loop(lambda state: state["i"] < n, body, ({"i": 0, "pair": (0, 1), "array": array},))
        return end["array"].stack()

    return {"fibonacci": fibonacci()}


def scans(tf):
    elements = tf.constant([1.0, 2.0, 3.0, 4.0])
    return {
        "sums": tf.scan(lambda a, x: a + x, elements),
        "with start": tf.scan(lambda a, x: a * x, elements, initializer=tf.constant(10.0)),
        "reverse": tf.scan(lambda a, x: a + x, elements, reverse=True),
        "pairs": list(tf.scan(lambda a, x: (a[1], a[0] + a[1]), tf.zeros([6]), initializer=(0.0, 1.0))),
        "rows": tf.scan(lambda a, row: tf.maximum(a, row), tf.constant([[1, 5], [4, 2], [3, 9]])),
        "several inputs": tf.scan(lambda a, x: a + x[0] * x[1], (elements, elements), initializer=0.0),
    }


def folds(tf):
    elements = tf.constant([1, 2, 3, 4, 5])
    return {
        "left": tf.foldl(lambda a, x: a - x, elements),
        "right": tf.foldr(lambda a, x: a - x, elements),
        "with start": tf.foldl(lambda a, x: a * 2 + x, elements, initializer=100),
    }


def maps(tf):
    rows = tf.constant([[1, 2], [3, 4], [5, 6]])

    @tf.function
    def traced(x):
        return tf.map_fn(lambda row: tf.reduce_sum(row) * 2, x)

    return {
        "rows": tf.map_fn(tf.reduce_sum, rows),
        "traced": traced(rows),
        "another dtype": tf.map_fn(lambda row: tf.cast(row, tf.float32) / 2, rows, fn_output_signature=tf.float32),
        "scalars": tf.map_fn(lambda x: x**2, tf.range(4)),
        "strings": tf.map_fn(tf.strings.length, tf.constant(["a", "bc"]), fn_output_signature=tf.int32),
        "by spec": tf.map_fn(lambda n: tf.fill([3], n), tf.range(2), fn_output_signature=tf.TensorSpec([3], tf.int32)),
    }


def maps_of_structures(tf):
    a, b = tf.constant([1.0, 2.0]), tf.constant([[10.0, 20.0], [30.0, 40.0]])
    two = tf.map_fn(
        lambda parts: {"sum": tf.reduce_sum(parts[0] + parts[1]), "first": parts[0]},
        (a, b),
        fn_output_signature={"sum": tf.float32, "first": tf.float32},
    )
    ragged = tf.map_fn(tf.reduce_max, tf.ragged.constant([[3, 1], [7], [2, 9, 4]]), fn_output_signature=tf.int32)
    return {"two": two, "ragged": ragged}


def vectorised(tf):
    matrices = tf.constant(np.arange(12, dtype=np.float32).reshape(3, 2, 2))
    vectors = tf.constant(np.arange(6, dtype=np.float32).reshape(3, 2))

    @tf.function
    def traced(x):
        return tf.vectorized_map(lambda v: tf.tensordot(v, v, 1) + tf.reduce_max(v), x)

    return {
        "outer": tf.vectorized_map(lambda v: v[:, None] * v[None], vectors),
        "pairs": tf.vectorized_map(lambda parts: tf.linalg.matvec(parts[0], parts[1]), (matrices, vectors)),
        "traced": traced(vectors),
        "structure": tf.vectorized_map(lambda v: {"sum": tf.reduce_sum(v), "twice": v * 2}, vectors),
        "as map": tf.reduce_all(tf.vectorized_map(tf.tanh, vectors) == tf.map_fn(tf.tanh, vectors)),
        "nested": tf.vectorized_map(lambda a: tf.vectorized_map(lambda b: tf.reduce_sum(a * b), vectors), vectors),
    }


def eager_and_traced(tf):
    def collatz(n):
        return tf.while_loop(
            lambda n, steps: n > 1,
            lambda n, steps: (tf.cond(n % 2 == 0, lambda: n // 2, lambda: 3 * n + 1), steps + 1),
            (n, tf.constant(0)),
        )[1]

    numbers = tf.constant([1, 7, 9])
    return {
        "eager": [collatz(n) for n in numbers],
        "traced": [tf.function(collatz)(n) for n in numbers],
        "mapped": tf.function(lambda x: tf.map_fn(collatz, x))(numbers),
    }


def gradient_of_branches(tf):
    @tf.function
    def f(x, y):
        return tf.cond(x > y, lambda: x * x * y, lambda: tf.sin(x) + y)

    @tf.function
    def g(x, index):
        return tf.switch_case(index, [lambda: x, lambda: x**2, lambda: tf.exp(x)])

    found = {}
    for x, y in ((3.0, 2.0), (1.0, 2.0)):
        pair = tf.constant(x), tf.constant(y)
        with tf.GradientTape() as tape:
            tape.watch(pair)
            z = f(*pair)
        found[f"cond {x} {y}"] = tape.gradient(z, pair)
    x = tf.Variable(0.5)
    for index in range(3):
        with tf.GradientTape() as tape:
            z = g(x, tf.constant(index))
        found[f"switch {index}"] = tape.gradient(z, x)
    return found


def gradient_of_loops(tf):
    x, w = tf.Variable(1.5), tf.Variable(0.5)

    def loop(steps):
        return tf.while_loop(
            lambda i, y: i < steps, lambda i, y: (i + 1, tf.tanh(y * x) + w), (tf.constant(0), tf.constant(0.1))
        )[1]

    with tf.GradientTape() as tape:
        eager = loop(tf.constant(4))
    by_eager = tape.gradient(eager, [x, w])
    with tf.GradientTape() as tape:
        traced = tf.function(loop)(tf.constant(4))
    return {"value": traced, "eager": by_eager, "traced": tape.gradient(traced, [x, w])}


def gradient_of_scans(tf):
    x = tf.Variable([0.5, -1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        scanned = tf.scan(lambda a, b: a * b + 1.0, x)
        mapped = tf.map_fn(lambda value: value**3, x)
        vectorised = tf.vectorized_map(lambda value: tf.sin(value) * value, x)
        folded = tf.foldl(lambda a, b: a * b, x)
    return {
        "scan": tape.gradient(scanned, x),
        "map": tape.gradient(mapped, x),
        "vectorised": tape.gradient(vectorised, x),
        "fold": tape.gradient(folded, x),
    }


def recurrent_network(tf):
    rng = np.random.default_rng(7)
    inputs = tf.constant(rng.normal(size=(6, 2, 3)), tf.float32)
    kernel = tf.Variable(rng.normal(size=(3, 4)) / 2, dtype=tf.float32)
    recurrent = tf.Variable(rng.normal(size=(4, 4)) / 2, dtype=tf.float32)

    @tf.function
    def last_state(inputs):
        state = tf.zeros([2, 4])
        for step in tf.range(tf.shape(inputs)[0]):
            state = tf.tanh(inputs[step] @ kernel + state @ recurrent)
        return state

    with tf.GradientTape() as tape:
        by_loop = last_state(inputs)
        loss = tf.reduce_sum(by_loop**2)
    by_scan = tf.scan(lambda state, x: tf.tanh(x @ kernel + state @ recurrent), inputs, initializer=tf.zeros([2, 4]))[
        -1
    ]
    return {"loop": by_loop, "scan": by_scan, "gradients": tape.gradient(loss, [kernel, recurrent])}


def state_in_branches(tf):
    count, total = tf.Variable(0), tf.Variable(0.0)

    @tf.function
    def update(x):
        tf.cond(x > 0.0, lambda: count.assign_add(1), lambda: count.assign_sub(10))

        def body(i):
            total.assign_add(x)
            return (i + 1,)

        tf.while_loop(lambda i: i < 3, body, (tf.constant(0),))
        return total.read_value()

    return {"totals": [update(tf.constant(2.0)), update(tf.constant(-1.0))], "count": count}


def grouping(tf):
    v = tf.Variable(1.0)

    @tf.function
    def f(x):
        with tf.control_dependencies([v.assign(x)]):
            y = tf.identity(v) * 2.0
        tf.group(v.assign_add(1.0), v.assign_add(1.0))
        return y

    return {
        "result": f(tf.constant(5.0)),
        "value": v,
        "tuple": tf.tuple([tf.constant(1), tf.constant(2)]),
        "no_op": tf.no_op() is None,
    }
