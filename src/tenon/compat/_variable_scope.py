"""Variables that are shared by name: ``get_variable`` and ``variable_scope``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from tenon.compat._graph import Graph, GraphKeys, get_default_graph, graph_to_build
from tenon.compat._initializers import glorot_uniform_initializer, zeros_initializer
from tenon.compat._operation import GraphTensor
from tenon.compat._ops import tensor_of
from tenon.compat._variables import GraphVariable, new_graph_variable
from tenon.core.tensors import TensorShape, array_of, as_dtype, as_shape, float32
from tenon.core.variables import VariableAggregation, VariableSynchronization


class _ReuseMode(Enum):
    AUTO_REUSE = 1

    def __repr__(self) -> str:
        return "tf.AUTO_REUSE"


AUTO_REUSE: Final = _ReuseMode.AUTO_REUSE
"""Share a variable if it is there, make it if not."""


@dataclass(frozen=True)
class _Settings:
    name: str = ""
    reuse: Any = False
    initializer: Any = None
    regularizer: Any = None
    caching_device: Any = None
    partitioner: Any = None
    custom_getter: Any = None
    dtype: Any = float32
    constraint: Any = None
    name_scope: str = ""


class VariableScope:
    """What ``get_variable`` goes by, ``tf.compat.v1.VariableScope``.

    Args:
        reuse: whether variables have to be there (``True``), must not be (``False``), or may be (``AUTO_REUSE``).
        name: is put before the names of variables.
        initializer: gives values where ``get_variable`` has no initializer.
        regularizer: likewise.
        caching_device: accepted and ignored.
        partitioner: accepted and ignored: variables are whole.
        custom_getter: called in place of making or finding a variable.
        name_scope: the scope of the names of operations.
        dtype: the type where ``get_variable`` has none.
        use_resource: accepted and ignored.
        constraint: likewise.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ) -> None:
        del use_resource
        self._settings = _Settings(
            name, reuse, initializer, regularizer, caching_device, partitioner, custom_getter, dtype, constraint,
            name_scope,
        )  # fmt: skip

    @property
    def settings(self) -> _Settings:
        """Everything that it says."""
        return self._settings

    @property
    def name(self) -> str:
        """What is put before the names of variables, without ``/`` at the end."""
        return self._settings.name

    @property
    def original_name_scope(self) -> str:
        """The scope of the names of operations."""
        return self._settings.name_scope

    @property
    def reuse(self) -> Any:
        """Whether variables are shared."""
        return self._settings.reuse

    @property
    def initializer(self) -> Any:
        """What gives values."""
        return self._settings.initializer

    @property
    def regularizer(self) -> Any:
        """What gives losses."""
        return self._settings.regularizer

    @property
    def dtype(self) -> Any:
        """The type of variables."""
        return self._settings.dtype

    def reuse_variables(self) -> None:
        """Let variables be there already from now on."""
        self._settings = replace(self._settings, reuse=True)

    def set_initializer(self, initializer: Any) -> None:
        """Change what gives values."""
        self._settings = replace(self._settings, initializer=initializer)

    def set_regularizer(self, regularizer: Any) -> None:
        """Change what gives losses."""
        self._settings = replace(self._settings, regularizer=regularizer)

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Change what makes variables."""
        self._settings = replace(self._settings, custom_getter=custom_getter)

    def trainable_variables(self) -> list[Any]:
        """Return the trainable variables whose names begin with this scope."""
        return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, self._prefix)

    def global_variables(self) -> list[Any]:
        """Return the variables whose names begin with this scope."""
        return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, self._prefix)

    @property
    def _prefix(self) -> str:
        return f"{self.name}/" if self.name else ""


def get_variable_scope() -> VariableScope:
    """Return the scope that ``get_variable`` goes by now.

    Example:
        >>> get_variable_scope().name
        ''
    """
    return _current(get_default_graph())


def _current(graph: Graph) -> VariableScope:
    found: VariableScope = graph.state.setdefault("variable_scope", VariableScope(False))
    return found


@contextmanager
def variable_scope(
    name_or_scope: Any,
    default_name: str | None = None,
    values: Sequence[Any] | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
    constraint: Any = None,
    auxiliary_name_scope: bool = True,
) -> Iterator[VariableScope]:
    """Put a scope before the names of variables, and say how they are made, ``tf.compat.v1.variable_scope``.

    Args:
        name_or_scope: a name, or a ``VariableScope`` to go back to; ``None`` for ``default_name``, made unique.
        default_name: the name where there is none.
        values: accepted and ignored.
        initializer: as of ``VariableScope``; ``None`` for that of the scope around.
        regularizer: likewise.
        caching_device: accepted and ignored.
        partitioner: accepted and ignored.
        custom_getter: likewise; a getter around it is called by it.
        reuse: whether variables are shared; ``None`` or ``False`` for as around.
        dtype: the type of variables.
        use_resource: accepted and ignored.
        constraint: as of ``get_variable``.
        auxiliary_name_scope: whether the names of operations get a scope too.

    Raises:
        TypeError: there is neither a name nor a default.
        ValueError: ``reuse`` comes with a default name.
    """
    del values, use_resource
    graph = get_default_graph()
    if default_name is None and name_or_scope is None:
        raise TypeError("If default_name is None then name_or_scope is required")
    if name_or_scope is None and reuse:
        raise ValueError("reuse=True cannot be used without a name_or_scope")
    around = _current(graph)
    if isinstance(name_or_scope, VariableScope):
        settings, stem = name_or_scope.settings, name_or_scope.name.rpartition("/")[2] or None
    else:
        stem = name_or_scope if name_or_scope is not None else _unused(graph, around, str(default_name))
        settings = replace(around.settings, name=f"{around.name}/{stem}" if around.name else stem)
    changes = {
        "initializer": initializer,
        "regularizer": regularizer,
        "caching_device": caching_device,
        "partitioner": partitioner,
        "dtype": dtype,
        "constraint": constraint,
        "custom_getter": _around(custom_getter, settings.custom_getter),
    }
    settings = replace(
        settings,
        reuse=reuse or settings.reuse or around.reuse,
        **{key: value for key, value in changes.items() if value is not None},
    )
    with ExitStack() as stack:
        if auxiliary_name_scope and stem:
            settings = replace(settings, name_scope=stack.enter_context(graph.name_scope(stem)))
        scope = VariableScope(settings.reuse)
        scope._settings = settings
        graph.state["variable_scope"] = scope
        try:
            yield scope
        finally:
            graph.state["variable_scope"] = around


def _unused(graph: Graph, around: VariableScope, name: str) -> str:
    counts = graph.state.setdefault("scope_counts", {})
    full = f"{around.name}/{name}"
    number = counts.get(full, 0)
    counts[full] = number + 1
    return name if not number else f"{name}_{number}"


def _around(own: Any, outer: Any) -> Any:
    if own is None or outer is None:
        return own

    def getter(inner: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def next_getter(*more: Any, **named: Any) -> Any:
            return outer(inner, *more, **named)

        return own(next_getter, *args, **kwargs)

    return getter


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """Return the variable of a name, made at the first time, ``tf.compat.v1.get_variable``.

    Args:
        name: its name inside the variable scopes that are open.
        shape: its shape; not needed where the initializer is a value.
        dtype: its type; ``None`` for the scope's.
        initializer: a function of shape and dtype, or a value; ``None`` for the scope's, else ``glorot_uniform`` for
            floating point and zeros for the rest.
        regularizer: a function of the variable whose result is added to the regularization losses.
        trainable: whether optimizers change it; ``None`` for yes.
        collections: where it is listed; ``None`` for the global variables.
        caching_device: accepted and ignored.
        partitioner: accepted and ignored.
        validate_shape: whether its shape is fixed.
        use_resource: accepted and ignored.
        custom_getter: called in place of making or finding it.
        constraint: applied by optimizers to new values.
        synchronization: kept.
        aggregation: kept.

    Raises:
        ValueError: it is there and must not be, or is not and must, or is of another shape or type.
        RuntimeError: no graph is built.
    """
    del caching_device, partitioner, use_resource
    graph = graph_to_build("tf.compat.v1.get_variable")
    settings = _current(graph).settings
    full = f"{settings.name}/{name}" if settings.name else name
    getter = _around(custom_getter, settings.custom_getter) or settings.custom_getter
    options = {
        "shape": shape,
        "dtype": settings.dtype if dtype is None else dtype,
        "initializer": settings.initializer if initializer is None else initializer,
        "regularizer": settings.regularizer if regularizer is None else regularizer,
        "reuse": settings.reuse,
        "trainable": trainable,
        "collections": collections,
        "validate_shape": validate_shape,
        "constraint": settings.constraint if constraint is None else constraint,
        "synchronization": synchronization,
        "aggregation": aggregation,
    }
    return _found_or_made(full, **options) if getter is None else getter(_found_or_made, full, **options)


def _found_or_made(name: str, **options: Any) -> Any:
    graph = get_default_graph()
    known = graph.variable_store.get(name)
    reuse = options.pop("reuse", False)
    if known is not None:
        if reuse is False or reuse is None:
            raise ValueError(
                f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in "
                "VarScope?"
            )
        _check_alike(name, known, **options)
        return known
    if reuse is True:
        raise ValueError(
            f"Variable {name} does not exist, or was not created with tf.get_variable(). Did you mean to set "
            "reuse=tf.AUTO_REUSE in VarScope?"
        )
    made = graph.variable_store[name] = _made(name, **options)
    return made


def _check_alike(name: str, known: GraphVariable, shape: Any = None, dtype: Any = None, **options: Any) -> None:
    del options
    if shape is not None and not as_shape(_sizes(shape)).is_compatible_with(known.static_shape):
        raise ValueError(
            f"Trying to share variable {name}, but specified shape {as_shape(_sizes(shape))} and found shape "
            f"{known.static_shape}."
        )
    if dtype is not None and as_dtype(dtype) != known.dtype and known.dtype.is_floating == as_dtype(dtype).is_floating:
        raise ValueError(
            f"Trying to share variable {name}, but specified dtype {as_dtype(dtype).name} and found dtype "
            f"{known.dtype.name}."
        )


def _sizes(shape: Any) -> Any:
    return [shape] if isinstance(shape, int) else shape


def _made(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    validate_shape: bool = True,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> GraphVariable:
    graph = get_default_graph()
    kind, sizes = as_dtype(dtype), None if shape is None else as_shape(_sizes(shape))
    with graph.name_scope(None), graph.outside():
        initial = _initial_value(name, sizes, kind, initializer)
        variable = new_graph_variable(
            initial, trainable, collections, validate_shape, name, None, constraint, synchronization, aggregation
        )
    if regularizer is not None:
        with graph.name_scope(f"{name}/Regularizer/"), graph.outside():
            loss = regularizer(variable)
        if loss is not None:
            graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
    return variable


def _initial_value(name: str, shape: TensorShape | None, dtype: Any, initializer: Any) -> Any:
    if initializer is not None and not callable(initializer):
        if shape is not None and shape.rank is not None:
            raise ValueError("If initializer is a constant, do not specify shape.")
        if isinstance(initializer, GraphTensor):
            return initializer
        natural = array_of(initializer) if not hasattr(initializer, "graph_read") else initializer
        own = as_dtype(natural.dtype)
        return initializer if hasattr(initializer, "graph_read") else (lambda: _constant(initializer, own))
    if shape is None or not shape.is_fully_defined():
        if initializer is not None and shape is None:
            return initializer
        raise ValueError(f"Shape of a new variable ({name}) must be fully defined, but instead was {shape}.")
    chosen = initializer if initializer is not None else _default_initializer(name, dtype)
    if isinstance(chosen, type):
        chosen = chosen()
    return lambda: _called(chosen, shape.as_list(), dtype)


def _constant(value: Any, dtype: Any) -> Any:
    return tensor_of(value, dtype)


def _called(initializer: Callable[..., Any], shape: list[Any], dtype: Any) -> Any:
    try:
        return initializer(shape, dtype=dtype)
    except TypeError:
        return initializer()


def _default_initializer(name: str, dtype: Any) -> Callable[..., Any]:
    if dtype.is_floating:
        return glorot_uniform_initializer()
    if dtype.is_integer or dtype.is_bool:
        return zeros_initializer()
    raise ValueError(f"An initializer for variable {name} of {dtype} is required")


def get_local_variable(name: str, *args: Any, **kwargs: Any) -> Any:
    """Return a variable that is neither trained nor saved; arguments as of ``get_variable``."""
    kwargs.update(trainable=False, collections=[GraphKeys.LOCAL_VARIABLES])
    return get_variable(name, *args, **kwargs)
