"""Single functions of `tf.compat.v1`, and rules of graphs and sessions."""

import numpy as np

from tests.interop.guides._results import caught, collect

SECTIONS = []


def section(function):
    SECTIONS.append(function)
    return function


def run(tf):
    return collect(tf, *SECTIONS)


def evaluated(tf, build, feed=None):
    """Build in a new graph, initialize, and run what was built."""
    with tf.Graph().as_default(), tf.Session() as session:
        fetches = build()
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        return session.run(fetches, feed)


def trained(tf, make, steps=6):
    def build():
        a = tf.Variable([0.5, -1.0, 2.0], name="a")
        b = tf.Variable([[1.0, 0.0], [0.3, -0.7]], name="b")
        loss = tf.reduce_sum(tf.square(a) * [1.0, 0.1, 2.0]) + tf.reduce_sum(tf.sin(b)) + a[0] * b[1, 1]
        optimizer = make()
        return a, b, loss, optimizer.minimize(loss), optimizer

    with tf.Graph().as_default(), tf.Session() as session:
        a, b, loss, train, optimizer = build()
        session.run(tf.global_variables_initializer())
        losses = []
        for _ in range(steps):
            losses.append(session.run(loss))
            session.run(train)
        names = [v.op.name for v in tf.global_variables()]
        return [losses, *session.run([a, b]), optimizer.get_slot_names(), names]


@section
def optimizers(tf):
    t = tf.train
    return {
        "gradient descent": trained(tf, lambda: t.GradientDescentOptimizer(0.1)),
        "momentum": trained(tf, lambda: t.MomentumOptimizer(0.1, 0.8)),
        "nesterov": trained(tf, lambda: t.MomentumOptimizer(0.1, 0.8, use_nesterov=True)),
        "adam": trained(tf, lambda: t.AdamOptimizer()),
        "adam with numbers": trained(tf, lambda: t.AdamOptimizer(0.1, 0.5, 0.9, 0.1)),
        "adagrad": trained(tf, lambda: t.AdagradOptimizer(0.3, 0.5)),
        "adadelta": trained(tf, lambda: t.AdadeltaOptimizer(0.9, 0.8, 1e-4)),
        "rmsprop": trained(tf, lambda: t.RMSPropOptimizer(0.05, 0.8, 0.3, 1e-5)),
        "centered": trained(tf, lambda: t.RMSPropOptimizer(0.05, centered=True)),
        "ftrl": trained(tf, lambda: t.FtrlOptimizer(0.2)),
        "ftrl with all": trained(
            tf, lambda: t.FtrlOptimizer(0.2, -0.6, 0.2, 0.05, 0.1, l2_shrinkage_regularization_strength=0.02)
        ),
        "decayed": trained(tf, lambda: t.GradientDescentOptimizer(tf.train.exponential_decay(0.1, 3, 2, 0.5))),
    }


@section
def schedules(tf):
    t = tf.train

    def build():
        steps = [tf.constant(step, tf.int64) for step in (0, 1, 5, 10, 23)]
        return {
            "exponential": [t.exponential_decay(0.1, s, 4, 0.9) for s in steps],
            "staircase": [t.exponential_decay(0.1, s, 4, 0.9, staircase=True) for s in steps],
            "natural": [t.natural_exp_decay(0.1, s, 4, 0.9) for s in steps],
            "inverse": [t.inverse_time_decay(0.1, s, 4, 0.9) for s in steps],
            "polynomial": [t.polynomial_decay(0.1, s, 10, 0.01, 2.0) for s in steps],
            "cycle": [t.polynomial_decay(0.1, s, 10, 0.01, 1.0, cycle=True) for s in steps],
            "piecewise": [t.piecewise_constant(s, [1, 9], [1.0, 0.5, 0.1]) for s in steps],
            "cosine": [t.cosine_decay(0.1, s, 20, 0.1) for s in steps],
            "restarts": [t.cosine_decay_restarts(0.1, s, 4) for s in steps],
            "linear cosine": [t.linear_cosine_decay(0.1, s, 20) for s in steps],
        }

    return evaluated(tf, build)


