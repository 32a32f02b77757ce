"""Migration from 1.x: graphs, sessions, placeholders, shared variables, optimizers and savers, under 2.x behaviour."""

import tempfile

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(graph_and_session, feeding, nested_fetches, variables, initialising, variable_scopes, reuse),
        *(optimizers, momentum_and_others, gradients_by_hand, linear_regression, classifier, saver, saver_of_some),
        *(several_graphs, collections, names, control_flow, eager_beside, refused),
    )


def graph_and_session(tf):
    with tf.Graph().as_default() as graph:
        a = tf.constant([[1.0, 2.0]])
        b = tf.constant([[3.0], [4.0]])
        product = tf.matmul(a, b)
        with tf.compat.v1.Session(graph=graph) as session:
            result = session.run(product)
            evaluated = product.eval()
        eager = tf.executing_eagerly()
    return {
        "result": result,
        "eval": evaluated,
        "kind": type(result).__name__,
        "eager inside": eager,
        "eager outside": tf.executing_eagerly(),
        "shape": product.shape.as_list(),
        "the graph": product.graph is graph,
    }


def feeding(tf):
    with tf.Graph().as_default():
        x = tf.compat.v1.placeholder(tf.float32, shape=[None, 2], name="x")
        scale = tf.compat.v1.placeholder_with_default(tf.constant(10.0), shape=[], name="scale")
        y = tf.reduce_sum(x, axis=1) * scale
        with tf.compat.v1.Session() as session:
            results = [
                session.run(y, feed_dict={x: [[1.0, 2.0]]}),
                session.run(y, {x: np.ones([3, 2]), scale: 0.5}),
                session.run(y, feed_dict={"x:0": [[5.0, 5.0]]}),
                session.run(scale),
                session.run(y * 2.0, feed_dict={y: [1.0, 2.0, 3.0]}),
            ]
            missing = caught(lambda: session.run(y), tf.errors.InvalidArgumentError)
            shape = caught(lambda: session.run(y, {x: [1.0, 2.0]}), ValueError)
    return {"results": results, "missing": missing, "wrong shape": shape, "name": x.name, "shape": x.shape.as_list()}


def nested_fetches(tf):
    with tf.Graph().as_default():
        x = tf.compat.v1.placeholder(tf.int32)
        total, square = x + 1, x * x
        v = tf.compat.v1.get_variable("v", initializer=5)
        count = tf.compat.v1.assign_add(v, 1)
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            nested = session.run({"a": total, "b": [square, (x, total)]}, {x: 4})
            operation = session.run([count.op, square], {x: 3})
            by_name = session.run(total.name, {x: 10})
    return {"nested": nested, "an operation gives None": operation, "by name": by_name}


def variables(tf):
    with tf.Graph().as_default():
        w = tf.compat.v1.get_variable("w", shape=[2], initializer=tf.compat.v1.constant_initializer([1.0, 2.0]))
        step = tf.compat.v1.Variable(0, trainable=False, name="step")
        update = w.assign(w * 3.0)
        grow = tf.compat.v1.assign_add(step, 2)
        with tf.control_dependencies([update]):
            after = w.read_value() + 1.0
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            first = session.run(w)
            results = [session.run(after), session.run(w), session.run(grow), session.run(step)]
            session.run(w.initializer)
            again = session.run(w)
            evaluated = w.eval(session)
    return {
        "first": first,
        "results": results,
        "initialised again": again,
        "evaluated": evaluated,
        "names": [w.name, step.name],
        "trainable": [w.trainable, step.trainable],
    }


def initialising(tf):
    def shapes_of(initializer):
        with tf.Graph().as_default():
            v = tf.compat.v1.get_variable("v", [3, 2], initializer=initializer)
            with tf.compat.v1.Session() as session:
                session.run(tf.compat.v1.global_variables_initializer())
                return session.run(v)

    glorot = shapes_of(tf.compat.v1.glorot_uniform_initializer(seed=1))
    with tf.Graph().as_default():
        tf.compat.v1.set_random_seed(3)
        v = tf.compat.v1.get_variable("v", [2], initializer=tf.compat.v1.zeros_initializer())
        with tf.compat.v1.Session() as session:
            uninitialised = caught(lambda: session.run(v), tf.errors.FailedPreconditionError)
            session.run(tf.compat.v1.variables_initializer([v]))
            ready = session.run(v)
    return {
        "ones": shapes_of(tf.compat.v1.ones_initializer()),
        "constant": shapes_of(tf.compat.v1.constant_initializer(2.5)),
        "glorot in range": bool(np.all(np.abs(glorot) <= (6 / 5) ** 0.5)),
        "normal": list(shapes_of(tf.compat.v1.truncated_normal_initializer(stddev=0.1)).shape),
        "uninitialised": uninitialised,
        "ready": ready,
    }


