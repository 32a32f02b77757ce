"""The last rewrites: expressions that Python gives no hook for become calls.

The user writes                what runs

a and b                    ag__.and_(a, lambda: b)
not a                      ag__.not_(a)
a < f() < c                ag__.compare(a, lambda l, r: l < r, lambda: f(), lambda l, r: l < r, lambda: c)
assert a, "why"            ag__.assert_stmt(a, lambda: "why")
x (perhaps without value)  ag__.ld(x)
del x                      x = ag__.Undefined("x")
"""

from __future__ import annotations

import ast
from typing import Final, TypeVar

from malt.pyct import anno

from tenon.core.autograph._positions import condition_text, is_users

Node = TypeVar("Node", bound=ast.AST)

_LOGICAL: Final[dict[type[ast.boolop], str]] = {ast.And: "and_", ast.Or: "or_"}


def rewrite_expressions(definition: ast.FunctionDef) -> ast.FunctionDef:
    """Return ``definition`` with the rewrites of this module; it changes in place."""
    rewriter = _Rewriter(_possibly_undefined(definition))
    rewritten = rewriter.visit(definition)
    assert isinstance(rewritten, ast.FunctionDef)
    return rewritten


def _possibly_undefined(definition: ast.FunctionDef) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(definition):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(attr="Undefined"))):
                names.add(name)
            case ast.Delete(targets=targets):
                names.update(target.id for target in targets if isinstance(target, ast.Name))
    return names


class _Rewriter(ast.NodeTransformer):
    def __init__(self, undefined: set[str]) -> None:
        self._undefined = undefined
        self._scopes: set[str] = set()

    def visit_With(self, node: ast.With) -> ast.stmt | list[ast.stmt]:
        match node.items:
            case [ast.withitem(ast.Call(ast.Attribute(attr="FunctionScope")), ast.Name(id=name))]:
                self._scopes.add(name)
                self.generic_visit(node)
                return node.body
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Call(ast.Attribute(ast.Name(id="ag__"), "converted_call"), [*args, ast.Name(id=name)]):
                node.args = args if name in self._scopes else node.args
            case ast.Call(ast.Attribute(ast.Name(id=name), "ret"), [value, _]) if name in self._scopes:
                return _call("ret", [value], node)
            case ast.Call(ast.Attribute(ast.Name(id="ag__"), "autograph_artifact"), [function]):
                return function
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        self.generic_visit(node)
        node.decorator_list = [item for item in node.decorator_list if ast.unparse(item) != "ag__.autograph_artifact"]
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self._undefined and is_users(node):
            return _call("ld", [node], node)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name) or node.target.id not in self._undefined:
            return node
        name = node.target.id
        read = ast.Assign([ast.Name(name, ast.Store())], _call("ld", [ast.Name(name, ast.Load())], node))
        return [_placed(read, node), node]

    def visit_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        self.generic_visit(node)
        return [self._deletion(target, node) for target in node.targets]

    def _deletion(self, target: ast.expr, node: ast.Delete) -> ast.stmt:
        if not isinstance(target, ast.Name):
            return _placed(ast.Delete([target]), node)
        nothing = _call("Undefined", [ast.Constant(target.id)], node)
        return _placed(ast.Assign([ast.Name(target.id, ast.Store())], nothing), node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        text = ast.Constant(condition_text(node))
        self.generic_visit(node)
        return _call("if_exp", [node.test, _lazy(node.body), _lazy(node.orelse), text], node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return _call("not_", [node.operand], node) if isinstance(node.op, ast.Not) else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        first, *rest = node.values
        return _call(_LOGICAL[type(node.op)], [first, *(_lazy(value) for value in rest)], node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if len(node.ops) == 1:
            return node
        steps = [(_comparison(op), _lazy(right)) for op, right in zip(node.ops, node.comparators, strict=True)]
        return _call("compare", [node.left, *(part for step in steps for part in step)], node)

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        self.generic_visit(node)
        message = [] if node.msg is None else [_lazy(node.msg)]
        return _placed(ast.Expr(_call("assert_stmt", [node.test, *message], node)), node) if __debug__ else node


def _lazy(value: ast.expr) -> ast.expr:
    thunk = ast.parse("lambda: None", mode="eval").body
    assert isinstance(thunk, ast.Lambda)
    thunk.body = value
    return _placed(thunk, value)


def _comparison(op: ast.cmpop) -> ast.expr:
    function = ast.parse("lambda l, r: l < r", mode="eval").body
    assert isinstance(function, ast.Lambda)
    assert isinstance(function.body, ast.Compare)
    function.body.ops = [op]
    return function


def _call(name: str, args: list[ast.expr], place: ast.AST) -> ast.Call:
    operator = ast.Attribute(ast.Name("ag__", ast.Load()), name, ast.Load())
    return _placed(ast.Call(operator, args, []), place)


def _placed(node: Node, place: ast.AST) -> Node:
    anno.copyanno(place, node, anno.Basic.ORIGIN)
    return node
