"""Sessions run graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import numpy as np

from tenon.compat._fetches import Fetches, fetches_of
from tenon.compat._graph import Graph, get_default_graph
from tenon.compat._mode import THREAD, default_graph, default_session
from tenon.compat._operation import GraphTensor
from tenon.compat._program import Program
from tenon.compat._state import SessionState
from tenon.core.recording import on_device
from tenon.core.tensors import Tensor, as_tensor, convert_to_tensor, string
from tenon.core.tracing import init_scope


class Session:
    """Runs operations of a graph; has the values of its variables, ``tf.compat.v1.Session``.

    Args:
        target: accepted and ignored: there is one process.
        graph: the graph; ``None`` for the default one.
        config: accepted: a ``ConfigProto``.

    Raises:
        TypeError: ``graph`` is no graph.

    Example:
        >>> with Graph().as_default(), Session() as session:
        ...     session.graph.get_operations()
        []
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f'Argument `graph` must be a tf.Graph, but got "{type(graph).__name__}"')
        self.graph = get_default_graph() if graph is None else graph
        self.sess_str = target
        self.config = config
        self.state = SessionState()
        self._closed = False
        self._programs: dict[Any, Program] = {}
        self._known: dict[Any, tuple[Any, Fetches]] = {}
        self._contexts: list[AbstractContextManager[Any]] = []

    def __getattr__(self, name: str) -> Any:
        hint = f" Use {_INSTEAD[name]}." if name in _INSTEAD else ""
        raise AttributeError(f"'{type(self).__name__}' object has no attribute {name!r}.{hint}")

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Run operations and return values.

        Args:
            fetches: a tensor, operation, variable or name, or nested lists, tuples and dictionaries of those.
            feed_dict: values by the tensor (or its name) whose place they take.
            options: accepted and ignored.
            run_metadata: accepted and ignored.

        Returns:
            NumPy arrays in the structure of ``fetches``; ``None`` for operations.

        Raises:
            RuntimeError: the session is closed.
            TypeError: a fetch or a key of the feeds is nothing of a graph, or a value is a tensor.
            ValueError: a fetch belongs to another graph, or a value does not fit the shape of its tensor.
            InvalidArgumentError: a placeholder has no value.
            FailedPreconditionError: a variable has no value yet.
        """
        del options, run_metadata
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        asked = self._asked(fetches)
        fed, values = self._fed(feed_dict) if feed_dict else ((), [])
        program = self._program(asked, fed)
        environments, THREAD.environments = THREAD.environments, []
        try:
            with default_graph(None):
                found = program(values)
        finally:
            THREAD.environments = environments
        return asked.rebuild([_numpy(value) for value in found])

    def _asked(self, fetches: Any) -> Fetches:
        key = id(fetches)
        known = self._known.get(key)
        if known is not None and known[0] is fetches:
            return known[1]
        found = fetches_of(self.graph, fetches)
        if not isinstance(fetches, list | dict):
            self._known[key] = (fetches, found)
        if len(self._known) > _MOST:
            self._known.clear()
        return found

    def _program(self, asked: Fetches, fed: tuple[GraphTensor, ...]) -> Program:
        key = (asked.tensors, asked.operations, fed)
        program = self._programs.get(key)
        if program is None:
            with self.graph.lock:
                program = self._programs[key] = Program(self.state, asked.tensors, asked.operations, fed)
        return program

    def _fed(self, feed_dict: Any) -> tuple[tuple[GraphTensor, ...], list[Tensor]]:
        if not isinstance(feed_dict, Mapping):
            raise TypeError(f"Argument `feed_dict` must be a dictionary; received {feed_dict!r}.")
        given: dict[GraphTensor, Tensor] = {}
        for key, value in _spread(feed_dict):
            tensor = self._feedable(key)
            given[tensor] = _value_for(tensor, value)
        return tuple(given), list(given.values())

    def _feedable(self, key: Any) -> GraphTensor:
        if type(key) is GraphTensor and key.graph is self.graph:
            return key
        try:
            found: GraphTensor = self.graph.as_graph_element(key, allow_operation=False)
        except (TypeError, ValueError, KeyError) as error:
            raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error}") from error
        return found

    def load(self, variable: Any, value: Any) -> None:
        """Give a variable a value at once; arguments as of ``Variable.load``."""
        with init_scope(), default_graph(None):
            self.state.assign(variable, convert_to_tensor(value, variable.dtype))

    def make_callable(self, fetches: Any, feed_list: Sequence[Any] | None = None, accept_options: bool = False) -> Any:
        """Return a function that runs ``fetches``, and takes the values of ``feed_list`` in their order."""
        del accept_options
        keys = list(feed_list or [])

        def call(*values: Any) -> Any:
            return self.run(fetches, dict(zip(keys, values, strict=True)))

        return call

    def list_devices(self) -> list[Any]:
        """Return nothing: ask ``tf.config.list_logical_devices``."""
        return []

    def as_default(self) -> AbstractContextManager[Any]:
        """Return a context in which this is the default session; it does not close the session."""
        return default_session(self)

    def close(self) -> None:
        """Free the values of variables; nothing can be run any more."""
        self._leave()
        self._closed = True
        self._programs.clear()
        self.state = SessionState()

    def enter(self, with_graph: bool = True) -> None:
        """Be the default session until the session is closed.

        Args:
            with_graph: whether the graph is the default one, too.
        """
        if not self._contexts:
            self._contexts = [*([default_graph(self.graph)] if with_graph else []), default_session(self)]
            for context in self._contexts:
                context.__enter__()

    def _leave(self) -> None:
        while self._contexts:
            self._contexts.pop().__exit__(None, None, None)

    def __enter__(self) -> Session:
        self.enter()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


def InteractiveSession(target: str = "", graph: Graph | None = None, config: Any = None) -> Session:  # noqa: N802
    """Return a session that is the default from now on until it is closed, ``tf.compat.v1.InteractiveSession``.

    Args:
        target: accepted and ignored.
        graph: the graph; ``None`` for the default one.
        config: accepted.
    """
    session = Session(target, graph, config)
    session.enter(with_graph=graph is not None)
    return session


_MOST: Final = 1 << 10
_INSTEAD: Final = {
    "graph_def": "tf.saved_model.save, which saves functions",
    "partial_run": "one session.run that fetches everything that belongs together",
    "partial_run_setup": "one session.run that fetches everything that belongs together",
}


def _spread(feed_dict: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    pairs: list[tuple[Any, Any]] = []
    for key, value in feed_dict.items():
        pairs.extend(zip(key, value, strict=True) if isinstance(key, tuple) else [(key, value)])
    return pairs


def _value_for(tensor: GraphTensor, value: Any) -> Tensor:
    if isinstance(value, GraphTensor):
        raise TypeError(
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, strings, "
            f"lists, numpy ndarrays, or TensorHandles. For reference, the tensor object was {value!r} which was passed "
            f"to the argument `feed_dict` with key {tensor!r}."
        )
    dtype = tensor.dtype
    if dtype is string:
        array = convert_to_tensor(np.asarray(value, object), dtype)
    elif isinstance(value, Tensor):
        array = value
    else:
        array = as_tensor(on_device(np.asarray(value, dtype.dtype)))
    if not tensor.static_shape.is_compatible_with(array.shape):
        raise ValueError(
            f"Cannot feed value of shape {tuple(array.shape)} for Tensor {tensor.name}, which has shape "
            f"{tensor.static_shape}"
        )
    return array


def _numpy(value: Tensor) -> Any:
    return value.numpy()
