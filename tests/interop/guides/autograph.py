"""AutoGraph: Python's own control flow on tensors, inside functions."""

import tempfile
from pathlib import Path

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(conditionals, several_branches, whiles, for_loops, breaking, early_returns, logic, asserting, tensor_arrays),
        *(lists_of_results, nested, over_python, of_structures, gradients, printing, training_loop),
        *(called_functions, translated, undefined),
    )


def conditionals(tf):
    traces = []

    @tf.function
    def sign(x):
        traces.append("sign")
        if x > 0:
            result = tf.constant(1)
        elif x == 0:
            result = tf.constant(0)
        else:
            result = tf.constant(-1)
        return result

    @tf.function
    def only_if(x):
        y = x * 2
        if tf.reduce_sum(x) > 10:
            y = y - 100
            x = x + 1
        return x, y

    @tf.function
    def expression(x):
        return x if x > 3 else -x

    return {
        "signs": [sign(tf.constant(value)) for value in (5, 0, -3)],
        "traced once": traces,
        "only if": [list(only_if(tf.constant([1, 2]))), list(only_if(tf.constant([10, 20])))],
        "expressions": [expression(tf.constant(value)) for value in (2, 4)],
    }


def several_branches(tf):
    path = Path(tempfile.mkdtemp()) / "fizzbuzz.txt"
    traces = []

    @tf.function
    def fizzbuzz(n):
        fizzes = tf.constant(0)
        for i in tf.range(1, n + 1):
            if i % 15 == 0:
                traces.append("both")
                tf.print("fizzbuzz", output_stream=f"file://{path}")
            elif i % 3 == 0:
                traces.append("fizz")
                tf.print("fizz", output_stream=f"file://{path}")
                fizzes += 1
            elif i % 5 == 0:
                traces.append("buzz")
                tf.print("buzz", output_stream=f"file://{path}")
            else:
                traces.append("number")
                tf.print(i, output_stream=f"file://{path}")
        return fizzes

    fizzes = [fizzbuzz(tf.constant(n)) for n in (5, 15)]
    return {"fizzes": fizzes, "printed": path.read_text().split(), "every branch is traced": sorted(set(traces))}


def whiles(tf):
    @tf.function
    def collatz(n):
        steps = tf.constant(0)
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        return steps

    @tf.function
    def shrink(x):
        while tf.reduce_sum(x) > 1.0:
            x = tf.tanh(x)
        return x

    @tf.function
    def never(x):
        while x < 0:
            x += 1
        return x

    return {
        "collatz": [collatz(tf.constant(n)) for n in (1, 6, 27)],
        "shrink": shrink(tf.constant([1.0, 2.0])),
        "never": never(tf.constant(7)),
    }


def for_loops(tf):
    @tf.function
    def total_of_range(n):
        total = tf.constant(0)
        for i in tf.range(n):
            total += i
        return total

    @tf.function
    def rows(matrix):
        total = tf.zeros([2])
        largest = tf.constant(-1.0)
        for row in matrix:
            total += row * 2.0
            largest = tf.maximum(largest, tf.reduce_max(row))
        return total, largest

    @tf.function
    def backwards(n):
        digits = tf.constant(0)
        for i in tf.range(n, 0, -1):
            digits = digits * 10 + i
        return digits

    @tf.function
    def of_python_range(n, x):
        for i in range(n):
            x += i
        return x

    return {
        "range": [total_of_range(tf.constant(5)), total_of_range(tf.constant(0))],
        "rows": list(rows(tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, -6.0]]))),
        "backwards": backwards(tf.constant(4)),
        "python range of a tensor": of_python_range(tf.constant(4), tf.constant(100)),
        "python range": of_python_range(3, tf.constant(100)),
    }


def breaking(tf):
    @tf.function
    def first_above(values, limit):
        position = tf.constant(-1)
        for i in tf.range(tf.size(values)):
            if values[i] > limit:
                position = i
                break
        return position

    @tf.function
    def odd_total(n):
        total = tf.constant(0)
        for i in tf.range(n):
            if i % 2 == 0:
                continue
            total += i
        return total

    @tf.function
    def endless(x):
        count = tf.constant(0)
        while tf.constant(True):
            x = x * 2
            count += 1
            if x > 100:
                break
        return count

    values = tf.constant([1, 5, 9, 2])
    return {
        "break": [first_above(values, tf.constant(limit)) for limit in (0, 4, 99)],
        "continue": odd_total(tf.constant(10)),
        "while true": endless(tf.constant(3)),
    }


