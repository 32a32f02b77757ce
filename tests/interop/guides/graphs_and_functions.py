"""Functions: Python code that is traced once for each kind of argument, and runs as a graph afterwards."""

import functools

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(first_function, nested_functions, tracing_rules, python_arguments, structures, defaults_and_keywords),
        *(input_signatures, reducing_retracing, concrete_functions, capturing, methods, variables_once),
        *(state_in_program_order, python_side_effects, python_state, py_functions, numpy_functions, leaving_the_graph),
        *(lambdas_and_partials, compiled, own_trace_types, eager_inside_and_outside, recursion, refused),
    )


def first_function(tf):
    @tf.function
    def layer(rows, kernel, bias):
        return tf.nn.softplus(rows @ kernel - bias)

    def wave(angle):
        return tf.sin(angle) * angle - 1

    wrapped = tf.function(wave)
    angles = tf.constant([[0.5, -2.0]])
    return {
        "layer": layer(angles, tf.constant([[2.0, 0.0], [0.0, 3.0]]), tf.constant([0.5, 0.5])),
        "wrapped": wrapped(angles),
        "the python function stays": wave(angles),
        "python_function": wrapped.python_function(angles),
        "gives a tensor": isinstance(wrapped(angles), tf.Tensor),
        "name": layer.__name__,
        "as eager": tf.reduce_max(tf.abs(wrapped(angles) - wave(angles))) < 1e-6,
    }


def nested_functions(tf):
    def stretched(row, by):
        return row * by - tf.reduce_mean(row)

    @tf.function
    def outer(row):
        return stretched(row, tf.constant(4.0)) + stretched(row, 0.5)

    @tf.function
    def twice(f, x):
        return f(f(x))

    return {
        "outer": outer(tf.constant([1.0, 2.0, 6.0])),
        "a function as argument": twice(lambda value: value * 3, tf.constant(2)),
        "a tf.function as argument": twice(tf.function(lambda value: value + 1), tf.constant(2)),
    }


def tracing_rules(tf):
    traces = []

    @tf.function
    def joined(a):
        traces.append((a.dtype.name, a.shape.as_list()))
        return a + a

    results = [joined(tf.constant(value)) for value in (7, 8, 0.25, 0.5)]
    results += [joined(tf.constant([1, 2])), joined(tf.constant([3, 4])), joined(tf.constant("ho"))]
    return {
        "results": results,
        "traces": [list(trace) for trace in traces],
        "count": joined.experimental_get_tracing_count(),
    }


def python_arguments(tf):
    traces = []

    @tf.function
    def power(x, exponent, negate=False):
        traces.append((exponent, negate))
        result = x**exponent
        return -result if negate else result

    x = tf.constant([1.0, 2.0])
    results = [power(x, 2), power(x, 2), power(x, 3), power(x, 2, negate=True), power(x, exponent=3)]

    @tf.function
    def steps(count):
        traces.append("steps")
        total = tf.constant(0)
        for step in tf.range(count):
            total += step
        return total

    results += [steps(tf.constant(4)), steps(tf.constant(9)), steps(np.int32(3)), steps(np.int32(5))]
    return {"results": results, "traces": [str(trace) for trace in traces]}


def structures(tf):
    traces = []

    @tf.function
    def combine(inputs, *rest, **named):
        traces.append(len(rest))
        total = inputs["a"] + inputs["b"][0] * inputs["b"][1]
        for part in rest:
            total += part
        return {"total": total, "named": named["scale"] * total, "pair": (total, [total + 1])}

    first = combine({"a": tf.constant(1.0), "b": (tf.constant(2.0), tf.constant(3.0))}, scale=tf.constant(10.0))
    second = combine({"a": tf.constant(5.0), "b": (tf.constant(1.0), tf.constant(1.0))}, scale=tf.constant(2.0))
    third = combine(
        {"a": tf.constant(0.0), "b": (tf.constant(0.0), tf.constant(0.0))}, tf.constant(7.0), scale=tf.constant(1.0)
    )
    kinds = [type(first["pair"]).__name__, type(first["pair"][1]).__name__]

    @tf.function
    def nothing_and_python(x):
        return None, x, ()

    empty = nothing_and_python(tf.constant(1))
    return {
        "first": first,
        "second": second,
        "third": third,
        "kinds": kinds,
        "traces": traces,
        "nothing": [empty[0], empty[1]],
    }


