"""Random numbers: what has to hold for any generator of them; the bits themselves are not compared."""

import tempfile

import numpy as np

from tests.interop.guides._results import caught, collect

SMALL = [2, 3]
"""The shape where none matters: each that is used is a program more to compile, and one of random numbers is large."""


def run(tf):
    return collect(
        tf,
        *(shapes_and_dtypes, generators, generator_state, splitting, global_generator, stateless, seeds_of_the_program),
        *(
            seeds_of_operations,
            in_functions,
            statistics,
            of_other_distributions,
            shuffling,
            choosing,
            initialisers,
            dropout,
        ),
        *(generators_in_modules, saved_generators, refused),
    )


def same(a, b):
    return bool(np.array_equal(np.asarray(a), np.asarray(b)))


def shapes_and_dtypes(tf):
    tf.random.set_seed(1)
    return {
        "uniform": described(tf.random.uniform([2, 3])),
        "uniform of ints": described(tf.random.uniform([1000], minval=3, maxval=10, dtype=tf.int32)),  # as in choosing
        "uniform of longs": described(tf.random.uniform([4], 0, 10, tf.int64)),
        "normal": described(tf.random.normal([2, 3], mean=1.0, stddev=2.0)),
        "half": described(tf.random.normal([5], dtype=tf.float16)),
        "double": described(tf.random.uniform([5], dtype=tf.float64)),
        "truncated": described(tf.random.truncated_normal([7])),
        "gamma": described(tf.random.gamma([3], alpha=[0.5, 1.5])),
        "poisson": described(tf.random.poisson([3], lam=[2.0, 4.0])),
        "categorical": described(tf.random.categorical(tf.zeros([2, 5]), 4)),
        "scalar": described(tf.random.normal([])),
        "by shape tensor": described(tf.random.uniform(tf.shape(tf.ones([2, 2])))),
    }


def described(tensor):
    return [tensor.shape.as_list(), tensor.dtype.name]


def generators(tf):
    one, again, other = (tf.random.Generator.from_seed(seed) for seed in (1, 1, 2))
    first = one.normal(shape=SMALL)
    second = one.normal(shape=SMALL)
    return {
        "same seed, same numbers": same(first, again.normal(shape=SMALL)),
        "then the same again": same(second, again.normal(shape=SMALL)),
        "the next differ": same(first, second),
        "other seed, other numbers": same(first, other.normal(shape=SMALL)),
        "uniform": described(one.uniform([3], minval=1, maxval=5, dtype=tf.int32)),
        "full range": described(one.uniform_full_int([3], dtype=tf.int64)),
        "truncated": described(one.truncated_normal([3])),
        "binomial": described(one.binomial([3], counts=[10.0, 10.0, 10.0], probs=[0.2, 0.5, 0.9])),
        "from state of chance": described(tf.random.Generator.from_non_deterministic_state().normal([2])),
        "algorithm": [tf.random.Generator.from_seed(1, alg="philox").algorithm == one.algorithm],
        "is a generator": isinstance(one, tf.random.Generator),
    }


def generator_state(tf):
    generator = tf.random.Generator.from_seed(7)
    before = generator.state.numpy()
    first = generator.normal(SMALL)
    moved = same(before, generator.state.numpy())
    generator.state.assign(before)
    replayed = generator.normal(SMALL)
    generator.reset_from_seed(7)
    reset = generator.normal(SMALL)
    copy = tf.random.Generator.from_state(generator.state.numpy(), alg=generator.algorithm)
    skipping = tf.random.Generator.from_seed(7)
    skipping.skip(1000)
    return {
        "state moves": not moved,
        "state brings back": same(first, replayed),
        "reset brings back": same(first, reset),
        "copy goes on alike": same(copy.normal(SMALL), generator.normal(SMALL)),
        "skipping changes": same(first, skipping.normal(SMALL)),
        "state dtype": generator.state.dtype.name,
    }


