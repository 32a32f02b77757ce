"""Say in simpler Python what malt would get wrong, and refuse what it cannot convert.

These rewrites change how a function is written, not what it does:

    self.__secret             self._Class__secret             names are mangled where the class is still known
    super()                   super(__class__, self)          the frame that Python would look at will be another
    locals()                  ag__.locals()                   a call that has to stay in its frame
    except E as e: ...        except E: e = ag__.handled()    malt expects another syntax tree
    a path without return     return None                     so that all paths through a function return
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from types import FunctionType
from typing import Final, NoReturn

from tenon.base import UnimplementedError
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
    hidden = {*function.__code__.co_varnames, *function.__code__.co_cellvars, *function.__code__.co_freevars}
    visible = {name for name in (*FRAME_BUILTINS, "super") if name not in hidden and name not in function.__globals__}
    has_class = "__class__" in function.__code__.co_freevars
    simpler = _Simplifier(source.class_name, visible, has_class).visit(definition)
    assert isinstance(simpler, ast.FunctionDef)
    return simpler


def returns_early(definition: ast.FunctionDef) -> bool:
    """Tell whether a ``return`` is anywhere but at the end of its function."""
    found = [node for node in ast.walk(definition) if isinstance(node, ast.Return)]
    inner = [node.body for node in ast.walk(definition) if isinstance(node, ast.FunctionDef)]
    bodies = [body[-1].body if isinstance(body[-1], ast.With) else body for body in inner]
    return len(found) > sum(isinstance(body[-1], ast.Return) for body in bodies)


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
        if _returns(node.body) and not _never_falls_through(node.body):
            node.body.append(ast.copy_location(ast.Return(ast.Constant(None)), node.body[-1]))
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


_OTHER_FUNCTIONS: Final = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
_OTHER_LOOPS: Final = (*_OTHER_FUNCTIONS, ast.For, ast.While)


def _returns(statements: list[ast.stmt]) -> bool:
    """Tell whether a ``return`` of this very function is among the statements."""
    return _contains(statements, ast.Return, _OTHER_FUNCTIONS)


def _breaks(statements: list[ast.stmt]) -> bool:
    """Tell whether a ``break`` of this very loop is among the statements."""
    return _contains(statements, ast.Break, _OTHER_LOOPS)


def _contains(statements: list[ast.stmt], kind: type[ast.stmt], closed: tuple[type[ast.AST], ...]) -> bool:
    pending: list[ast.AST] = list(statements)
    while pending:
        node = pending.pop()
        if isinstance(node, kind):
            return True
        if not isinstance(node, closed):
            pending.extend(ast.iter_child_nodes(node))
    return False


def _never_falls_through(statements: list[ast.stmt]) -> bool:
    """Tell whether the end of the statements is certainly not reached."""
    match statements[-1] if statements else None:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=body, orelse=orelse):
            return _never_falls_through(body) and _never_falls_through(orelse)
        case ast.With(body=body):  # a manager that swallows exceptions is for Python values
            return _never_falls_through(body)
        case ast.While(test=ast.Constant(value=True), body=body):
            return not _breaks(body)
        case ast.While(body=body, orelse=orelse) | ast.For(body=body, orelse=orelse):
            return _never_falls_through(orelse) and not _breaks(body)
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            ends = all(_never_falls_through(handler.body) for handler in handlers)
            return _never_falls_through(final) or (ends and _never_falls_through(orelse or body))
        case _:
            return False
