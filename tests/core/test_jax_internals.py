"""Every private name of JAX that Tenon uses still does what Tenon needs."""

from __future__ import annotations

import ast
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tenon.core import _jax_internals as internals


def test_the_64_bit_mode_is_entered_and_left_in_this_thread():
    before = internals.enter_64_bit_mode()
    try:
        assert jnp.asarray(1.0, "float64").dtype == np.float64
    finally:
        internals.set_64_bit_mode(before)
    assert internals.current_64_bit_mode() == before
    assert jnp.asarray(1.0).dtype == np.float32


def test_at_top_level_the_trace_computes_at_once():
    assert internals.current_trace() is internals.EVAL_TRACE
    assert not jax.jit(lambda: internals.current_trace() is internals.EVAL_TRACE)()


def test_a_trace_can_be_made_the_current_one_for_a_block():
    with internals.trace_as_current(internals.EVAL_TRACE):
        assert internals.current_trace() is internals.EVAL_TRACE


class Listener:
    def __init__(self):
        self.heard = []

    def primitive_ran(self, primitive, params, inputs, outputs):
        self.heard.append(primitive.name)

    def function_ran(self, function, inputs, outputs):
        self.heard.append(function)


def test_a_record_trace_tells_of_primitives_and_of_functions_with_rules():
    @jax.custom_vjp
    def with_rule(x):
        return x * 2.0

    with_rule.defvjp(lambda x: (x * 2.0, None), lambda _, g: (g * 5.0,))
    listener = Listener()
    with internals.trace_as_current(internals.RecordTrace(internals.EVAL_TRACE, listener)):
        jax.lax.sin(jnp.ones(2))
        with_rule(jnp.ones(2))
    assert "sin" in listener.heard
    (function,) = [heard for heard in listener.heard if callable(heard)]
    _, pull = jax.vjp(lambda x: function(x)[0], jnp.ones(2))
    np.testing.assert_allclose(pull(jnp.ones(2))[0], [5.0, 5.0])


def test_a_twin_is_another_object_over_the_same_buffer():
    array = jnp.arange(3)
    assert internals.twin(array) is not array
    assert internals.twin(array).unsafe_buffer_pointer() == array.unsafe_buffer_pointer()


def test_a_copy_to_the_device_keeps_64_bits():
    assert internals.copied_to_device(np.ones(2)).dtype == np.float64


def test_a_function_trace_writes_a_pure_function_and_says_what_came_from_outside():
    outside = jnp.ones(2)
    trace = internals.FunctionTrace("example")
    symbol = trace.argument(np.zeros(2, np.float32))
    with internals.trace_as_current(trace):
        output = jnp.add(jnp.sin(symbol), outside)
    function, constants = trace.finish([output])
    given = [outside if source is outside else source for source in trace.sources]
    (found,) = function(*constants, np.zeros(2, np.float32), *given)
    np.testing.assert_allclose(found, [1.0, 1.0])


@pytest.mark.parametrize("module", ["jax._src", "jaxlib.xla_client"])
def test_private_names_are_imported_in_two_modules_only(module):
    import tenon.core

    root = inspect.getfile(tenon.core).removesuffix("__init__.py")
    offenders = []
    for path in __import__("pathlib").Path(root).rglob("*.py"):
        names = [
            alias.name if isinstance(node, ast.Import) else node.module or ""
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        ]
        if any(name.startswith(module) for name in names) and path.name not in ("_jax_internals.py", "_jax_sizes.py"):
            offenders.append(path.name)
    assert offenders == []
