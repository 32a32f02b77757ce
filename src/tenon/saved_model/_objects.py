"""Objects on their way into a SavedModel: what they hold, and what their functions do."""

from __future__ import annotations

import inspect
import logging
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.core.functions import ConcreteFunction, Function, PureForm
from tenon.core.tensors import TensorShape, TensorSpec, as_dtype
from tenon.core.tracing import executing_eagerly
from tenon.core.variables import Module, held_array
from tenon.saved_model._concrete import ExportedConcrete, export_concrete, named_outputs, unique
from tenon.saved_model._contents import (
    DICT,
    LIST,
    OBJECT,
    TUPLE,
    AssetNode,
    ConcreteNode,
    Contents,
    FunctionNode,
    ObjectNode,
    StoredVariable,
    VariableNode,
)
from tenon.saved_model._lowering import ExportedSignature
from tenon.saved_model._options import DEFAULT_SERVING_SIGNATURE_DEF_KEY, Asset, SaveOptions
from tenon.saved_model._restored_function import RestoredBody, SignatureMap, restored_program
from tenon.saved_model._structures import FullArgSpec, plain_shape, spec_proto
from tenon.train import VARIABLE_VALUE, is_trackable, object_path, trackable_type

_log = logging.getLogger("tenon.saved_model")

_HIDDEN = "_hidden_state"
"""Where variables go that only functions hold."""


def contents_of(obj: Any, signatures: Any, options: SaveOptions) -> Contents:
    """Export an object with all that it holds.

    Raises:
        InvalidArgumentError: the object cannot be saved, or something that it holds.
        UnimplementedError: a function cannot be exported, or one is being traced.
    """
    if not executing_eagerly():
        raise UnimplementedError(
            "tf.saved_model.save: cannot be called while a tf.function is traced; call it outside."
        )
    if not is_trackable(obj):
        raise InvalidArgumentError(
            "obj: must be a tf.Module, a Keras object or another object that checkpoints can hold, a list or dict of "
            "such, or, with the specs of its inputs as signatures, a function; "
            f"received {obj!r} of type {type(obj).__name__}."
        )
    stated = _stated_signatures(signatures)
    _trace_stated(obj)
    found = _walk(obj)
    saver = _Saver(found, options.experimental_custom_gradients)
    return saver.contents(stated if signatures is not None else None)


@dataclass
class _Found:
    """The objects below a root: values, their names on the way from the root, and what they hold."""

    values: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    children: list[list[tuple[str, int]]] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)

    def functions(self) -> list[tuple[str, Any]]:
        """Return the functions with the names on the way to them."""
        pairs = zip(self.paths, self.values, strict=True)
        return [(path, value) for path, value in pairs if isinstance(value, Function | ConcreteFunction)]


def _walk(root: Any) -> _Found:
    """Return the objects below a root, breadth first; an object that is reached twice is one."""
    found = _Found()
    waiting: deque[tuple[int, tuple[str, ...]]] = deque()

    def number(value: Any, names: tuple[str, ...]) -> int:
        if id(value) not in found.numbers:
            found.numbers[id(value)] = len(found.values)
            found.values.append(value)
            found.paths.append(object_path(names))
            found.children.append([])
            waiting.append((len(found.values) - 1, names))
        return found.numbers[id(value)]

    number(root, ())
    while waiting:
        place, names = waiting.popleft()
        for name, child in _children(found.values[place]):
            if place == 0 and name == "signatures":
                raise InvalidArgumentError(
                    "obj: the attribute 'signatures' is where a SavedModel keeps its signatures; received "
                    f"{child!r} there. Give it another name, or delete it."
                )
            found.children[place].append((name, number(child, (*names, name))))
    return found


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Function | ConcreteFunction | Asset):
        return
    for name, child in trackable_type(value).children(value).items():
        if not isinstance(child, SignatureMap) and _is_saved(child):
            if not isinstance(name, str):
                raise InvalidArgumentError(
                    f"obj: a dict that is saved must have text as keys; received the key {name!r} of {child!r}."
                )
            yield name, child
    if not isinstance(value, list | tuple | dict):
        yield from _methods(value)


