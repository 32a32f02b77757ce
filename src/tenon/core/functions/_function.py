"""``tf.function``: Python code that is traced for each kind of arguments and then runs as one compiled program."""

from __future__ import annotations

import copy
import functools
import inspect
import threading
import weakref
from collections.abc import Callable
from typing import Any

import jax

from tenon.core._names import export
from tenon.core._settings import SETTINGS
from tenon.core.autograph import convert
from tenon.core.functions._binding import Binder, WeakMethod
from tenon.core.functions._concrete import ConcreteFunction
from tenon.core.functions._hosted import HostedProgram
from tenon.core.functions._keys import Call, is_alive
from tenon.core.functions._program import Program
from tenon.core.functions._retracing import history_of
from tenon.core.functions._signatures import InputSignature, spec_of
from tenon.core.functions._staging import STAGING
from tenon.core.functions._tracer import Tracer, is_on_host
from tenon.core.host_symbols import StringSymbol
from tenon.core.tensors import TensorSpec, unknown_shape


class Function:
    """A Python function that is traced for each kind of arguments and runs as a compiled program.

    Get one with the decorator ``tf.function``. It may be called from several threads; one of them traces at a time.
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
        # The attributes of an object that is called, such as a layer's, are its own.
        functools.update_wrapper(
            self, python_function, updated=["__dict__"] if inspect.isroutine(python_function) else []
        )
        self._python_function = python_function
        self._name = str(name or getattr(python_function, "__name__", type(python_function).__name__))
        self._stated_signature = input_signature
        self._autograph = autograph
        self._jit_compile = jit_compile
        self._reduce_retracing = reduce_retracing
        self._lock = threading.RLock()
        self._programs: dict[Any, Program] = {}
        self._concrete: list[ConcreteFunction] = []
        self._bound: dict[int, tuple[weakref.ref[Any], Function]] = {}
        self._runs_on_host = is_on_host(python_function)
        self._may_create = True
        self._traces = 0
        self._history = history_of(python_function)

    @functools.cached_property
    def _binder(self) -> Binder:
        return Binder(self._python_function)

    @functools.cached_property
    def _signature(self) -> InputSignature | None:
        return None if self._stated_signature is None else InputSignature(self._stated_signature, self._binder)

    @functools.cached_property
    def _tracer(self) -> Tracer:
        function = self._python_function
        if self._autograph and isinstance(function, WeakMethod):
            function = WeakMethod(convert(function.__func__, STAGING), function.__self__)
        elif self._autograph:
            function = convert(function, STAGING)
        return Tracer(function, self._binder, self._name)

    @property
    def python_function(self) -> Callable[..., Any]:
        """The function that is traced."""
        return self._python_function

    @property
    def name(self) -> str:
        """The name of the Python function."""
        return self._name

    @property
    def input_signature(self) -> Any:
        """The specs that were stated for the arguments, or ``None``."""
        return None if self._signature is None else self._signature.specs

    @property
    def concrete_functions(self) -> tuple[ConcreteFunction, ...]:
        """Every signature that the function was traced for, oldest first."""
        return tuple(self._concrete)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function for these arguments; trace it first if they are of a new kind.

        Raises:
            TypeError: the arguments do not fit the function or its ``input_signature``.
        """
        if self._runs_on_host or SETTINGS.run_functions_eagerly:
            return self._python_function(*args, **kwargs)
        call = Call(self._binder.bound(args, kwargs))
        known = self._programs.get((call.key, call.shapes()))
        if known is not None and not (known.may_misfit and not known.fits(call.variables)):
            self._history.calls += 1
            return known(call.arrays, call.variables)
        if any([isinstance(array, StringSymbol) for array in call.arrays]):
            return self._tracer.function(*args, **kwargs)  # as a part of the function that is being saved
        call, program = self._traced(args, kwargs)
        return program(call.arrays, call.variables)

    def _traced(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Call, Program | HostedProgram]:
        """Return a call whose arguments fit the signature, and the program for it; trace that at the first time."""
        arguments = self._binder.bound(args, kwargs)
        if self._signature is not None:
            arguments = self._signature.converted(arguments, args, kwargs)
        call = Call(arguments)
        with self._lock:
            concrete = self._known(call)
            if concrete is None:
                concrete = self._new(call, arguments, self._specs_for(call, arguments), general=False)
                self._concrete = [one for one in self._concrete if is_alive(one.key)]
                self._history.traced(repr(self._python_function))
            else:
                self._history.calls += 1
            program = concrete.program(call)
            self._programs = {key: one for key, one in self._programs.items() if is_alive(key)}
            if isinstance(program, Program):
                self._programs[call.key, call.shapes()] = program
            return call, program

    def _known(self, call: Call) -> ConcreteFunction | None:
        found = [concrete for concrete in self._concrete if concrete.accepts(call)]
        return found[0] if found else None

    def _specs_for(self, call: Call, arguments: tuple[Any, ...]) -> list[TensorSpec]:
        """Return the specs of a new signature: the stated ones, or those of the call, widened where that is wanted."""
        if self._signature is not None:
            return self._signature.specs_for(arguments)
        own = [spec_of(array) for array in call.arrays]
        if self._reduce_retracing:
            for concrete in reversed(self._concrete):
                dtypes = [spec.dtype for spec in concrete.specs]
                if concrete.key == call.key and dtypes == [spec.dtype for spec in own]:
                    return [_widened(*pair) for pair in zip(concrete.specs, own, strict=True)]
        return own

    def _new(self, call: Call, arguments: tuple[Any, ...], specs: list[TensorSpec], general: bool) -> ConcreteFunction:
        concrete = ConcreteFunction(self._tracer, call, arguments, specs)

        def trace(may_create: bool) -> bool:
            self._traces += 1
            if general:
                return concrete.trace_generally(call.variables, may_create)
            return concrete.trace_openly(call, may_create)

        try:
            if trace(self._may_create):  # it created variables: from now on they have to be there
                trace(False)
        except RecursionError as error:
            raise RecursionError(
                f"tf.function: {self._name!r} calls itself without end while it is traced. A recursion has to end by "
                "values "
                "of Python that are known then, not by tensors; write a loop instead (tf.while_loop, or `while`)."
            ) from error.__cause__
        self._may_create = False
        self._concrete.append(concrete)
        return concrete

    @property
    def signature(self) -> inspect.Signature:
        """The parameters of the Python function."""
        return self._binder.signature

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """Return the function for one signature; trace it if that is new.

        Args:
            *args: arguments; a ``tf.TensorSpec`` or a tensor states what a tensor looks like, other values are fixed.
            **kwargs: keyword arguments, likewise.

        Raises:
            TypeError: the arguments do not fit the function or its ``input_signature``.
        """
        if self._signature is not None and not args and not kwargs:
            arguments = self._signature.arguments
        else:
            arguments = self._binder.bound(args, kwargs)
        if self._signature is not None:
            arguments = self._signature.converted(arguments, args, kwargs)
        call = Call(arguments)
        with self._lock:
            known = self._known(call)
            return known or self._new(call, arguments, self._specs_for(call, arguments), general=True)

    def experimental_get_tracing_count(self) -> int:
        """Return how often the Python function was traced, as TensorFlow counts.

        Traces for other sizes of open dimensions, which XLA needs, do not count.
        """
        return self._traces

    def experimental_get_compiler_ir(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """Return a function that shows what is compiled for these arguments.

        It takes ``stage``: ``"stablehlo"``, ``"hlo"`` (what XLA gets), ``"hlo_serialized"``, or ``"optimized_hlo"``.
        """
        call, program = self._traced(args, kwargs)
        lowered = program.lowered(call.arrays, call.variables)

        def show(stage: str = "hlo", device_name: str | None = None, platform_name: str | None = None) -> Any:
            del device_name, platform_name
            return _STAGES[stage](lowered)

        return show

    def pretty_printed_concrete_signatures(self, verbose: bool = True) -> str:
        """Return the signatures that the function was traced for, as text."""
        return "\n\n".join([concrete.pretty_printed_signature(verbose) for concrete in self._concrete])

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self
        number = id(instance)
        found = self._bound.get(number)
        if found is None or found[0]() is not instance:
            reference = weakref.ref(instance, lambda _: self._bound.pop(number, None))
            found = self._bound[number] = reference, self._bound_to(instance)
        return found[1]

    def _bound_to(self, instance: Any) -> Function:
        return Function(WeakMethod(self._python_function, instance), self._name, *self._options)

    @property
    def _options(self) -> tuple[Any, ...]:
        return self._stated_signature, self._autograph, self._jit_compile, self._reduce_retracing

    def __deepcopy__(self, memo: dict[int, Any]) -> Function:
        return Function(copy.deepcopy(self._python_function, memo), self._name, *self._options)

    def __reduce__(self) -> Any:
        return Function, (self._python_function, self._name, *self._options)

    def __repr__(self) -> str:
        return f"<tf.function {getattr(self, '__qualname__', self._name)}>"


def _widened(first: TensorSpec, second: TensorSpec) -> TensorSpec:
    if first.shape.rank != second.shape.rank:
        return TensorSpec(unknown_shape(), first.dtype)
    return TensorSpec(first.shape.most_specific_compatible_shape(second.shape), first.dtype)


def _hlo(lowered: jax.stages.Lowered) -> Any:
    return lowered.compiler_ir("hlo")


_STAGES: dict[str, Callable[[jax.stages.Lowered], Any]] = {
    "stablehlo": lambda lowered: lowered.as_text(),
    "hlo": lambda lowered: lowered.as_text("hlo"),
    "hlo_serialized": lambda lowered: _hlo(lowered).as_serialized_hlo_module_proto(),
    "optimized_hlo": lambda lowered: lowered.compile().as_text(),
}


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
    """Trace a Python function for each kind of arguments and run it as a compiled program, ``tf.function``.

    A decorator with or without arguments. Tensors count by dtype and shape, other arguments by value; the Python code
    runs only while it is traced. Variables that it reads and assigns are inputs and results of the program.

    Args:
        func: the function; ``None`` to get a decorator.
        input_signature: a list or tuple with a nested structure of ``tf.TensorSpec`` for each parameter; arguments are
            converted to it, and the function is traced once. ``None`` for every signature that comes.
        autograph: whether ``if``, ``while`` and ``for`` on tensors become part of the program.
        jit_compile: accepted: XLA compiles everything.
        reduce_retracing: whether a signature is widened when tensors of another shape come.
        experimental_implements: accepted and ignored.
        experimental_autograph_options: accepted and ignored.
        experimental_attributes: accepted and ignored.
        experimental_relax_shapes: an old name of ``reduce_retracing``.
        experimental_compile: an old name of ``jit_compile``.
        experimental_follow_type_hints: accepted and ignored.

    Returns:
        A ``Function``, or a decorator that makes one.

    Raises:
        TypeError: ``func`` cannot be called.

    Example:
        >>> @function
        ... def double(x):
        ...     print("tracing")
        ...     return x + x
        >>> double(1).numpy(), double(1).numpy()
        tracing
        (np.int32(2), np.int32(2))
    """
    del experimental_implements, experimental_autograph_options, experimental_attributes, experimental_follow_type_hints
    reduce_retracing = bool(experimental_relax_shapes) or reduce_retracing
    jit_compile = experimental_compile if jit_compile is None else jit_compile

    def decorated(inner: Callable[..., Any]) -> Function:
        if not callable(inner):
            raise TypeError(f"func must be callable; received {inner!r}.")
        return Function(inner, None, input_signature, autograph, jit_compile, reduce_retracing)

    return decorated if func is None else decorated(func)