def splitting(tf):
    parent = tf.random.Generator.from_seed(3)
    parent.normal(SMALL)
    children = parent.split(3)
    numbers = [child.normal(SMALL).numpy() for child in children]
    again = tf.random.Generator.from_seed(3)
    again.normal(SMALL)
    return {
        "count": len(children),
        "differ": not same(numbers[0], numbers[1]) and not same(numbers[1], numbers[2]),
        "repeatable": same(numbers[2], again.split(3)[2].normal(SMALL)),
        "parent goes on": not same(parent.normal(SMALL), numbers[0]),
    }


def global_generator(tf):
    tf.random.get_global_generator().reset_from_seed(4)
    first = tf.random.get_global_generator().normal(SMALL)
    tf.random.set_global_generator(tf.random.Generator.from_seed(4))
    second = tf.random.get_global_generator().normal(SMALL)
    return {
        "reset and set agree": same(first, second),
        "is one object": tf.random.get_global_generator() is tf.random.get_global_generator(),
    }


def stateless(tf):
    first = tf.random.stateless_normal(shape=SMALL, seed=[1, 2])
    return {
        "repeatable": same(first, tf.random.stateless_normal(shape=SMALL, seed=[1, 2])),
        "by seed": same(first, tf.random.stateless_normal(shape=SMALL, seed=[1, 3])),
        "seed as tensor": same(first, tf.random.stateless_normal(SMALL, tf.constant([1, 2]))),
        "uniform": described(tf.random.stateless_uniform([2], seed=(0, 0))),
        "uniform of ints": described(tf.random.stateless_uniform([2], (0, 0), minval=0, maxval=9, dtype=tf.int32)),
        "in range": in_range(tf.random.stateless_uniform([500], (5, 6), minval=-2.0, maxval=3.0), -2.0, 3.0),
        "truncated": in_range(tf.random.stateless_truncated_normal([500], (5, 6)), -2.0, 2.0),
        "categorical": described(tf.random.stateless_categorical(tf.zeros([2, 3]), 5, seed=[1, 1])),
        "binomial": described(tf.random.stateless_binomial([3], seed=[1, 1], counts=10, probs=0.4)),
        "gamma": described(tf.random.stateless_gamma([3], seed=[1, 1], alpha=2.0)),
        "split": described(tf.random.split([1, 2], num=3)),
        "fold in": described(tf.random.fold_in([1, 2], 7)),
        "folded differ": same(tf.random.fold_in([1, 2], 7), tf.random.fold_in([1, 2], 8)),
        "the program's seed does not matter": unaffected_by_set_seed(tf),
    }


def in_range(tensor, low, high):
    return bool(np.all(tensor.numpy() >= low) and np.all(tensor.numpy() <= high))


def unaffected_by_set_seed(tf):
    tf.random.set_seed(5)
    first = tf.random.stateless_uniform([2], [8, 9])
    tf.random.set_seed(6)
    return same(first, tf.random.stateless_uniform([2], [8, 9]))


def seeds_of_the_program(tf):
    def two():
        return tf.random.uniform(SMALL).numpy(), tf.random.normal(SMALL).numpy()

    tf.random.set_seed(1234)
    first, then = two(), two()
    tf.random.set_seed(1234)
    again = two()
    tf.random.set_seed(5678)
    other = two()
    tf.keras.utils.set_random_seed(11)
    by_keras = two()
    tf.keras.utils.set_random_seed(11)
    return {
        "repeats after the same seed": [same(a, b) for a, b in zip(first, again, strict=True)],
        "goes on": [same(a, b) for a, b in zip(first, then, strict=True)],
        "other seed": [same(a, b) for a, b in zip(first, other, strict=True)],
        "by keras": [same(a, b) for a, b in zip(by_keras, two(), strict=True)],
    }


