"""NumPy's functions on tensors: NumPy says what comes out, in a process of its own where operators change too."""

import subprocess
import sys

import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core import NAMES
from tenon.core.autodiff import GradientTape
from tenon.core.functions import function
from tenon.core.tensors import Tensor, constant

A = np.array([[3.0, 1.0, 2.0], [6.0, 5.0, 4.0]])
B = np.array([10, 20, 30], np.int32)


def tnp(name):
    return NAMES[f"experimental.numpy.{name}"]


CALLS = [
    ("add", (A, B)),
    ("power", (B, 2)),
    ("true_divide", (B, 4)),
    ("arctan2", (A, A)),
    ("sqrt", (B,)),
    ("sum", (B,)),
    ("mean", (A, 1)),
    ("var", (A, 0)),
    ("max", (A, 1)),
    ("argsort", (A, 1)),
    ("cumsum", (A, 1)),
    ("ptp", (A, 1)),
    ("clip", (A, 2.0, 4.0)),
    ("concatenate", ([A, A], 1)),
    ("stack", ([B, B],)),
    ("hstack", ([B, B],)),
    ("split", (np.arange(6), 3)),
    ("dot", (A, B)),
    ("matmul", (A, A.T)),
    ("tensordot", (A, A.T, 1)),
    ("outer", (B, B)),
    ("einsum", ("ij,j->i", A, B)),
    ("linspace", (0.0, 1.0, 5)),
    ("arange", (1, 7, 2)),
    ("full", ([2], 7.0)),
    ("eye", (2, 3)),
    ("tri", (3,)),
    ("diag", (B,)),
    ("pad", (B, [[1, 2]])),
    ("flip", (A, 1)),
    ("roll", (A, 1, 1)),
    ("repeat", (B, 2)),
    ("tile", (B, [2, 2])),
    ("transpose", (A,)),
    ("moveaxis", (A, 0, 1)),
    ("take", (A, [0, 2], 1)),
    ("take_along_axis", (A, np.array([[0], [1]]), 1)),
    ("where", (A > 2, A, -A)),
    ("nonzero", (A > 4,)),
    ("average", (A, 0)),
    ("meshgrid", (B, [1, 2])),
    ("isclose", (A, A + 1e-9)),
    ("count_nonzero", (A > 2,)),
    ("select", ([A > 4, A > 1], [A, -A])),
    ("zeros_like", (B,)),
    ("logical_and", (A > 1, A < 4)),
]


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=[name for name, _ in CALLS])
def test_a_function_returns_what_numpys_does(name, arguments):
    given = [tuple(x) if name == "take" and isinstance(x, list) else x for x in arguments]
    expected, found = getattr(np, name)(*given), tnp(name)(*arguments)
    pairs = zip(found, expected, strict=True) if isinstance(expected, list | tuple) else [(found, expected)]
    for ours, theirs in pairs:
        assert isinstance(ours, Tensor)
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-6)
        assert ours.dtype == np.asarray(theirs).dtype


def test_pythons_numbers_have_64_bits_and_take_the_dtype_beside_them():
    assert tnp("array")([1, 2]).dtype == "int64"
    assert tnp("array")([1.5], ndmin=2).shape.as_list() == [1, 1]
    assert tnp("ones")([2]).dtype == "float64"
    assert tnp("add")(constant([1.0]), 1).dtype == "float32"
    assert tnp("add")(constant([1]), constant([2.5])).dtype == "float64"
    assert tnp("result_type")(np.int8, np.int32) == np.int32
    assert tnp("promote_types")("int32", "float32") == np.float64
    assert tnp("zeros")([1], np.int8).dtype == "int8"
    assert (tnp("size")([[1, 2]]), tnp("ndim")([1]), tnp("isscalar")(1), tnp("iscomplexobj")(1j)) == (2, 1, True, True)
    assert tnp("full_like")(B, 7).dtype == "int32"


def test_gradients_flow():
    x = constant([[1.0, 2.0], [3.0, 4.0]])
    with GradientTape() as tape:
        tape.watch(x)
        y = tnp("sum")(tnp("square")(x)) + tnp("max")(x)
    assert tape.gradient(y, x).numpy().tolist() == [[2, 4], [6, 9]]


def test_what_depends_on_values_is_refused_in_a_trace():
    with pytest.raises(InvalidArgumentError, match="shape of nonzero"):
        function(tnp("nonzero"))(constant([1, 0]))
    with pytest.raises(ValueError, match="both x and y"):
        tnp("where")([True], 1)


def test_numbers_by_chance():
    tnp("random.seed")(3)
    first = tnp("random.randn")(2, 3)
    tnp("random.seed")(3)
    np.testing.assert_array_equal(first, tnp("random.randn")(2, 3))
    assert tnp("random.uniform")(5.0, 6.0, [100]).numpy().min() >= 5
    assert set(tnp("random.randint")(2, 4, [100]).numpy().tolist()) == {2, 3}
    assert tnp("random.poisson")(3.0, [4]).dtype == "int64"
    assert tnp("random.random")().shape.as_list() == []


SCRIPT = """
import numpy as np
from tenon.core import NAMES as N
tnp = lambda name: N["experimental.numpy." + name]
tnp("experimental_enable_numpy_behavior")()
a = tnp("arange")(12).reshape(3, 4)
assert (a + 1.5).dtype == "float64" and (N["constant"]([1]) + N["constant"]([2.5])).dtype == "float64"
n = np.arange(12).reshape(3, 4)
rows = (True, False, True)
for key in ([2, 0], ([0, 1, 2], [3, 0, 1]), n > 6, (slice(None), [0, 3]), (2, 3), (slice(1, None), None), -1,
            (rows, slice(1, 3)), (rows,), ((0, -1), N["constant"]([1, 2])), (..., (0, -4)), (None, (1, 2), ..., 0)):
    assert np.array_equal(a[key], n[key]), key
for key in ([3], (slice(None), (0, 4)), (..., [-5]), (None, (0, 1), [0, 7])):
    try:
        a[key]
    except ValueError as error:
        assert "is out of bounds for axis" in str(error)
    else:
        raise AssertionError(key)
assert a.T.shape == [4, 3] and a.size == 12 and a.astype(np.float32).dtype == "float32"
assert np.array_equal(a.ravel(), n.ravel()) and np.array_equal(a.transpose(), n.T) and np.sum(a) == 66
assert type(np.sum(a)) is np.int64 and type(np.mean(a, axis=0)) is np.ndarray
assert np.array_equal(a.clip(2, 5), n.clip(2, 5)) and np.array_equal(np.ones(4) + a, n + 1)
assert (N["constant"]("a") + "b").numpy() == b"ab"
tnp("experimental_enable_numpy_behavior")(prefer_float32=True)
assert tnp("array")(1.5).dtype == "float32" and tnp("zeros")([1]).dtype == "float32"
try:
    tnp("experimental_enable_numpy_behavior")(dtype_conversion_mode="all")
except ValueError:
    print("done")
"""


def test_tensors_behave_as_numpys_arrays_where_it_is_asked():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.stdout == "done\n", done.stderr
