"""From a function to its converted twin."""

from __future__ import annotations
import __future__

import ast
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, Final

from malt.converters import (
    break_statements,
    call_trees,
    continue_statements,
    functions,
    return_statements,
)
from malt.core.converter import STANDARD_OPTIONS, ProgramContext
from malt.pyct import naming, transformer

from tenon.base import UnimplementedError
from tenon.core.autograph._analysis import convert_control_flow, keep_alive, note_hidden_reads
from tenon.core.autograph._directives import annotate_loops
from tenon.core.autograph._expressions import rewrite_expressions
from tenon.core.autograph._positions import remember_origins, rename_code, restore_positions
from tenon.core.autograph._returns import returns_early
from tenon.core.autograph._source import find_source
from tenon.core.autograph._syntax import simplify

_Step = Callable[[ast.FunctionDef, Any], Any]


@dataclass(frozen=True)
class Conversion:
    """What all functions that share one code object are converted to.

    Attributes:
        factory: the code of a function that takes the operators, ``ag__``, and returns the converted function.
        cells: which of the original's cells, by position, make the factory's closure.
    """

    factory: CodeType
    cells: tuple[int, ...]

    def instantiate(self, function: FunctionType, operators: object) -> FunctionType:
        """Return the converted twin of ``function``: with its globals, closure and defaults."""
        given = function.__closure__ or ()
        closure = tuple([given[cell] for cell in self.cells])
        twin: FunctionType = FunctionType(self.factory, function.__globals__, None, None, closure)(operators)
        if function.__defaults__:
            twin.__defaults__ = function.__defaults__
        if function.__kwdefaults__:
            twin.__kwdefaults__ = function.__kwdefaults__
        return twin

    def codes(self) -> list[CodeType]:
        """Return the code objects of the converted function and of all functions inside."""
        pending, found = [self.factory], list[CodeType]()
        while pending:
            inner = [value for value in pending.pop().co_consts if isinstance(value, CodeType)]
            pending += inner
            found += inner
        return found


def transpile(function: FunctionType) -> Conversion:
    """Convert a function.

    Raises:
        NotFoundError: its source cannot be found.
        UnimplementedError: it contains something that cannot be converted.
    """
    try:
        factory = _compile(*_convert(function), function)
    except RecursionError as error:
        raise UnimplementedError("its statements nest too deeply; split the function") from error
    names = function.__code__.co_freevars
    return Conversion(factory, tuple(names.index(name) for name in factory.co_freevars))


def converted_text(function: FunctionType) -> str:
    """Return the converted function as Python would write it; raises what ``transpile`` raises."""
    definition, _ = _convert(function)
    return ast.unparse(ast.fix_missing_locations(definition))


def _convert(function: FunctionType) -> tuple[ast.FunctionDef, frozenset[str]]:
    """Return the converted definition and the names that the conversion made up."""
    definition = simplify(find_source(function), function)
    namespace = _namespace(function)
    annotate_loops(definition, namespace)
    note_hidden_reads(definition)
    remember_origins(definition)
    namer = naming.Namer(namespace)
    name = namer.new_symbol(f"tf__{definition.name}", ())
    info = transformer.EntityInfo(name, "", function.__code__.co_filename, (), namespace)
    context = transformer.Context(info, namer, ProgramContext(STANDARD_OPTIONS))
    for is_needed, step in _STEPS:
        definition = _apply(step, definition, context) if is_needed(definition) else definition
    definition.name = name
    return rewrite_expressions(definition), frozenset(namer.generated_names)


def _apply(step: _Step, definition: ast.FunctionDef, context: Any) -> ast.FunctionDef:
    """Run a step; malt raises anything when it meets what it does not know."""
    try:
        converted: ast.FunctionDef = step(definition, context)
    except RecursionError:
        raise
    except Exception as error:
        raise UnimplementedError(
            f"{step.__module__} fails with {type(error).__name__}: {error}; please report the function"
        ) from error
    return converted


def _namespace(function: FunctionType) -> dict[str, Any]:
    """Return what the free names of a function stand for."""
    namespace = dict(function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            namespace[name] = cell.cell_contents
        except ValueError:  # an empty cell: the variable around is not assigned yet
            namespace.pop(name, None)
    return namespace


def _has(*kinds: type[ast.AST]) -> Callable[[ast.FunctionDef], bool]:
    return lambda definition: any(isinstance(node, kinds) for node in ast.walk(definition))


def _leaves_loops(definition: ast.FunctionDef) -> bool:
    """Tell whether there is a ``break``, or a loop's ``else``, which malt moves behind the loop in the same step."""
    return any(isinstance(node, ast.Break) or _has_else(node) for node in ast.walk(definition))


def _has_else(node: ast.AST) -> bool:
    return isinstance(node, (ast.For, ast.While)) and bool(node.orelse)


_STEPS: Final[tuple[tuple[Callable[[ast.FunctionDef], bool], _Step], ...]] = (
    (_has(ast.FunctionDef), functions.transform),
    (_leaves_loops, break_statements.transform),
    (_has(ast.Continue), continue_statements.transform),
    (returns_early, return_statements.transform),
    (_has(ast.FunctionDef), keep_alive),
    (_has(ast.Call), call_trees.transform),
    (_has(ast.If, ast.For, ast.While), convert_control_flow),
)
"""What malt does, in its order, and when there is anything to do: each step takes its time."""


def _compile(definition: ast.FunctionDef, generated: frozenset[str], function: FunctionType) -> CodeType:
    """Return the code of the factory, which stands in the user's file."""
    code = function.__code__
    free = "".join(f"    {name} = None\n" for name in code.co_freevars)
    inner = f"    def factory(ag__):\n        pass\n        return {definition.name}\n"
    module = ast.parse(f"def outer():\n{free}{inner}    return factory")
    factory = next(node for node in ast.walk(module) if isinstance(node, ast.FunctionDef) and node.name == "factory")
    factory.body[0] = definition
    restore_positions(module, definition)
    flags = code.co_flags & __future__.annotations.compiler_flag
    variables: dict[str, Any] = {}
    exec(compile(module, code.co_filename, "exec", flags, dont_inherit=True), variables)  # noqa: S102  # what we compiled
    unnamed: CodeType = variables["outer"]().__code__
    return rename_code(unnamed, definition.name, code, generated)
