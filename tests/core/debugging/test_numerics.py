import pytest

import tenon as tf
from tenon.base import InvalidArgumentError
from tenon.core._settings import SETTINGS

NAN, INF = float("nan"), float("inf")


@pytest.fixture
def checking():
    tf.debugging.enable_check_numerics()
    yield
    tf.debugging.disable_check_numerics()


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32, tf.float64])
def test_numbers_that_are_none_are_named(dtype):
    assert tf.debugging.check_numerics(tf.constant([1.0], dtype), "x").dtype == dtype
    for values, named in [([NAN], "NaN"), ([-INF], "Inf"), ([INF, NAN], "Inf and NaN")]:
        with pytest.raises(InvalidArgumentError, match=f"^loss : Tensor had {named} values$"):
            tf.debugging.check_numerics(tf.constant(values, dtype), "loss")
        with pytest.raises(InvalidArgumentError, match=f"^loss : Tensor had {named} values$"):
            tf.debugging.assert_all_finite(tf.constant(values, dtype), "loss")


def test_only_floats_are_checked():
    with pytest.raises(InvalidArgumentError, match="int32 is not in the list of allowed values: bfloat16, float16"):
        tf.debugging.check_numerics([1], "x")


def test_every_operation_can_be_checked(checking):
    with pytest.raises(InvalidArgumentError, match=r"Detected NaN in output 0 of the operation 'log' .* shape: \[1\]"):
        tf.math.log([-1.0])
    with pytest.raises(InvalidArgumentError, match="Detected Inf"):
        tf.constant([1.0]) / 0.0
    assert (tf.constant([1.0]) + 1.0).numpy() == 2
    assert tf.constant(NAN).numpy() != 0


def test_operations_inside_functions_are_checked_even_where_their_results_are_not_used(checking):
    @tf.function
    def function(x):
        logarithm = tf.math.log(x)
        return tf.where(x > 0, logarithm, 0.0)

    assert function(tf.constant(1.0)).numpy() == 0
    with pytest.raises(InvalidArgumentError, match="Detected NaN in output 0 of the operation 'log'"):
        function(tf.constant(-1.0))
    tf.debugging.disable_check_numerics()
    assert function(tf.constant(-1.0)).numpy() == 0


def test_gradients_are_checked(checking):
    x = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        y = tf.sqrt(x)
    with pytest.raises(InvalidArgumentError, match="Detected Inf"):
        tape.gradient(y, x)


def test_checking_can_be_switched_off_and_on_twice():
    for _ in range(2):
        tf.debugging.enable_check_numerics()
    tf.debugging.disable_check_numerics()
    assert not SETTINGS.check_numerics
    assert (tf.constant(1.0) / 0.0).numpy() == INF


def test_what_is_shown_can_be_asked():
    tf.debugging.set_log_device_placement(True)
    assert tf.debugging.get_log_device_placement()
    tf.debugging.set_log_device_placement(False)
    tf.debugging.disable_traceback_filtering()
    assert not tf.debugging.is_traceback_filtering_enabled()
    tf.debugging.enable_traceback_filtering()
    assert tf.debugging.is_traceback_filtering_enabled()
