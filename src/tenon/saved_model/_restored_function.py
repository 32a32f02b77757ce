"""Functions that were loaded: programs without Python code, called as the functions that they were."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import jax
import numpy as np
from jax import export as jax_export

from tenon.base import InvalidArgumentError, TensorSpec, UnimplementedError
from tenon.core.functions import ConcreteFunction
from tenon.core.nest import flatten, pack_sequence_as
from tenon.core.recording import Kernel, run
from tenon.core.tensors import Tensor, as_tensor
from tenon.core.tensors import TensorSpec as StructuredSpec
from tenon.core.tracing import executing_eagerly
from tenon.core.variables import assign_array, held_array, read_array
from tenon.host_steps import steps_from_json
from tenon.saved_model._concrete import ExportedConcrete
from tenon.saved_model._contents import Structures
from tenon.saved_model._lowering import ExportedFunction
from tenon.saved_model._matching import matched
from tenon.saved_model._object_graph import parameters

Function = Callable[..., Sequence[Any]]


@dataclass(frozen=True)
class Gradients:
    """The gradients of a program, which are programs too.

    Attributes:
        programs: the serialized programs, those of the first order first.
        inputs: which arguments of the program they are of.
        outputs: which results have gradients.
        missing: why there are no more, or ``""``.
    """

    programs: tuple[bytes, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    missing: str

    def next_order(self, arguments: int) -> Gradients:
        """Return the gradients of the first program, which takes this number of arguments before gradients."""
        inputs = (*self.inputs, *range(arguments, arguments + len(self.outputs)))
        return Gradients(self.programs[1:], inputs, tuple(range(len(self.inputs))), self.missing)


def differentiable(name: str, exported: jax_export.Exported, gradients: Gradients) -> Function:
    """Return the function of an exported program, with the gradients that were saved.

    Args:
        name: what messages call it.
        exported: the program.
        gradients: its gradients; they are parsed when the first one is asked for.
    """
    call = jax.custom_batching.sequential_vmap(lambda *arguments: tuple(exported.call(*arguments)))

    @jax.custom_vjp
    def function(*arguments: Any) -> tuple[Any, ...]:
        found: tuple[Any, ...] = call(*arguments)
        return found

    def forward(*arguments: Any) -> tuple[Any, Any]:
        return function(*arguments), arguments

    def backward(arguments: Any, given: Sequence[Any]) -> tuple[Any, ...]:
        if not gradients.programs:
            raise UnimplementedError(_no_gradient(name, gradients))
        found = iter(pull()(*arguments, *[given[place] for place in gradients.outputs]))
        return tuple([next(found) if place in gradients.inputs else None for place in range(len(arguments))])

    @cache
    def pull() -> Function:
        return differentiable(name, parsed(gradients.programs[0]), gradients.next_order(len(exported.in_avals)))

    function.defvjp(forward, backward)
    return function


def parsed(program: bytes) -> jax_export.Exported:
    """Return the program that was serialized."""
    return jax_export.deserialize(bytearray(program))


def _no_gradient(name: str, gradients: Gradients) -> str:
    reason = gradients.missing or "it was saved with gradients of the first two orders, or without any"
    return (
        f"{name}: this gradient of the loaded function was not saved: {reason}. Build the function from its Python "
        "code and restore the weights with tf.train.Checkpoint."
    )


class RestoredProgram:
    """One concrete function that was loaded.

    Args:
        name: the name of the Python function that it was.
        program: the serialized program.
        gradients: its gradients.
        described: what the SavedModel tells of the program (``program.json``).
        structures: how arguments and results are nested, as it is written.
        structured: the same with specs: of the arguments by position and by name, and of the results.
        variables: the variables by path.
    """

    def __init__(
        self,
        name: str,
        program: bytes,
        gradients: Gradients,
        described: Mapping[str, Any],
        structures: Structures,
        structured: tuple[Any, Any],
        variables: Mapping[str, Any],
    ) -> None:
        self.name = name
        self.structured_inputs, self.structured_outputs = structured
        self._program, self._gradients, self._structures = program, gradients, structures
        self._described = described
        self._read = [variables[path] for path in described["variables"]]
        self._written = [variables[path] for path in described.get("written", ())]
        self._outputs = [leaf for leaf in flatten(self.structured_outputs) if isinstance(leaf, StructuredSpec)]
        self._host = steps_from_json(described["host"]) if "host" in described else None

    @cached_property
    def _kernel(self) -> Kernel:
        count = len(self._exported.out_avals) - len(self._written)
        reached = [frozenset(self._gradients.inputs)] * count + [frozenset[int]()] * len(self._written)
        return Kernel(differentiable(self.name, self._exported, self._gradients), self.name, reached)

    @cached_property
    def _exported(self) -> jax_export.Exported:
        return parsed(self._program)

    def arrays(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], convert: bool) -> list[Any] | None:
        """Return the arrays of arguments that this program takes; ``None`` for others."""
        return matched(self.structured_inputs, (args, dict(kwargs)), convert)

    def run(self, arrays: Sequence[Any]) -> Any:
        """Run on arrays and on the variables as they are; return what the function returned.

        Raises:
            InvalidArgumentError: a shape does not fit, or a step on the host refuses a string.
            UnimplementedError: the function takes or returns strings, and another function is traced that calls it.
        """
        if self._host is None:
            return filled(self.structured_outputs, [Tensor(array) for array in self._computed(arrays)])
        if not executing_eagerly():
            raise UnimplementedError(
                f"{self.name}: the loaded function takes or returns strings, for which it has steps on the host; a "
                "function that is being traced cannot call it. Call it outside."
            )
        arguments, found = self._host.before([np.asarray(array) for array in arrays])
        results = self._computed([as_tensor(argument).value for argument in arguments])
        outputs = self._host.after(found, [np.asarray(result) for result in results])
        return filled(self.structured_outputs, [as_tensor(output) for output in outputs])

    def _computed(self, arrays: Sequence[Any]) -> list[Any]:
        """Run the program; return what it returns and give variables their new values."""
        values = [read_array(variable, held_array(variable), variable.trainable) for variable in self._read]
        self._check_variables(values)
        results = self._results(values, arrays)
        count = len(results) - len(self._written)
        for variable, array in zip(self._written, results[count:], strict=True):
            assign_array(variable, array)
        return results[:count]

    @property
    def has_steps(self) -> bool:
        """Whether it takes or returns strings, and has steps on the host for them."""
        return self._host is not None

    def _results(self, values: Sequence[Any], arrays: Sequence[Any]) -> list[Any]:
        try:
            return list(run(self._kernel, [*values, *arrays]))
        except ValueError as error:
            reason, known, _ = str(error).partition(" Using the following polymorphic shapes")
            if not known:
                raise
            raise InvalidArgumentError(
                f"{self.name}: the loaded function does not take tensors of the shapes "
                f"{[tuple(array.shape) for array in arrays]}: {reason} Open sizes are 1 or more, and those that the "
                "function needs to be equal are."
            ) from error

    def _check_variables(self, values: Sequence[Any]) -> None:
        for variable, value, wanted in zip(self._read, values, self._shapes, strict=True):
            if len(value.shape) != len(wanted) or any(
                [isinstance(want, int) and want != size for want, size in zip(wanted, value.shape, strict=True)]
            ):
                raise InvalidArgumentError(
                    f"{self.name}: was saved while the variable {variable.name!r} had the shape {wanted} and works "
                    f"with that one only; the shape is {tuple(value.shape)} now."
                )

    @cached_property
    def _shapes(self) -> list[tuple[int, ...]]:
        return [tuple(aval.shape) for aval in self._exported.in_avals[: len(self._read)]]

    def exported(self, path: Callable[[Any], str]) -> ExportedConcrete:
        """Return what it was loaded from, to be saved again.

        Args:
            path: tells where a variable is now.
        """
        described, gradients = self._described, self._gradients
        specs = [leaf for leaf in flatten(self.structured_inputs) if isinstance(leaf, StructuredSpec)]
        function = ExportedFunction(
            exported=self._exported,
            variables=tuple([path(variable) for variable in self._read]),
            inputs=tuple([_plain(spec) for spec in specs]),
            outputs=tuple([_plain(spec) for spec in self._outputs]),
            input_shapes=tuple([tuple(shape) for shape in described["input_shapes"]]),
            output_shapes=tuple([tuple(shape) for shape in described["output_shapes"]]),
            written=tuple([path(variable) for variable in self._written]),
            gradients=gradients.programs,
            gradient_inputs=gradients.inputs,
            gradient_outputs=gradients.outputs,
            no_gradient=gradients.missing,
            host=self._host,
        )
        keywords = tuple([str(spec.name) for spec in specs])
        return ExportedConcrete(function, self._structures, self.structured_outputs, keywords)


def _plain(spec: StructuredSpec) -> TensorSpec:
    return TensorSpec(tuple(spec.shape.as_list()), spec.dtype.dtype, spec.name)


def filled(structure: Any, tensors: Sequence[Any]) -> Any:
    """Return a structure with tensors in the places of specs.

    Example:
        >>> filled({"a": StructuredSpec([]), "b": None}, [1])
        {'a': 1, 'b': None}
    """
    rest = iter(tensors)
    leaves = [next(rest) if isinstance(leaf, StructuredSpec) else leaf for leaf in flatten(structure)]
    return pack_sequence_as(structure, leaves)


class RestoredBody:
    """The body of a function that was loaded: picks the program that takes the arguments.

    Args:
        name: the function's name.
        programs: in the order in which they are tried.
        spec: the ``FunctionSpec``, as it is written.
        signature: the parameters.
    """

    __slots__ = ("__name__", "__signature__", "programs", "spec")

    def __init__(self, name: str, programs: Sequence[RestoredProgram], spec: Any, signature: inspect.Signature) -> None:
        self.__name__ = name
        self.__signature__ = signature
        self.programs = tuple(programs)
        self.spec = spec

    @property
    def runs_on_host(self) -> bool:
        """Whether it is not to be traced: it takes or returns strings."""
        return any([program.has_steps for program in self.programs])

    @property
    def on_host_outputs(self) -> Any:
        """What it returns then, with specs for tensors; ``None`` where it has several programs."""
        return self.programs[0].structured_outputs if len(self.programs) == 1 else None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the first program that takes the arguments, at best without converting them.

        Who calls it as a ``tf.function`` gives every argument; where functions run eagerly, defaults are missing.

        Raises:
            InvalidArgumentError: none does; the message lists what they take.
        """
        bound = self.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        args, kwargs = bound.args, bound.kwargs
        for convert in (False, True):
            for program in self.programs:
                arrays = program.arrays(args, kwargs, convert)
                if arrays is not None:
                    return program.run(arrays)
        raise InvalidArgumentError(self._refusal(args, kwargs))

    def _refusal(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        if not self.programs:
            return (
                f"{self.__name__}: was never traced before it was saved, so that there is nothing to run. Call it, or "
                "give it an input_signature, and save again."
            )
        options = [
            f"Option {number}:\n{_shown(*program.structured_inputs)}" for number, program in enumerate(self.programs, 1)
        ]
        return (
            f"{self.__name__}: no program of the loaded function takes these arguments:\n{_shown(args, kwargs)}\n\n"
            f"It has {len(options)}, as it was saved:\n\n" + "\n\n".join(options)
        )


def _shown(args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    return "\n".join([*[f"  * {value}" for value in args], *[f"  * {name}={value}" for name, value in kwargs.items()]])


def restored_program(function: Any) -> RestoredProgram | None:
    """Return the only program of a loaded function that takes or returns strings; ``None`` for others.

    Args:
        function: a Python function, or what stands for one.
    """
    programs: Sequence[RestoredProgram] = function.programs if getattr(function, "runs_on_host", False) else ()
    return programs[0] if len(programs) == 1 else None


class SignatureMap(Mapping[str, ConcreteFunction]):
    """The signatures of what was loaded, by name; each is made when it is first used.

    Args:
        makers: makes each signature.
    """

    def __init__(self, makers: Mapping[str, Callable[[], ConcreteFunction]]) -> None:
        self._makers = makers
        self._made: dict[str, ConcreteFunction] = {}

    def __getitem__(self, name: str) -> ConcreteFunction:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __repr__(self) -> str:
        return f"SignatureMap({dict(self)})"


def signature_body(
    program: RestoredProgram, names: Sequence[str], outputs: Sequence[str]
) -> tuple[Callable[..., Any], list[str]]:
    """Return the body of a signature, which takes tensors by name and returns a dict of tensors, and those names.

    Args:
        program: what runs.
        names: a name for each tensor that it takes.
        outputs: a name for each tensor that it returns.
    """
    keys = parameters(names)
    kind = inspect.Parameter.KEYWORD_ONLY
    try:
        signature = inspect.Signature([inspect.Parameter(key, kind) for key in keys])
    except ValueError:  # names that no parameters can have
        keys = list(names)
        signature = inspect.Signature([inspect.Parameter("inputs", inspect.Parameter.VAR_KEYWORD)])
    body: Any = partial(_run_signature, program, tuple(keys), tuple(outputs))
    body.__signature__ = signature
    body.__name__ = f"signature_wrapper_{program.name}"
    body.runs_on_host, body.programs = program.has_steps, (program,)
    specs = [leaf for leaf in flatten(program.structured_outputs) if leaf is not None]
    body.on_host_outputs = dict(zip(outputs, specs, strict=True))
    return body, keys


def _run_signature(program: RestoredProgram, keys: tuple[str, ...], outputs: tuple[str, ...], **inputs: Any) -> Any:
    specs = [leaf for leaf in flatten(program.structured_inputs) if isinstance(leaf, StructuredSpec)]
    if set(inputs) != set(keys):
        raise TypeError(f"{program.name}: the signature takes exactly {list(keys)} by name; received {list(inputs)}.")
    arrays = matched(specs, [inputs[key] for key in keys], True)
    if arrays is None:
        raise InvalidArgumentError(
            f"{program.name}: the signature takes {dict(zip(keys, specs, strict=True))}; received {inputs}."
        )
    tensors = [leaf for leaf in flatten(program.run(arrays)) if leaf is not None]
    return dict(zip(outputs, tensors, strict=True))