def defaults_and_keywords(tf):
    @tf.function
    def scaled(x, scale=2.0, *, shift=0.0):
        return x * scale + shift

    x = tf.constant(3.0)
    return {
        "defaults": scaled(x),
        "by position": scaled(x, 10.0),
        "by name": scaled(shift=1.0, x=x),
        "tensor for a default": scaled(x, tf.constant(0.5), shift=tf.constant(0.25)),
        "numpy argument": scaled(np.float32(4.0)),
        "missing": caught(lambda: scaled(), TypeError),
        "unknown": caught(lambda: scaled(x, wrong=1), TypeError),
    }


def input_signatures(tf):
    traces = []

    @tf.function(input_signature=(tf.TensorSpec(shape=[None], dtype=tf.int32),))
    def steps_between(places):
        traces.append(places.shape.as_list())
        return tf.where(places > 2, places - 1, 10 * places)

    @tf.function(input_signature=[{"x": tf.TensorSpec([None, 2], tf.float32), "y": tf.TensorSpec([], tf.float32)}])
    def of_dictionary(inputs):
        return tf.reduce_sum(inputs["x"], axis=0) * inputs["y"]

    return {
        "two": steps_between(tf.constant([1, 6])),
        "five": steps_between(tf.constant([5, 4, 3, 2, 1])),
        "a list is converted": steps_between([7, 8]),
        "traces": traces,
        "wrong rank": caught(lambda: steps_between(tf.constant([[1, 2], [3, 4]])), TypeError, ValueError),
        "wrong dtype": caught(lambda: steps_between(tf.constant([1.0, 2.0])), TypeError, ValueError),
        "dictionary": of_dictionary({"x": tf.ones([3, 2]), "y": tf.constant(2.0)}),
    }


def reducing_retracing(tf):
    traces = []

    @tf.function(reduce_retracing=True)
    def total(x):
        traces.append(x.shape.as_list())
        return tf.reduce_sum(x)

    results = [total(tf.ones([size])) for size in (1, 2, 3, 4)]
    return {"results": results, "first": traces[0], "then": traces[1], "count": len(traces)}


def concrete_functions(tf):
    @tf.function
    def blend(left, share):
        return left * share + tf.reduce_max(left)

    half = blend.get_concrete_function(left=tf.TensorSpec([None], tf.float32), share=0.5)
    any_share = blend.get_concrete_function(
        tf.TensorSpec([2, 2], tf.float32, name="left"), tf.TensorSpec([], tf.float32, name="share")
    )
    arguments, keywords = any_share.structured_input_signature
    return {
        "half": half(tf.constant([3.0, 4.0])),
        "half by name": half(left=tf.constant([5.0])),
        "any share": any_share(tf.ones([2, 2]) * 2, tf.constant(3.0)),
        "signature": [[spec.shape.as_list(), spec.dtype.name] for spec in arguments],
        "keywords": len(keywords),
        "outputs": [any_share.structured_outputs.shape.as_list(), any_share.structured_outputs.dtype.name],
        "the same again": blend.get_concrete_function(left=tf.TensorSpec([None], tf.float32), share=0.5) is half,
        "wrong dtype": caught(lambda: half(tf.constant([1, 2])), tf.errors.InvalidArgumentError, TypeError, ValueError),
    }


def capturing(tf):
    tensor, v, number = tf.constant(10.0), tf.Variable(1.0), 5.0

    @tf.function
    def add(x):
        return x + tensor + v + number

    first = add(tf.constant(0.0))
    v.assign(100.0)
    number = 1000.0
    makers = [tf.function(lambda x, k=k: x * k) for k in (1, 2, 3)]
    return {
        "first": first,
        "variables are read again, numbers are not": add(tf.constant(0.0)),
        "makers": [maker(tf.constant(2)) for maker in makers],
    }


