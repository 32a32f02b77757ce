"""A program of 1.x as it was: `disable_v2_behavior`, one default graph, `tf.Session`; it needs a process of its own."""

import importlib
import tempfile

import numpy as np

from tests.interop.guides._results import collect


def run(tf):
    tf1 = importlib.import_module(f"{tf.__name__}.compat.v1")
    tf1.disable_v2_behavior()
    return collect(tf1, switched, default_graph, dense_layers, training, saving, resetting)


def switched(tf):
    return {
        "eager": tf.executing_eagerly(),
        "a constant is symbolic": tf.constant(1.0).name[:5],
    }


def default_graph(tf):
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, [None, 2], "x")
    y = tf.reduce_mean(x, axis=0) + 1.0
    with tf.Session() as sess:
        result = sess.run(y, feed_dict={x: [[1.0, 2.0], [3.0, 4.0]]})
    session = tf.InteractiveSession()
    evaluated = tf.square(3.0).eval()
    session.close()
    return {"result": result, "evaluated": evaluated, "one graph": y.graph is tf.get_default_graph()}


def dense_layers(tf):
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, [None, 3])

    def dense(inputs, units, name):
        with tf.variable_scope(name):
            size = inputs.shape[-1]
            initial = np.cos(np.arange(int(size) * units)).reshape(int(size), units).astype(np.float32)
            w = tf.get_variable("kernel", initializer=initial)
            b = tf.get_variable("bias", [units], initializer=tf.zeros_initializer())
            return tf.matmul(inputs, w) + b

    hidden = tf.nn.relu(dense(x, 4, "hidden"))
    output = dense(hidden, 2, "output")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        result = sess.run(output, {x: [[1.0, 0.5, -1.0]]})
    return {
        "result": result,
        "columns": int(output.shape[1]),
        "names": [variable.op.name for variable in tf.trainable_variables()],
    }


def training(tf):
    tf.reset_default_graph()
    rng = np.random.default_rng(1)
    points = rng.normal(size=(24, 2)).astype(np.float32)
    targets = points @ np.array([[2.0], [-1.0]], np.float32) + 0.5
    x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 1])
    w, b = tf.Variable(tf.zeros([2, 1])), tf.Variable(0.0)
    loss = tf.reduce_mean((tf.matmul(x, w) + b - y) ** 2)
    global_step = tf.train.get_or_create_global_step()
    train_op = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=global_step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([train_op, loss], {x: points, y: targets})[1] for _ in range(6)]
        end = sess.run([w, b, global_step])
    return {"losses": losses, "end": end}


def saving(tf):
    tf.reset_default_graph()
    path = tempfile.mkdtemp() + "/v1"
    v = tf.get_variable("v", initializer=[1.0, 2.0])
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(tf.assign(v, [5.0, 6.0]))
        saver.save(sess, path)
    with tf.Session() as sess:
        saver.restore(sess, path)
        restored = sess.run(v)
    return {"restored": restored, "latest": tf.train.latest_checkpoint(path.rpartition("/")[0]) == path}


def resetting(tf):
    tf.reset_default_graph()
    tf.get_variable("a", [1])
    before = len(tf.global_variables())
    tf.reset_default_graph()
    return {"before": before, "after": len(tf.global_variables())}
