import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

NUMBERS = st.lists(st.integers(-3, 3), min_size=1, max_size=4)
RULES = {
    "assert_equal": np.equal,
    "assert_none_equal": np.not_equal,
    "assert_less": np.less,
    "assert_less_equal": np.less_equal,
    "assert_greater": np.greater,
    "assert_greater_equal": np.greater_equal,
}


@pytest.mark.parametrize("name", RULES)
@given(x=NUMBERS, y=st.integers(-3, 3))
def test_pairs_are_compared_as_numpy_compares_them(name, x, y):
    check = getattr(tf.debugging, name)
    if RULES[name](x, y).all():
        check(x, y)
    else:
        with pytest.raises(InvalidArgumentError, match=r"Condition x .* y did not hold\.\nFirst"):
            check(x, y)


def test_the_error_tells_which_elements_differ():
    expected = (
        "sizes\nCondition x == y did not hold.\nIndices of first 1 different values:\n[[1]]\n"
        "Corresponding x values:\n[2]\nCorresponding y values:\n[3]\n"
        "First 1 elements of x:\n[1]\nFirst 1 elements of y:\n[1]"
    )
    with pytest.raises(InvalidArgumentError) as caught:
        tf.debugging.assert_equal([1, 2, 5], [1, 3, 6], message="sizes", summarize=1)
    assert str(caught.value) == expected
    with pytest.raises(InvalidArgumentError, match=r"First 5 elements of x:\n\[1 2 3 4 5\]"):
        tf.debugging.assert_less([1, 2, 3, 4, 5], 3, summarize=-1)


def test_strings_are_compared_too():
    tf.debugging.assert_equal(["a", "b"], ["a", "b"])
    with pytest.raises(InvalidArgumentError, match=r"\[b'a'\]"):
        tf.debugging.assert_equal("a", "b")


def test_tensors_must_have_one_dtype_and_shapes_that_broadcast():
    with pytest.raises(InvalidArgumentError, match="expected to be a int32 tensor but is a float tensor"):
        tf.debugging.assert_equal(tf.constant(1), tf.constant(1.0))
    with pytest.raises(InvalidArgumentError, match="Incompatible shapes"):
        tf.debugging.assert_equal([1, 2], [1, 2, 3])
    tf.debugging.assert_less(1, tf.constant(2.0))


def test_near_is_within_ten_epsilons():
    tf.debugging.assert_near([1.0], [1.0 + 1e-6])
    tf.debugging.assert_near(tf.constant(1.0, tf.bfloat16), tf.constant(1.02, tf.bfloat16))
    tf.debugging.assert_near(1.0 + 1.0j, 1.0 + 1.0j)
    tf.debugging.assert_near([1.0], [2.0], rtol=0.6)
    with pytest.raises(InvalidArgumentError, match=r"^loss\nx and y not equal to tolerance rtol = 1e-06, atol = 1\.19"):
        tf.debugging.assert_near([1.0], [1.00001], rtol=1e-6, message="loss")
    with pytest.raises(InvalidArgumentError, match=r"needs floating point numbers; received tf\.int32"):
        tf.debugging.assert_near([1], [1])


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("assert_negative", [-1, -2], [-1, 0]),
        ("assert_positive", [1, 2], [1, 0]),
        ("assert_non_negative", [0, 1], [0, -1]),
        ("assert_non_positive", [0, -1], [0, 1]),
    ],
)
def test_signs_are_checked(name, good, bad):
    check = getattr(tf.debugging, name)
    for dtype in (tf.int8, tf.int64, tf.float32, tf.float64):
        check(tf.constant(good, dtype))
        with pytest.raises(
            InvalidArgumentError, match=r"m\nCondition x .* 0 did not hold element-wise:\nx \(shape=\(2,"
        ):
            check(tf.constant(bad, dtype), message="m")
    check([])