@section
def losses(tf):
    labels = np.array([[1.0, 0.0, 2.0], [0.5, 1.5, -1.0]], np.float32)
    predictions = np.array([[0.8, 0.3, 1.0], [0.1, 2.0, -0.5]], np.float32)
    positive = np.abs(predictions) / 3.0
    binary = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]], np.float32)
    loss, how = tf.losses, tf.losses.Reduction

    def build():
        found = {
            "absolute": loss.absolute_difference(labels, predictions),
            "squared": loss.mean_squared_error(labels, predictions, weights=[[1.0], [0.0]]),
            "sum": loss.mean_squared_error(labels, predictions, reduction=how.SUM),
            "none": loss.mean_squared_error(labels, predictions, 2.0, loss_collection=None, reduction=how.NONE),
            "batch": loss.mean_squared_error(labels, predictions, reduction=how.SUM_OVER_BATCH_SIZE),
            "mean": loss.mean_squared_error(labels, predictions, [[1.0], [3.0]], reduction=how.MEAN),
            "huber": loss.huber_loss(labels, predictions, delta=0.4),
            "log": loss.log_loss(binary, positive),
            "hinge": loss.hinge_loss(binary, predictions),
            "cosine": loss.cosine_distance(labels, predictions, axis=1),
            "sigmoid": loss.sigmoid_cross_entropy(binary, predictions, label_smoothing=0.1),
            "softmax": loss.softmax_cross_entropy(binary[:, :2], predictions[:, :2], label_smoothing=0.2),
            "sparse": loss.sparse_softmax_cross_entropy([2, 0], predictions, weights=[1.0, 2.0]),
            "pairwise": loss.mean_pairwise_squared_error(labels, predictions),
            "own": loss.compute_weighted_loss(tf.constant([1.0, 2.0])),
        }
        loss.add_loss(tf.constant(100.0))
        tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, tf.constant(7.0))
        found["count"] = tf.constant(len(loss.get_losses()))
        found["total"] = loss.get_total_loss()
        found["regularization"] = loss.get_regularization_loss()
        return found

    return evaluated(tf, build)