def _is_saved(value: Any) -> bool:
    if isinstance(value, tuple):
        return any([_is_saved(item) for item in value])
    return isinstance(value, Function | ConcreteFunction | Asset) or is_trackable(value)


def _methods(value: Any) -> Iterator[tuple[str, Function]]:
    """Yield the methods of an object that are functions, by name."""
    names = {name for cls in type(value).__mro__ for name, member in vars(cls).items() if isinstance(member, Function)}
    for name in sorted(names - set(getattr(value, "__dict__", ()))):
        method = getattr(value, name)
        if isinstance(method, Function):
            yield name, method


def _trace_stated(root: Any) -> None:
    """Trace the functions that state their signatures and were not called: they may create variables."""
    for path, function in _walk(root).functions():
        if isinstance(function, Function) and function.input_signature is not None and not _concretes(function):
            try:
                function.get_concrete_function()
            except Exception as error:
                error.add_note(f"This happened while the function {path!r} was traced, in order to save it.")
                raise


def _concretes(function: Function) -> list[Any]:
    body = function.python_function
    return list(body.programs) if isinstance(body, RestoredBody) else list(function.concrete_functions)


class _Saver:
    """Exports what was found."""

    def __init__(self, found: _Found, has_gradients: bool) -> None:
        self._found = found
        self._has_gradients = has_gradients
        self._objects = [ObjectNode(None, list(children)) for children in found.children]
        self._variables: list[StoredVariable] = []
        self._paths: dict[int, str] = {}
        self._hidden: list[Any] = []
        self._assets: dict[str, Path] = {}
        self._exported: dict[str, ExportedConcrete] = {}
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []

    def contents(self, stated: Mapping[str, ConcreteFunction] | None) -> Contents:
        """Export functions and signatures; ``None`` for the signature that can be found."""
        for number, value in enumerate(self._found.values):
            if VARIABLE_VALUE in _tensors(value):
                self._add_variable(value, self._found.paths[number])
        untraced = []
        for number, value in enumerate(self._found.values):
            self._objects[number].what = self._what(value, self._found.paths[number])
            if isinstance(value, Function) and not _concretes(value):
                untraced.append(self._found.paths[number])
        if untraced:
            _log.warning("Functions that were never traced cannot be called after loading: %s", ", ".join(untraced))
        signatures = _found_signature(self._found) if stated is None else stated
        exported = {name: self._signature(name, concrete) for name, concrete in signatures.items()}
        held = {name for node in self._objects for name in _functions_of(node.what)}
        return Contents(
            variables=self._variables,
            functions={name: each.function for name, each in self._exported.items()},
            structures={name: each.structures for name, each in self._exported.items() if name in held},
            signatures=exported,
            objects=self._objects,
            assets=self._assets,
        )

    def _add_variable(self, variable: Any, path: str) -> None:
        value = held_array(variable)  # and not what a checkpoint holds, which may be wider
        self._paths[id(variable)] = path
        self._kept.append(variable)
        name = str(trackable_type(variable).full_name(variable)) or path
        shape = plain_shape(TensorShape(variable.shape))
        self._variables.append(StoredVariable(path, name, value, bool(variable.trainable), shape))

    def _what(self, value: Any, path: str) -> Any:
        if id(value) in self._paths:
            return VariableNode(self._paths[id(value)])
        if isinstance(value, Function):
            return self._function(value, path)
        if isinstance(value, ConcreteFunction):
            name = self._concrete(value, path)
            keywords = self._exported[name].keywords
            return ConcreteNode(name, keywords, len(keywords))
        if isinstance(value, Asset):
            return self._asset(value)
        if _tensors(value):
            raise UnimplementedError(
                f"{path}: {type(value).__name__} keeps values of its own ({sorted(_tensors(value))}) and is no "
                "variable; keep them in tf.Variables."
            )
        return next((kind for base, kind in _KINDS.items() if isinstance(value, base)), OBJECT)

    def _asset(self, asset: Asset) -> AssetNode:
        file = asset.file()
        known = [place for place, path in enumerate(self._assets.values()) if path == file]
        if known:
            return AssetNode(known[0])
        name = unique([*self._assets, file.name])[-1]
        self._assets[name] = file
        return AssetNode(len(self._assets) - 1)

    def _function(self, function: Function, path: str) -> FunctionNode:
        body = function.python_function
        if isinstance(body, RestoredBody):
            return FunctionNode(tuple([self._restored(program, path) for program in body.programs]), body.spec)
        names = tuple([self._concrete(concrete, path) for concrete in function.concrete_functions])
        try:
            spec = spec_proto(parameters_of(function.signature), function.input_signature)
        except InvalidArgumentError as error:
            raise InvalidArgumentError(f"function {path!r}: a default value: {error}") from error
        return FunctionNode(tuple(dict.fromkeys(names)), spec)

    def _restored(self, program: Any, path: str) -> str:
        if id(program) not in self._names:
            self._add(program, program.name, program.exported(lambda variable: self._path(variable, path)))
        return self._names[id(program)]

    def _concrete(self, concrete: ConcreteFunction, path: str) -> str:
        program = restored_program(concrete.python_function)
        if program is not None:
            return self._restored(program, path)
        if id(concrete) not in self._names:
            label = f"function {path!r}"

            def paths(form: PureForm) -> Callable[[Any], str]:
                seeds = [variable for variable in form.variables if _is_seed(variable)]
                for variable in [*form.hidden, *seeds]:
                    if id(variable) not in self._paths:
                        self._hide(variable)
                return lambda variable: self._path(variable, path)

            exported = export_concrete(concrete, label, paths, self._has_gradients)
            self._add(concrete, concrete.function_name, exported)
        return self._names[id(concrete)]

    def _add(self, key: Any, name: str, exported: ExportedConcrete) -> None:
        clean = _SPECIAL.sub("_", name)
        graph_name = f"__inference_{clean}_{len(self._exported)}"
        self._names[id(key)] = graph_name
        self._kept.append(key)
        self._exported[graph_name] = exported

    def _hide(self, variable: Any) -> None:
        """Add a variable that only a function holds, in a list at the root."""
        if not self._hidden:
            self._objects.append(ObjectNode(LIST))
            self._objects[0].children.append((_HIDDEN, len(self._objects) - 1))
            self._hidden.append(self._objects[-1])
        place = str(len(self._hidden[0].children))
        self._add_variable(variable, f"{_HIDDEN}/{place}")
        self._objects.append(ObjectNode(VariableNode(self._paths[id(variable)])))
        self._hidden[0].children.append((place, len(self._objects) - 1))

    def _path(self, variable: Any, function: str) -> str:
        if id(variable) not in self._paths:
            raise InvalidArgumentError(
                f"function {function!r}: uses the variable {variable.name!r}, which no attribute of what is saved "
                "leads to, so that its value could not be saved. Make it an attribute of the object, or of one that it "
                "holds."
            )
        return self._paths[id(variable)]

    def _signature(self, name: str, concrete: ConcreteFunction) -> ExportedSignature:
        function = self._concrete(concrete, f"signatures[{name!r}]")
        exported = self._exported[function]
        is_restored = restored_program(concrete.python_function) is not None
        structured = concrete.structured_outputs if is_restored else exported.structured_outputs
        outputs = named_outputs(structured, f"signatures[{name!r}]")
        if isinstance(exported.structured_outputs, dict):
            outputs = {key: outputs[key] for key in sorted(outputs)}
        return ExportedSignature(function, exported.keywords, tuple(outputs))


