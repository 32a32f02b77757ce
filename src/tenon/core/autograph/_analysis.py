"""Which variables control flow has to hand around: malt's analysis, and what it does not see.

A branch or loop body becomes a function. A variable that it sets must be handed out if anything reads it later. malt
follows the control flow, but not three ways in which a variable is read: by a closure made before, by the methods of a
class, and after an exception that interrupted a ``try``. Such variables are kept alive by a ``lambda`` that reads them
where they are needed; it is never called, and removed when the analysis is done.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

from malt.converters import control_flow
from malt.pyct import anno, cfg, qual_names
from malt.pyct.static_analysis import activity, liveness, reaching_definitions, reaching_fndefs

_KEEP: Final = "names that have to stay alive behind a statement"
_CLOSURES: Final = (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.GeneratorExp)
_BRANCHING: Final = (ast.If, ast.For, ast.While)


def convert_control_flow(definition: ast.FunctionDef, context: Any) -> Any:
    """Make ``if``, ``while`` and ``for`` calls of operators, as malt does, on a corrected analysis."""
    graphs = cfg.build(definition)
    node = _Activity(context).visit(qual_names.resolve(definition))
    node = reaching_definitions.resolve(node, context, graphs)
    node = reaching_fndefs.resolve(node, context, graphs)
    node = liveness.resolve(node, context, graphs)
    return _DropLambdas().visit(control_flow.ControlFlowTransformer(context).visit(node))


def note_hidden_reads(definition: ast.FunctionDef) -> None:
    """Note behind which statements of the user's function which names have to stay alive."""
    for node in ast.walk(definition):
        if isinstance(node, ast.FunctionDef):
            _note(node, _kept_by_closures(node))
            for inner in _own(node.body):
                if isinstance(inner, ast.Try):
                    _note_interrupted(inner, node)


def keep_alive(definition: ast.FunctionDef, context: Any) -> Any:
    """Insert the reads that were noted; the function has its only ``return`` at the end already."""
    del context
    return _Keeper().visit(definition)


class _Activity(activity.ActivityAnalyzer):  # type: ignore[misc]  # malt has no types
    """malt's analysis, without its mistake that a nested function's parameters are variables of the outer one."""

    def visit_arg(self, node: ast.arg) -> Any:
        return node if self._track_annotations_only else super().visit_arg(node)


class _Keeper(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        names = _noted(node)
        if names:
            body = node.body[-1].body if isinstance(node.body[-1], ast.With) else node.body
            body.insert(len(body) - isinstance(body[-1], ast.Return), _read(names))
        return node

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.AST]:
        return self._with_read(node)

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.AST]:
        return self._with_read(node)

    def visit_While(self, node: ast.While) -> ast.AST | list[ast.AST]:
        return self._with_read(node)

    def _with_read(self, node: ast.AST) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        names = _noted(node)
        return [node, _read(names)] if names else node


class _DropLambdas(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        self.generic_visit(node)
        return ast.copy_location(ast.Pass(), node) if isinstance(node.value, ast.Lambda) else node


def _read(names: frozenset[str]) -> ast.stmt:
    return ast.parse(f"lambda: ({', '.join(sorted(names))},)").body[0]


def _note(node: ast.AST, names: frozenset[str]) -> None:
    # malt copies few annotations when it copies nodes, this one among them
    known = anno.getanno(node, anno.Basic.DIRECTIVES, default={})
    anno.setanno(node, anno.Basic.DIRECTIVES, known | {_KEEP: names | known.get(_KEEP, frozenset())})


def _noted(node: ast.AST) -> frozenset[str]:
    names: frozenset[str] = anno.getanno(node, anno.Basic.DIRECTIVES, default={}).get(_KEEP, frozenset())
    return names


def _kept_by_closures(function: ast.FunctionDef) -> frozenset[str]:
    """Return the variables of ``function`` that may be read behind the back of its control flow."""
    stored = [node for node in _own(function.body) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    kept = set[str]()
    for closure in _own(function.body):
        if isinstance(closure, _CLOSURES):
            start = (closure.lineno, closure.col_offset)
            free, rebound = _names(closure, ast.Load), _declared_nonlocal(closure)
            always = free if isinstance(closure, ast.ClassDef) else rebound
            kept.update(node.id for node in stored if node.id in always)
            kept.update(node.id for node in stored if node.id in free and (node.lineno, node.col_offset) > start)
    return frozenset(kept)


def _note_interrupted(node: ast.Try, function: ast.FunctionDef) -> None:
    """Note what branches and loops in a ``try`` set and what others read, as an exception may leave at any point."""
    for inner in _own(node.body):
        if isinstance(inner, _BRANCHING):
            _note(inner, frozenset(_names(inner, ast.Store) & _names(function, ast.Load, besides=inner)))


def _own(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body; closures in it, but not what is inside them."""
    pending: list[ast.AST] = list(statements)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _CLOSURES):
            pending.extend(ast.iter_child_nodes(node))


def _names(root: ast.AST, context: type[ast.expr_context], besides: ast.AST | None = None) -> set[str]:
    """Return the names that are loaded or stored inside ``root``, but not inside ``besides``."""
    left_out = set() if besides is None else set(ast.walk(besides))
    names = (node for node in ast.walk(root) if isinstance(node, ast.Name) and node not in left_out)
    return {node.id for node in names if isinstance(node.ctx, context)}


def _declared_nonlocal(closure: ast.AST) -> set[str]:
    return {name for node in ast.walk(closure) if isinstance(node, ast.Nonlocal) for name in node.names}
