"""The graph: operations in the order in which they were made, their names, and collections."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from tenon.compat._mode import PROCESS, THREAD, building, default_graph
from tenon.compat._operation import Compute, GraphTensor, Operation
from tenon.compat._samples import Sample

_VALID: Final = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")


class GraphKeys:
    """The standard names of collections, ``tf.compat.v1.GraphKeys``."""

    GLOBAL_VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    METRIC_VARIABLES = "metric_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    SUMMARIES = "summaries"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    ASSET_FILEPATHS = "asset_filepaths"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    REGULARIZATION_LOSSES = "regularization_losses"
    CONCATENATED_VARIABLES = "concatenated_variables"
    SAVERS = "savers"
    WEIGHTS = "weights"
    BIASES = "biases"
    ACTIVATIONS = "activations"
    UPDATE_OPS = "update_ops"
    LOSSES = "losses"
    SAVEABLE_OBJECTS = "saveable_objects"
    RESOURCES = "resources"
    LOCAL_RESOURCES = "local_resources"
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    READY_FOR_LOCAL_INIT_OP = "ready_for_local_init_op"
    SUMMARY_OP = "summary_op"
    GLOBAL_STEP = "global_step"
    TRAIN_OP = "train_op"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"


class Body:
    """Operations inside a function that an operation calls: a branch, a loop's body.

    Attributes:
        outer: the body around it; ``None`` for the graph itself.
        operations: in their order.
    """

    def __init__(self, outer: Body | None) -> None:
        self.outer = outer
        self.operations: list[Operation] = []


class Graph:
    """Operations to be run in a session, ``tf.Graph``.

    Inside ``with graph.as_default():`` operations are recorded and give symbolic tensors.

    Attributes:
        seed: the seed of all random operations that are made from now on, or ``None``.
        lock: taken while a session prepares a program.

    Example:
        >>> graph = Graph()
        >>> with graph.as_default():
        ...     get_default_graph() is graph
        True
    """

    def __init__(self) -> None:
        self.seed: int | None = None
        self.lock = threading.RLock()
        self.variable_store: dict[str, Any] = {}
        self.state: dict[str, Any] = {}
        self._operations: dict[str, Operation] = {}
        self._order: list[Operation] = []
        self._names: dict[str, int] = {}
        self._collections: dict[str, list[Any]] = {}
        self._scope = ""
        self._controls: list[tuple[Operation, ...]] = []
        self._body: Body | None = None
        self._finalized = False

    def as_default(self) -> AbstractContextManager[Graph]:
        """Return a context in which the graph is the default of this thread."""
        return default_graph(self)

    @property
    def finalized(self) -> bool:
        """Whether nothing can be added any more."""
        return self._finalized

    def finalize(self) -> None:
        """Let nothing be added any more."""
        self._finalized = True

    @property
    def building_function(self) -> bool:
        """Whether this is the graph of a function: never."""
        return False

    @property
    def version(self) -> int:
        """How many operations there are."""
        return len(self._order)

    @property
    def collections(self) -> list[str]:
        """The names of the collections."""
        return list(self._collections)

    @property
    def body(self) -> Body | None:
        """The body that operations are added to now; ``None`` for the graph itself."""
        return self._body

    @contextmanager
    def adding_to(self, body: Body) -> Iterator[None]:
        """Add operations to a body inside the block."""
        before = self._body, self._controls
        self._body, self._controls = body, []
        try:
            yield
        finally:
            self._body, self._controls = before

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Add operations to the graph itself inside the block, that wait for nothing."""
        before = self._body, self._controls
        self._body, self._controls = None, []
        try:
            yield
        finally:
            self._body, self._controls = before

    @property
    def waits(self) -> bool:
        """Whether operations that are made now have to wait for others."""
        return any(self._controls)

    def add(
        self,
        kind: str,
        name: str | None,
        inputs: Sequence[GraphTensor],
        compute: Compute,
        outputs: Sequence[tuple[Any, tuple[Sample, ...] | None]],
        **traits: Any,
    ) -> Operation:
        """Add an operation.

        Args:
            kind: its type, which is also its name where there is none.
            name: its name without scopes, or ``None``.
            inputs: symbolic tensors of this graph.
            compute: computes the outputs.
            outputs: dtype and samples of each output.
            **traits: further attributes of ``Operation``.

        Raises:
            RuntimeError: the graph is finalized.
            ValueError: an input belongs to another graph, or the name is no name.
        """
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
        for tensor in inputs:
            if tensor.graph is not self:
                raise ValueError(f"{tensor!r} must be from the same graph as the operation {name or kind!r}.")
        controls = tuple(dict.fromkeys([one for group in self._controls for one in group]))
        operation = Operation(
            self, self.unique_name(name or kind), kind, tuple(inputs), controls, compute, self._body, len(self._order)
        )
        operation.outputs = tuple([GraphTensor(operation, n, *output) for n, output in enumerate(outputs)])
        for trait, value in traits.items():
            setattr(operation, trait, value)
        self._operations[operation.name] = operation
        self._order.append(operation)
        if self._body is not None:
            self._body.operations.append(operation)
        return operation

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """Return a name with the scopes before it, and a number behind it where it was there already.

        Raises:
            ValueError: it is no name.
        """
        if name.endswith("/"):
            full = name[:-1]
        else:
            full = self._scope + name
            if not _VALID.match(full):
                raise ValueError(f"'{full}' is not a valid scope name.")
        key = full.lower()
        count = self._names.get(key, 0)
        unique = full
        while unique.lower() in self._names and count:
            unique = f"{full}_{count}"
            count += 1
        if mark_as_used:
            self._names[key] = max(count, 1)
            if unique != full:
                self._names[unique.lower()] = 1
        return unique

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Put a scope before the names of operations that are made inside; yield it, with ``/`` behind it.

        Args:
            name: the scope; one that ends with ``/`` is taken as it is, ``None`` or an empty one leaves all scopes.
        """
        before = self._scope
        if not name:
            self._scope = ""
        else:
            self._scope = name if name.endswith("/") else self.unique_name(name) + "/"
        try:
            yield self._scope
        finally:
            self._scope = before

    def get_name_scope(self) -> str:
        """Return the scopes that are open, without ``/`` at the end."""
        return self._scope[:-1]

    @contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[None]:
        """Let operations that are made inside run after others; ``None`` leaves all such contexts."""
        before = self._controls
        found = () if control_inputs is None else tuple([self.operation_of(one) for one in control_inputs])
        self._controls = [] if control_inputs is None else [*before, found]
        try:
            yield
        finally:
            self._controls = before

    def operation_of(self, value: Any) -> Operation:
        """Return the operation that a value stands for: a tensor's own, a variable's reading, or itself.

        Raises:
            TypeError: it is none of those.
        """
        found = value if isinstance(value, Operation) else None
        if isinstance(value, GraphTensor):
            found = value.op
        elif hasattr(value, "graph_read"):
            found = value.graph_read().op
        elif hasattr(value, "parts"):
            found = value.op
        if found is None:
            raise TypeError(f"Control input must be Operation or Tensor; received {value!r}.")
        return found

    def device(self, device_name_or_function: Any) -> AbstractContextManager[None]:
        """Return a context that changes nothing: a program runs on the session's device."""
        del device_name_or_function
        return _nothing()

    def colocate_with(self, op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
        """Return a context that changes nothing."""
        del op, ignore_existing
        return _nothing()

    def get_operations(self) -> list[Operation]:
        """Return all operations in the order in which they were made."""
        return list(self._order)

    def get_operation_by_name(self, name: str) -> Operation:
        """Return the operation of a name.

        Raises:
            KeyError: there is none.
        """
        if name not in self._operations:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return self._operations[name]

    def get_tensor_by_name(self, name: str) -> GraphTensor:
        """Return the tensor of a name such as ``"add:0"``.

        Raises:
            ValueError: the name is that of an operation.
            KeyError: there is no such tensor.
        """
        operation, colon, number = name.rpartition(":")
        if not colon or not number.isdecimal():
            raise ValueError(
                f"The name '{name}' looks like an (invalid) Operation name, not a Tensor. Tensor names must be of the "
                'form "<op_name>:<output_index>".'
            )
        found = self._operations.get(operation)
        if found is None or int(number) >= len(found.outputs):
            raise KeyError(f"The name '{name}' refers to a Tensor which does not exist.")
        return found.outputs[int(number)]

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """Return the tensor or operation that an object or a name stands for.

        Raises:
            ValueError: it belongs to another graph, or it is a name that is badly written.
            KeyError: the graph has no such thing.
            TypeError: it is nothing of a graph.
        """
        if isinstance(obj, bytes):
            obj = obj.decode()
        if isinstance(obj, str):
            found: Any = (
                self.get_tensor_by_name(obj) if ":" in obj and allow_tensor else self.get_operation_by_name(obj)
            )
        elif hasattr(obj, "graph_read"):
            found = obj.snapshot
        else:
            found = obj
        wanted = ((GraphTensor,) if allow_tensor else ()) + ((Operation,) if allow_operation else ())
        if not isinstance(found, wanted):
            raise TypeError(f"Can not convert a {type(obj).__name__} into a Tensor or Operation.")
        if found.graph is not self:
            kind = "Tensor" if isinstance(found, GraphTensor) else "Operation"
            raise ValueError(f"{kind} {obj!r} is not an element of this graph.")
        return found

    def add_to_collection(self, name: str, value: Any) -> None:
        """Add a value to a collection.

        Raises:
            RuntimeError: the graph is finalized.
        """
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
        self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Add a value to several collections, once to each."""
        for name in dict.fromkeys((names,) if isinstance(names, str) else names):
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: str) -> list[Any]:
        """Return the list that a collection is."""
        return self._collections.setdefault(name, [])

    def get_collection(self, name: str, scope: str | None = None) -> list[Any]:
        """Return the values of a collection.

        Args:
            name: the collection.
            scope: a regular expression that the names of the values must begin with; ``None`` for all.
        """
        values = list(self._collections.get(name, []))
        if not scope:
            return values
        pattern = re.compile(scope)
        return [value for value in values if hasattr(value, "name") and pattern.match(value.name)]

    def get_all_collection_keys(self) -> list[str]:
        """Return the names of the collections."""
        return [name for name in self._collections if isinstance(name, str)]

    def clear_collection(self, name: str) -> None:
        """Empty a collection."""
        self._collections.pop(name, None)

    def __repr__(self) -> str:
        return f"<tf.Graph with {len(self._order)} operations>"


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def get_default_graph() -> Graph:
    """Return the graph to which operations are added in this thread.

    Example:
        >>> with Graph().as_default() as graph:
        ...     get_default_graph() is graph
        True
    """
    for graph in reversed(THREAD.graphs):
        if graph is not None:
            found: Graph = graph
            return found
    if PROCESS.graph is None:
        PROCESS.graph = Graph()
    default: Graph = PROCESS.graph
    return default


def reset_default_graph() -> None:
    """Take a new graph as the default of the process.

    Raises:
        AssertionError: a graph is the default for a block that has not ended.
    """
    if THREAD.graphs:
        raise AssertionError(
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit the nesting "
            "and create a new graph."
        )
    PROCESS.graph = Graph()


def graph_to_build(what: str) -> Graph:
    """Return the default graph for something that only graphs have.

    Raises:
        RuntimeError: code computes at once.
    """
    if not building():
        raise RuntimeError(
            f"{what} is not supported when eager execution is enabled. Build a graph (`with tf.Graph().as_default():`, "
            "or `tf.compat.v1.disable_v2_behavior()` at the start), or write it as a tf.function."
        )
    return get_default_graph()
