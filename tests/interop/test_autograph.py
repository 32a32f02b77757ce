"""What AutoGraph makes of a program is what TensorFlow's AutoGraph makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from tests.core.autograph.jax_staging import FAILURES, compiled
from tests.core.autograph.programs import define

pytestmark = pytest.mark.interop

COMPUTE = {
    "branch": "if x > 0:\n    y = x * 2\nelse:\n    y = -x\nreturn y",
    "one_sided": "y = 7\nif x > 0:\n    y = x\nreturn y",
    "returns": "if x > 3:\n    return x\nelse:\n    return -x",
    "collatz": (
        "n = 0\nx = abs(x) + 1\nwhile x > 1:\n    x = x // 2 if x % 2 == 0 else 3 * x + 1\n    n += 1\nreturn n"
    ),
    "breaks": (
        "s = 0\nfor i in range(x):\n    if i == 1:\n        continue\n"
        "    if i == 4:\n        break\n    s += i\nreturn s"
    ),
    "nested": (
        "s = 0\nfor i in range(x):\n    j = 0\n    while j < i:\n        j += 1\n"
        "        if j == 2:\n            continue\n        if j > 3:\n            break\n        s += i * j\nreturn s"
    ),
    "downwards": "s = 0\nfor i in range(10, x, -2):\n    s = 2 * s + i\nreturn s",
    "read_after": "i = 50\nfor i in range(x):\n    pass\nreturn i",
    "logic": "return 1 if (x > 0 and x < 5) or not x > -2 else 0",
    "chained": "return 1 if 0 < x <= 5 else 0",
    "containers": "s = (0, {'a': 1})\nwhile x > 0:\n    s = (s[1]['a'], {'a': s[0] + x})\n    x -= 1\nreturn s[0]",
    "closures": "def g(v):\n    if v > x:\n        return v\n    return x\nreturn g(3)",
    "builtins": "return int(x) + int(float(x)) + abs(x)",
}
INPUTS = (-3, 0, 1, 4, 7)

REFUSED_THERE = {
    "returns_in_a_chain": "if x > 3:\n    return x\nelif x > 0:\n    return x * 10\nreturn -x",
    "returns_in_a_loop": "for i in range(x):\n    if i * i > 3:\n        return i\nreturn -1",
    "returns_in_a_branch": "if x > 0:\n    if x > 3:\n        return 1\n    y = 2\nelse:\n    y = 3\nreturn y",
    "endless": "i = 0\nwhile True:\n    i += 1\n    if i > x:\n        break\nreturn i",
    "none_twice": "if x > 0:\n    y = None\nelse:\n    y = None\nreturn 1 if y is None else 2",
    "loop_else": "while x > 3:\n    x -= 1\nelse:\n    x += 100\nreturn x",
    "walks": "s = 0\nfor i, v in enumerate(stack(x)):\n    s += i * v\nreturn s",
    "zips": "s = 0\nfor v, w in zip(stack(x), stack(x + 1)):\n    s += v * w\nreturn s",
    "asserts": "assert x > -10, 'too small'\nreturn x",
    "nested_choice": "return 1 if (x if x > 0 else -x) > 2 else 0",
}
"""What TensorFlow 2.21 refuses, or gets wrong, and Tenon computes as Python does."""

FAIL = {
    "main_only": "if x > 0:\n    symbol = x\nreturn symbol",
    "else_only": "if x > 0:\n    pass\nelse:\n    symbol = x\nreturn symbol",
    "returns_once": "if x > 0:\n    return x",
    "none_once": "symbol = None\nif x > 0:\n    symbol = x\nreturn symbol",
    "structures": "if x > 0:\n    symbol = (x, x)\nelse:\n    symbol = (x,)\nreturn symbol",
    "dtypes": "if x > 0:\n    symbol = 1\nelse:\n    symbol = 1.0\nreturn symbol",
    "some_iterations": "for i in range(x):\n    if i > 1:\n        symbol = i\nreturn symbol",
    "lists": "symbol = []\nfor i in range(x):\n    symbol = symbol + [i]\nreturn symbol",
    "python_loop": "for i in range(3):\n    if x > i:\n        break\nreturn i",
}
SAYS = {
    "main_only": ("'symbol'", "else branch"),
    "else_only": ("'symbol'", "main branch"),
    "returns_once": ("else branch", "return statement"),
    "none_once": ("'symbol'", "None at the end of the else branch"),
    "structures": ("'symbol'", "same", "structure"),
    "dtypes": ("'symbol'", "int32", "float32"),
    "some_iterations": ("'symbol'", "else branch"),
    "lists": ("'symbol'", "structure"),
    "python_loop": ("break",),
}
NEEDS_ONE_ITERATION = "for i in range(x):\n    symbol = i\nreturn symbol"

SCRIPT = """
import json, sys
sys.path.insert(0, {folder!r})
import tensorflow as tf
import programs
def run(name, x):
    try:
        return int(tf.function(getattr(programs, name))(tf.constant(x)))
    except Exception as error:
        return type(error).__name__ + ": " + str(error)