_SPECIAL = re.compile(r"[^A-Za-z0-9_]")


def _is_seed(variable: Any) -> bool:
    """Tell whether a variable says how far Keras's random numbers have come, which is no part of checkpoints."""
    return str(variable.name).startswith("seed_generator_state") and not variable.trainable


_KINDS: Mapping[type, str] = {list: LIST, tuple: TUPLE, dict: DICT}


def _functions_of(what: Any) -> tuple[str, ...]:
    if isinstance(what, FunctionNode):
        return what.concrete
    return (what.name,) if isinstance(what, ConcreteNode) else ()


def _tensors(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Function | ConcreteFunction | Asset):
        return {}
    tensors: Mapping[str, Any] = trackable_type(value).tensors(value)
    return tensors


def parameters_of(signature: inspect.Signature) -> FullArgSpec:
    """Return the parameters of a Python function in the form of the files."""
    parameters = list(signature.parameters.values())
    by_kind = {kind: [p for p in parameters if p.kind is kind] for kind in (p.kind for p in parameters)}
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keyword_only = by_kind.get(inspect.Parameter.KEYWORD_ONLY, [])
    defaults = [p.default for p in positional if p.default is not p.empty]
    varargs = [p.name for p in by_kind.get(inspect.Parameter.VAR_POSITIONAL, [])]
    varkw = [p.name for p in by_kind.get(inspect.Parameter.VAR_KEYWORD, [])]
    return FullArgSpec(
        [p.name for p in positional],
        varargs[0] if varargs else None,
        varkw[0] if varkw else None,
        tuple(defaults) or None,
        [p.name for p in keyword_only],
        {p.name: p.default for p in keyword_only if p.default is not p.empty} or None,
        {},
    )


