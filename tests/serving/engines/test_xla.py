import jax
import jax.numpy as jnp
import numpy as np

from tenon.serving.engines._xla import copies_together


def test_results_are_copied_whole_and_in_order_while_the_program_still_runs():
    slow = jax.jit(lambda x: (jnp.linalg.matrix_power(x, 64), x[:0], x.sum(), x > 0))
    x = np.eye(200, dtype="f4")
    power, nothing, total, positive = copies_together(slow(x))
    np.testing.assert_array_equal(power, x)
    assert nothing.shape == (0, 200)
    assert total == 200
    np.testing.assert_array_equal(positive, x > 0)


def test_a_program_without_results_has_nothing_to_copy():
    assert copies_together([]) == []
