import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core import random
from tenon.core.autodiff import GradientTape
from tenon.core.variables import Variable

SEED = [1, 2]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_uniform_floats_fill_their_range(dtype):
    drawn = random.stateless_uniform([1000], SEED, dtype=dtype)
    values = drawn.numpy().astype(np.float64)
    assert drawn.dtype == dtype
    assert values.min() >= 0
    assert values.max() < 1
    assert abs(values.mean() - 0.5) < 0.05


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_normal_numbers_have_their_moments(dtype):
    values = random.stateless_normal([4000], SEED, 3.0, 2.0, dtype).numpy().astype(np.float64)
    assert abs(values.mean() - 3) < 0.15
    assert abs(values.std() - 2) < 0.15


def test_truncated_numbers_stay_within_two_deviations():
    values = random.stateless_truncated_normal([4000], SEED, 3.0, 2.0).numpy()
    assert np.abs(values - 3).max() <= 4
    assert abs(values.std() - 2 * 0.8796) < 0.1


def test_bounds_of_truncation_are_kept():
    values = random.stateless_parameterized_truncated_normal([500, 2], SEED, [0.0, 10.0], 1.0, [0.5, 9], [1, 9.5])
    assert ((values.numpy() >= [0.5, 9]) & (values.numpy() <= [1, 9.5])).all()


def test_gamma_numbers_have_their_moments():
    values = random.stateless_gamma([8000, 2], SEED, alpha=[2.0, 9.0], beta=[1.0, 3.0]).numpy()
    np.testing.assert_allclose(values.mean(0), [2, 3], rtol=0.05)
    np.testing.assert_allclose(values.var(0), [2, 1], rtol=0.15)


def test_poisson_numbers_have_their_moments():
    drawn = random.stateless_poisson([8000, 2], SEED, lam=[0.5, 20.0])
    assert drawn.dtype == "int32"
    np.testing.assert_allclose(drawn.numpy().mean(0), [0.5, 20], rtol=0.05)


def test_binomial_numbers_have_their_moments():
    values = random.stateless_binomial([8000, 2], SEED, counts=[10.0, 100.0], probs=[0.5, 0.1]).numpy()
    np.testing.assert_allclose(values.mean(0), [5, 10], rtol=0.05)
    np.testing.assert_allclose(values.var(0), [2.5, 9], rtol=0.1)


def test_classes_come_as_often_as_their_probabilities_say():
    logits = np.log([[0.1, 0.2, 0.7], [0.0001, 0.9998, 0.0001]]).astype(np.float32)
    drawn = random.stateless_categorical(logits, 5000, SEED)
    assert drawn.dtype == "int64"
    shares = [np.bincount(row, minlength=3) / 5000 for row in drawn.numpy()]
    np.testing.assert_allclose(shares, np.exp(logits), atol=0.03)


def test_classes_without_probability_never_come():
    logits = [[-np.inf, 0.0, -np.inf, 0.0, -np.inf]]
    assert set(random.stateless_categorical(logits, 1000, SEED).numpy().ravel().tolist()) == {1, 3}


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint32", "uint64"])
def test_integers_without_bounds_use_every_bit(dtype):
    drawn = random.stateless_uniform([2000], SEED, None, None, dtype)
    bits = np.unpackbits(drawn.numpy().view(np.uint8)).reshape(2000, -1)
    assert drawn.dtype == dtype
    np.testing.assert_allclose(bits.mean(0), 0.5, atol=0.06)


@given(low=st.integers(-(2**62), 2**62), width=st.integers(1, 2**62 - 1), seed=st.integers(-(2**63), 2**63 - 1))
def test_integers_keep_their_bounds(low, width, seed):
    values = random.stateless_uniform([16], np.array([seed, 0]), low, low + width, "int64").numpy()
    assert ((values >= low) & (values < low + width)).all()


@given(seeds=st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(-9, 9)), min_size=2, unique=True))
def test_equal_seeds_give_equal_numbers_and_others_others(seeds):
    def draw(seed):
        return random.stateless_uniform([], np.array(seed), None, None, "int64").numpy()

    drawn = [draw(seed) for seed in seeds]
    assert drawn == [draw(seed) for seed in seeds]
    assert len(set(drawn)) == len(seeds)


def test_the_width_of_a_seed_does_not_matter():
    narrow, wide = (random.stateless_normal([3], np.array([-1, 2], dtype)).numpy() for dtype in ("int32", "int64"))
    np.testing.assert_array_equal(narrow, wide)


def test_split_seeds_have_the_seeds_dtype():
    assert random.split(SEED).dtype == "int32"
    assert random.split(np.array([1, 2]), 3).dtype == "int64"
    assert len(np.unique(random.split(SEED, 100).numpy(), axis=0)) == 100