def variable_scopes(tf):
    with tf.Graph().as_default():
        with tf.compat.v1.variable_scope("outer"):
            a = tf.compat.v1.get_variable("a", [1])
            with tf.compat.v1.variable_scope("inner", initializer=tf.compat.v1.ones_initializer()):
                b = tf.compat.v1.get_variable("b", [2])
                name = tf.compat.v1.get_variable_scope().name
        with tf.compat.v1.variable_scope("outer", reuse=True):
            again = tf.compat.v1.get_variable("a")
        with tf.compat.v1.variable_scope("auto", reuse=tf.compat.v1.AUTO_REUSE):
            c = tf.compat.v1.get_variable("c", [1])
            c_again = tf.compat.v1.get_variable("c", [1])
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            ones = session.run(b)
    return {
        "names": [a.name, b.name, c.name],
        "scope": name,
        "shared": [again is a, c_again is c],
        "initializer of the scope": ones,
    }


def reuse(tf):
    def layer(x, units):
        w = tf.compat.v1.get_variable("w", [x.shape[-1], units], initializer=tf.compat.v1.ones_initializer())
        b = tf.compat.v1.get_variable("b", [units], initializer=tf.compat.v1.zeros_initializer())
        return tf.nn.relu(tf.matmul(x, w) + b)

    def network(x):
        with tf.compat.v1.variable_scope("first", reuse=tf.compat.v1.AUTO_REUSE):
            x = layer(x, 3)
        with tf.compat.v1.variable_scope("second", reuse=tf.compat.v1.AUTO_REUSE):
            return layer(x, 1)

    with tf.Graph().as_default():
        one, two = network(tf.constant([[1.0, 2.0]])), network(tf.constant([[-1.0, 5.0]]))
        count = len(tf.compat.v1.trainable_variables())
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            results = session.run([one, two])

    def twice():
        with tf.Graph().as_default():
            tf.compat.v1.get_variable("v", [1])
            tf.compat.v1.get_variable("v", [1])

    def unknown():
        with tf.Graph().as_default(), tf.compat.v1.variable_scope("s", reuse=True):
            tf.compat.v1.get_variable("new", [1])

    def other_shape():
        with tf.Graph().as_default(), tf.compat.v1.variable_scope("s", reuse=tf.compat.v1.AUTO_REUSE):
            tf.compat.v1.get_variable("v", [1])
            tf.compat.v1.get_variable("v", [2])

    return {
        "results": results,
        "count": count,
        "twice": caught(twice, ValueError),
        "unknown": caught(unknown, ValueError),
        "other shape": caught(other_shape, ValueError),
    }


def trained(tf, make_optimizer, steps=5):
    with tf.Graph().as_default():
        x = tf.compat.v1.get_variable("x", initializer=[1.0, -2.0])
        loss = tf.reduce_sum(x**2 * [1.0, 3.0]) + tf.reduce_prod(x)
        train = make_optimizer().minimize(loss)
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            losses = [session.run([train, loss])[1] for _ in range(steps)]
            return [session.run(x), session.run(loss), len(losses)]


def optimizers(tf):
    train = tf.compat.v1.train
    return {
        "gradient descent": trained(tf, lambda: train.GradientDescentOptimizer(0.1)),
        "momentum": trained(tf, lambda: train.MomentumOptimizer(0.05, momentum=0.9)),
        "nesterov": trained(tf, lambda: train.MomentumOptimizer(0.05, 0.9, use_nesterov=True)),
        "adam": trained(tf, lambda: train.AdamOptimizer(0.1)),
    }