def early_returns(tf):
    @tf.function
    def classify(x):
        if x < 0:
            return tf.constant(-1)
        if x > 100:
            return tf.constant(100)
        return x

    @tf.function
    def index_of(values, wanted):
        i = tf.constant(0)
        while i < tf.size(values):
            if values[i] == wanted:
                break
            i += 1
        if i == tf.size(values):
            return tf.constant(-1)
        return i

    return {
        "classes": [classify(tf.constant(value)) for value in (-5, 50, 500)],
        "after a loop": [index_of(tf.constant([3, 1, 4]), tf.constant(wanted)) for wanted in (4, 3, 8)],
    }


def logic(tf):
    @tf.function
    def inside(x, low, high):
        return low <= x and x < high, low <= x < high, not x > low, x == low or x + 1 == high

    @tf.function
    def guarded(x, y):
        if y != 0 and x // y > 2:
            return tf.constant(1)
        return tf.constant(0)

    @tf.function
    def python_side(x, flag):
        if flag or x > 0:
            return x
        return -x

    five = tf.constant(5)
    return {
        "inside": [list(inside(five, low, high)) for low, high in ((1, 9), (5, 9), (6, 9))],
        "guarded": [guarded(tf.constant(9), tf.constant(y)) for y in (2, 9)],
        "python side": [python_side(tf.constant(-2), True), python_side(tf.constant(-2), False)],
    }


def asserting(tf):
    @tf.function(experimental_autograph_options=tf.autograph.experimental.Feature.ASSERT_STATEMENTS)
    def root(x):
        assert x >= 0.0, "no root of a negative number"
        return tf.sqrt(x)

    return {
        "holds": root(tf.constant(4.0)),
        "fails": caught(lambda: root(tf.constant(-4.0)), tf.errors.InvalidArgumentError),
    }


