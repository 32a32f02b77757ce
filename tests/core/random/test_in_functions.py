"""Random functions inside ``tf.function``: the rules of TensorFlow's page on ``tf.random.set_seed``."""

import gc

import pytest

import tenon as tf


@pytest.fixture(autouse=True)
def no_global_seed():
    yield
    tf.random.set_seed(None)


def numbers(results):
    return [float(result) for result in results]


def two():
    return tf.random.uniform([]), tf.random.uniform([])


def test_functions_with_the_same_program_have_the_same_numbers():
    tf.random.set_seed(1234)
    first, second = tf.function(two), tf.function(two)
    assert numbers(first()) == numbers(second())
    assert numbers(first()) == numbers(second())


def test_calls_go_on_and_a_new_seed_starts_again():
    tf.random.set_seed(1234)
    function = tf.function(two)
    calls = [numbers(function()), numbers(function())]
    assert len({*calls[0], *calls[1]}) == 4
    tf.random.set_seed(1234)
    assert [numbers(function()), numbers(function())] == calls


def test_operations_with_one_seed_have_one_sequence_each():
    function = tf.function(lambda: (tf.random.uniform([], seed=1), tf.random.uniform([], seed=1)))
    (a1, b1), (a2, b2) = numbers(function()), numbers(function())
    assert (a1, a2) == (b1, b2)
    assert a1 != a2


def test_every_round_of_a_loop_has_its_own_number():
    def program(count):
        start = [tf.constant(0), tf.zeros([5])]

        def body(place, drawn):
            return place + 1, tf.tensor_scatter_nd_update(drawn, [[place]], [tf.random.uniform([])])

        return tf.while_loop(lambda place, _: place < count, body, start)[1]

    function = tf.function(program)
    tf.random.set_seed(1)
    first, second = function(tf.constant(5)).numpy().tolist(), function(tf.constant(5)).numpy().tolist()
    assert len({*first, *second}) == 10


def test_a_branch_has_its_own_sequence():
    function = tf.function(lambda x: tf.cond(x > 0, lambda: tf.random.uniform([]), lambda: tf.zeros([])))
    drawn = [float(function(tf.constant(x))) for x in (1, -1, 1)]
    assert drawn[1] == 0
    assert drawn[0] != drawn[2]


def test_a_function_in_a_function_goes_on_too():
    inner = tf.function(two)
    outer = tf.function(lambda: [*inner(), *two()])
    assert len({*numbers(outer()), *numbers(outer()), *numbers(inner())}) == 10


def test_a_function_keeps_its_sequences_to_itself():
    function = tf.function(two)
    concrete = function.get_concrete_function()
    gc.collect()
    assert numbers(concrete()) != numbers(concrete())
    assert concrete.variables == ()


def test_a_generator_moves_on_inside_a_function():
    generator, twin = tf.random.Generator.from_seed(1), tf.random.Generator.from_seed(1)
    function = tf.function(lambda: generator.normal([2]))
    assert [function().numpy().tolist() for _ in range(2)] == [twin.normal([2]).numpy().tolist() for _ in range(2)]
    assert generator.state.numpy().tolist() == twin.state.numpy().tolist() == [1025, 0, 0]


def test_seeds_and_counters_are_no_part_of_the_program():
    traces = []

    @tf.function
    def function(seed, low):
        traces.append(None)
        return tf.random.stateless_uniform([2], seed, low, 10, tf.int32)

    drawn = {tuple(function(tf.constant([i, 0]), tf.constant(0)).numpy().tolist()) for i in range(8)}
    assert len(drawn) > 4
    assert len(traces) == 1
