"""Parts of variables: reading them, and giving them new values, ``variable[1:3].assign(...)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class VariablePart:
    """A part of a variable, which can be given a new value.

    Attributes:
        variable: the variable.
        cut: which part.

    Example:
        >>> VariablePart(Variable([1, 2, 3, 4]), parsed(slice(1, 3), (4,))).assign([7, 8]).numpy().tolist()
        [1, 7, 8, 4]
    """

    variable: Any
    cut: Cut

    def read(self) -> Tensor:
        """Return the value of the part, which knows how to assign to it."""
        tensor = Tensor(sliced(array_of(self.variable), self.cut))
        tensor.part = self
        return tensor

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Give the part a new value.

        Args:
            value: anything that becomes a tensor of the variable's dtype and broadcasts to the shape of the part.
            use_locking: ignored.
            name: ignored.
            read_value: whether to return the variable.

        Returns:
            The variable, or ``None``.

        Raises:
            ValueError: a tensor has another dtype, or the shape does not fit.
        """
        del use_locking, name
        part = array_of(value, self.variable.dtype)
        return self.variable.assign(Tensor(written(array_of(self.variable), part, self.cut)), read_value=read_value)

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Add to the part; arguments and errors as in ``assign``."""
        return self.assign(self.read() + delta, use_locking, name, read_value)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Subtract from the part; arguments and errors as in ``assign``."""
        return self.assign(self.read() - delta, use_locking, name, read_value)


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


def _get_item(variable: Any, key: Any) -> Tensor:
    if is_mask(key):
        return get_item(variable.value(), key)
    return VariablePart(variable, parsed(key, array_of(variable).shape)).read()


setattr(Variable, "__getitem__", _get_item)  # noqa: B010  # the class does not state the method