def methods(tf):
    class Scale(tf.Module):
        def __init__(self, factor):
            self.factor = tf.Variable(factor)
            self.traces = 0

        @tf.function
        def __call__(self, x):
            self.traces += 1
            return x * self.factor

        @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
        def grow(self, by):
            return self.factor.assign_add(by)

    one, two = Scale(2.0), Scale(3.0)
    results = [
        one(tf.constant(5.0)),
        two(tf.constant(5.0)),
        one.grow(10.0),
        one(tf.constant(5.0)),
        two(tf.constant(5.0)),
    ]
    return {"results": results, "traces": [one.traces, two.traces]}


def variables_once(tf):
    class Smoothed(tf.Module):
        """Keep a moving average, whose size the first call tells."""

        def __init__(self):
            super().__init__()
            self.average = None

        @tf.function
        def __call__(self, values):
            if self.average is None:
                self.average = tf.Variable(tf.zeros_like(values))
            return self.average.assign(0.5 * self.average + 0.5 * values)

    smoothed = Smoothed()

    @tf.function
    def each_time(x):
        return tf.Variable(1.0) * x

    return {
        "created in the first call": [smoothed(tf.constant([8.0, 2.0])) for _ in range(3)],
        "found": [variable.shape.as_list() for variable in smoothed.variables],
        "created in each call": caught(lambda: each_time(tf.constant(1.0)), ValueError),
    }


def state_in_program_order(tf):
    a, b = tf.Variable(1.0), tf.Variable(2.0)

    @tf.function
    def swap_and_grow(x):
        y = b * x
        a.assign(y)
        b.assign(a + 1.0)
        a.assign_sub(1.0)
        return y, a + b

    first = list(swap_and_grow(tf.constant(3.0)))
    second = list(swap_and_grow(tf.constant(3.0)))

    @tf.function
    def one_writes(x):
        if x > 0.0:
            a.assign(x)
        else:
            b.assign(x)
        return a - b

    return {
        "first": first,
        "second": second,
        "one": one_writes(tf.constant(5.0)),
        "other": one_writes(tf.constant(-5.0)),
        "a": a,
        "b": b,
    }


def python_side_effects(tf):
    seen, leaked = [], []

    @tf.function
    def f(x):
        seen.append("traced")
        leaked.append(x)
        return x + 1

    results = [f(tf.constant(1)), f(tf.constant(2)), f(tf.constant(3))]
    return {
        "results": results,
        "seen": seen,
        "leaked is symbolic": caught(lambda: leaked[0].numpy(), AttributeError, NotImplementedError),
    }


def python_state(tf):
    numbers = iter([10, 20, 30])

    @tf.function
    def consume():
        return tf.constant(next(numbers))

    count = 0

    @tf.function
    def global_read():
        return tf.constant(1) * count

    before = global_read()
    count = 5
    return {"an iterator moves once": [consume(), consume()], "read at tracing": [before, global_read()]}


def py_functions(tf):
    calls = []

    def slow_square(x):
        calls.append(x.numpy().tolist())
        return x**2 if x[0] > 0 else -x

    @tf.function
    def f(x):
        return tf.py_function(func=slow_square, inp=[x], Tout=tf.float32) + 1.0

    x = tf.Variable([3.0, 4.0])
    with tf.GradientTape() as tape:
        y = tf.py_function(lambda value: value**3, [x], tf.float32)
    several = tf.py_function(lambda a, b: (a + b, "sum"), [1, 2], [tf.int32, tf.string])
    return {
        "results": [f(tf.constant([2.0])), f(tf.constant([-2.0])), f(tf.constant([2.0]))],
        "calls": calls[-3:],  # Tenon calls it once more, to learn what shape comes back
        "gradient": tape.gradient(y, x),
        "several": list(several),
    }


