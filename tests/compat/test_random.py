from __future__ import annotations

import numpy as np
import pytest

from tenon.compat import Graph, Session
from tests.compat.v1 import tf


def drawn(seed, op_seed=None, runs=2):
    with Graph().as_default(), Session() as session:
        tf.set_random_seed(seed)
        numbers = [tf.random_normal([3], seed=op_seed), tf.random_uniform([3]), tf.truncated_normal([3])]
        return np.array([session.run(numbers) for _ in range(runs)])


def test_seeds_of_the_graph_make_sessions_repeat():
    assert np.array_equal(drawn(1), drawn(1))
    assert not np.array_equal(drawn(1), drawn(2))


def test_every_run_and_every_operation_draws_anew():
    found = drawn(1)
    assert len({tuple(row) for run in found for row in run}) == 6


def test_without_seeds_nothing_repeats():
    assert not np.array_equal(drawn(None), drawn(None))


def test_a_seed_of_the_operation_is_enough():
    one, two = drawn(None, 7), drawn(None, 7)
    assert np.array_equal(one[:, 0], two[:, 0])
    assert not np.array_equal(one[:, 1], two[:, 1])


def test_an_operation_goes_on_where_it_was_whatever_else_is_run():
    with Graph().as_default():
        tf.set_random_seed(3)
        a, b = tf.random_uniform([2]), tf.random_uniform([2])
        with Session() as one, Session() as two:
            first = [one.run([a, b])[0], one.run(a)]
            second = [two.run(a), two.run([b, a])[1]]
    np.testing.assert_array_equal(first, second)


def test_a_loop_draws_in_every_turn(run):
    total = tf.while_loop(
        lambda i, _: i < 3, lambda i, rows: (i + 1, rows + tf.one_hot(i, 3) * tf.random_uniform([])), [0, tf.zeros([3])]
    )
    assert len(set(run(total)[1].tolist())) == 3


def test_dropout_keeps_the_expected_sum(run):
    x = tf.ones([4000])
    kept = run(tf.nn.dropout(x, keep_prob=0.8, seed=1))
    assert set(np.unique(kept).tolist()) == {0.0, 1.25}
    assert abs(kept.mean() - 1.0) < 0.05
    assert run(tf.nn.dropout(x, rate=0.0)).sum() == 4000.0
    with pytest.raises(ValueError, match="exactly one of"):
        tf.nn.dropout(x)
    with pytest.raises(ValueError, match="in the range"):
        tf.nn.dropout(x, rate=1.5)


def test_other_distributions(run):
    found = run(
        {
            "gamma": tf.random_gamma([500], 3.0, seed=1),
            "poisson": tf.random_poisson(4.0, [500], seed=1),
            "classes": tf.multinomial([[0.0, -1e9, 0.0]], 50),
            "integers": tf.random_uniform([50], 2, 5, tf.int32),
            "order": tf.random_shuffle(tf.range(5)),
            "part": tf.random_crop(tf.reshape(tf.range(16), [4, 4]), [2, 2]),
        }
    )
    assert abs(found["gamma"].mean() - 3.0) < 0.5
    assert abs(found["poisson"].mean() - 4.0) < 0.5
    assert set(found["classes"][0].tolist()) <= {0, 2}
    assert set(found["integers"].tolist()) == {2, 3, 4}
    assert sorted(found["order"].tolist()) == [0, 1, 2, 3, 4]
    assert found["part"][1, 1] - found["part"][0, 0] == 5


def test_seeds_are_told_as_operations_take_them(graph):
    assert tf.get_seed(None) == (None, None)
    assert tf.get_seed(5) == (87654321, 5)
    tf.set_random_seed(3)
    assert tf.get_seed(5) == (3, 5)