def seeds_of_operations(tf):
    tf.random.set_seed(1234)
    a1, a2 = tf.random.uniform(SMALL, seed=1), tf.random.uniform(SMALL, seed=1)
    tf.random.set_seed(1234)
    b1, b2 = tf.random.uniform(SMALL, seed=1), tf.random.uniform(SMALL, seed=1)
    tf.random.set_seed(1234)
    c1 = tf.random.uniform(SMALL, seed=2)
    return {
        "repeats": [same(a1, b1), same(a2, b2)],
        "a counter moves": same(a1, a2),
        "by operation seed": same(a1, c1),
    }


def in_functions(tf):
    generator = tf.random.Generator.from_seed(9)

    @tf.function
    def from_generator():
        return generator.normal([2])

    @tf.function
    def from_operation():
        return tf.random.uniform([2])

    @tf.function
    def from_seed(seed):
        return tf.random.stateless_uniform([2], seed)

    calls = [from_generator().numpy() for _ in range(2)]
    generator.reset_from_seed(9)
    eager = generator.normal([2])
    tf.random.set_seed(3)
    uniform = [from_operation().numpy() for _ in range(2)]
    seed = tf.constant([4, 2])
    return {
        "the generator moves": same(calls[0], calls[1]),
        "as eager": bool(np.allclose(calls[0], eager.numpy())),
        "operations differ between calls": same(uniform[0], uniform[1]),
        "stateless repeat": same(from_seed(seed), from_seed(seed)),
        "stateless as eager": bool(
            np.allclose(from_seed(seed).numpy(), tf.random.stateless_uniform([2], seed).numpy())
        ),
    }


def statistics(tf):
    """Means within six standard errors, so that no honest generator fails."""
    generator = tf.random.Generator.from_seed(2)
    count = 20000
    normal = generator.normal([count], mean=3.0, stddev=2.0)
    uniform = generator.uniform([count], minval=-1.0, maxval=5.0)
    ints = generator.uniform([count], minval=0, maxval=4, dtype=tf.int32)
    return {
        "normal mean": abs(float(tf.reduce_mean(normal)) - 3.0) < 6 * 2.0 / count**0.5,
        "normal deviation": abs(float(tf.math.reduce_std(normal)) - 2.0) < 0.1,
        "uniform mean": abs(float(tf.reduce_mean(uniform)) - 2.0) < 6 * 1.74 / count**0.5,
        "uniform range": in_range(uniform, -1.0, 5.0),
        "ints": sorted(set(ints.numpy().tolist())),
        "ints are even": bool(np.all(np.abs(tf.math.bincount(ints).numpy() / count - 0.25) < 0.02)),
        "truncated": in_range(generator.truncated_normal([count], 1.0, 0.5), 0.0, 2.0),
    }


def of_other_distributions(tf):
    tf.random.set_seed(8)
    count = 20000
    gamma = tf.random.gamma([count], alpha=4.0, beta=2.0)
    poisson = tf.random.poisson([count], lam=3.0)
    categorical = tf.random.categorical(tf.math.log([[0.7, 0.1, 0.2]]), count)[0]
    shares = tf.math.bincount(tf.cast(categorical, tf.int32), minlength=3).numpy() / count
    return {
        "gamma mean": abs(float(tf.reduce_mean(gamma)) - 2.0) < 0.05,
        "poisson mean": abs(float(tf.reduce_mean(poisson)) - 3.0) < 0.1,
        "poisson are whole": bool(tf.reduce_all(poisson == tf.round(poisson))),
        "shares": bool(np.all(np.abs(shares - [0.7, 0.1, 0.2]) < 0.03)),
    }


def shuffling(tf):
    x = tf.reshape(tf.range(40), [20, 2])
    tf.random.set_seed(1)
    first = tf.random.shuffle(x)
    tf.random.set_seed(1)
    again = tf.random.shuffle(x)
    return {
        "rows stay together": bool(tf.reduce_all(first[:, 1] - first[:, 0] == 1)),
        "all are there": tf.sort(first[:, 0]),
        "same as before": same(first, x),
        "repeatable": same(first, again),
        "stateless": same(
            tf.random.experimental.stateless_shuffle(x, seed=[1, 2]),
            tf.random.experimental.stateless_shuffle(x, seed=[1, 2]),
        ),
    }


