"""Changing rows of variables: ``tf.scatter_add`` and its kin; and functions that share variables by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenon.compat._graph import get_default_graph
from tenon.compat._variable_scope import AUTO_REUSE, variable_scope


def scatter(how: str) -> Callable[..., Any]:
    """Return the function that changes rows of a variable in one way."""

    def change(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
        del use_locking
        return ref.scattered(how, (indices, updates), name)

    change.__name__ = change.__qualname__ = f"scatter_{how}"
    change.__doc__ = f"Change rows of a variable, {how}: ``tf.scatter_{how}(ref, indices, updates)``."
    return change


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Any = None,
    **kwargs: Any,
) -> Callable[..., Any]:
    """Return a function whose variables are made at its first call and shared by all later ones.

    Args:
        name_: the scope of the variables.
        func_: the function.
        create_scope_now_: accepted: the scope's name is taken at once.
        unique_name_: the scope's name as it is; ``None`` for ``name_``, made unique.
        custom_getter_: as of ``variable_scope``.
        **kwargs: arguments that every call has.
    """
    del create_scope_now_
    with variable_scope(unique_name_, default_name=name_) as found:
        scope = found
    graph = get_default_graph()

    def call(*args: Any, **named: Any) -> Any:
        with graph.as_default(), variable_scope(scope, reuse=AUTO_REUSE, custom_getter=custom_getter_):
            return func_(*args, **{**kwargs, **named})

    return call
