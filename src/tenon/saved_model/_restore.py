"""A directory becomes objects again: variables, lists, dicts, functions and signatures."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from tenon.base import NotFoundError, UnimplementedError
from tenon.core.functions import ConcreteFunction, Function
from tenon.core.tensors import TensorSpec, as_dtype, as_tensor
from tenon.core.variables import Variable, name_scope
from tenon.formats import BundleReader, message_class, numpy_dtype
from tenon.saved_model._contents import DICT, LIST, OBJECT, SIGNATURES, TUPLE, Structures
from tenon.saved_model._decoding import decoded, decoded_shape
from tenon.saved_model._layout import ASSETS, EXTRAS, VARIABLES
from tenon.saved_model._manifest import verify_manifest
from tenon.saved_model._options import Asset, contains_saved_model
from tenon.saved_model._reader import read_meta_graph, read_program
from tenon.saved_model._restored_function import (
    Gradients,
    RestoredBody,
    RestoredProgram,
    SignatureMap,
    signature_body,
)
from tenon.train import OBJECT_GRAPH, TrackableType, register_trackable


class NoSavedModelError(NotFoundError, OSError):
    """There is no SavedModel in a directory; TensorFlow raises ``OSError`` then."""


class LoadedObject:
    """An object that was loaded: it has the attributes that were saved, and nothing of its class."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {', '.join(vars(self))}>"


register_trackable(LoadedObject, TrackableType(children=vars, find=lambda value, name: vars(value).get(name)))


def _call(loaded: Any, *args: Any, **kwargs: Any) -> Any:
    return vars(loaded)["__call__"](*args, **kwargs)


@cache
def _callable_class() -> type[Any]:
    """Return the class of what has a function ``__call__``: calling needs a method of the class."""
    return type("CallableLoadedObject", (LoadedObject,), {"__call__": _call})


def restored(export_dir: str | os.PathLike[str]) -> Any:
    """Return the root of the objects in a SavedModel, all files of which are checked.

    Raises:
        NotFoundError: there is no SavedModel.
        UnimplementedError: TensorFlow wrote it.
        PermissionDeniedError: a file may not be read.
        DataLossError: a file is missing, truncated or altered.
    """
    root = Path(export_dir)
    if not contains_saved_model(root) and not (root / EXTRAS).exists():
        raise NoSavedModelError(
            f"export_dir: there is no SavedModel at {str(root)!r} (no saved_model.pb); give the directory that was "
            "saved."
        )
    if not (root / EXTRAS).exists():
        raise UnimplementedError(
            f"export_dir: {str(root)!r} was not written by Tenon, or copied without the folder {EXTRAS!r}. The graphs "
            "that TensorFlow writes need TensorFlow to run. The weights can be used: build the model in Python and "
            f"call tf.train.Checkpoint(model).restore({str(root / VARIABLES)!r}), or look at single ones with "
            "tf.train.load_checkpoint."
        )
    verify_manifest(root)
    return _Restorer(root).root()