def momentum_and_others(tf):
    train = tf.compat.v1.train
    return {
        "rmsprop": trained(tf, lambda: train.RMSPropOptimizer(0.05)),
        "adagrad": trained(tf, lambda: train.AdagradOptimizer(0.5)),
        "adadelta": trained(tf, lambda: train.AdadeltaOptimizer(1.0)),
        "ftrl": trained(tf, lambda: train.FtrlOptimizer(0.2)),
    }


def gradients_by_hand(tf):
    with tf.Graph().as_default():
        x = tf.compat.v1.get_variable("x", initializer=[1.0, 2.0])
        frozen = tf.compat.v1.get_variable("frozen", initializer=3.0, trainable=False)
        loss = tf.reduce_sum(x**3) * frozen
        (by_x,) = tf.gradients(loss, [x])
        optimizer = tf.compat.v1.train.GradientDescentOptimizer(0.5)
        pairs = optimizer.compute_gradients(loss)
        clipped = [(tf.clip_by_norm(gradient, 1.0), variable) for gradient, variable in pairs]
        step = tf.compat.v1.train.get_or_create_global_step()
        train = optimizer.apply_gradients(clipped, global_step=step)
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            gradient = session.run(by_x)
            session.run(train)
            session.run(train)
            values = session.run([x, frozen, step])
    return {"gradient": gradient, "variables": [variable.name for _, variable in pairs], "values": values}


def line(count):
    x = np.linspace(-1.0, 1.0, count).astype(np.float32)
    return x, 3.0 * x + 2.0 + 0.1 * np.sin(20.0 * x)


def linear_regression(tf):
    points, targets = line(20)
    with tf.Graph().as_default():
        x = tf.compat.v1.placeholder(tf.float32, [None], name="x")
        y = tf.compat.v1.placeholder(tf.float32, [None], name="y")
        w = tf.compat.v1.get_variable("w", [], initializer=tf.compat.v1.zeros_initializer())
        b = tf.compat.v1.get_variable("b", [], initializer=tf.compat.v1.zeros_initializer())
        loss = tf.reduce_mean(tf.square(w * x + b - y))
        rate = tf.compat.v1.placeholder_with_default(0.3, [])
        train = tf.compat.v1.train.GradientDescentOptimizer(rate).minimize(loss, var_list=[w, b])
        losses = []
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            for epoch in range(3):
                for start in range(0, 20, 5):
                    feed = {x: points[start : start + 5], y: targets[start : start + 5], rate: 0.3 / (epoch + 1)}
                    _, value = session.run([train, loss], feed_dict=feed)
                    losses.append(value)
            end = session.run([w, b])
    return {"losses": losses, "end": end}


def classifier(tf):
    rng = np.random.default_rng(12)
    features = rng.normal(size=(30, 3)).astype(np.float32)
    classes = (features[:, 0] > features[:, 1]).astype(np.int64)
    with tf.Graph().as_default():
        x = tf.compat.v1.placeholder(tf.float32, [None, 3])
        labels = tf.compat.v1.placeholder(tf.int64, [None])
        with tf.compat.v1.variable_scope("hidden"):
            w = tf.compat.v1.get_variable("w", initializer=rng.normal(size=(3, 4)).astype(np.float32))
            hidden = tf.nn.relu(tf.matmul(x, w))
        with tf.compat.v1.variable_scope("output"):
            logits = tf.matmul(
                hidden, tf.compat.v1.get_variable("w", initializer=rng.normal(size=(4, 2)).astype(np.float32))
            )
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32))
        train = tf.compat.v1.train.AdamOptimizer(0.05).minimize(loss)
        with tf.compat.v1.Session() as session:
            session.run(tf.compat.v1.global_variables_initializer())
            feed = {x: features, labels: classes}
            history = [session.run([train, loss, accuracy], feed)[1:] for _ in range(8)]
        names = [variable.name for variable in tf.compat.v1.trainable_variables()]
    return {"history": history, "names": names}


