"""Variables of a graph: each session has their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tenon.compat._dimension import shape_for_users
from tenon.compat._graph import Graph, GraphKeys, get_default_graph, graph_to_build
from tenon.compat._mode import THREAD, building
from tenon.compat._operation import GraphTensor, Operation, session_for
from tenon.compat._ops import install_operators, op, tensor_of
from tenon.compat._samples import samples_of
from tenon.core import NAMES
from tenon.core.tensors import DType, Tensor, TensorShape, as_dtype, as_shape
from tenon.core.variables import VariableAggregation, VariableSynchronization


class GraphVariable:
    """A variable of a graph: what ``tf.compat.v1.Variable`` makes.

    Attributes:
        graph: where it belongs to.
        initial_value: the symbolic tensor that its initializer assigns.
        initializer: the operation that gives it its first value.
        snapshot: the reading that is made at the start of each run.
        reads: all readings.
        regularizer: what was given to ``get_variable``.
    """

    __array_priority__ = 200

    def __init__(
        self,
        graph: Graph,
        initial_value: GraphTensor,
        name: str,
        shape: TensorShape,
        trainable: bool,
        constraint: Callable[[Any], Any] | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
    ) -> None:
        self.graph = graph
        self.initial_value = initial_value
        self.static_shape = shape
        self.constraint = constraint
        self.regularizer: Any = None
        self.synchronization = synchronization
        self.aggregation = aggregation
        self._dtype = initial_value.dtype
        self._trainable = trainable
        self._described = [(self._dtype, samples_of(shape, self._dtype))]
        with graph.outside():
            operation = graph.add("VariableV2", name, [], self._read, self._described, role="read", variable=self)
            self.snapshot = operation.outputs[0]
            self.reads = [self.snapshot]
            self._name = operation.name
            self.initializer = self._assign_operation(initial_value, f"{operation.name}/Assign/").op
        self.initializer.initializes = True

    def _read(self, environment: Any, values: Sequence[Any]) -> list[Tensor]:
        del values
        return [environment.state.read(self)]

    def graph_read(self) -> GraphTensor:
        """Return its value as a tensor of the graph: a reading of its own where it has to wait for something."""
        graph = self.graph
        if graph is not get_default_graph():
            raise ValueError(f"{self!r} must be from the same graph as the operation that takes it.")
        if not graph.waits:
            return self.snapshot
        found: GraphTensor = self.read_value()
        return found

    def replayed(self) -> Any:
        """Return its value in the graph that is being run: gradients flow to that of the start of the run."""
        environment = THREAD.environments[-1]
        return environment.get(self.snapshot) if self._trainable else environment.state.read(self)

    def __jax_array__(self) -> Any:
        return (self.snapshot if not THREAD.environments else self).replayed().value

    @property
    def name(self) -> str:
        """The name, with its scopes and ``:0``."""
        return f"{self._name}:0"

    @property
    def op(self) -> Operation:
        """The operation that reads it."""
        return self.snapshot.op

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it if nothing else is said."""
        return self._trainable

    @property
    def shape(self) -> Any:
        """What is known of the shape."""
        return shape_for_users(self.static_shape)

    @property
    def device(self) -> str:
        """Where it is: wherever the session runs."""
        return ""

    def get_shape(self) -> Any:
        """Return the shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """State more of the shape."""
        self.static_shape = self.static_shape.merge_with(shape)
        self.snapshot.set_shape(shape)

    def value(self) -> GraphTensor:
        """Return its value as it is at the start of a run."""
        return self.graph_read()

    def read_value(self) -> Any:
        """Return its value as it is when what it has to wait for has run."""
        if not building():
            return self.replayed()
        operation = self.graph.add(
            "ReadVariableOp", f"{self._name}/Read/ReadVariableOp/", [], self._read, self._described,
            role="read", variable=self,
        )  # fmt: skip
        self.reads.append(operation.outputs[0])
        return operation.outputs[0]

    def initialized_value(self) -> GraphTensor:
        """Return its value, or its initial value where it has none yet."""

        def compute(environment: Any, values: Sequence[Any]) -> list[Tensor]:
            state = environment.state
            return [state.read(self) if state.is_initialized(self) else values[0]]

        operation = self.graph.add("cond", "cond", [self.initial_value], compute, self._described)
        return operation.outputs[0]

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Add the operation that gives it a new value.

        Args:
            value: anything that becomes a tensor of its dtype and shape.
            use_locking: ignored.
            name: the operation's name.
            read_value: whether the new value is returned, and not the operation.

        Raises:
            ValueError: the shape does not fit.
        """
        del use_locking
        return self._changed("Assign", lambda _, new: new, value, name, read_value)

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Add the operation that adds to it; arguments and errors as of ``assign``."""
        del use_locking
        return self._changed("AssignAdd", NAMES["math.add"], delta, name, read_value)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Add the operation that subtracts from it; arguments and errors as of ``assign``."""
        del use_locking
        return self._changed("AssignSub", NAMES["math.subtract"], delta, name, read_value)

    def _changed(self, kind: str, change: Callable[..., Any], value: Any, name: str | None, read_value: bool) -> Any:
        if not building():
            state = THREAD.environments[-1].state
            new = change(self.replayed() if kind != "Assign" else None, tensor_of(value, self._dtype))
            state.assign(self, new)
            return new if read_value else None
        given = tensor_of(value, self._dtype)
        if kind == "Assign":
            self._check_shape(given)
        tensor = self._assign_operation(given, name, kind, None if kind == "Assign" else change)
        return tensor if read_value else tensor.op

    def _check_shape(self, value: GraphTensor) -> None:
        if not self.static_shape.is_compatible_with(value.static_shape):
            raise ValueError(
                f"Cannot assign value to variable '{self.name}': Shape mismatch. The variable shape "
                f"{self.static_shape}, and the assigned value shape {value.static_shape} are incompatible."
            )

    def _assign_operation(
        self, value: GraphTensor, name: str | None, kind: str = "Assign", change: Callable[..., Any] | None = None
    ) -> GraphTensor:
        def compute(environment: Any, values: Sequence[Any]) -> list[Tensor]:
            state = environment.state
            new = values[0] if change is None else change(state.read(self), values[0])
            state.assign(self, new)
            return [new]

        operation = self.graph.add(
            kind, name, [value], compute, self._described, variable=self, role="assign", differentiable=False
        )
        operation.initializes = change is None
        return operation.outputs[0]

    def scattered(self, how: str, sparse_delta: Any, name: str | None = None) -> GraphTensor:
        """Add the operation that changes rows of it.

        Args:
            how: ``"add"``, ``"sub"``, ``"update"``, ``"mul"``, ``"div"``, ``"min"`` or ``"max"``.
            sparse_delta: indices and values of the rows.
            name: the operation's name.
        """
        indices, values = tensor_of(sparse_delta[0]), tensor_of(sparse_delta[1], self._dtype)

        def compute(environment: Any, given: Sequence[Any]) -> list[Tensor]:
            state = environment.state
            new = _scattered(how, state.read(self), given[0], given[1])
            state.assign(self, new)
            return [new]

        kind = "Scatter" + how.capitalize()
        operation = self.graph.add(
            kind, name, [indices, values], compute, self._described, variable=self, role="assign", differentiable=False
        )
        return operation.outputs[0]

    def eval(self, session: Any = None) -> Any:
        """Return its value in a session, the default one if none is given."""
        return session_for(session, "Cannot evaluate variable using `eval()`", self.graph).run(self.snapshot)

    def load(self, value: Any, session: Any = None) -> None:
        """Give it a value in a session at once."""
        session_for(session, "Cannot load variable using `load()`", self.graph).load(self, value)

    def is_initialized(self, name: str | None = None) -> GraphTensor:
        """Return whether it has a value."""
        return is_variable_initialized(self, name)

    def ref(self) -> GraphVariable:
        """Return something that can be a key: the variable itself is."""
        return self

    def deref(self) -> GraphVariable:
        """Undo ``ref``."""
        return self

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        del dtype, name
        return self.snapshot.replayed() if not THREAD.environments else self.replayed()

    def __tf_dispatch__(self, row: Any, arguments: dict[str, Any]) -> Any:
        return self.snapshot.__tf_dispatch__(row, arguments)  # type: ignore[attr-defined]

    def __bool__(self) -> bool:
        return bool(self.snapshot)

    def __iter__(self) -> Any:
        raise TypeError("'Variable' object is not iterable.")

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.static_shape} dtype={self._dtype.name}>"


