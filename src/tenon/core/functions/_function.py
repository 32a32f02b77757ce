"""``tf.function``: Python code that is traced for each kind of arguments and then runs as one compiled program."""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from tenon.core._names import export
from tenon.core.functions._binding import Binder, WeakMethod
from tenon.core.functions._concrete import ConcreteFunction, Tracer
from tenon.core.functions._flags import functions_run_eagerly
from tenon.core.functions._keys import Call
from tenon.core.functions._program import Program
from tenon.core.functions._template import Template
from tenon.core.tensors import TensorSpec


class Function:
    """A Python function that is traced for each kind of arguments and runs as a compiled program.

    Get one with the decorator ``tf.function``.
    """

    def __init__(
        self,
        python_function: Callable[..., Any],
        name: str | None = None,
        input_signature: Any = None,
        autograph: bool = True,
        jit_compile: bool | None = None,
        reduce_retracing: bool = False,
    ) -> None:
        self._python_function = python_function
        self._name = name or getattr(python_function, "__name__", type(python_function).__name__)
        self._input_signature = input_signature
        self._autograph = autograph
        self._jit_compile = jit_compile
        self._reduce_retracing = reduce_retracing
        self._binder = Binder(python_function)
        self._tracer = Tracer(python_function, self._binder, self._name)
        self._lock = threading.RLock()
        self._programs: dict[Any, Program] = {}
        self._concrete: list[ConcreteFunction] = []
        self._bound: weakref.WeakKeyDictionary[Any, Function] = weakref.WeakKeyDictionary()
        self._may_create = True
        self._traces = 0
        functools.update_wrapper(self, python_function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function for these arguments."""
        if functions_run_eagerly():
            return self._python_function(*args, **kwargs)
        call = Call(self._binder.bound(args, kwargs))
        program = self._programs.get((call.key, call.shapes()))
        if program is None:
            program = self._found(call, self._binder.bound(args, kwargs))
        return program(call.arrays, call.variables)

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self
        found = self._bound.get(instance)
        if found is None:
            found = self._bound[instance] = self._bound_to(instance)
        return found

    def _bound_to(self, instance: Any) -> Function:
        return Function(
            WeakMethod(self._python_function, instance),
            self._name,
            self._input_signature,
            self._autograph,
            self._jit_compile,
            self._reduce_retracing,
        )

    def _found(self, call: Call, arguments: tuple[Any, ...]) -> Program:
        with self._lock:
            concrete = self._concrete_for(call, arguments)
            program = concrete.program(call)
            self._programs[call.key, call.shapes()] = program
            return program

    def _concrete_for(self, call: Call, arguments: tuple[Any, ...]) -> ConcreteFunction:
        for concrete in self._concrete:
            if concrete.accepts(call):
                return concrete
        concrete = ConcreteFunction(self._tracer, call, Template(arguments, call.variables), _specs(call.arrays))
        self._traces += 1
        if concrete.trace(call, self._may_create):  # it created variables: from now on they have to be there
            self._traces += 1
            concrete.trace(call, False)
        self._may_create = False
        self._concrete.append(concrete)
        return concrete

    def experimental_get_tracing_count(self) -> int:
        """Return how often the Python function was traced, as TensorFlow counts."""
        return self._traces


def _specs(arrays: Sequence[Any]) -> list[TensorSpec]:
    return [TensorSpec(array.shape, array.dtype) for array in arrays]


@export("function")
def function(
    func: Callable[..., Any] | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """Compile a Python function, ``tf.function``; a decorator with or without arguments."""
    if func is None:
        return lambda func: function(func, input_signature, autograph, jit_compile, reduce_retracing)
    return Function(func, None, input_signature, autograph, jit_compile, reduce_retracing)