def saver(tf):
    prefix = tempfile.mkdtemp() + "/model"

    def build():
        v = tf.compat.v1.get_variable("part/v", initializer=[1.0, 2.0])
        n = tf.compat.v1.get_variable("n", initializer=7)
        return v, n, tf.compat.v1.train.Saver(max_to_keep=2)

    paths = []
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        v, n, saving = build()
        session.run(tf.compat.v1.global_variables_initializer())
        for step in (1, 2, 3):
            session.run(v.assign_add([10.0, 10.0]))
            paths.append(saving.save(session, prefix, global_step=step))
        kept = [path.rpartition("/")[2] for path in saving.last_checkpoints]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        v, n, saving = build()
        saving.restore(session, paths[1])
        restored = session.run([v, n])
    return {
        "paths": [path.rpartition("/")[2] for path in paths],
        "kept": kept,
        "restored": restored,
        "listed": [[name, shape] for name, shape in tf.train.list_variables(paths[2])],
        "latest": tf.train.latest_checkpoint(prefix.rpartition("/")[0]) == paths[2],
        "read": tf.train.load_variable(paths[2], "part/v"),
    }


def saver_of_some(tf):
    path = tempfile.mkdtemp() + "/some"
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        a, b = tf.compat.v1.get_variable("a", initializer=1.0), tf.compat.v1.get_variable("b", initializer=2.0)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver({"renamed": a}).save(session, path)
        session.run([a.assign(100.0), b.assign(200.0)])
        tf.compat.v1.train.Saver({"renamed": a}).restore(session, path)
        values = session.run([a, b])
    return {"values": values, "names": [name for name, _ in tf.train.list_variables(path)]}


def several_graphs(tf):
    first, second = tf.Graph(), tf.Graph()
    with first.as_default():
        a = tf.constant(1.0) + 2.0
    with second.as_default():
        b = tf.constant(10.0) * 2.0
    with tf.compat.v1.Session(graph=first) as one, tf.compat.v1.Session(graph=second) as two:
        results = [one.run(a), two.run(b)]
        foreign = caught(lambda: one.run(b), ValueError)
    return {"results": results, "foreign": foreign, "closed": caught(lambda: one.run(a), RuntimeError)}


def collections(tf):
    with tf.Graph().as_default():
        tf.compat.v1.get_variable("a", [1])
        tf.compat.v1.get_variable("b", [1], trainable=False)
        with tf.compat.v1.variable_scope("s"):
            tf.compat.v1.get_variable("c", [1])
        return {
            "global": [variable.name for variable in tf.compat.v1.global_variables()],
            "trainable": [variable.name for variable in tf.compat.v1.trainable_variables()],
            "of a scope": [variable.name for variable in tf.compat.v1.trainable_variables(scope="s")],
        }


def names(tf):
    with tf.Graph().as_default() as graph:
        a = tf.constant(1.0, name="one")
        with tf.compat.v1.name_scope("scope"):
            b = tf.add(a, 2.0, name="sum")
            again = tf.constant(1.0, name="sum")
        found = graph.get_tensor_by_name("scope/sum:0")
        with tf.compat.v1.Session() as session:
            value = session.run(found)
        return {"names": [a.name, b.name, again.name, b.op.name], "found": found is b, "value": value}


def control_flow(tf):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [3])
        fetches = {
            "cond": tf.cond(x[0] > 0.0, lambda: x * 2.0, lambda: -x),
            "while": tf.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + tf.reduce_sum(x)), (0, 0.0))[1],
            "group is done": tf.group(x),
        }
        return {f"{start}": session.run(fetches, {x: [start, -2.0, 3.5]}) for start in (1.0, -1.0)}


def eager_beside(tf):
    """A graph and its session change nothing for the eager code around them."""
    v = tf.Variable(2.0)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        in_graph = session.run(tf.constant(3.0) * 2.0)
    with tf.GradientTape() as tape:
        y = v * float(in_graph)
    return {"y": y, "gradient": tape.gradient(y, v)}


def refused(tf):
    with tf.Graph().as_default():
        x = tf.constant(1.0)

        def truth():
            return 1 if x else 0

        no_session = caught(lambda: x.eval(), ValueError)
        no_truth = caught(truth, TypeError)
    return {
        "eval without a session": no_session,
        "truth of a symbol": no_truth,
        "placeholder in eager": caught(lambda: tf.compat.v1.placeholder(tf.float32), RuntimeError),
        "gradients in eager": caught(lambda: tf.gradients(tf.constant(1.0), tf.constant(2.0)), RuntimeError),
    }