@section
def spellings(tf):
    x = np.array([[1.0, -2.0, 3.0], [0.5, 0.25, -4.0]], np.float32)
    n = np.array([[7, -3], [2, 9]], np.int32)
    images = np.arange(64, dtype=np.float32).reshape(1, 4, 4, 4) / 10.0
    kernel = np.sin(np.arange(72, dtype=np.float32)).reshape(3, 3, 4, 2)

    def build():
        return {
            "sum": tf.reduce_sum(x, reduction_indices=[1], keep_dims=True),
            "mean": tf.reduce_mean(x, 0),
            "max": tf.reduce_max(x, axis=1, keepdims=True),
            "logsumexp": tf.reduce_logsumexp(x, 1),
            "any": tf.reduce_any(x > 2.0, 0),
            "argmax": tf.argmax(x, dimension=1),
            "arg_min": tf.arg_min(x, 0),
            "expand": tf.expand_dims(x, dim=0),
            "squeeze": tf.squeeze([[1.0], [2.0]], squeeze_dims=[1]),
            "to_float": tf.to_float(n),
            "to_int32": tf.to_int32(x),
            "to_int64": tf.to_int64(x),
            "to_double": tf.to_double(x),
            "div": tf.div(n, 2),
            "div floats": tf.div(x, 2.0),
            "log": tf.log(np.abs(x)),
            "matrix_inverse": tf.matrix_inverse([[2.0, 1.0], [1.0, 3.0]]),
            "determinant": tf.matrix_determinant([[2.0, 1.0], [1.0, 3.0]]),
            "diag": tf.diag([1.0, 2.0]),
            "matrix_diag": tf.matrix_diag([1.0, 2.0]),
            "diag_part": tf.matrix_diag_part([[1.0, 2.0], [3.0, 4.0]]),
            "solve": tf.matrix_solve([[2.0, 1.0], [1.0, 3.0]], [[1.0], [2.0]]),
            "cholesky": tf.cholesky([[2.0, 1.0], [1.0, 3.0]]),
            "transpose": tf.matrix_transpose(x),
            "where": tf.where(x > 0.0),
            "select": tf.where(x > 0.0, x, -x),
            "rows": tf.where([True, False], x, -x),
            "concat": tf.concat([x, x], 1),
            "pad": tf.pad(x, [[1, 0], [0, 1]], "CONSTANT", constant_values=9.0),
            "reverse": tf.reverse(x, [1]),
            "cumsum": tf.cumsum(x, 1),
            "floormod": tf.mod(n, 4),
            "rsqrt": tf.rsqrt(np.abs(x)),
            "erf": tf.erf(x),
            "is_nan": tf.is_nan(x),
            "confusion": tf.confusion_matrix([0, 1, 1], [0, 0, 1]),
            "count": tf.count_nonzero(x, 1),
            "segment": tf.segment_sum(x, [0, 0]),
            "unsorted": tf.unsorted_segment_sum(x, [1, 0], 3),
            "norm": tf.norm(x, axis=1, keep_dims=True),
            "softmax": tf.nn.softmax(x, dim=0),
            "log_softmax": tf.nn.log_softmax(x),
            "moments": tf.nn.moments(x, [0], keep_dims=True),
            "top_k": tf.nn.top_k(x, 2),
            "in_top_k": tf.nn.in_top_k(x, [2, 1], 1),
            "conv": tf.nn.conv2d(images, kernel, strides=[1, 1, 1, 1], padding="SAME"),
            "transposed": tf.nn.conv2d_transpose(images[..., :2], kernel, [1, 8, 8, 4], [1, 2, 2, 1]),
            "max_pool": tf.nn.max_pool(images, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID"),
            "avg_pool": tf.nn.avg_pool(images, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
            "lrn": tf.nn.lrn(images, 2),
            "bias": tf.nn.bias_add(x, [1.0, 2.0, 3.0]),
            "l2": tf.nn.l2_loss(x),
            "normalize": tf.nn.l2_normalize(x, 1),
            "weighted": tf.nn.weighted_cross_entropy_with_logits(np.abs(x) / 5, x, 2.0),
            "fused": tf.nn.fused_batch_norm(images, [1.0] * 4, [0.5] * 4),
            "space": tf.space_to_depth(images, 2),
            "shape": tf.shape(x),
            "rank": tf.rank(x),
            "size": tf.size(x),
            "fill": tf.fill([2, 2], 3.0),
            "constant": tf.constant(5.0, shape=[2, 2]),
            "last one": tf.constant([1.0, 2.0], shape=[2, 2]),
            "string": tf.string_join(["a", "b"], "-"),
            "number": tf.string_to_number(["1.5", "2"]),
            "substr": tf.substr("hello", 1, 3),
            "as_string": tf.as_string(n),
            "global_norm": tf.global_norm([x, x]),
            "clip": tf.clip_by_norm(x, 1.0, axes=[1]),
            "average": tf.clip_by_average_norm(x, 0.1),
            "einsum": tf.einsum("ij,kj->ik", x, x),
            "tensordot": tf.tensordot(x, x, [[1], [1]]),
            "one_hot": tf.one_hot([0, 2], 3),
            "gather_nd": tf.gather_nd(x, [[0, 2], [1, 0]]),
            "scatter": tf.scatter_nd([[1], [3]], [5.0, 6.0], [5]),
            "sparse softmax": tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 2], logits=x),
            "range": tf.range(3, 9, 2),
            "linspace": tf.lin_space(0.0, 1.0, 3),
            "tile": tf.tile(x, [1, 2]),
            "stack": tf.stack([x, x], axis=1),
            "unstack": tf.unstack(x, axis=1),
            "split": tf.split(x, [1, 2], 1),
            "slice": tf.slice(x, [0, 1], [2, 2]),
            "strided": tf.constant(x)[::-1, 1:],
            "boolean_mask": tf.boolean_mask(x, [True, False]),
            "embedding": tf.nn.embedding_lookup(x, [1, 1, 0]),
        }

    return {name: list(value) if isinstance(value, tuple) else value for name, value in evaluated(tf, build).items()}


