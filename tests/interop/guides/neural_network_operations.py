"""Operations of neural networks: activations, losses, convolutions, pools, normalisation, embeddings."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(
            activations,
            softmaxes,
            losses,
            convolutions,
            strides_and_paddings,
            transposed_convolutions,
            other_dimensions,
        ),
        *(
            depthwise_and_grouped,
            pools,
            normalisation,
            moments,
            embeddings,
            regularisation,
            keras_functions,
            keras_layers,
        ),
        *(recurrent_layers, attention_layers, gradients_of_pools, in_functions, refused),
    )


def images(tf, channels=2):
    values = np.sin(np.arange(2 * 7 * 6 * channels)).reshape(2, 7, 6, channels)
    return tf.constant(values, tf.float32)


def filters(tf, *shape):
    return tf.constant(np.cos(np.arange(np.prod(shape))).reshape(shape) / 4, tf.float32)


def activations(tf):
    x = tf.constant([-3.0, -1.0, -0.1, 0.0, 0.5, 2.0, 7.0])
    functions = (
        "relu",
        "relu6",
        "elu",
        "selu",
        "gelu",
        "leaky_relu",
        "sigmoid",
        "softplus",
        "softsign",
        "tanh",
        "silu",
        "swish",
    )
    return {name: getattr(tf.nn, name)(x) for name in functions} | {
        "approximate gelu": tf.nn.gelu(x, approximate=True),
        "leaky with alpha": tf.nn.leaky_relu(x, 0.3),
        "concatenated relu": tf.nn.crelu(x),
        "of ints": tf.nn.relu(tf.constant([-1, 2])),
        "log sigmoid": tf.math.log_sigmoid(x),
    }


def softmaxes(tf):
    logits = tf.constant([[1.0, 2.0, 3.0], [1000.0, 1000.0, 999.0]])
    return {
        "softmax": tf.nn.softmax(logits),
        "on axis 0": tf.nn.softmax(logits[:1] - tf.constant([[0.0], [1.0]]), axis=0),
        "log": tf.nn.log_softmax(logits),
        "sums to one": tf.reduce_sum(tf.nn.softmax(logits), axis=-1),
        "best": list(tf.nn.top_k(logits, 1)),
    }


def losses(tf):
    logits = tf.constant([[2.0, -1.0, 0.5], [0.0, 0.1, 0.2]])
    return {
        "cross entropy": tf.nn.softmax_cross_entropy_with_logits(
            labels=[[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]], logits=logits
        ),
        "sparse": tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 2], logits=logits),
        "sigmoid": tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.ones_like(logits) * 0.3, logits=logits),
        "weighted": tf.nn.weighted_cross_entropy_with_logits(labels=[1.0, 0.0], logits=[0.5, 0.5], pos_weight=3.0),
        "l2": tf.nn.l2_loss(logits),
        "poisson": tf.nn.log_poisson_loss(targets=[1.0, 2.0], log_input=[0.5, 0.25]),
        "extreme": tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0, 0.0], logits=[-100.0, 100.0]),
    }


def convolutions(tf):
    x = images(tf)
    return {
        "same": tf.nn.conv2d(x, filters(tf, 3, 3, 2, 3), strides=1, padding="SAME"),
        "valid": tf.nn.conv2d(x, filters(tf, 3, 2, 2, 3), strides=1, padding="VALID"),
        "one by one": tf.nn.conv2d(x, filters(tf, 1, 1, 2, 4), 1, "VALID"),
        "general": tf.nn.convolution(x, filters(tf, 3, 3, 2, 1), strides=[2, 1], padding="SAME"),
        "with bias": tf.nn.bias_add(tf.nn.conv2d(x, filters(tf, 1, 1, 2, 2), 1, "SAME"), [1.0, -1.0])[0, 0],
    }


def strides_and_paddings(tf):
    x = images(tf)
    kernel = filters(tf, 3, 3, 2, 2)
    return {
        "strides": tf.nn.conv2d(x, kernel, strides=[1, 2, 3, 1], padding="SAME"),
        "even strides": tf.nn.conv2d(x, kernel, strides=2, padding="SAME"),
        "explicit": tf.nn.conv2d(x, kernel, 1, padding=[[0, 0], [2, 1], [0, 3], [0, 0]]).shape.as_list(),
        "explicit values": tf.nn.conv2d(x, kernel, 1, padding=[[0, 0], [2, 1], [0, 3], [0, 0]])[1, 0],
        "dilated": tf.nn.conv2d(x, kernel, 1, "SAME", dilations=2),
        "atrous": tf.nn.atrous_conv2d(x, kernel, rate=2, padding="VALID"),
    }


def transposed_convolutions(tf):
    x = images(tf)
    return {
        "larger": tf.nn.conv2d_transpose(x, filters(tf, 3, 3, 4, 2), [2, 14, 12, 4], strides=2, padding="SAME")[
            0, :3, :3
        ],
        "valid": tf.nn.conv2d_transpose(x, filters(tf, 2, 2, 1, 2), [2, 8, 7, 1], 1, "VALID"),
        "one dimension": tf.nn.conv1d_transpose(x[:, 0], filters(tf, 3, 2, 2), [2, 12, 2], strides=2, padding="SAME"),
    }


def other_dimensions(tf):
    x = images(tf)
    volume = tf.reshape(images(tf, 4)[:, :6], [2, 3, 4, 6, 2])
    return {
        "one": tf.nn.conv1d(x[:, 0], filters(tf, 3, 2, 2), stride=2, padding="SAME"),
        "three": tf.nn.conv3d(volume, filters(tf, 2, 2, 2, 2, 1), strides=[1, 1, 2, 2, 1], padding="VALID"),
    }


def depthwise_and_grouped(tf):
    x = images(tf, 4)
    return {
        "depthwise": tf.nn.depthwise_conv2d(x, filters(tf, 3, 3, 4, 2), [1, 1, 1, 1], "SAME")[0, :2],
        "depthwise strides": tf.nn.depthwise_conv2d(x, filters(tf, 3, 3, 4, 1), [1, 2, 2, 1], "VALID"),
        "separable": tf.nn.separable_conv2d(x, filters(tf, 3, 3, 4, 1), filters(tf, 1, 1, 4, 3), [1, 1, 1, 1], "SAME")[
            1
        ],
        "grouped": tf.nn.conv2d(x, filters(tf, 3, 3, 2, 6), 1, "SAME")[0, 0],
    }


def pools(tf):
    x = images(tf)
    values, places = tf.nn.max_pool_with_argmax(x, 2, 2, "VALID")
    return {
        "max": tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID"),
        "max, overlapping": tf.nn.max_pool2d(x, 3, 2, "SAME"),
        "average": tf.nn.avg_pool2d(x, [2, 3], [2, 1], "VALID"),
        "average at the border": tf.nn.avg_pool2d(x, 3, 2, "SAME"),
        "one dimension": tf.nn.max_pool1d(x[:, 0], 2, 2, "VALID"),
        "general": tf.nn.pool(x, [2, 2], "AVG", strides=[2, 2], padding="VALID"),
        "global": [tf.reduce_mean(x, axis=[1, 2]), tf.reduce_max(x, axis=[1, 2])],
        "with places": [values, places],
    }


def normalisation(tf):
    x = images(tf)
    mean, variance = tf.nn.moments(x, axes=[0, 1, 2])
    return {
        "batch": tf.nn.batch_normalization(
            x, mean, variance, offset=[0.5, 0.0], scale=[2.0, 1.0], variance_epsilon=1e-3
        )[0, 0],
        "local response": tf.nn.local_response_normalization(x, depth_radius=1, bias=1.0, alpha=0.5, beta=0.5)[0, 0],
        "l2": tf.nn.l2_normalize(x, axis=-1)[0, 0],
    }


def moments(tf):
    x = tf.constant(np.arange(24.0).reshape(2, 3, 4), tf.float32)
    mean, variance = tf.nn.moments(x, axes=[0, 2], keepdims=True)
    weighted = tf.nn.weighted_moments(x[0, 0], axes=0, frequency_weights=[1.0, 0.0, 2.0, 1.0])
    return {"mean": mean, "variance": variance, "weighted": list(weighted)}


def embeddings(tf):
    table = tf.Variable(np.arange(10.0).reshape(5, 2), dtype=tf.float32)
    with tf.GradientTape() as tape:
        looked_up = tf.nn.embedding_lookup(table, [[0, 3], [3, 3]])
        loss = tf.reduce_sum(looked_up * [[1.0, 2.0]])
    return {"rows": looked_up, "gradient": tf.convert_to_tensor(tape.gradient(loss, table))}


def regularisation(tf):
    weights = [tf.constant([1.0, -2.0]), tf.constant([[3.0]])]
    return {
        "penalty": tf.add_n([tf.nn.l2_loss(weight) for weight in weights]),
        "keras l2": tf.keras.regularizers.l2(0.01)(weights[0]),
        "keras l1": tf.keras.regularizers.L1(0.1)(weights[0]),
        "keras both": tf.keras.regularizers.L1L2(l1=0.1, l2=0.2)(weights[0]),
        "no dropout": tf.nn.dropout(weights[0], 0.0),
    }


def keras_functions(tf):
    x = tf.constant([[-1.0, 0.5, 2.0]])
    return {
        "relu": tf.keras.activations.relu(x, negative_slope=0.1),
        "softmax": tf.keras.activations.softmax(x),
        "by name": tf.keras.activations.get("gelu")(x),
        "one hot": tf.keras.utils.to_categorical([0, 2], 3),
        "ops": tf.keras.ops.softmax(x),
        "mse": tf.keras.losses.mse(x, x * 2.0),
    }


def keras_layers(tf):
    x = images(tf)
    conv = tf.keras.layers.Conv2D(3, 3, strides=2, padding="same", activation="relu", kernel_initializer="ones")
    layer_norm = tf.keras.layers.LayerNormalization()
    return {
        "conv": conv(x),
        "depthwise": tf.keras.layers.DepthwiseConv2D(3, depthwise_initializer="ones")(x)[0],
        "pool": tf.keras.layers.MaxPooling2D()(x),
        "average": tf.keras.layers.AveragePooling2D(2, padding="same")(x)[1],
        "global": tf.keras.layers.GlobalAveragePooling2D()(x),
        "flatten": list(tf.keras.layers.Flatten()(x).shape),
        "layer norm": layer_norm(x)[0, 0],
        "activation": tf.keras.layers.Activation("tanh")(x)[0, 0],
        "reshape": list(tf.keras.layers.Reshape([14, 6])(x).shape),
        "padding": list(tf.keras.layers.ZeroPadding2D(1)(x).shape),
        "upsampling": tf.keras.layers.UpSampling2D(2)(x)[0, 1, :4],
        "add": tf.keras.layers.Add()([x, x])[0, 0],
        "category": tf.keras.layers.CategoryEncoding(num_tokens=4, output_mode="multi_hot")(tf.constant([[0, 2]])),
    }


def recurrent_layers(tf):
    x = images(tf)[:, :, 0]

    def result(layer):
        layer(x)
        rng = np.random.default_rng(4)
        layer.set_weights([rng.uniform(-0.5, 0.5, size=weight.shape) for weight in layer.get_weights()])
        return layer(x)

    return {
        "simple": result(tf.keras.layers.SimpleRNN(3)),
        "lstm": result(tf.keras.layers.LSTM(3, return_sequences=True)),
        "gru": result(tf.keras.layers.GRU(3)),
        "both ways": result(tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(2))),
        "per step": result(tf.keras.layers.TimeDistributed(tf.keras.layers.Dense(2)))[0],
    }


def attention_layers(tf):
    x = images(tf)[:, :, 0]
    layer = tf.keras.layers.MultiHeadAttention(num_heads=2, key_dim=3)
    layer(x, x)
    rng = np.random.default_rng(4)
    layer.set_weights([rng.uniform(-0.5, 0.5, size=weight.shape) for weight in layer.get_weights()])
    return {
        "plain": tf.keras.layers.Attention()([x, x]),
        "heads": layer(x, x),
        "causal": layer(x, x, use_causal_mask=True),
    }


def gradients_of_pools(tf):
    x = images(tf)
    found = {}
    functions = {
        "max": lambda t: tf.nn.max_pool2d(t, 3, 2, "SAME"),
        "average": lambda t: tf.nn.avg_pool2d(t, 3, 2, "SAME"),
        "transposed": lambda t: tf.nn.conv2d_transpose(t, filters(tf, 3, 3, 2, 2), [2, 14, 12, 2], 2, "SAME"),
        "grouped": lambda t: tf.nn.depthwise_conv2d(t, filters(tf, 3, 3, 2, 2), [1, 2, 2, 1], "SAME"),
    }
    for name, function in functions.items():
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(function(x) ** 2)
        found[name] = tape.gradient(total, x)[0]
    return found


def in_functions(tf):
    kernel, dense = tf.Variable(filters(tf, 3, 3, 2, 4)), tf.Variable(filters(tf, 24, 3))

    @tf.function
    def network(x):
        x = tf.nn.relu(tf.nn.conv2d(x, kernel, 2, "VALID"))
        x = tf.reshape(x, [tf.shape(x)[0], -1])
        return tf.nn.softmax(x @ dense)

    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(tf.math.log(network(images(tf))[:, 1]))
    return {"loss": loss, "gradients": tape.gradient(loss, [kernel, dense])}


def refused(tf):
    errors = (ValueError, tf.errors.InvalidArgumentError)
    return {
        "channels do not fit": caught(lambda: tf.nn.conv2d(images(tf), filters(tf, 3, 3, 5, 1), 1, "SAME"), *errors),
        "unknown padding": caught(lambda: tf.nn.conv2d(images(tf), filters(tf, 3, 3, 2, 1), 1, "ROUND"), *errors),
        "label out of range": caught(
            lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[5], logits=[[1.0, 2.0]]), *errors
        ),
        "shapes": caught(lambda: tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[1.0, 2.0]), *errors),
    }
