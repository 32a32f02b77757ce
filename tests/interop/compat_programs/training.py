"""Whole programs, as they were written for TensorFlow 1."""

import tempfile

import numpy as np

from tests.interop.guides._results import collect


def run(tf):
    return collect(
        tf, softmax_regression, perceptron, word_vectors, recurrent, unrolled, adversarial, averaged, two_phases
    )


def digits(count, seed=0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(4, 16)).astype(np.float32)
    labels = np.arange(count) % 4
    return (centers[labels] + 0.3 * rng.normal(size=(count, 16))).astype(np.float32), np.eye(4, dtype=np.float32)[
        labels
    ]


def softmax_regression(tf):
    images, labels = digits(60)
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, [None, 16])
    y_ = tf.placeholder(tf.float32, [None, 4])
    w = tf.Variable(tf.zeros([16, 4]))
    b = tf.Variable(tf.zeros([4]))
    y = tf.matmul(x, w) + b
    cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y))
    train_step = tf.train.GradientDescentOptimizer(0.5).minimize(cross_entropy)
    correct = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
    losses = []
    with tf.Session() as sess:
        tf.global_variables_initializer().run()
        for start in range(0, 60, 20):
            batch = {x: images[start : start + 20], y_: labels[start : start + 20]}
            sess.run(train_step, feed_dict=batch)
            losses.append(cross_entropy.eval(feed_dict=batch))
        found = sess.run(accuracy, feed_dict={x: images, y_: labels})
        end = sess.run(w)
    return {"losses": losses, "accuracy": found, "w": end}


def perceptron(tf):
    images, labels = digits(40, 1)
    path = tempfile.mkdtemp() + "/model.ckpt"
    tf.reset_default_graph()
    tf.set_random_seed(1)

    def layer(inputs, units, name, activation=None):
        with tf.variable_scope(name):
            rows = inputs.get_shape()[1].value
            first = np.sin(np.arange(rows * units)).reshape(rows, units) * 0.3
            w = tf.get_variable(
                "w",
                [rows, units],
                initializer=tf.constant_initializer(first),
                regularizer=lambda v: 0.01 * tf.nn.l2_loss(v),
            )
            b = tf.get_variable("b", [units], initializer=tf.constant_initializer(0.1))
            out = tf.nn.xw_plus_b(inputs, w, b)
            return activation(out) if activation else out

    x = tf.placeholder(tf.float32, shape=(None, 16), name="x")
    y = tf.placeholder(tf.int64, shape=(None,), name="y")
    keep = tf.placeholder_with_default(1.0, shape=())
    with tf.name_scope("network"):
        hidden = layer(x, 8, "hidden1", tf.nn.relu)
        hidden = layer(hidden, 6, "hidden2", tf.nn.tanh)
        hidden = tf.nn.dropout(hidden, keep_prob=keep)
        logits = layer(hidden, 4, "output")
    data_loss = tf.losses.sparse_softmax_cross_entropy(labels=y, logits=logits)
    penalty = tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
    loss = data_loss + penalty
    global_step = tf.Variable(0, name="global_step", trainable=False)
    rate = tf.train.exponential_decay(0.2, global_step, 5, 0.8, staircase=True)
    optimizer = tf.train.MomentumOptimizer(rate, 0.9)
    pairs = optimizer.compute_gradients(loss)
    gradients, norm = tf.clip_by_global_norm([g for g, _ in pairs], 1.0)
    train = optimizer.apply_gradients(zip(gradients, [v for _, v in pairs], strict=True), global_step=global_step)
    saver = tf.train.Saver()
    history = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(12):
            _, value, length, step, _ = sess.run(
                [train, loss, norm, global_step, rate], {x: images, y: labels.argmax(1)}
            )
            history.append([value, length])
        saver.save(sess, path)
        before = sess.run(logits, {x: images[:3]})
        dropped = sess.run(logits, {x: images[:3], keep: 0.5})
    with tf.Session() as sess:
        saver.restore(sess, path)
        after = sess.run(logits, {x: images[:3]})
        step = sess.run(global_step)
    return {
        "history": history,
        "before": before,
        "restored": bool(np.allclose(before, after)),
        "dropout changes": bool(not np.allclose(before, dropped)),
        "step": int(step),
        "trainable": [v.name for v in tf.trainable_variables()],
        "all": sorted(v.op.name for v in tf.global_variables()),
        "slots": optimizer.get_slot_names(),
        "listed": [name for name, _ in tf.train.list_variables(path)],
    }