install_operators(GraphVariable)


def _scattered(how: str, value: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    places = NAMES["expand_dims"](indices, -1)
    if how in ("mul", "div"):
        change = NAMES["math.multiply" if how == "mul" else "math.divide"]
        how, updates = "update", change(NAMES["gather"](value, indices), updates)
    found: Tensor = NAMES[f"tensor_scatter_nd_{how}"](value, places, updates)
    return found


def _initial_tensor(initial_value: Any, dtype: Any) -> GraphTensor:
    value = initial_value() if callable(initial_value) else initial_value
    found: GraphTensor = tensor_of(value, dtype, "initial_value")
    return found


def new_graph_variable(
    initial_value: Any = None,
    trainable: bool | None = None,
    collections: Iterable[str] | None = None,
    validate_shape: bool = True,
    name: str | None = None,
    dtype: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
    shape: Any = None,
) -> GraphVariable:
    """Add a variable to the default graph; arguments and errors as of ``Variable``."""
    graph = graph_to_build("A variable of a graph")
    if initial_value is None:
        raise ValueError("initial_value must be specified.")
    stem = name or "Variable"
    with graph.outside():
        initial = _initial_tensor(initial_value, None if dtype is None else as_dtype(dtype))
    known = initial.static_shape if validate_shape else TensorShape(None)
    stated = known if shape is None else as_shape(shape)
    if shape is not None and not stated.is_compatible_with(initial.static_shape):
        raise ValueError(
            f"The initial value's shape ({initial.static_shape}) is not compatible with the explicitly supplied "
            f"`shape` argument ({stated})."
        )
    if validate_shape and known.rank is None and shape is None:
        raise ValueError(f"initial_value must have a shape specified: {initial!r}")
    on_read = synchronization is VariableSynchronization.ON_READ
    is_trainable = not on_read if trainable is None else bool(trainable)
    variable = GraphVariable(graph, initial, stem, stated, is_trainable, constraint, synchronization, aggregation)
    keys = list(collections or [GraphKeys.GLOBAL_VARIABLES])
    if is_trainable and GraphKeys.TRAINABLE_VARIABLES not in keys:
        keys.append(GraphKeys.TRAINABLE_VARIABLES)
    graph.add_to_collections(keys, variable)
    return variable


def is_variable_initialized(variable: GraphVariable, name: str | None = None) -> GraphTensor:
    """Return whether a variable has a value when the session runs."""
    graph = graph_to_build("tf.compat.v1.is_variable_initialized")

    def compute(environment: Any, values: Sequence[Any]) -> list[Tensor]:
        del values
        return [Tensor(_on_device(environment.state.is_initialized(variable)))]

    described = [(as_dtype("bool"), samples_of(TensorShape([]), as_dtype("bool")))]
    return graph.add("IsVariableInitialized", name, [], compute, described, role="host").outputs[0]


def _on_device(value: Any) -> Any:
    return op("convert_to_tensor")(value).value
