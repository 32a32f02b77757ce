"""One trace of a function as its user sees it: for one signature, whose sizes may be open."""

from __future__ import annotations

import inspect
import itertools
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import jax
import numpy as np

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.core._settings import SETTINGS
from tenon.core.functions._forced_sizes import with_forced_sizes
from tenon.core.functions._hosted import HostedProgram
from tenon.core.functions._keys import Call
from tenon.core.functions._program import Program
from tenon.core.functions._pure import PureForm, held, pure_form
from tenon.core.functions._signatures import named, shown, structs
from tenon.core.functions._state import ArgumentVariable
from tenon.core.functions._template import Template
from tenon.core.functions._texts import signature_line, signature_lines
from tenon.core.functions._tracer import Attempt, Tracer, is_on_host, is_string
from tenon.core.host_symbols import NeedsHostStepsError, recording_steps
from tenon.core.nest import flatten, map_up_to
from tenon.core.tensors import (
    Tensor,
    TensorShape,
    TensorSpec,
    array_of,
    as_dtype,
    as_tensor,
    is_tensor_like,
    unknown_shape,
)
from tenon.core.variables import Variable

_numbers: Final = itertools.count()


class ConcreteFunction:
    """A function for one signature, which ``tf.function(...).get_concrete_function(...)`` returns.

    XLA compiles for fixed sizes; where the signature leaves sizes open, there is one program for each combination of
    sizes that the function was called with, traced when it is first needed.
    """

    def __init__(self, tracer: Tracer, call: Call, arguments: tuple[Any, ...], specs: Sequence[TensorSpec]) -> None:
        self._tracer = tracer
        self._template = Template(arguments, call.variables)
        self._variables = [ArgumentVariable(variable) for variable in call.variables]
        self._lock = threading.RLock()
        self._programs: dict[Any, list[Program]] = {}
        self._hosted_programs: dict[Any, HostedProgram] = {}
        self._needs_host = False
        self._general: Program | None = None
        self._is_checked = False
        self._name = f"__inference_{tracer.name}_{next(_numbers)}"
        self.key = call.key
        self.specs = tuple(specs)

    def accepts(self, call: Call) -> bool:
        """Tell whether a call has this signature: dtypes, and sizes where the signature states them."""
        return bool(self.key == call.key) and all(
            [
                spec.dtype == array.dtype and TensorSpec(array.shape, array.dtype).is_subtype_of(spec)
                for spec, array in zip(self.specs, call.arrays, strict=True)
            ]
        )

    def program(self, call: Call) -> Program | HostedProgram:
        """Return the program for the sizes of a call; trace it at the first time."""
        with self._lock:
            try:
                return self._hosted(call) if self._needs_host else self._traced(call)
            except NeedsHostStepsError:
                if self._needs_host:
                    raise
                self._needs_host = True
                return self._hosted(call)

    def _hosted(self, call: Call) -> HostedProgram:
        """Return the program whose strings are symbols: what they are does not count."""
        self._check_pure()
        shapes = (*[(array.shape, array.dtype) for array in call.arrays], SETTINGS.check_numerics)
        if shapes not in self._hosted_programs:
            form = self._pure([jax.ShapeDtypeStruct(array.shape, array.dtype) for array in call.arrays])
            self._hosted_programs[shapes] = HostedProgram(form, self._tracer.name, self._inlined)
        return self._hosted_programs[shapes]

    def _inlined(self, arrays: Sequence[Any], variables: Sequence[Any]) -> Any:
        """Run the Python function as a part of what is being traced."""
        args, kwargs = self._tracer.binder.spread(
            self._template.filled([Tensor(array) for array in arrays], list(variables))
        )
        return self._tracer.function(*args, **kwargs)

    def _traced(self, call: Call) -> Program:
        shapes = call.shapes()
        with self._lock:
            for program in self._programs.setdefault(shapes, []):
                if program.fits(call.variables):
                    return program
            general = self._general_program()
            if general is not None and general.takes(call.arrays, call.variables):
                self._programs[shapes].append(general)
            else:
                self.trace(call, False)
            return self._programs[shapes][-1]

    def _general_program(self) -> Program | None:
        """Return the program of symbolic sizes, if it checks its results as is wanted now."""
        general = self._general
        usable = general is not None and general.is_symbolic and self._is_checked == SETTINGS.check_numerics
        return general if usable else None

    def trace(self, call: Call, may_create: bool) -> bool:
        """Trace the function for the sizes of a call.

        Args:
            call: the call, with arrays.
            may_create: whether the function may create variables.

        Returns:
            Whether it created some: it has to be traced again then.
        """
        attempt = self._tracer.trace(self._template, call.arrays, call.variables, may_create)
        if attempt.has_created:
            attempt.initialize(call.arrays)
            return True
        program = self._made(attempt, [place for place, array in enumerate(call.arrays) if is_string(array)])
        self._programs.setdefault(call.shapes(), []).append(program)
        if all([spec.shape.is_fully_defined() for spec in self.specs]):
            self._general = self._general or program
        return False

    def trace_generally(self, variables: Sequence[Any], may_create: bool) -> bool:
        """Trace the function for its signature, open sizes as symbols where the function allows it.

        Args:
            variables: the variables among the arguments.
            may_create: whether the function may create variables.

        Returns:
            Whether it created some: it has to be traced again then.
        """
        if self._is_open:
            return False  # what it returns is known when it is called
        try:
            given, attempt = self._attempt(variables, may_create)
        except NeedsHostStepsError:
            self._needs_host = True
            return False
        if attempt.has_created:
            attempt.initialize(given)
            return True
        self._general, self._is_checked = self._made(attempt), SETTINGS.check_numerics
        if all([spec.shape.is_fully_defined() for spec in self.specs]):
            shapes = (*[(spec.shape, spec.dtype) for spec in given], SETTINGS.check_numerics)
            self._programs[shapes] = [self._general]
        return False

    def trace_openly(self, call: Call, may_create: bool) -> bool:
        """Trace the function for its signature where it leaves sizes open and the function takes symbols for them.

        Where it does not, the function is traced for the sizes of the call, and again for others.

        Args:
            call: the call, with arrays.
            may_create: whether the function may create variables.

        Returns:
            Whether it created some: it has to be traced again then.
        """
        for given in self._symbolic():
            try:
                attempt = self._tracer.trace(self._template, given, call.variables, may_create)
            except Exception:  # noqa: S112  # whatever it is: tracing for the very sizes raises what counts
                continue
            if attempt.has_created:
                attempt.initialize(call.arrays)
                return True
            program = self._made(attempt)
            if program.takes(call.arrays, call.variables):
                self._general, self._is_checked = program, SETTINGS.check_numerics
                return False
        try:
            return self.trace(call, may_create)
        except NeedsHostStepsError:
            self._needs_host = True
            return False

    @property
    def _is_open(self) -> bool:
        """Whether only a call tells what it returns."""
        if self._needs_host or is_on_host(self._tracer.function):
            return True
        return any([is_string(spec.dtype) or spec.shape.rank is None for spec in self.specs])

    def _symbolic(self) -> list[list[jax.ShapeDtypeStruct]]:
        if self._is_open:
            return []
        return list(structs(self.specs, freest=False))[:-1]

    def _attempt(self, variables: Sequence[Any], may_create: bool) -> tuple[list[jax.ShapeDtypeStruct], Attempt]:
        *symbolic, last = structs(self.specs, freest=False)
        for given in symbolic:
            try:
                return given, self._tracer.trace(self._template, given, variables, may_create)
            except Exception as error:  # whatever it is: the last attempt, with numbers, raises what counts
                symbolic.extend(with_forced_sizes(error, given))
        return last, self._tracer.trace(self._template, last, variables, may_create)

    def _made(self, attempt: Attempt, strings: Sequence[int] = ()) -> Program:
        return Program(attempt.traced, attempt.variables, self._tracer.name, strings)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function.

        The tensors are given as the function takes them, or all by position, or by the names of their specs; values of
        Python that the signature fixes may be left out.

        Raises:
            TypeError: the arguments do not fit the signature.
            InvalidArgumentError: a tensor has another dtype.
        """
        bound = self._bound(args, kwargs)
        call = Call(bound)
        if call.key != self.key or not all(
            [spec.dtype == array.dtype for spec, array in zip(self.specs, call.arrays, strict=True)]
        ):
            call = Call(self._converted(bound))
        self._check(call, args, kwargs)
        if is_on_host(self._tracer.function):
            return self._inlined(call.arrays, call.variables)
        return self.program(call)(call.arrays, call.variables)

    def _converted(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return arguments with tensors for numbers, lists and NumPy arrays where the signature has tensors."""
        pairs = zip(self._arguments, arguments, strict=True)
        try:
            return tuple([map_up_to(_converted, stated, value) for stated, value in pairs])
        except (TypeError, ValueError):
            return arguments  # and the check says what does not fit

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        arguments = self._arguments
        flat = [leaf for leaf in flatten(arguments, True) if isinstance(leaf, TensorSpec)]
        names = [spec.name for spec in flat]
        parameters = [parameter.name for parameter in self._tracer.binder.parameters]
        given = dict(zip(names, args, strict=False)) | kwargs
        if set(given) == set(names) and len(given) == len(args) + len(kwargs) and all(map(_is_flat, args)):
            variables = [leaf for leaf in flatten(arguments) if isinstance(leaf, Variable)]
            return self._template.filled([given[name] for name in names], variables)
        known = {
            name: value
            for name, value in zip(parameters[len(args) :], arguments[len(args) :], strict=False)
            if not any([isinstance(leaf, TensorSpec | Variable) for leaf in flatten(value)])
        }
        return self._tracer.binder.bound(args, known | kwargs)

    def _check(self, call: Call, args: Any, kwargs: Any) -> None:
        if call.key != self.key:
            raise TypeError(
                f"{self._tracer.name}: the function was traced for {self._signature_text()} and takes no other "
                "values of "
                f"Python; received {args} and {kwargs}. Call the tf.function itself, which traces again."
            )
        for place, (spec, array) in enumerate(zip(self.specs, call.arrays, strict=True)):
            if spec.dtype != array.dtype:
                raise InvalidArgumentError(
                    f"cannot compute {self._name} as input #{place}(zero-based) was expected to be a {spec.dtype.name} "
                    f"tensor but is a {as_dtype(array.dtype).name} tensor: use tf.cast. [Op:{self._name}]"
                )
            if not spec.shape.is_compatible_with(array.shape):
                raise self._tracer.binder.refusal(
                    f"Can not cast {TensorSpec(array.shape, array.dtype)} to {TensorSpec(spec.shape, spec.dtype)}",
                    args,
                    kwargs,
                )

    @property
    def _arguments(self) -> tuple[Any, ...]:
        filled = self._template.filled(self.specs, self._variables)
        return tuple(named(filled, self._tracer.binder.parameters))

    @property
    def name(self) -> bytes:
        """A name of its own, as TensorFlow gives one."""
        return self._name.encode()

    @property
    def function_name(self) -> str:
        """The name of the Python function."""
        return self._tracer.name

    @property
    def python_function(self) -> Any:
        """What is traced."""
        return self._tracer.function

    @property
    def python_signature(self) -> inspect.Signature:
        """The parameters of the Python function."""
        return self._tracer.binder.signature

    @property
    def structured_input_signature(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments and keyword arguments: ``TensorSpec`` for tensors, other values as they are."""
        args, kwargs = self._tracer.binder.spread(self._arguments)
        return args, kwargs

    def _shown_outputs(self) -> str:
        outputs = self.structured_outputs
        return "<known when it is called>" if self._general is None else shown(outputs)

    @property
    def structured_outputs(self) -> Any:
        """What the function returns, with ``TensorSpec`` for tensors.

        Where the rank of an argument is open, it is ``None``: only a call tells.
        """
        if self._general is None:
            self.trace_generally(self._variables, False)
        if self._general is None:
            return self._outputs_with_strings
        return self._general.form.filled([_spec_of(output, self._sampled) for output in self._general.outputs])

    @cached_property
    def _outputs_with_strings(self) -> Any:
        """What it returns, where strings are symbols; ``None`` where the function does not allow that."""
        if is_on_host(self._tracer.function):
            return self._tracer.function.on_host_outputs  # type: ignore[attr-defined]  # it says what it is
        if not self._needs_host and not any([is_string(spec.dtype) for spec in self.specs]):
            return None
        try:
            return next(self.pure_forms()).structured_outputs
        except Exception:  # whatever it is: only a call tells then, and raises what counts
            return None

    @property
    def _sampled(self) -> bool:
        """Whether sizes of outputs may come from sizes that were made up."""
        assert self._general is not None
        open_inputs = not all([spec.shape.is_fully_defined() for spec in self.specs])
        return open_inputs and not self._general.is_symbolic

    @property
    def inputs(self) -> list[TensorSpec]:
        """The specs of the tensors that it takes, and then of what it captures."""
        own = [leaf for leaf in flatten(self._arguments, True) if isinstance(leaf, TensorSpec)]
        return own + [TensorSpec(array.shape, array.dtype) for array in self.captured_inputs]

    @property
    def outputs(self) -> list[TensorSpec]:
        """The specs of the tensors that it returns."""
        return [leaf for leaf in flatten(self.structured_outputs, True) if isinstance(leaf, TensorSpec)]

    @property
    def captured_inputs(self) -> list[Any]:
        """The variables and arrays from outside that the function uses."""
        return [*self.variables, *[Tensor(array) for array in (self._general.captured if self._general else ())]]

    @property
    def variables(self) -> tuple[Any, ...]:
        """The variables that the function uses, but for those that are arguments."""
        return tuple(self._general.own_variables()) if self._general else ()

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """Those of the variables that are trainable."""
        return tuple([variable for variable in self.variables if variable.trainable])

    def pure_forms(self) -> Iterator[PureForm]:
        """Yield the function as a pure one: as it was traced, if sizes are free enough there, then traced anew.

        Open sizes are symbols: at first each one of its own, then one for all first dimensions, then one an axis. Those
        for which the function cannot be traced are left out, and a form may turn out to be impossible when it is
        lowered: the next one is less free.

        Raises:
            UnimplementedError: it takes tensors of any rank, or variables, which no pure function can.
            Exception: what the function raises when it is traced, if it cannot be for any symbols.
        """
        self._check_pure()
        variables = self._open_variables()
        batches = [
            spec for spec in self.specs if len(spec.shape) and spec.shape[0] is None
        ]  # they share a symbol there
        if self._general is not None and not self._sampled and not variables and len(batches) < 2:
            yield pure_form(self._general.traced())
        failure: Exception | None = None
        candidates = list(self._candidates(variables))
        for free, given in candidates:
            arguments, values = given[: len(self.specs)], given[len(self.specs) :]
            try:
                with held(free, values):
                    form = self._pure(arguments)
            except Exception as error:
                failure = error
                candidates.extend([(free, other) for other in with_forced_sizes(error, given)])
                continue
            failure = None
            yield form
        if failure is not None:
            raise failure

    def _pure(self, structs: Sequence[jax.ShapeDtypeStruct]) -> PureForm:
        """Trace the function for shapes and dtypes; strings are not known then, and steps on the host see to them."""
        with recording_steps() as recorder:
            given = [
                recorder.symbol(place, struct.shape) if is_string(struct) else struct
                for place, struct in enumerate(structs)
            ]
            attempt = self._tracer.trace(self._template, given, (), recorder=recorder)
        return pure_form(attempt.traced, given, recorder)

    def _candidates(self, variables: list[Variable]) -> Iterator[tuple[list[Variable], list[jax.ShapeDtypeStruct]]]:
        """Yield variables of open shape, and shapes for the arguments and for those."""
        for free in (variables, []) if variables else ([],):
            specs = [*self.specs, *[TensorSpec(variable.shape, variable.dtype) for variable in free]]
            candidates = list(structs(specs, len(free)))
            yield from [(free, given) for given in (candidates[:-1] if len(candidates) > 1 else candidates)]

    def _open_variables(self) -> list[Variable]:
        """Return the variables whose sizes may change."""
        if self._general is None:
            self.trace_generally(self._variables, False)
        return [
            variable
            for variable in self.variables
            if isinstance(variable, Variable)
            and variable.shape.rank is not None
            and not variable.shape.is_fully_defined()
        ]

    def _check_pure(self) -> None:
        reasons = [
            (bool(self._variables), "it takes a variable as an argument; let it use the variable from outside"),
            (
                any([spec.shape.rank is None for spec in self.specs]),
                "it takes tensors of any rank; state the rank of each in a tf.TensorSpec",
            ),
        ]
        for holds, reason in reasons:
            if holds:
                raise UnimplementedError(f"{self._tracer.name}: cannot become a program by itself: {reason}.")

    def pretty_printed_signature(self, verbose: bool = True) -> str:
        """Return the signature as text.

        Args:
            verbose: whether parameters, output and captures have a line each.
        """
        if not verbose:
            return self._signature_text()
        return signature_lines(self._stated(), self._shown_outputs(), self.variables)

    def _signature_text(self) -> str:
        return signature_line(self._stated(), self._shown_outputs())

    def _stated(self) -> list[tuple[inspect.Parameter, Any]]:
        return list(zip(self._tracer.binder.parameters, self._arguments, strict=True))

    def __str__(self) -> str:
        return f"ConcreteFunction {self.pretty_printed_signature()}"

    def __repr__(self) -> str:
        return f"<ConcreteFunction {self._signature_text()} at {id(self):#x}>"


def _spec_of(output: Any, sampled: bool) -> TensorSpec:
    shape = unknown_shape(len(output.shape)) if sampled else TensorShape(output.shape)
    return TensorSpec(shape, output.dtype)


def _converted(spec: Any, value: Any) -> Any:
    if not isinstance(spec, TensorSpec) or isinstance(value, Tensor | jax.Array | Variable | TensorSpec):
        return value
    return as_tensor(array_of(value, spec.dtype))


def _is_flat(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic) or is_tensor_like(value)