print(json.dumps({{name: [run(name, x) for x in inputs] for name, inputs in {calls!r}.items()}}))
"""


def text(name: str, body: str) -> str:
    return f"def {name}(x):\n" + "".join(f"    {line}\n" for line in body.splitlines())


@pytest.fixture(scope="module")
def in_tensorflow(tmp_path_factory, run_in_tensorflow) -> dict[str, list]:
    folder: Path = tmp_path_factory.mktemp("autograph")
    bodies = COMPUTE | REFUSED_THERE | FAIL | {"needs_one": NEEDS_ONE_ITERATION}
    stack = "import tensorflow as tf\n\ndef stack(x):\n    return tf.stack([x, x + 1, 2 * x])\n\n"
    (folder / "programs.py").write_text(stack + "\n".join(text(name, body) for name, body in bodies.items()))
    computed = dict.fromkeys((*COMPUTE, *REFUSED_THERE), INPUTS)
    calls = computed | dict.fromkeys(FAIL, (2,)) | {"needs_one": (3, 0)}
    return json.loads(run_in_tensorflow(SCRIPT.format(folder=str(folder), calls=calls)).splitlines()[-1])


@pytest.mark.parametrize("name", COMPUTE)
def test_both_compute_the_same(name, in_tensorflow):
    function = compiled(define(text(name, COMPUTE[name]), name))
    assert [int(function(x)) for x in INPUTS] == in_tensorflow[name]


@pytest.mark.parametrize("name", REFUSED_THERE)
def test_what_only_tensorflow_refuses_is_what_python_computes(name, in_tensorflow):
    assert any(isinstance(result, str) for result in in_tensorflow[name])
    staged = compiled(define(text(name, REFUSED_THERE[name]), name, stack=lambda x: jnp.stack([x, x + 1, 2 * x])))
    python = define(text(name, REFUSED_THERE[name]), name, stack=lambda x: [x, x + 1, 2 * x])
    assert [int(staged(x)) for x in INPUTS] == [python(x) for x in INPUTS]


@pytest.mark.parametrize("name", FAIL)
def test_both_refuse_the_same_and_name_the_same_variable(name, in_tensorflow):
    with pytest.raises((ValueError, TypeError, NotImplementedError)) as caught:
        compiled(define(text(name, FAIL[name]), name))(2)
    (theirs,) = in_tensorflow[name]
    for said in SAYS[name]:
        assert said in theirs
        assert said in str(caught.value)


def test_both_want_one_iteration_when_the_program_runs(in_tensorflow):
    function = compiled(define(text("f", NEEDS_ONE_ITERATION)))
    runs, fails = in_tensorflow["needs_one"]
    assert int(function(3)) == runs
    assert "must iterate at least once" in fails
    FAILURES.clear()
    jax.block_until_ready(function(0))
    jax.effects_barrier()
    assert FAILURES == ["the loop has to run at least once, because only its body assigns 'symbol', read afterwards"]
