"""The global step: the variable that counts training steps."""

from __future__ import annotations

from typing import Any

from tenon.compat._graph import Graph, GraphKeys, get_default_graph, graph_to_build
from tenon.compat._initializers import zeros_initializer
from tenon.compat._variables import GraphVariable, new_graph_variable


def get_global_step(graph: Graph | None = None) -> GraphVariable | None:
    """Return the global step of a graph, ``None`` where there is none."""
    found = (graph or get_default_graph()).get_collection(GraphKeys.GLOBAL_STEP)
    return found[0] if found else None


def create_global_step(graph: Graph | None = None) -> GraphVariable:
    """Make the global step of a graph.

    Raises:
        ValueError: there is one.
    """
    own = graph or graph_to_build("tf.compat.v1.train.create_global_step")
    if get_global_step(own) is not None:
        raise ValueError('"global_step" already exists.')
    with own.as_default(), own.name_scope(None):
        variable = new_graph_variable(
            lambda: zeros_initializer()([], "int64"),
            False,
            [GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
            True,
            "global_step",
        )
    own.variable_store["global_step"] = variable
    return variable


def get_or_create_global_step(graph: Graph | None = None) -> GraphVariable:
    """Return the global step of a graph, made at the first time."""
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """Return the value of the global step in a session."""
    return int(sess.run(global_step_tensor))
