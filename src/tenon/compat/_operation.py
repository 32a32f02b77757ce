"""Operations of a graph and their results: symbolic tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from tenon.compat._dimension import shape_for_users
from tenon.compat._mode import THREAD, building, get_default_session
from tenon.compat._samples import Sample, samples_of
from tenon.core.tensors import DType, TensorShape, as_shape

if TYPE_CHECKING:
    from tenon.compat._graph import Body, Graph

Compute = Callable[[Any, Sequence[Any]], Sequence[Any]]
"""Takes the environment and the values of the inputs; returns those of the outputs."""


class Operation:
    """Something that a graph computes or does, ``tf.Operation``.

    Attributes:
        graph: where it belongs to.
        name: its name, with scopes.
        type: what it does.
        inputs: the symbolic tensors that it takes.
        control_inputs: what must have run before.
        compute: computes the outputs.
        body: the body that it is inside of; ``None`` for the graph itself.
        number: its place in the order in which operations were made.
        outputs: what it gives.
        differentiable: whether gradients flow through it.
        role: ``"read"``, ``"placeholder"``, ``"gradient"``, ``"random"`` or ``None``.
        variable: the variable that it reads, or that it gives its first value.
        sources: for a gradient, the tensors with respect to which it is.
        initializes: whether it gives a variable a value whatever it had before.
        random_seeds: for a random operation, the seed of the graph and its own.
    """

    def __init__(
        self,
        graph: Graph,
        name: str,
        kind: str,
        inputs: tuple[GraphTensor, ...],
        control_inputs: tuple[Operation, ...],
        compute: Compute,
        body: Body | None,
        number: int,
    ) -> None:
        self.graph = graph
        self.name = name
        self.type = kind
        self.inputs = inputs
        self.control_inputs = control_inputs
        self.compute = compute
        self.body = body
        self.number = number
        self.outputs: tuple[GraphTensor, ...] = ()
        self.differentiable = True
        self.role: str | None = None
        self.variable: Any = None
        self.sources: tuple[GraphTensor, ...] = ()
        self.initializes = False
        self.random_seeds: tuple[int | None, int | None] = (None, None)

    @property
    def device(self) -> str:
        """Where it runs: wherever the session does."""
        return ""

    @property
    def values(self) -> Callable[[], tuple[GraphTensor, ...]]:
        """Return the outputs."""
        return lambda: self.outputs

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run it in a session, the default one if none is given.

        Raises:
            ValueError: there is no session.
        """
        session_for(session, "Cannot execute operation using `run()`", self.graph).run(self, feed_dict)

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"


class GraphTensor:
    """A value that a session will compute: what ``tf.Tensor`` is while a graph is built.

    Two are equal if they are the same. They have no truth value, and cannot be iterated.
    """

    __array_priority__ = 200

    def __init__(self, op: Operation, index: int, dtype: DType, samples: tuple[Sample, ...] | None) -> None:
        self.op = op
        self.value_index = index
        self._dtype = dtype
        self.samples = samples
        self._stated = TensorShape(None)

    @property
    def graph(self) -> Graph:
        """Where it belongs to."""
        return self.op.graph

    @property
    def name(self) -> str:
        """The name of its operation, and which output it is."""
        return f"{self.op.name}:{self.value_index}"

    @property
    def device(self) -> str:
        """Where it is computed: wherever the session runs."""
        return ""

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def static_shape(self) -> TensorShape:
        """What is known of the shape."""
        if self.samples is None:
            return self._stated
        sizes = zip(*[sample.shape for sample in self.samples], strict=True)
        return TensorShape([size[0] if len(set(size)) == 1 else None for size in sizes])

    @property
    def shape(self) -> Any:
        """What is known of the shape; with ``Dimension`` objects under 1.x behaviour."""
        return shape_for_users(self.static_shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.static_shape.as_list())

    def get_shape(self) -> Any:
        """Return the shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """State more of the shape.

        Raises:
            ValueError: it contradicts what is known.
        """
        merged = self.static_shape.merge_with(as_shape(shape))
        if self.samples is None:
            self._stated, self.samples = merged, samples_of(merged, self._dtype)
            return
        self.samples = tuple([_with_shape(sample, merged) for sample in self.samples])

    def consumers(self) -> list[Operation]:
        """Return the operations that take it."""
        return [one for one in self.graph.get_operations() if any(given is self for given in one.inputs)]

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Compute it in a session, the default one if none is given.

        Raises:
            ValueError: there is no session.
        """
        return session_for(session, "Cannot evaluate tensor using `eval()`", self.graph).run(self, feed_dict)

    def ref(self) -> GraphTensor:
        """Return something that can be a key: the tensor itself is."""
        return self

    def deref(self) -> GraphTensor:
        """Undo ``ref``."""
        return self

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        del dtype, name
        return self.replayed()

    def __jax_array__(self) -> Any:
        return self.replayed().value

    def replayed(self) -> Any:
        """Return its value in the graph that is being run.

        Raises:
            TypeError: none is.
        """
        if not THREAD.environments:
            raise TypeError(
                f"{self.name}: a symbolic tensor has no value outside of a session; run it with session.run, and make "
                "operations of it where its graph is the default. Keras layers and functions that need arrays take no "
                "symbolic tensors of 1.x: use them in eager code, tf.keras.Model or tf.function."
            )
        return THREAD.environments[-1].get(self)

    def __bool__(self) -> bool:
        if not building() and THREAD.environments:
            return bool(self.replayed())
        raise TypeError(
            "Using a symbolic `tf.Tensor` as a Python `bool` is not allowed. Use `if t is not None:` instead of "
            "`if t:` to test if a tensor is defined, and use TensorFlow ops such as tf.cond to execute subgraphs "
            "conditioned on the value of a tensor."
        )

    def __iter__(self) -> Any:
        raise TypeError("Iterating over a symbolic `tf.Tensor` is not allowed in Graph execution; use tf.unstack.")

    def __len__(self) -> int:
        raise TypeError(f"len is not well defined for a symbolic Tensor ({self.name}). Please call `x.shape` instead.")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise NotImplementedError(
            f"Cannot convert a symbolic tf.Tensor ({self.name}) to a numpy array. This error may indicate that you're "
            "trying to pass a Tensor to a NumPy call, which is not supported."
        )

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.static_shape} dtype={self._dtype.name}>"

    def __str__(self) -> str:
        return f'Tensor("{self.name}", shape={self.static_shape}, dtype={self._dtype.name})'


def session_for(session: Any, what: str, graph: Any) -> Any:
    """Return the session that is given, or the default one.

    Raises:
        ValueError: there is none, or the default one is of another graph.
    """
    found = get_default_session() if session is None else session
    if found is None:
        raise ValueError(f"{what}: No default session is registered. Use `with sess.as_default()` or pass a session.")
    if found.graph is not graph:
        raise ValueError(f"{what}: the session's graph is different from the tensor's graph.")
    return found


def _with_shape(sample: Sample, shape: TensorShape) -> Sample:
    sizes = tuple([own if stated is None else stated for own, stated in zip(sample.shape, shape, strict=True)])
    return sample if sizes == tuple(sample.shape) else jax.ShapeDtypeStruct(sizes, sample.dtype)
