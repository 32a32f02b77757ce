"""Generated code stands on the user's lines, so tracebacks and debuggers show them without translation."""

from __future__ import annotations

import ast
from types import CodeType
from typing import Any, Final, NamedTuple

from malt.pyct import anno

_OPTIMIZED: Final = 0x01
"""CPython's flag of functions, which class bodies lack."""


class _Place(NamedTuple):
    lineno: int
    col_offset: int
    end_lineno: int | None
    end_col_offset: int | None


class _Origin(NamedTuple):
    """Where a node comes from: its place, and the text of a conditional expression's condition."""

    place: _Place
    condition: str


def remember_origins(definition: ast.FunctionDef) -> None:
    """Note at every node where the user wrote it, and that a name is the user's; notes survive malt's rewriting."""
    for node in ast.walk(definition):
        if hasattr(node, "lineno"):
            condition = ast.unparse(node.test) if isinstance(node, ast.IfExp) else ""
            anno.setanno(node, anno.Basic.ORIGIN, _Origin(_place(node), condition))
        if isinstance(node, ast.Name):
            anno.setanno(node, anno.Static.ORIG_DEFINITIONS, ())


def is_users(node: ast.Name) -> bool:
    """Tell whether the user wrote this name, or the conversion."""
    return bool(anno.hasanno(node, anno.Static.ORIG_DEFINITIONS))


def condition_text(node: ast.IfExp) -> str:
    """Return the condition of a conditional expression as the user wrote it."""
    return str(anno.getanno(node, anno.Basic.ORIGIN).condition)


def restore_positions(module: ast.Module, definition: ast.FunctionDef) -> None:
    """Put every node on its line: the noted one, else that of the node it is part of."""
    _restore(module, anno.getanno(definition, anno.Basic.ORIGIN).place)


def rename_code(factory: CodeType, name: str, original: CodeType, generated: frozenset[str]) -> CodeType:
    """Return ``factory`` with the code ``name`` in it called as ``original`` is.

    Functions whose names are ``generated`` take the name of the one around them: the user knows no others.
    """

    def constant(value: object) -> object:
        mine = isinstance(value, CodeType) and value.co_name == name
        return _renamed(value, original.co_name, original.co_qualname, generated) if mine else value  # type: ignore[arg-type]

    return factory.replace(co_consts=tuple(constant(value) for value in factory.co_consts))


def _place(node: Any) -> _Place:
    """Return the place of a node; a statement with a body is where its head is."""
    place = node
    if isinstance(node, (ast.If, ast.While)):
        place = node.test
    elif isinstance(node, ast.For):
        place = node.iter
    elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Try, ast.With, ast.ExceptHandler)):
        return _Place(node.lineno, node.col_offset, node.lineno, node.col_offset)
    return _Place(place.lineno, place.col_offset, place.end_lineno, place.end_col_offset)


def _restore(node: ast.AST, inherited: _Place) -> None:
    origin = anno.getanno(node, anno.Basic.ORIGIN, default=None)
    place = origin.place if origin else inherited
    for name, value in place._asdict().items():
        setattr(node, name, value)
    for name, value in ast.iter_fields(node):
        if isinstance(value, tuple):  # malt makes some lists tuples, which ``compile`` refuses
            setattr(node, name, list(value))
        for child in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(child, ast.AST):
                _restore(child, place)


def _renamed(code: CodeType, name: str, qualname: str, generated: frozenset[str]) -> CodeType:
    prefix = f"{qualname}.<locals>." if code.co_flags & _OPTIMIZED else f"{qualname}."

    def constant(value: object) -> object:
        if not isinstance(value, CodeType):
            return qualname if value == code.co_qualname else value
        if value.co_name in generated:
            return _renamed(value, name, qualname, generated)
        return _renamed(value, value.co_name, prefix + value.co_name, generated)

    return code.replace(
        co_name=name, co_qualname=qualname, co_consts=tuple(constant(value) for value in code.co_consts)
    )
