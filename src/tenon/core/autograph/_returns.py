"""Where functions return."""

from __future__ import annotations

import ast
from typing import Final

_FUNCTIONS: Final = (ast.FunctionDef, ast.ClassDef, ast.Lambda)


def returns_early(definition: ast.FunctionDef) -> bool:
    """Tell whether a ``return`` is anywhere but at the end of its function, whose body is in malt's ``with``."""
    found = [node for node in ast.walk(definition) if isinstance(node, ast.Return)]
    inner = [node.body for node in ast.walk(definition) if isinstance(node, ast.FunctionDef)]
    bodies = [body[-1].body if isinstance(body[-1], ast.With) else body for body in inner]
    return len(found) > sum(isinstance(body[-1], ast.Return) for body in bodies)


def returns(statements: list[ast.stmt]) -> bool:
    """Tell whether a ``return`` of this very function is among the statements."""
    pending: list[ast.AST] = list(statements)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Return):
            return True
        if not isinstance(node, _FUNCTIONS):
            pending.extend(ast.iter_child_nodes(node))
    return False


def can_fall_through(statements: list[ast.stmt]) -> bool:
    """Tell whether the end of the statements may be reached."""
    match statements[-1] if statements else None:
        case ast.Return() | ast.Raise():
            return False
        case ast.If(body=body, orelse=orelse):
            return can_fall_through(body) or can_fall_through(orelse)
        case ast.With(body=body):  # a manager that swallows exceptions is for Python values
            return can_fall_through(body)
        case ast.While(test=ast.Constant(value=always), body=body) if always:
            return _breaks(body)
        case ast.While(body=body, orelse=orelse) | ast.For(body=body, orelse=orelse):
            return can_fall_through(orelse) or _breaks(body)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            ends = [*(handler.body for handler in handlers), orelse or body]
            return can_fall_through(final) and any(map(can_fall_through, ends))
        case _:
            return True


def _breaks(statements: list[ast.stmt]) -> bool:
    """Tell whether a ``break`` of this very loop is among the statements."""
    pending: list[ast.AST] = list(statements)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Break):
            return True
        if isinstance(node, (ast.For, ast.While)):
            pending.extend(node.orelse)
        elif not isinstance(node, _FUNCTIONS):
            pending.extend(ast.iter_child_nodes(node))
    return False