def word_vectors(tf):
    rng = np.random.default_rng(2)
    tf.reset_default_graph()
    inputs = tf.placeholder(tf.int32, shape=[8])
    labels = tf.placeholder(tf.int32, shape=[8])
    first = rng.uniform(-1, 1, size=(12, 5)).astype(np.float32)
    embeddings = tf.Variable(first, name="embeddings")
    weights = tf.Variable(rng.normal(size=(12, 5)).astype(np.float32))
    biases = tf.Variable(tf.zeros([12]))
    embed = tf.nn.embedding_lookup(embeddings, inputs)
    logits = tf.matmul(embed, weights, transpose_b=True) + biases
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keepdims=True))
    normalized = embeddings / norm
    similarity = tf.matmul(tf.nn.embedding_lookup(normalized, [0, 3]), normalized, transpose_b=True)
    losses = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for step in range(6):
            ids = (np.arange(8) * 5 + step) % 12
            feed = {inputs: ids, labels: (ids + 1) % 12}
            losses.append(session.run([train, loss], feed_dict=feed)[1])
        near = similarity.eval()
    return {"losses": losses, "similarity": near}


def recurrent(tf):
    rng = np.random.default_rng(3)
    tf.reset_default_graph()
    series = rng.normal(size=(5, 7, 2)).astype(np.float32)
    targets = series.sum((1, 2))[:, None]
    x = tf.placeholder(tf.float32, [None, None, 2])
    y = tf.placeholder(tf.float32, [None, 1])
    with tf.variable_scope("cell"):
        wx = tf.get_variable("wx", initializer=rng.normal(size=(2, 4)).astype(np.float32) * 0.5)
        wh = tf.get_variable("wh", initializer=rng.normal(size=(4, 4)).astype(np.float32) * 0.3)
        b = tf.get_variable("b", [4], initializer=tf.zeros_initializer())
    wo = tf.get_variable("wo", initializer=rng.normal(size=(4, 1)).astype(np.float32))
    time = tf.transpose(x, [1, 0, 2])
    length, batch = tf.shape(time)[0], tf.shape(time)[1]

    def body(i, state):
        return i + 1, tf.tanh(tf.matmul(time[i], wx) + tf.matmul(state, wh) + b)

    _, state = tf.while_loop(lambda i, _: i < 7, body, [0, tf.zeros([batch, 4])])
    loss = tf.reduce_mean(tf.square(tf.matmul(state, wo) - y))
    train = tf.train.AdamOptimizer(0.02).minimize(loss)
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses.extend(sess.run([loss, train], {x: series, y: targets})[0] for _ in range(6))
        steps = sess.run([length, batch], {x: series})
        end = sess.run(wh)
    return {"losses": losses, "sizes": steps, "wh": end}


def unrolled(tf):
    rng = np.random.default_rng(4)
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, [3, 4, 2])
    first = rng.normal(size=(6, 16)).astype(np.float32) * 0.4
    state = [tf.zeros([3, 4]), tf.zeros([3, 4])]
    outputs = []
    with tf.variable_scope("lstm"):
        for step in range(4):
            if step > 0:
                tf.get_variable_scope().reuse_variables()
            w = tf.get_variable("w", [6, 16], initializer=tf.constant_initializer(first))
            b = tf.get_variable("b", [16], initializer=tf.zeros_initializer())
            gates = tf.matmul(tf.concat([x[:, step, :], state[1]], 1), w) + b
            i, j, f, o = tf.split(value=gates, num_or_size_splits=4, axis=1)
            cell = state[0] * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
            state = [cell, tf.tanh(cell) * tf.sigmoid(o)]
            outputs.append(state[1])
    loss = tf.reduce_sum(tf.stack(outputs) ** 2)
    gradients = tf.gradients(loss, tf.trainable_variables())
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = sess.run([loss, *gradients], {x: rng.normal(size=(3, 4, 2))})
    return {"found": found, "names": [v.name for v in tf.trainable_variables()]}