@section
def order(tf):
    """Control dependencies, readings and assignments."""

    def build():
        v = tf.Variable(1.0)
        before = v * 1.0
        with tf.control_dependencies([before]):
            first = tf.assign(v, before + 10.0)
        with tf.control_dependencies([first]):
            second = tf.assign_add(v, 100.0)
        with tf.control_dependencies([second]):
            after = tf.identity(v)
            again = v.read_value()
        return [before, second, after, again]

    def build_group():
        a, b = tf.Variable(1.0), tf.Variable(2.0)
        swap = tf.group(a.assign(5.0), b.assign_sub(1.0))
        with tf.control_dependencies([swap]):
            return [a.read_value(), b.read_value(), tf.no_op()]

    def build_tuple():
        v = tf.Variable(3.0)
        count = tf.Variable(0)
        return tf.tuple([v * 2.0, v * 3.0], control_inputs=[count.assign_add(1)])

    return {"chain": evaluated(tf, build), "group": evaluated(tf, build_group), "tuple": evaluated(tf, build_tuple)}


@section
def branches(tf):
    def build(value):
        x = tf.constant(value)
        v = tf.Variable(10.0)
        found = {
            "cond": tf.cond(x > 1.0, lambda: x * v, lambda: x - v),
            "case": tf.case(
                [(x < 0.0, lambda: tf.constant(1)), (x < 5.0, lambda: tf.constant(2))], default=lambda: tf.constant(3)
            ),
            "nested": tf.cond(x > 0.0, lambda: tf.cond(x > 3.0, lambda: x, lambda: 2.0 * x), lambda: tf.zeros([])),
            "gradient": tf.gradients(tf.cond(x > 1.0, lambda: x * x, lambda: 3.0 * x), x),
        }
        total = tf.while_loop(lambda i, t: i < 4, lambda i, t: [i + 1, t * x], [tf.constant(0), tf.constant(1.0)])
        found["loop"] = total
        found["gradient of the loop"] = tf.gradients(total[1], x)
        found["map"] = tf.map_fn(lambda e: e * x, tf.constant([1.0, 2.0]))
        found["scan"] = tf.scan(lambda a, e: a + e * x, tf.constant([1.0, 2.0, 3.0]))
        found["foldl"] = tf.foldl(lambda a, e: a * 2.0 + e, tf.constant([1.0, 2.0, 3.0]))
        return found

    return {f"{value}": evaluated(tf, lambda value=value: build(value)) for value in (-2.0, 2.0, 4.0)}


@section
def derivatives(tf):
    def build():
        x = tf.Variable([1.0, 2.0])
        y = tf.Variable(3.0)
        z = tf.square(x) * y
        frozen = tf.stop_gradient(x) * x
        (first,) = tf.gradients(z, x)
        return {
            "two": tf.gradients(z, [x, y]),
            "several": tf.gradients([z, x], [x]),
            "started": tf.gradients(z, x, grad_ys=tf.constant([10.0, 1.0])),
            "second": tf.gradients(first, x),
            "stopped": tf.gradients(frozen, x),
            "stop_gradients": tf.gradients(z, [x, y], stop_gradients=[x]),
            "through": tf.gradients(tf.exp(z), [z]),
            "hessian": tf.hessians(tf.reduce_sum(x**3 * y), x),
        }

    def unconnected():
        x, y = tf.Variable(1.0), tf.Variable(2.0)
        return tf.gradients(x * 2.0, [y])

    with tf.Graph().as_default():
        none = unconnected()
    return {**evaluated(tf, build), "unconnected": none[0] is None}


