"""Parts of variables: reading them, and giving them new values, ``variable[1:3].assign(...)``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.core.operations._cuts import FULL, INDEX, NEW, TRACED, Cut, parsed
from tenon.core.operations._masks import is_mask
from tenon.core.operations._slicing import (
    Form,
    begins_of,
    block_of,
    cut_shape,
    get_item,
    numpy_key,
    of_one_type,
    sliced,
)
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, array_of
from tenon.core.variables import Variable


class VariableSlice(Tensor):
    """A part of a variable as it was when it was read, which knows how to give the variable a new part.

    Example:
        >>> variable = Variable([1, 2, 3, 4])
        >>> variable[1:3].assign([7, 8]).numpy().tolist()
        [1, 7, 8, 4]
    """

    __slots__ = ("_cut", "_variable")

    def __init__(self, value: Any, variable: Any, cut: Cut) -> None:
        super().__init__(value)
        self._variable = variable
        self._cut = cut

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Give this part of the variable a new value, and return the variable.

        Args:
            value: anything that becomes a tensor of the variable's dtype and broadcasts to the shape of the part.
            use_locking: ignored.
            name: ignored.
            read_value: whether to return the variable; ``None`` is returned else.

        Raises:
            ValueError: a tensor has another dtype.
            InvalidArgumentError: the shape does not fit.
        """
        del use_locking, name
        part = array_of(value, self._variable.dtype)
        return self._variable.assign(Tensor(written(array_of(self._variable), part, self._cut)), read_value=read_value)

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Add to this part of the variable; arguments and errors as in ``assign``."""
        return self.assign(self + delta, use_locking, name, read_value)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Subtract from this part of the variable; arguments and errors as in ``assign``."""
        return self.assign(self - delta, use_locking, name, read_value)


def _written(array: Any, value: Any, known: Any, *traced: Any, form: Form) -> Any:
    starts, sizes, steps = block_of(array, known, traced, form)
    starts = of_one_type(starts, known)
    shape = cut_shape(form, array.shape)
    value = jnp.broadcast_to(value.reshape(()) if value.size == 1 else value, shape)
    block = lax.rev(value.reshape(_counts(form, array.shape)), [place for place, step in enumerate(steps) if step < 0])
    if any(abs(step) > 1 for step in steps):
        whole = lax.dynamic_slice(array, starts, sizes, allow_negative_indices=False)
        block = whole.at[tuple([slice(None, None, abs(step)) for step in steps])].set(block)
    return lax.dynamic_update_slice(array, block, starts, allow_negative_indices=False)


def _counts(form: Form, shape: tuple[int, ...]) -> list[int]:
    """Return how many elements a cut takes along each dimension of an array."""
    parts = zip([part for part in form if part != NEW], shape, strict=True)
    return [length if part == FULL else 1 if part in (INDEX, TRACED) else part[0] for part, length in parts]


def written(array: Any, value: Any, cut: Cut) -> Any:
    """Return an array with ``value`` in place of the elements of a cut."""
    if isinstance(array, np.ndarray):
        result = array.copy()
        result[numpy_key(cut)] = value.reshape(())[()] if value.size == 1 else value
        return result
    return run(kernel(_written, form=cut.form), [array, value, begins_of(cut, array.shape), *cut.traced])


def _get_item(variable: Any, key: Any) -> Any:
    tensor = variable.value()
    if is_mask(key):
        return get_item(tensor, key)
    cut = parsed(key, tensor.value.shape)
    return VariableSlice(sliced(tensor.value, cut), variable, cut)


def _flatten(tensor: VariableSlice) -> tuple[tuple[Any], None]:
    return (tensor.value,), None


def _unflatten(_: None, children: tuple[Any]) -> Any:
    return Tensor(children[0])


jax.tree_util.register_pytree_node(VariableSlice, _flatten, _unflatten)
setattr(Variable, "__getitem__", _get_item)  # noqa: B010  # the class does not state the method