class _Restorer:
    """Makes the objects of one SavedModel.

    Args:
        root: its directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._meta_graph = read_meta_graph(root)
        self._program = read_program(root)
        self._graph = self._meta_graph.object_graph_def
        self._reader = BundleReader(root / VARIABLES)
        keys = {entry["key"]: entry["name"] for entry in self._program["variables"]}
        graph = message_class("tensorflow.TrackableObjectGraph").FromString(self._reader.read(OBJECT_GRAPH)[()])
        self._keys = {n: node.attributes[0].checkpoint_key for n, node in enumerate(graph.nodes) if node.attributes}
        self._paths = {number: keys[key] for number, key in self._keys.items() if key in keys}
        self._programs: dict[str, RestoredProgram] = {}
        self._values: dict[int, Any] = {}

    def root(self) -> Any:
        """Make all objects and return the first."""
        kinds = {number: node.WhichOneof("kind") for number, node in enumerate(self._graph.nodes)}
        for wanted in (("variable",), ("user_object", "asset"), ("function", "bare_concrete_function")):
            for number, kind in kinds.items():
                if kind in wanted:
                    self._values[number] = _MAKERS[kind](self, number, self._graph.nodes[number])
                elif kind not in _MAKERS:
                    raise UnimplementedError(f"saved_model.pb: node {number} is a {kind}, which Tenon cannot restore.")
        for number, node in enumerate(self._graph.nodes):
            self._attach(self._values[number], node)
        return self._values[0]

    def _attach(self, value: Any, node: Any) -> None:
        for child in node.children:
            found = self._values[child.node_id]
            if isinstance(value, LoadedObject):
                setattr(value, child.local_name, found)
            elif isinstance(value, dict):
                value[child.local_name] = found
            elif isinstance(value, list) and child.local_name.isdecimal():
                place = int(child.local_name)
                value.extend([None] * (place + 1 - len(value)))
                value[place] = found

    def variable(self, number: int, node: Any) -> Variable:
        """Make a variable with its value."""
        proto = node.variable
        value = self._reader.read(self._keys[number])
        with name_scope(None):
            return Variable(
                as_tensor(value),
                trainable=proto.trainable,
                name=proto.name or None,
                dtype=as_dtype(numpy_dtype(proto.dtype)),
                shape=decoded_shape(proto.shape),
            )

    def object(self, number: int, node: Any) -> Any:
        """Make an object without its attributes."""
        identifier = node.user_object.identifier
        if identifier == SIGNATURES:
            makers = {child.local_name: partial(self._signature, child.local_name) for child in node.children}
            return SignatureMap(makers)
        if identifier in (LIST, TUPLE):
            return []
        if identifier == DICT:
            return {}
        if identifier != OBJECT:
            raise UnimplementedError(f"saved_model.pb: node {number} is a {identifier}, which Tenon cannot restore.")
        return (
            _callable_class()() if any([child.local_name == "__call__" for child in node.children]) else LoadedObject()
        )

    def asset(self, _: int, node: Any) -> Asset:
        """Return where the copy of a file is."""
        return Asset(self._root / ASSETS / self._meta_graph.asset_file_def[node.asset.asset_file_def_index].filename)

    def function(self, _: int, node: Any) -> Function:
        """Make a function of its programs."""
        names = node.function.concrete_functions
        spec = node.function.function_spec
        programs = [self._restored(name, self._program["functions"][name]) for name in names]
        signature = _signature_of(decoded(spec.fullargspec))
        name = programs[0].name if programs else "function"
        return Function(RestoredBody(name, programs, spec, signature), name, decoded(spec.input_signature), False)

    def concrete(self, _: int, node: Any) -> Any:
        """Make a concrete function; those of signatures are made when they are used."""
        name = node.bare_concrete_function.concrete_function_name
        if name not in self._program["functions"]:
            return None
        program = self._restored(name, self._program["functions"][name])
        args, kwargs = program.structured_inputs
        parameters = [inspect.Parameter(key, inspect.Parameter.POSITIONAL_OR_KEYWORD) for key in _names_of(args)]
        parameters += [inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY) for key in kwargs]
        body = RestoredBody(program.name, [program], None, inspect.Signature(parameters))
        return Function(body, program.name, None, False).get_concrete_function(*args, **kwargs)

    def _signature(self, name: str) -> ConcreteFunction:
        described = self._program["signatures"][name]
        definition = self._meta_graph.signature_def[name]
        program = self._restored(f"signature {name!r}", described, _signature_structures(described, definition))
        body, keys = signature_body(program, described["inputs"], described["outputs"])
        specs = [_info_spec(key, definition.inputs[key]) for key in described["inputs"]]
        function = Function(body, program.name, None, False)
        return function.get_concrete_function(**dict(zip(keys, specs, strict=True)))

    def _restored(self, name: str, described: Mapping[str, Any], structured: Any = None) -> RestoredProgram:
        """Return a program; ``structured`` tells how its arguments and results are nested where the graph does not."""
        if name not in self._programs:
            structures = Structures(None, None)
            if structured is None:
                concrete = self._graph.concrete_functions[name]
                structures = Structures(concrete.canonicalized_input_signature, concrete.output_signature)
                structured = decoded(structures.inputs), decoded(structures.outputs)
            self._programs[name] = RestoredProgram(
                _python_name(name),
                (self._root / EXTRAS / described["file"]).read_bytes(),
                self._gradients(described),
                described,
                structures,
                structured,
                {path: self._values[number] for number, path in self._paths.items()},
            )
        return self._programs[name]

    def _gradients(self, described: Mapping[str, Any]) -> Gradients:
        programs = tuple([(self._root / EXTRAS / file).read_bytes() for file in described.get("gradients", ())])
        missing = described.get("no_gradient", "") or ("" if programs else _SAVED_WITHOUT)
        places = [tuple(described.get(key, ())) for key in ("gradient_inputs", "gradient_outputs")]
        return Gradients(programs, places[0], places[1], missing)


_SAVED_WITHOUT: Final = "it was saved without gradients"

_MAKERS: Final[Mapping[str, Callable[[_Restorer, int, Any], Any]]] = {
    "variable": _Restorer.variable,
    "user_object": _Restorer.object,
    "asset": _Restorer.asset,
    "function": _Restorer.function,
    "bare_concrete_function": _Restorer.concrete,
}


def _python_name(name: str) -> str:
    """Return the name of the Python function behind a name in the graph."""
    found = re.fullmatch(r"__inference_(.+)_\d+", name)
    return found[1] if found else name


def _names_of(args: Sequence[Any]) -> list[str]:
    names = [arg.name if isinstance(arg, TensorSpec) and str(arg.name).isidentifier() else None for arg in args]
    return [name or f"argument_{place}" for place, name in enumerate(names)]


def _signature_structures(described: Mapping[str, Any], definition: Any) -> tuple[Any, Any]:
    inputs = [_info_spec(key, definition.inputs[key]) for key in described["inputs"]]
    return (tuple(inputs), {}), [_info_spec(key, definition.outputs[key]) for key in described["outputs"]]


def _info_spec(name: str, info: Any) -> TensorSpec:
    return TensorSpec(decoded_shape(info.tensor_shape), as_dtype(numpy_dtype(info.dtype)), name)


def _signature_of(spec: Any) -> inspect.Signature:
    """Return the parameters that a ``FullArgSpec`` describes."""
    kinds = inspect.Parameter
    defaults = dict(zip(reversed(spec.args), reversed(spec.defaults or ()), strict=False))
    positional = [
        kinds(name, kinds.POSITIONAL_OR_KEYWORD, default=defaults.get(name, kinds.empty)) for name in spec.args
    ]
    varargs = [kinds(spec.varargs, kinds.VAR_POSITIONAL)] if spec.varargs else []
    keyword_only = [
        kinds(name, kinds.KEYWORD_ONLY, default=(spec.kwonlydefaults or {}).get(name, kinds.empty))
        for name in spec.kwonlyargs
    ]
    varkw = [kinds(spec.varkw, kinds.VAR_KEYWORD)] if spec.varkw else []
    return inspect.Signature([*positional, *varargs, *keyword_only, *varkw])