@section
def names(tf):
    with tf.Graph().as_default() as graph:
        found = [tf.placeholder(tf.float32).name, tf.placeholder(tf.float32).name]
        x = tf.placeholder(tf.float32, [2, 2], name="x")
        with tf.name_scope("a") as scope:
            found += [scope, tf.identity(x, name="y").name]
            with tf.name_scope("b"):
                found += [
                    tf.identity(x, name="y").name,
                    tf.Variable(1.0, name="v").name,
                    tf.get_variable("g", [1]).name,
                ]
        with tf.name_scope("a"):
            found += [tf.identity(x, name="y").name]
        with tf.name_scope(scope):
            found += [tf.identity(x, name="z").name]
        with tf.variable_scope("s") as s:
            found += [
                tf.get_variable("v", [1]).name,
                tf.Variable(1.0).name,
                tf.Variable(1.0).name,
                tf.identity(x, "i").name,
            ]
        with tf.variable_scope(s, reuse=True):
            found += [tf.get_variable("v").name, tf.get_variable_scope().name]
        with tf.variable_scope(None, default_name="d"):
            found += [tf.get_variable("v", [1]).name]
        with tf.variable_scope(None, default_name="d"):
            found += [tf.get_variable("v", [1]).name]
        found += [
            (x + 1.0).op.name,
            (x * 2.0).op.name,
            tf.matmul(x, x).op.name,
            tf.nn.relu(x).op.name,
            tf.reduce_mean(x).op.name,
        ]
        found += [tf.constant(1.0, name="one").op.name, tf.group(x).name, tf.no_op().name, x.op.type]
        again = graph.get_operation_by_name("a/y")
        return {
            "names": found,
            "again": again.outputs[0] is graph.get_tensor_by_name("a/y:0"),
            "unknown": caught(lambda: graph.get_tensor_by_name("nothing:0"), KeyError),
            "no tensor": caught(lambda: graph.get_tensor_by_name("x"), ValueError),
            "operations": sum(op.type == "Placeholder" for op in graph.get_operations()),
        }


@section
def shapes(tf):
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 28, 28, 3])
        any_ = tf.placeholder(tf.float32)
        flat = tf.reshape(x, [-1, 28 * 28 * 3])
        many = tf.reshape(x, [tf.shape(x)[0], -1, 3])
        w = tf.placeholder(tf.float32, [2352, 10])
        found = {
            "x": x.get_shape().as_list(),
            "flat": flat.get_shape().as_list(),
            "many": many.shape.as_list()[2],
            "matmul": tf.matmul(flat, w).shape.as_list(),
            "mean": tf.reduce_mean(x, [1, 2]).shape.as_list(),
            "concat": tf.concat([flat, flat], 0).shape.as_list(),
            "concat columns": tf.concat([flat, flat], 1).shape.as_list(),
            "stack": tf.stack([flat, flat]).shape.as_list(),
            "transpose": tf.transpose(x, [3, 0, 1, 2]).shape.as_list(),
            "zeros": tf.zeros(tf.stack([tf.shape(x)[0], 7])).shape.as_list(),
            "tile": tf.tile(flat, [1, 2]).shape.as_list(),
            "slice": x[:, 1:, ..., 0].shape.as_list(),
            "fixed and open": (flat[:, :3] + tf.ones([4, 3])).shape.as_list(),
            "conv": tf.nn.conv2d(x, tf.zeros([5, 5, 3, 8]), [1, 2, 2, 1], "SAME").shape.as_list(),
            "pool": tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID").shape.as_list(),
            "unknown": any_.shape.ndims,
            "of unknown": (any_ + 1.0).shape.ndims,
            "one_hot": tf.one_hot(tf.placeholder(tf.int32, [None]), 5).shape.as_list(),
            "value": int(flat.get_shape()[1]),
        }
        any_.set_shape([None, 4])
        found["set"] = any_.shape.as_list()
        found["wrong"] = caught(lambda: tf.matmul(flat, tf.zeros([3, 3])), ValueError)
        return found