def contents_of_strings(
    function: Callable[..., Any], signatures: Mapping[str, Any], variables: Any, options: SaveOptions
) -> Contents:
    """Export a plain Python function that takes strings: each signature is traced as a ``tf.function``.

    Args:
        function: called with its inputs by name.
        signatures: for each, the specs of its inputs by name.
        variables: must be ``None``: what takes strings holds its variables itself.
        options: how to save.

    Raises:
        InvalidArgumentError: there are variables, or a signature is something else.
        UnimplementedError: the function cannot be exported.
    """
    if variables is not None:
        raise InvalidArgumentError(
            "variables: a function that takes strings is traced as a tf.function, which holds its own; make it a "
            "method of a tf.Module with tf.Variables."
        )
    for name, given in signatures.items():
        if not isinstance(given, Mapping):
            raise InvalidArgumentError(
                f"signatures[{name!r}]: must be a dict of specs by input name; received {type(given).__name__}."
            )
    traced = {name: _traced_function(name, function, given) for name, given in signatures.items()}
    return contents_of(Module(), traced, options)


def _traced_function(name: str, function: Callable[..., Any], specs: Mapping[str, Any]) -> Function:
    def call(*values: Any) -> Any:
        return function(**dict(zip(specs, values, strict=True)))

    made: Any = call
    made.__name__ = name
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    made.__signature__ = inspect.Signature([inspect.Parameter(key, kind) for key in specs])
    stated = [TensorSpec(spec.shape, as_dtype(spec.dtype), key) for key, spec in specs.items()]
    return Function(made, name, stated, False)


def _stated_signatures(signatures: Any) -> dict[str, ConcreteFunction]:
    if signatures is None:
        return {}
    stated = signatures if isinstance(signatures, Mapping) else {DEFAULT_SERVING_SIGNATURE_DEF_KEY: signatures}
    return {str(name): _stated(name, function) for name, function in stated.items()}


def _stated(name: Any, function: Any) -> ConcreteFunction:
    if isinstance(function, Function) and function.input_signature is not None:
        return function.get_concrete_function()
    if isinstance(function, ConcreteFunction):
        return function
    raise InvalidArgumentError(
        f"signatures[{name!r}]: must be a tf.function with an input_signature, or what get_concrete_function() "
        f"returns; received {function!r}."
    )


def _found_signature(found: _Found) -> dict[str, ConcreteFunction]:
    """Return the signature that nobody stated: the root's only function that has one signature and fits."""
    fitting = []
    for name, child in found.children[0]:
        function = found.values[child]
        if isinstance(function, Function) and function.input_signature is not None:
            function = function.get_concrete_function()
        if isinstance(function, ConcreteFunction) and _fits(function):
            fitting.append((name, function))
    return {DEFAULT_SERVING_SIGNATURE_DEF_KEY: fitting[0][1]} if len(fitting) == 1 else {}


def _fits(concrete: ConcreteFunction) -> bool:
    outputs = concrete.structured_outputs
    if outputs is None or not concrete.outputs:
        return False
    try:
        named_outputs(outputs, concrete.function_name)
    except InvalidArgumentError:
        return False
    return True