def numpy_functions(tf):
    calls = []

    def median(values):
        calls.append(type(values).__name__)
        return np.median(values).astype(np.float32)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def f(x):
        middle = tf.numpy_function(median, [x], tf.float32)
        middle.set_shape([])
        return x - middle

    return {"results": [f([1.0, 5.0, 3.0]), f([2.0, 4.0])], "called with": calls[-1]}


def leaving_the_graph(tf):
    found = []

    @tf.function
    def f(x):
        found.append(tf.executing_eagerly())
        with tf.init_scope():
            found.append(tf.executing_eagerly())
            outside = tf.constant(3.0) * 2.0
        return x * outside

    return {"result": f(tf.constant(2.0)), "eager inside, lifted, outside": [*found, tf.executing_eagerly()]}


def lambdas_and_partials(tf):
    def affine(a, x, b):
        return a * x + b

    partial = tf.function(functools.partial(affine, 3.0, b=tf.constant(1.0)))
    squares = tf.function(lambda x: x * x)
    return {"partial": partial(tf.constant(2.0)), "lambda": squares(tf.constant(4))}


def compiled(tf):
    @tf.function(jit_compile=True)
    def f(x, y):
        return tf.reduce_sum(tf.tanh(x @ y), axis=0)

    @tf.function(autograph=False)
    def g(x):
        return tf.cond(x > 0, lambda: x * 2, lambda: x - 1)

    return {
        "compiled": f(tf.constant([[1.0, 2.0]]), tf.constant([[0.1], [0.2]])),
        "without autograph": [g(tf.constant(3)), g(tf.constant(-3))],
    }


def own_trace_types(tf):
    """Two objects share a trace when their trace types say so."""
    traces = []

    class SameKind(tf.types.experimental.TraceType):
        def __init__(self, wood):
            self.wood = wood

        def is_subtype_of(self, other):
            return isinstance(other, SameKind) and self.wood.kind == other.wood.kind

        def most_specific_common_supertype(self, others):
            return self if all(self == other for other in others) else None

        def placeholder_value(self, placeholder_context):
            del placeholder_context
            return self.wood

        def __eq__(self, other):
            return isinstance(other, SameKind) and self.wood.kind == other.wood.kind

        def __hash__(self):
            return hash(self.wood.kind)

    class Wood:
        def __init__(self, kind):
            self.kind = kind

        def __tf_tracing_type__(self, context):
            del context
            return SameKind(self)

    @tf.function
    def weight(wood, volume):
        traces.append(wood.kind)
        return volume * (0.7 if wood.kind == "oak" else 0.5)

    results = [weight(Wood(kind), tf.constant(10.0)) for kind in ("oak", "pine", "oak", "pine")]
    return {"results": results, "traces": traces}


def eager_inside_and_outside(tf):
    @tf.function
    def product(x):
        return tf.linalg.matmul(x, x, transpose_b=True)

    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    eager = tf.linalg.matmul(x, x, transpose_b=True)
    chained = product(product(x) / 10.0)
    return {"same": tf.reduce_all(product(x) == eager), "chained": chained, "numpy in": product(x.numpy())}


def recursion(tf):
    @tf.function
    def fibonacci(n):
        if n <= 1:
            return tf.constant(n)
        return fibonacci(n - 1) + fibonacci(n - 2)

    return {"tenth": fibonacci(10)}


def refused(tf):
    @tf.function
    def to_number(x):
        return float(x)

    @tf.function
    def fails(x):
        tf.debugging.assert_positive(x, message="only positive")
        return tf.math.log(x)

    @tf.function
    def shapes(x):
        return x @ tf.ones([3, 3])

    try:
        fails(tf.constant(-1.0))
        message = ""
    except tf.errors.InvalidArgumentError as error:
        message = str(error)
    return {
        "float of a symbol is a cast": to_number(tf.constant(3)),
        "assertion": caught(lambda: fails(tf.constant(-1.0)), tf.errors.InvalidArgumentError),
        "its message": "only positive" in message,
        "well": fails(tf.constant(1.0)),
        "shapes are found at tracing": caught(lambda: shapes(tf.ones([2, 2])), ValueError),
    }