@section
def running(tf):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None], name="x")
        y = tf.placeholder(tf.float32, name="y")
        s = tf.placeholder(tf.string, [2], name="s")
        total = tf.reduce_sum(x) + y
        v = tf.Variable([1.0, 2.0], name="v")
        missing = tf.report_uninitialized_variables()
        joined = tf.string_join([s, ["!", "?"]])
        session = tf.Session(graph=graph)
        found = {
            "missing": session.run(missing),
            "by name": session.run("add:0", {"x:0": [1.0], "y:0": 2.0}),
            "strings": session.run(joined, {s: ["a", "b"]}),
            "intermediate": session.run(total * 2.0, {total: 21.0}),
            "fed variable": session.run(v * 2.0, {v: [5.0, 5.0]}),
            "same twice": session.run([total, total], {x: [1.0, 1.0], y: 0.0}),
            "tuple": session.run((total,), {x: [1.0], y: 0.0}),
            "uninitialized": caught(lambda: session.run(v), tf.errors.FailedPreconditionError),
            "unfed": caught(lambda: session.run(total, {x: [1.0]}), tf.errors.InvalidArgumentError),
            "shape": caught(lambda: session.run(total, {x: 1.0, y: 1.0}), ValueError),
            "none": caught(lambda: session.run(None), TypeError),
            "number": caught(lambda: session.run(3), TypeError),
            "unknown": caught(lambda: session.run("nothing"), ValueError),
            "tensor as value": caught(lambda: session.run(total, {x: tf.zeros([2]), y: 1.0}), TypeError),
            "key": caught(lambda: session.run(total, {"nothing:0": 1.0}), TypeError),
        }
        v.load([7.0, 8.0], session)
        found["loaded"] = session.run(v)
        found["initialized"] = session.run(tf.is_variable_initialized(v))
        session.run(v.initializer)
        call = session.make_callable(total, [x, y])
        found["callable"] = call([1.0, 2.0], 3.0)
        other = tf.Session(graph=graph)
        found["other session"] = caught(lambda: other.run(v), tf.errors.FailedPreconditionError)
        other.run(v.assign([0.0, 0.0]))
        found["its own values"] = [other.run(v), session.run(v)]
        session.close()
        found["closed"] = caught(lambda: session.run(total), RuntimeError)
        graph.finalize()
        found["finalized"] = caught(lambda: tf.constant(1.0), RuntimeError)
    return found


@section
def unknown_ranks(tf):
    def build():
        x = tf.placeholder(tf.float32, name="x")
        y = tf.square(x) + 1.0
        return x, tf.reduce_sum(y), y

    with tf.Graph().as_default(), tf.Session() as session:
        x, total, y = build()
        return {"scalar": session.run([total, y], {x: 2.0}), "matrix": session.run([total, y], {x: np.ones([2, 3])})}


@section
def randomness(tf):
    def draw(seed, op_seed=None, count=2):
        with tf.Graph().as_default(), tf.Session() as session:
            if seed is not None:
                tf.set_random_seed(seed)
            a = tf.random_normal([4], seed=op_seed)
            b = tf.random_uniform([4], seed=op_seed)
            return [session.run([a, b]) for _ in range(count)]

    one, two, other = draw(1), draw(1), draw(2)
    free = draw(None), draw(None)
    own = draw(None, 5), draw(None, 5)
    large = evaluated(
        tf,
        lambda: {
            "normal": tf.random_normal([20000], 2.0, 3.0),
            "uniform": tf.random_uniform([20000], -1.0, 3.0),
            "truncated": tf.truncated_normal([20000]),
            "integers": tf.random_uniform([20000], 0, 10, tf.int32),
            "dropout": tf.nn.dropout(tf.ones([20000]), keep_prob=0.75),
            "shuffled": tf.reduce_sum(tf.random_shuffle(tf.range(10.0))),
            "cropped": tf.shape(tf.random_crop(tf.zeros([8, 8]), [3, 2])),
        },
    )
    return {
        "same seed": bool(np.allclose(one, two)),
        "other seed": bool(np.allclose(one, other)),
        "each run": bool(np.allclose(one[0], one[1])),
        "without": bool(np.allclose(free[0], free[1])),
        "operation's seed": bool(np.allclose(own[0], own[1])),
        "means": [round(float(np.mean(large[name])), 0) for name in ("normal", "uniform", "truncated", "dropout")],
        "spread": round(float(np.std(large["normal"])), 0),
        "within": bool(np.abs(large["truncated"]).max() <= 2.0),
        "range": [int(large["integers"].min()), int(large["integers"].max())],
        "kept": sorted({round(float(v), 4) for v in large["dropout"]}),
        "shuffled": large["shuffled"],
        "cropped": large["cropped"],
    }


