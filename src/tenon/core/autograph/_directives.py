"""What the source of a loop says about it beyond its statements."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from malt.lang.directives import set_loop_options as malt_directive
from malt.pyct import anno

from tenon.base import UnimplementedError

_UNSPECIFIED: Final = object()
_GROWING: Final = {"append", "extend", "insert"}
_DOTTED: Final = (ast.Name, ast.Attribute)


def set_loop_options(
    parallel_iterations: Any = None,
    swap_memory: Any = None,
    maximum_iterations: Any = None,
    shape_invariants: Any = None,
) -> None:
    """Say how to stage the ``for`` or ``while`` whose body calls this, as in TensorFlow.

    The call has to be written in the loop's body itself, with a name that is global. It is read when the function is
    converted; where nothing is staged it does nothing.

    Args:
        parallel_iterations: how many iterations may run at once.
        swap_memory: whether values needed for gradients may move to the host.
        maximum_iterations: end the loop after so many iterations, whatever its test says.
        shape_invariants: pairs ``(variable, shape)``: the shape that the variable keeps.

    Example:
        >>> for step in range(3):
        ...     set_loop_options(maximum_iterations=2)
    """


def annotate_loops(definition: ast.FunctionDef, namespace: Mapping[str, Any]) -> None:
    """Give every loop the options that ``while_stmt`` and ``for_stmt`` receive, and remove the directives.

    The options are ``reads``, the names that an iteration may read before it writes them; ``grows``, a function that
    returns the lists from outside that the body appends to, by their names; and the arguments of ``set_loop_options``.

    Raises:
        UnimplementedError: ``set_loop_options`` is called with ``*`` or ``**``.
    """
    for loop in ast.walk(definition):
        if isinstance(loop, (ast.For, ast.While)):
            directives = _take_directives(loop, namespace)
            options = {"reads": _constants(sorted(_read_first(loop)))} | directives
            grown = sorted(set(_grown(loop)))
            if grown:
                options["grows"] = _lists(grown)
            anno.setanno(loop, anno.Basic.DIRECTIVES, {malt_directive: options})


def _take_directives(loop: ast.For | ast.While, namespace: Mapping[str, Any]) -> dict[str, ast.expr]:
    options: dict[str, ast.expr] = {}
    for statement in list(loop.body):
        match statement:
            case ast.Expr(value=ast.Call() as call) if _value_of(call.func, namespace) is set_loop_options:
                options |= _arguments(call)
                loop.body.remove(statement)
    loop.body = loop.body or [ast.copy_location(ast.Pass(), loop)]
    return options


def _value_of(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    """Return what a dotted name of modules stands for, or a value that nothing else is."""
    if isinstance(node, ast.Name):
        return namespace.get(node.id, _UNSPECIFIED)
    if isinstance(node, ast.Attribute):
        owner = _value_of(node.value, namespace)
        if isinstance(owner, (ModuleType, SimpleNamespace)):
            return getattr(owner, node.attr, _UNSPECIFIED)
    return _UNSPECIFIED


def _arguments(call: ast.Call) -> dict[str, ast.expr]:
    if any(isinstance(arg, ast.Starred) for arg in call.args) or any(word.arg is None for word in call.keywords):
        raise UnimplementedError(f"line {call.lineno} calls set_loop_options with * or **; write its arguments out")
    words = {str(word.arg): word.value for word in call.keywords}
    return dict(inspect.signature(set_loop_options).bind(*call.args, **words).arguments)


def _read_first(loop: ast.For | ast.While) -> set[str]:
    written = _stored(loop.target) if isinstance(loop, ast.For) else set()
    read = set() if isinstance(loop, ast.For) else _loaded(loop.test)
    for statement in loop.body:
        read |= _loaded(statement) - written
        if isinstance(statement, ast.Assign):
            written |= {name for target in statement.targets for name in _stored(target)}
    return read


def _loaded(root: ast.AST) -> set[str]:
    plain = {node.id for node in ast.walk(root) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    updated = {node.target.id for node in ast.walk(root) if _updates_name(node)}  # type: ignore[attr-defined]  # checked
    return plain | updated


def _updates_name(node: ast.AST) -> bool:
    return isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)


def _stored(root: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(root) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _grown(loop: ast.For | ast.While) -> Iterator[str]:
    """Yield the names of the lists from outside the loop that its body appends to."""
    own = _stored(loop)
    for node in ast.walk(loop):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() as target, attr=attr)):
                root: ast.expr = target
                while isinstance(root, ast.Attribute):
                    root = root.value
                if attr in _GROWING and isinstance(root, ast.Name) and root.id not in own:
                    yield ast.unparse(target)


def _constants(names: list[str]) -> ast.expr:
    return ast.parse(repr(tuple(names)), mode="eval").body


def _lists(names: list[str]) -> ast.expr:
    pairs = ", ".join(f"{name!r}: ag__.ldu(lambda: {name}, {name!r})" for name in names)
    return ast.parse(f"lambda: {{{pairs}}}", mode="eval").body