def choosing(tf):
    tf.random.set_seed(2)
    classes = tf.random.categorical([[-100.0, 0.0, -100.0]], 5)
    sampled = tf.random.uniform([1000], maxval=3, dtype=tf.int32)
    return {"certain": classes, "no more than": int(tf.reduce_max(sampled)), "at least": int(tf.reduce_min(sampled))}


def initialisers(tf):
    glorot = tf.keras.initializers.GlorotUniform(seed=1)((50, 70))
    limit = (6 / 120) ** 0.5
    he = tf.keras.initializers.HeNormal(seed=1)((200, 100))
    return {
        "glorot in range": bool(np.all(np.abs(np.asarray(glorot)) <= limit)),
        "glorot repeats": same(glorot, tf.keras.initializers.GlorotUniform(seed=1)((50, 70))),
        "he deviation": abs(float(np.std(np.asarray(he))) - 0.1) < 0.01,
        "constant": tf.initializers.Constant(2.0)(shape=[2]),
        "ones": tf.ones_initializer()([2]),
        "zeros": tf.zeros_initializer()(shape=[2], dtype=tf.int32),
        "random normal": described(tf.random_normal_initializer(stddev=0.1)(shape=[3, 2])),
        "random uniform": in_range(tf.random_uniform_initializer(-0.5, 0.5)([100]), -0.5, 0.5),
        "identity": tf.initializers.Identity()(shape=[2, 2]),
    }


def dropout(tf):
    tf.random.set_seed(4)
    dropped = tf.nn.dropout(tf.ones([10000]), rate=0.25)
    layer = tf.keras.layers.Dropout(0.5, seed=3)
    x = tf.ones([4, 500])
    trained = np.asarray(layer(x, training=True))
    return {
        "values": sorted({round(float(value), 4) for value in dropped.numpy()}),
        "share": abs(float(tf.reduce_mean(tf.cast(dropped == 0.0, tf.float32))) - 0.25) < 0.03,
        "no rate": same(tf.nn.dropout(x, rate=0.0), x),
        "stateless repeats": same(
            tf.nn.experimental.stateless_dropout(x, 0.5, seed=[1, 0]),
            tf.nn.experimental.stateless_dropout(x, 0.5, seed=[1, 0]),
        ),
        "layer in inference": same(layer(x, training=False), x),
        "layer in training": sorted({float(value) for value in trained.reshape(-1)}),
    }


def generators_in_modules(tf):
    class Noise(tf.Module):
        def __init__(self, seed):
            self.generator = tf.random.Generator.from_seed(seed)

        @tf.function
        def __call__(self, x):
            return x + self.generator.uniform(tf.shape(x), maxval=0.001)

    noise = Noise(6)
    x = tf.constant([1.0, 2.0])
    first, second = noise(x), noise(x)
    return {
        "small": bool(tf.reduce_all(tf.abs(first - x) <= 0.001)),
        "moves": same(first, second),
        "repeatable": same(first, Noise(6)(x)),
    }


def saved_generators(tf):
    generator = tf.random.Generator.from_seed(13)
    checkpoint = tf.train.Checkpoint(generator=generator)
    path = checkpoint.write(tempfile.mkdtemp() + "/generator")
    first = generator.normal([3])
    checkpoint.read(path)
    again = generator.normal([3])
    return {"restored": same(first, again)}


def refused(tf):
    return {
        "ints without a bound": caught(lambda: tf.random.uniform([2], dtype=tf.int32), ValueError),
        "seed of three": caught(
            lambda: tf.random.stateless_normal([2], seed=[1, 2, 3]), ValueError, tf.errors.InvalidArgumentError
        ),
        "empty range": caught(
            lambda: tf.random.uniform([2], 5, 5, dtype=tf.int32), ValueError, tf.errors.InvalidArgumentError
        ),
    }
