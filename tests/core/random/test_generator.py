import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core._settings import SETTINGS
from tenon.core.autodiff import GradientTape
from tenon.core.random import Algorithm, Generator, create_rng_state, get_global_generator, set_global_generator
from tenon.core.variables import Variable


def state(generator):
    return generator.state.numpy().tolist()


@pytest.mark.parametrize(
    ("seed", "philox", "threefry"),
    [
        (0, [0, 0, 0], [0, 0]),
        (1234, [1234, 0, 0], [1234, 0]),
        (-1, [-1, -1, -1], [-1, -1]),
        (2**70, [0, 64, 0], [0, 64]),
        ([5], [0, 0, 5], [0, 5]),
        ([1, 2], [0, 1, 2], [1, 2]),
        ([5, 6, 7, 8], [5, 6, 7], [5, 6]),
    ],
)
def test_states_of_seeds_are_tensorflows(seed, philox, threefry):
    assert create_rng_state(seed, "philox").numpy().tolist() == philox
    assert create_rng_state(seed, "threefry").numpy().tolist() == threefry


def test_a_seed_must_be_of_integers():
    with pytest.raises(TypeError, match=r"seed: must be an integer or a vector of integers; received 5\.5"):
        create_rng_state(5.5, "philox")


@pytest.mark.parametrize(
    ("draw", "count"),
    [
        (lambda g: g.normal([2, 3]), 6),
        (lambda g: g.truncated_normal([4]), 4),
        (lambda g: g.uniform([]), 1),
        (lambda g: g.uniform([0]), 0),
        (lambda g: g.uniform([3], 0, 10, "int32"), 3),
        (lambda g: g.uniform_full_int([2]), 2),
        (lambda g: g.make_seeds(3), 3),
        (lambda g: g.split(2), 2),
        (lambda g: g.skip(7), 7),
    ],
)
def test_states_move_on_as_tensorflows_do(draw, count):
    generator = Generator.from_seed(1)
    draw(generator)
    assert state(generator) == [1 + 256 * count, 0, 0]


def test_the_counter_carries_into_its_second_integer():
    generator = Generator.from_state([-1, 4, 9], "philox")
    generator.uniform([1])
    assert state(generator) == [255, 5, 9]


@pytest.mark.parametrize("algorithm", ["philox", "threefry", "auto_select", 1, 2, Algorithm.PHILOX, np.int32(2)])
def test_equal_seeds_give_equal_numbers_whatever_the_algorithm(algorithm):
    first, second = (Generator.from_seed(7, algorithm).normal([3]).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_numbers_go_on():
    generator = Generator.from_seed(7)
    assert generator.normal([]).numpy() != generator.normal([]).numpy()


def test_there_are_three_algorithms():
    assert Generator.from_seed(1).algorithm == Algorithm.PHILOX.value == 1
    with pytest.raises(ValueError, match="`alg` got unsupported value 'md5'"):
        Generator.from_seed(1, "md5")


def test_generators_that_nobody_can_foresee_differ():
    first, second = (Generator.from_non_deterministic_state() for _ in range(2))
    assert state(first) != state(second)


def test_a_key_and_a_counter_make_a_state():
    assert state(Generator.from_key_counter(1, [2, 3], "philox")) == [2, 3, 1]
    assert state(Generator.from_key_counter(1, [2], "threefry")) == [2, 1]
    assert int(Generator.from_key_counter(1, [2, 3], "philox").key) == 1
    with pytest.raises(ValueError, match=r"Shapes \(\) and \[1\] are incompatible"):
        Generator.from_key_counter(1, 2, "threefry")


def test_a_copy_goes_its_own_way():
    generator = Generator.from_seed(3)
    copied = Generator(copy_from=generator)
    expected = generator.normal([2]).numpy()
    np.testing.assert_array_equal(copied.normal([2]).numpy(), expected)


def test_a_generator_needs_a_state_and_an_algorithm():
    with pytest.raises(ValueError, match="`state` and `alg` must both be given"):
        Generator(state=[1, 2, 3])


def test_resetting_goes_back():
    generator = Generator.from_seed(3)
    first = generator.normal([2]).numpy()
    generator.reset_from_seed(3)
    np.testing.assert_array_equal(generator.normal([2]).numpy(), first)
    generator.reset([3, 0, 0])
    np.testing.assert_array_equal(generator.normal([2]).numpy(), first)
    generator.reset_from_key_counter(0, [3, 0])
    np.testing.assert_array_equal(generator.normal([2]).numpy(), first)
    with pytest.raises(ValueError, match=r"Shapes \(2,\) and \[3\] are incompatible"):
        generator.reset([1, 2])


def test_skipping_is_drawing_unseen():
    first, second = Generator.from_seed(3), Generator.from_seed(3)
    before = first.skip(5)
    second.uniform([5])
    assert before.numpy().tolist() == [3, 0, 0]
    assert state(first) == state(second)


def test_split_generators_have_nothing_in_common():
    generator = Generator.from_seed(1)
    first, second = generator.split(2)
    assert state(first)[:2] == [0, 0]
    assert len({float(g.normal([])) for g in (generator, first, second)}) == 3


def test_seeds_for_stateless_functions_stand_in_columns():
    seeds = Generator.from_seed(1).make_seeds(3).numpy()
    assert seeds.shape == (2, 3)
    assert seeds.dtype == np.int64
    assert len(set(seeds[0].tolist())) == 3
    assert not seeds[1].any()


def test_full_integers_use_every_bit():
    drawn = Generator.from_seed(1).uniform_full_int([100], "int64").numpy()
    assert (drawn < 0).any()
    assert (np.abs(drawn) > 2**60).any()
    assert Generator.from_seed(1).uniform_full_int([1]).dtype == "uint64"
    with pytest.raises(ValueError, match=r"invalid value tf.int8. Accepted dtypes are \(tf.int32"):
        Generator.from_seed(1).uniform_full_int([1], "int8")


def test_binomial_numbers_broadcast_their_parameters():
    drawn = Generator.from_seed(1).binomial([2, 3], [10.0, 0.0, 30.0], [[0.0], [1.0]])
    assert drawn.numpy().tolist() == [[0, 0, 0], [10, 0, 30]]
    assert drawn.dtype == "int32"


def test_uniform_numbers_refuse_what_tensorflow_refuses():
    generator = Generator.from_seed(1)
    with pytest.raises(ValueError, match="must be both None or not None"):
        generator.uniform([3], dtype="int32")
    with pytest.raises(InvalidArgumentError, match="Need minval < maxval, got 3 >= 1"):
        generator.uniform([3], 3, 1, "int32")


def test_gradients_flow_to_the_parameters():
    generator, mean = Generator.from_seed(1), Variable([1.0, 2.0])
    with GradientTape() as tape:
        drawn = generator.normal([2], mean=mean, stddev=2.0)
    assert tape.gradient(drawn, mean).numpy().tolist() == [1.0, 1.0]


def test_the_program_shares_a_generator():
    before = get_global_generator()
    mine = Generator.from_seed(1)
    set_global_generator(mine)
    assert get_global_generator() is mine
    set_global_generator(before)


def test_determinism_wants_generators_that_start_somewhere():
    SETTINGS.op_determinism = True
    try:
        with pytest.raises(RuntimeError, match="cannot be called when determinism is enabled"):
            Generator.from_non_deterministic_state()
    finally:
        SETTINGS.op_determinism = False
