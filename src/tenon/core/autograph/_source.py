"""Where a function stands in its source, as a syntax tree."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType

from tenon.base import NotFoundError

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Span = tuple[int, int, int, int]


@dataclass(frozen=True)
class Source:
    """A function's own copy of its syntax tree, with the lines and columns of its file.

    Attributes:
        node: the definition; nothing else refers to it.
        class_name: the class whose body holds the definition, at whatever depth; None outside classes.
    """

    node: Definition
    class_name: str | None


def find_source(function: FunctionType) -> Source:
    """Return the definition of ``function``.

    Raises:
        NotFoundError: no source, or none that fits: typed into an interpreter that keeps nothing, made by ``exec``, or
            edited since it was imported.
    """
    code = function.__code__
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    found = [pair for pair in _definitions(text, code.co_filename) if _may_be(*pair, code)]
    narrow = min(found, key=lambda pair: _size(_span(pair[0])), default=None)
    if narrow is None:
        raise NotFoundError(
            f"the source of {code.co_qualname!r} is not in {code.co_filename!r}; define the function in a file, or in a"
            " notebook, and restart after editing it"
        )
    return Source(_copy(narrow[0]), narrow[1])


@lru_cache(maxsize=8)
def _definitions(text: str, filename: str) -> tuple[tuple[Definition, str | None], ...]:
    """Return every definition in a file with the name of the class around it."""
    try:
        return tuple(_walk(ast.parse(text, filename), None))
    except SyntaxError:
        return ()


def _walk(node: ast.AST, class_name: str | None) -> Iterator[tuple[Definition, str | None]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield child, class_name
        yield from _walk(child, child.name if isinstance(child, ast.ClassDef) else class_name)


def _may_be(node: Definition, class_name: str | None, code: CodeType) -> bool:
    if tuple(mangled(name, class_name) for name in _parameters(node)) != _names(code):
        return False
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and _encloses(_span(node.body), code)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.name == code.co_name and first == code.co_firstlineno


def mangled(name: str, class_name: str | None) -> str:
    """Return the name that Python gives to a private name inside a class.

    Example:
        >>> mangled("__weights", "_Model")
        '_Model__weights'
    """
    if class_name is None or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    stripped = class_name.lstrip("_")
    return f"_{stripped}{name}" if stripped else name


def _parameters(node: Definition) -> tuple[str, ...]:
    """Return the names of the parameters in the order of a frame's variables."""
    given = node.args
    stars = [star for star in (given.vararg, given.kwarg) if star is not None]
    return tuple(arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs, *stars))


def _names(code: CodeType) -> tuple[str, ...]:
    stars = bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars]


def _encloses(span: Span, code: CodeType) -> bool:
    """Tell whether every instruction lies inside ``span``; without columns, on its lines."""
    for line, end_line, column, end_column in code.co_positions():
        if line is None or end_line is None or (line, column, end_column) == (code.co_firstlineno, 0, 0):
            continue
        if column is None or end_column is None:
            if not span[0] <= line <= span[2]:
                return False
        elif (line, column) < span[:2] or (end_line, end_column) > span[2:]:
            return False
    return True


def _span(node: ast.expr | Definition) -> Span:
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _size(span: Span) -> tuple[int, int]:
    return span[2] - span[0], span[3] - span[1]


def _copy(node: Definition) -> Definition:
    """Return a deep copy; ``copy.deepcopy`` would be ten times slower."""
    copied = _copy_any(node)
    assert isinstance(copied, Definition)
    return copied


def _copy_any(value: object) -> object:
    if isinstance(value, list):
        return [_copy_any(item) for item in value]
    if not isinstance(value, ast.AST):
        return value
    fields = {name: _copy_any(item) for name, item in ast.iter_fields(value)}
    places = {name: getattr(value, name) for name in value._attributes if hasattr(value, name)}
    return type(value)(**fields, **places)