def tensor_arrays(tf):
    @tf.function
    def running_products(rows):
        states = tf.TensorArray(tf.float32, size=rows.shape[0])
        product = tf.ones_like(rows[0])
        for i in tf.range(rows.shape[0]):
            product = product * rows[i]
            states = states.write(i, product)
        return states.stack(), states.size()

    @tf.function
    def growing():
        found = tf.TensorArray(tf.int32, size=0, dynamic_size=True, element_shape=[])
        for i in tf.range(5):
            found = found.write(i, i * 10)
        return found.stack()

    array = tf.TensorArray(tf.float32, size=3, clear_after_read=False).unstack([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    eager = tf.TensorArray(tf.float32, size=2).write(0, 1.0).write(1, 2.0)
    return {
        "products": list(running_products(tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))),
        "growing": growing(),
        "eager": eager.stack(),
        "read": array.read(1),
        "size": array.size(),
        "gather": array.gather([2, 0]),
        "concat": array.concat(),
        "split": tf.TensorArray(tf.int32, 2, infer_shape=False).split([1, 2, 3], [1, 2]).read(1),
        "scattered": tf.TensorArray(tf.int32, 3).scatter([2, 0, 1], [30, 10, 20]).stack(),
    }


def lists_of_results(tf):
    @tf.function
    def unrolled(x):
        results = []
        for factor in (1, 2, 3):
            x = x + factor
            results.append(x * factor)
        return tf.stack(results), results

    @tf.function
    def by_name(x):
        found = {}
        for position, name in enumerate(("a", "b")):
            found[name] = x + position
        return found

    return {"unrolled": list(unrolled(tf.constant(5))), "by name": by_name(tf.constant(7))}


def nested(tf):
    @tf.function
    def table(n):
        total = tf.constant(0)
        count = tf.constant(0)
        for i in tf.range(n):
            for j in tf.range(n):
                if j > i:
                    break
                if (i + j) % 2 == 0:
                    continue
                total += i * j
                count += 1
            while total > 20:
                total -= 7
        return total, count

    return {"table": list(table(tf.constant(6)))}


def over_python(tf):
    traces = []

    @tf.function
    def layers(x, sizes):
        for position, size in enumerate(sizes):
            traces.append(size)
            x = tf.ones([size, x.shape[0]]) * (position + 1.0) @ x
        return x

    @tf.function
    def pairs(x):
        total = x
        for a, b in zip([1, 2], [10, 20], strict=True):
            if a > 1:
                total += a * b
        return total

    return {"layers": layers(tf.ones([2, 1]), (3, 2)), "traces": traces, "pairs": pairs(tf.constant(0))}


def of_structures(tf):
    @tf.function
    def walk(n):
        state = {"position": tf.constant(0.0), "path": (tf.constant(0), tf.constant(1))}
        for _ in tf.range(n):
            a, b = state["path"]
            state = {"position": state["position"] + 0.5, "path": (b, a + b)}
        return state

    return {"state": walk(tf.constant(10))}


def gradients(tf):
    v = tf.Variable(2.0)

    @tf.function
    def grow(x, n):
        for i in tf.range(n):
            if i % 2 == 0:
                x = x * v
            else:
                x = x + v
                x = x - 0.5
        return x

    @tf.function
    def until(x):
        while x < 100.0:
            x = x * x
        return x

    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = grow(x, tf.constant(4))
        z = until(x)
    return {"value": y, "by x and v": tape.gradient(y, [x, v]), "until": [z, tape.gradient(z, x)]}


def printing(tf):
    path = Path(tempfile.mkdtemp()) / "printed.txt"
    stream = f"file://{path}"
    traced = []

    @tf.function
    def loop(n):
        traced.append("python")
        for i in tf.range(n):
            if i > 0:
                tf.print("step", i, "of", n, output_stream=stream)
        return n

    loop(tf.constant(3))
    loop(tf.constant(2))
    tf.print(tf.constant([1.5, 2.5]), "text", {"a": tf.constant(1)}, [1, 2], sep=" | ", end="!\n", output_stream=stream)
    tf.print(tf.range(10), tf.constant("oak"), summarize=2, output_stream=stream)
    tf.print(tf.constant([[True, False]]), tf.constant(1 / 3), tf.constant([[1, 2], [3, 4]]), output_stream=stream)
    return {"printed": path.read_text().splitlines(), "traced": traced}


def training_loop(tf):
    w = tf.Variable(0.0)

    @tf.function
    def fit(x, y, limit):
        steps = tf.constant(0)
        loss = tf.constant(1e3)
        while loss > limit:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((x * w - y) ** 2)
            w.assign_sub(0.05 * tape.gradient(loss, w))
            steps += 1
        return steps, loss

    steps, loss = fit(tf.constant([1.0, 2.0, 3.0]), tf.constant([3.0, 6.0, 9.0]), tf.constant(0.01))
    return {"steps": steps, "loss": loss, "w": w}


def called_functions(tf):
    def helper(x):
        if x > 10:
            return x - 10
        return x

    @tf.autograph.experimental.do_not_convert
    def untouched(x):
        return tf.where(x > 3, x * 100, x)

    @tf.function
    def f(x):
        return untouched(helper(x))

    return {"results": [f(tf.constant(value)) for value in (2, 8, 12, 15)]}


def translated(tf):
    def f(x):
        if x > 0:
            x = x * x
        return x

    code = tf.autograph.to_code(f)
    graph_version = tf.autograph.to_graph(f)
    return {
        "is code": [isinstance(code, str), "def " in code],
        "runs": [graph_version(tf.constant(3)), graph_version(tf.constant(-3))],
    }


def undefined(tf):
    @tf.function
    def one_branch(x):
        if x > 0:
            y = x * 2
        return y

    @tf.function
    def other_dtype(x):
        return x if x > 0 else tf.constant(1.5)

    return {
        "defined in one branch": caught(lambda: one_branch(tf.constant(1)), ValueError),
        "other dtype in the other": caught(lambda: other_dtype(tf.constant(1)), TypeError),
    }
