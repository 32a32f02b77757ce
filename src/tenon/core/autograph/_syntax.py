"""Say in simpler Python what malt would get wrong, and refuse what it cannot convert.

These rewrites change how a function is written, not what it does:

    self.__secret             self._Class__secret             names are mangled where the class is still known
    super()                   super(__class__, self)          the frame that Python would look at will be another
    locals()                  ag__.locals()                   it sees the frame of the innermost branch or loop body
    except E as e: ...        except E: e = ag__.handled()    malt expects another syntax tree
    a path without return     return None                     so that all paths through a function return
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from types import FunctionType
from typing import Final, NoReturn

from tenon.base import UnimplementedError
from tenon.core.autograph._returns import can_fall_through, returns
from tenon.core.autograph._source import Definition, Source, mangled

FRAME_BUILTINS: Final = {"locals", "globals", "eval", "exec", "vars", "dir", "breakpoint"}
"""Builtins that look at the frame which calls them."""

_REFUSED: Final[dict[type[ast.AST], str]] = {
    ast.Yield: "a generator",
    ast.YieldFrom: "a generator",
    ast.Await: "`await`",
    ast.AsyncFor: "`async for`",
    ast.AsyncWith: "`async with`",
    ast.AsyncFunctionDef: "`async def`",
    ast.Match: "`match`",
    ast.TryStar: "`except*`",
}

_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LAZY: Final = (ast.BoolOp, ast.IfExp, ast.Assert, ast.Lambda, *_COMPREHENSIONS)
"""Expressions whose parts become functions, in which `:=` would make another variable."""


def simplify(source: Source, function: FunctionType) -> ast.FunctionDef:
    """Return the definition of ``function`` without decorators, defaults and annotations, in simpler Python.

    Raises:
        UnimplementedError: it contains something that cannot be converted; the message says what and where.
    """
    _refuse_unsupported(source.node)
    definition = _bare(source.node)
    others = {*_bound_names(definition), *function.__code__.co_freevars, *function.__globals__}
    visible = {*FRAME_BUILTINS, "super"} - others
    has_class = "__class__" in function.__code__.co_freevars
    simpler = _Simplifier(source.class_name, visible, has_class).visit(definition)
    assert isinstance(simpler, ast.FunctionDef)
    return simpler


def _bare(node: Definition) -> ast.FunctionDef:
    """Return the function alone: what stands around it has been computed already."""
    assert not isinstance(node, ast.AsyncFunctionDef)
    for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg):
        if arg is not None:
            arg.annotation = None
    node.args.defaults = [_none(default) for default in node.args.defaults]
    node.args.kw_defaults = [default and _none(default) for default in node.args.kw_defaults]
    if isinstance(node, ast.FunctionDef):
        node.decorator_list, node.returns = [], None
        return node
    definition = ast.parse("def lambda_(): pass").body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.args, definition.body = node.args, [ast.copy_location(ast.Return(node.body), node.body)]
    return ast.copy_location(definition, node)


def _bound_names(definition: ast.FunctionDef) -> Iterator[str]:
    """Yield the names that the function, or one inside, gives a meaning."""
    for node in ast.walk(definition):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name


def _none(place: ast.AST) -> ast.expr:
    return ast.copy_location(ast.Constant(None), place)


def _refuse_unsupported(root: ast.AST) -> None:
    for node in ast.walk(root):
        if type(node) in _REFUSED:
            _refuse(node, _REFUSED[type(node)])
        lazy = isinstance(node, _LAZY) or (isinstance(node, ast.Compare) and len(node.ops) > 1)
        for part in [node] if lazy else [node.test] if isinstance(node, ast.While) else []:
            walrus = next((inner for inner in ast.walk(part) if isinstance(inner, ast.NamedExpr)), None)
            if walrus is not None:
                _refuse(walrus, "`:=` in an expression that is not always evaluated, or more than once")


def _refuse(node: ast.AST, what: str) -> NoReturn:
    raise UnimplementedError(f"line {getattr(node, 'lineno', '?')} has {what}, which AutoGraph does not convert")


class _Simplifier(ast.NodeTransformer):
    """Rewrites what the module's docstring lists.

    Args:
        class_name: the class around the definition, for names that start with two underscores.
        visible: the builtins that are what their names say.
        has_class: whether ``super()`` has a class to start from.
    """

    def __init__(self, class_name: str | None, visible: Collection[str], has_class: bool) -> None:
        self._class_name = class_name
        self._visible = visible
        self._has_class = [has_class]
        self._first: list[str | None] = []

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = mangled(node.id, self._class_name)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = mangled(node.attr, self._class_name)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = mangled(node.arg, self._class_name)
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.Global:
        node.names = [mangled(name, self._class_name) for name in node.names]
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.Nonlocal:
        node.names = [mangled(name, self._class_name) for name in node.names]
        return node

    def visit_alias(self, node: ast.alias) -> ast.alias:
        if node.asname or node.name.startswith("__"):
            node.asname = mangled(node.asname or node.name, self._class_name)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        node.bases = [self.visit(base) for base in node.bases]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        outer, self._class_name = self._class_name, None  # Python mangles the names inside
        self._has_class.append(True)
        node.body = [self.visit(statement) for statement in node.body]
        self._has_class.pop()
        self._class_name = outer
        node.name = mangled(node.name, outer)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = mangled(node.name, self._class_name)
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        node.args = self.visit(node.args)
        self._first.append(_first_parameter(node))
        node.body = [self.visit(statement) for statement in node.body]
        self._first.pop()
        if returns(node.body) and can_fall_through(node.body):
            node.body.append(ast.copy_location(ast.Return(_none(node)), node.body[-1]))
        if len(node.body) == 1 and isinstance(node.body[0], ast.Expr):  # malt takes a docstring out
            node.body.append(ast.copy_location(ast.Pass(), node.body[0]))
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.args = self.visit(node.args)
        self._first.append(_first_parameter(node))
        node.body = self.visit(node.body)
        self._first.pop()
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.generic_visit(node)
        if node.name is not None:
            target = ast.Name(mangled(node.name, self._class_name), ast.Store())
            binding = ast.Assign([target], ast.Call(_operator("handled"), [], []))
            node.body.insert(0, ast.copy_location(binding, node))
            node.name = None
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name is None or name not in self._visible:
            return node
        if name != "super":
            node.func = ast.copy_location(_operator(name), node.func)
        elif not node.args and self._has_class[-1] and self._first[-1] is not None:
            node.args = [ast.Name("__class__", ast.Load()), ast.Name(self._first[-1], ast.Load())]
        return node


def _operator(name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name("ag__", ast.Load()), name, ast.Load())


def _first_parameter(node: ast.FunctionDef | ast.Lambda) -> str | None:
    positional = [*node.args.posonlyargs, *node.args.args]
    return positional[0].arg if positional else None