def adversarial(tf):
    rng = np.random.default_rng(5)
    tf.reset_default_graph()
    real = tf.placeholder(tf.float32, [None, 2])
    noise = tf.placeholder(tf.float32, [None, 3])

    def dense(h, units, name, seed):
        with tf.variable_scope(name):
            first = np.random.default_rng(seed).normal(size=(int(h.shape[1]), units)) * 0.5
            w = tf.get_variable("w", initializer=first.astype(np.float32))
            b = tf.get_variable("b", shape=[units], initializer=tf.zeros_initializer())
            return tf.matmul(h, w) + b

    def generator(z):
        with tf.variable_scope("generator"):
            return dense(tf.nn.relu(dense(z, 5, "one", 1)), 2, "two", 2)

    def discriminator(h, reuse=None):
        with tf.variable_scope("discriminator", reuse=reuse):
            return dense(tf.nn.leaky_relu(dense(h, 5, "one", 3)), 1, "two", 4)

    fake = generator(noise)
    on_real, on_fake = discriminator(real), discriminator(fake, reuse=True)

    def cross(logits, value):
        labels = tf.ones_like(logits) if value else tf.zeros_like(logits)
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=labels))

    d_loss = cross(on_real, 1) + cross(on_fake, 0)
    g_loss = cross(on_fake, 1)
    d_vars = [v for v in tf.trainable_variables() if v.name.startswith("discriminator")]
    g_vars = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="generator")
    d_train = tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(d_loss, var_list=d_vars)
    g_train = tf.train.RMSPropOptimizer(0.01).minimize(g_loss, var_list=g_vars)
    history = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(5):
            feed = {real: rng.normal(size=(6, 2)) + 2.0, noise: rng.uniform(size=(6, 3))}
            _, d = sess.run([d_train, d_loss], feed)
            _, g = sess.run([g_train, g_loss], {noise: feed[noise]})
            history.append([d, g])
        end = sess.run(d_vars + g_vars)
    return {"history": history, "end": end, "names": [v.op.name for v in d_vars + g_vars]}


def averaged(tf):
    """Batch normalization by hand: moving averages that UPDATE_OPS keep, and a branch for training."""
    rng = np.random.default_rng(6)
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, [None, 3])
    training = tf.placeholder(tf.bool, [])
    mean = tf.get_variable("mean", [3], initializer=tf.zeros_initializer(), trainable=False)
    variance = tf.get_variable("variance", [3], initializer=tf.ones_initializer(), trainable=False)
    scale = tf.get_variable("scale", [3], initializer=tf.ones_initializer())
    own_mean, own_variance = tf.nn.moments(x, [0])
    update_mean = tf.assign(mean, mean * 0.9 + own_mean * 0.1)
    update_variance = tf.assign(variance, variance * 0.9 + own_variance * 0.1)
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, update_mean)
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, update_variance)
    used_mean, used_variance = tf.cond(training, lambda: (own_mean, own_variance), lambda: (mean, variance))
    y = tf.nn.batch_normalization(x, used_mean, used_variance, None, scale, 1e-3)
    loss = tf.reduce_sum(tf.square(y - 1.0))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    history = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            batch = rng.normal(size=(8, 3)) * 2.0 + 1.0
            history.append(sess.run([loss, train], {x: batch, training: True})[0])
        end = sess.run([mean, variance, scale, y], {x: np.ones([2, 3]), training: False})
    return {"history": history, "end": end}


def two_phases(tf):
    """Accumulated gradients: one operation adds up, another applies and resets."""
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, [None])
    w = tf.Variable([1.0, -1.0, 0.5])
    loss = tf.reduce_sum(x * w * w)
    optimizer = tf.train.AdagradOptimizer(0.1)
    pairs = optimizer.compute_gradients(loss, [w])
    sums = [tf.Variable(tf.zeros_like(v.initialized_value()), trainable=False) for _, v in pairs]
    zero = [s.assign(tf.zeros_like(s)) for s in sums]
    add = [s.assign_add(g) for s, (g, _) in zip(sums, pairs, strict=True)]
    apply = optimizer.apply_gradients([(s / 2.0, v) for s, (_, v) in zip(sums, pairs, strict=True)])
    found = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for step in range(3):
            sess.run(zero)
            for part in range(2):
                sess.run(add, {x: [step, part, 1.0]})
            sess.run(apply)
            found.append(sess.run(w))
    return {"found": found}