def test_folding_keeps_the_data():
    folded = random.fold_in(SEED, 3)
    assert folded.dtype == "int32"
    assert folded.numpy()[1] == 3
    assert random.fold_in(SEED, np.int64(3)).dtype == "int64"
    assert folded.numpy().tolist() != random.fold_in([1, 3], 3).numpy().tolist()
    with pytest.raises(InvalidArgumentError, match=r"data: must be one integer; received shape \[2\]"):
        random.fold_in(SEED, [3, 4])


def test_shuffling_keeps_the_rows():
    value = np.arange(300).reshape(100, 3)
    shuffled = random.stateless_shuffle(value, SEED).numpy()
    assert (shuffled != value).any()
    np.testing.assert_array_equal(shuffled[np.argsort(shuffled[:, 0])], value)
    words = random.stateless_shuffle(["a", "b", "c"], SEED).numpy()
    assert sorted(words.tolist()) == [b"a", b"b", b"c"]
    assert random.stateless_shuffle(5, SEED).numpy() == 5


@given(last=st.integers(0, 70), seed=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=3, max_size=3))
def test_shuffled_indices_are_an_order_of_all_indices(last, seed):
    padded = np.minimum(np.arange(71), last)
    found = random.index_shuffle(padded, seed, last).numpy()[: last + 1]
    assert sorted(found.tolist()) == list(range(last + 1))


def test_shuffled_indices_may_be_as_large_as_their_dtype():
    found = random.index_shuffle(np.arange(5, dtype=np.uint64), [*SEED, 3], np.uint64(2**64 - 1)).numpy()
    assert len(set(found.tolist())) == 5
    with pytest.raises(InvalidArgumentError, match=r"Seed must be a vector of size \[3\]"):
        random.index_shuffle([1, 2], [[1, 2, 3]] * 3, 5)


def test_parameters_scale_and_broadcast_after_the_draw():
    drawn = random.stateless_normal([2, 1], SEED, mean=[[0.0], [100.0]], stddev=0.1).numpy()
    assert drawn.shape == (2, 1)
    assert drawn[1] > 90
    assert random.stateless_uniform([2, 2], SEED, [0.0, 10.0], [1.0, 20.0]).numpy()[:, 1].min() >= 10


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: random.stateless_uniform([2], [1, 2, 3]), InvalidArgumentError, r"shape \[2\], not \[3\]"),
        (lambda: random.stateless_uniform([2], 1), InvalidArgumentError, r"seed must have shape \[2\], not \[\]"),
        (lambda: random.stateless_uniform([2], [1.0, 2.0]), InvalidArgumentError, "seed: must be a tensor of int32"),
        (lambda: random.stateless_uniform([-2], SEED), InvalidArgumentError, "shape: must be a vector of integers"),
        (lambda: random.stateless_uniform([2], SEED, dtype="int32"), ValueError, "must be both None or not None"),
        (lambda: random.stateless_uniform([2], SEED, 5, 5, "int32"), InvalidArgumentError, "Need minval < maxval"),
        (lambda: random.stateless_uniform([2], SEED, [0], 5, "int32"), InvalidArgumentError, "minval must be 0-D"),
        (lambda: random.stateless_uniform([2], SEED, 0, 5, "uint32"), ValueError, "invalid value tf.uint32"),
        (lambda: random.stateless_uniform([2], SEED, dtype="complex64"), ValueError, "invalid value tf.complex64"),
        (lambda: random.stateless_uniform([2], SEED, alg="md5"), ValueError, "`alg` got unsupported value 'md5'"),
        (lambda: random.stateless_normal([2], SEED, dtype="int32"), ValueError, "invalid value tf.int32"),
        (lambda: random.stateless_normal([2], SEED, "a"), TypeError, "Cannot convert 'a'"),
        (lambda: random.stateless_gamma([2], SEED, [1.0, 2, 3]), InvalidArgumentError, "must end with broadcasted"),
        (lambda: random.stateless_poisson([2], SEED, [1.0, 2, 3]), InvalidArgumentError, "must end with broadcasted"),
        (lambda: random.stateless_categorical([0.0, 1.0], 5, SEED), InvalidArgumentError, "should be a matrix"),
        (lambda: random.stateless_categorical([[]], 5, SEED), InvalidArgumentError, "at least one class"),
        (lambda: random.stateless_categorical([[0.0]], 5, SEED, "int8"), ValueError, "invalid value tf.int8"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_gradients_flow_to_the_parameters():
    x = Variable([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        normal = random.stateless_normal([2], SEED, mean=x)
        gamma = random.stateless_gamma([2], SEED, alpha=x)
        rate = random.stateless_gamma([2], SEED, alpha=1.0, beta=x)
        poisson = random.stateless_poisson([2], SEED, lam=x)
    assert tape.gradient(normal, x).numpy().tolist() == [1.0, 1.0]
    assert (tape.gradient(gamma, x).numpy() > 0).all()
    np.testing.assert_allclose(tape.gradient(rate, x).numpy(), -rate.numpy() / x.numpy(), rtol=1e-5)
    assert tape.gradient(poisson, x) is None