@section
def initializers(tf):
    i = tf.initializers

    def build():
        return {
            "zeros": i.zeros()([2, 2]),
            "ones": i.ones()([2], tf.int32),
            "constant": i.constant([1.0, 2.0, 3.0, 4.0])([2, 2]),
            "identity": i.identity(2.0)([2, 2]),
            "orthogonal": tf.abs(
                tf.matmul(*[tf.get_variable("q", [3, 3], initializer=i.orthogonal())] * 2, transpose_b=True)
            ),
            "uniform": tf.reduce_max(tf.abs(i.glorot_uniform()([300, 100]))),
            "scaled": tf.reduce_max(tf.abs(i.variance_scaling(2.0, "fan_out", "uniform")([50, 150]))),
        }

    found = evaluated(tf, build)
    found["uniform"], found["scaled"] = round(float(found["uniform"]), 2), round(float(found["scaled"]), 2)
    return found


@section
def scopes(tf):
    with tf.Graph().as_default():

        def renamed(getter, name, *args, **kwargs):
            return getter("got_" + name, *args, **kwargs)

        with tf.variable_scope("a", custom_getter=renamed):
            got = tf.get_variable("v", [1]).name
        with tf.variable_scope("b", regularizer=lambda v: tf.reduce_sum(v), dtype=tf.float64):
            kind = tf.get_variable("v", [1]).dtype.base_dtype.name
        count = len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
        with tf.variable_scope("c"):
            tf.get_variable("v", [2])
        with tf.variable_scope("c", reuse=tf.AUTO_REUSE):
            same = tf.get_variable("v", [2]).name
        local = tf.get_local_variable("l", [1]).name
        step = tf.train.get_or_create_global_step()
        return {
            "got": got,
            "kind": kind,
            "count": count,
            "same": same,
            "local": [local, len(tf.local_variables())],
            "step": [step.name, step.dtype.base_dtype.name, tf.train.get_global_step() is step],
            "dtype": caught(lambda: reuse_with_dtype(tf), ValueError),
            "no shape": caught(lambda: tf.get_variable("n"), ValueError),
            "both": caught(lambda: tf.get_variable("k", [1], initializer=tf.constant([1.0])), ValueError),
            "no gradient": caught(
                lambda: tf.train.GradientDescentOptimizer(1.0).minimize(tf.constant(1.0)), ValueError
            ),
        }


def reuse_with_dtype(tf):
    with tf.variable_scope("c", reuse=True):
        tf.get_variable("v", [2], dtype=tf.float64)


@section
def scattering(tf):
    def build():
        v = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        added = tf.scatter_add(v, [0, 2], [[1.0, 1.0], [2.0, 2.0]])
        with tf.control_dependencies([added]):
            return tf.scatter_update(v, [1], [[9.0, 9.0]])

    return {"found": evaluated(tf, build)}


@section
def python_calls(tf):
    def build():
        x = tf.constant([1.0, 2.0])
        return [
            tf.py_func(lambda a: (a * 3.0).astype(np.float32), [x], tf.float32),
            tf.numpy_function(np.sum, [x], tf.float32),
        ]

    return {"found": evaluated(tf, build)}


@section
def arrays(tf):
    def build():
        def body(i, array):
            return i + 1, array.write(i, tf.cast(i * i, tf.float32))

        array = tf.TensorArray(tf.float32, 4)
        _, array = tf.while_loop(lambda i, a: i < 4, body, [0, array])
        pieces = tf.TensorArray(tf.float32, size=3, clear_after_read=False).unstack(tf.constant([[1.0], [2.0], [3.0]]))
        return [array.stack(), pieces.read(1), pieces.stack()]

    return {"found": evaluated(tf, build)}


@section
def average(tf):
    def build():
        v = tf.Variable(1.0)
        ema = tf.train.ExponentialMovingAverage(0.9)
        with tf.control_dependencies([v.assign(11.0)]):
            keep = ema.apply([v])
        with tf.control_dependencies([keep]):
            return [ema.average(v).read_value()], ema.average_name(v)

    with tf.Graph().as_default(), tf.Session() as session:
        fetches, name = build()
        session.run(tf.global_variables_initializer())
        return {"found": session.run(fetches), "name": name}


@section
def functions(tf):
    @tf.function
    def double(x):
        if tf.reduce_sum(x) > 0.0:
            return x * 2.0
        return -x

    def build():
        x = tf.constant([1.0, 2.0])
        y = double(x)
        return [y, double(-x), tf.gradients(y, x)[0]]

    return {"found": evaluated(tf, build)}
