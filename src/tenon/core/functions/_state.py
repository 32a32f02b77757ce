"""Variables of a traced function: held weakly, given as arguments."""

from __future__ import annotations

import weakref
from typing import Any

import jax

from tenon.base import FailedPreconditionError
from tenon.core.variables import Variable, held_array, hold_array


class ArgumentVariable(Variable):
    """Stands for a variable that is an argument where a function is looked at without a call; it has no value.

    Args:
        variable: what it is like.
    """

    def __init__(self, variable: Variable) -> None:
        self.__dict__.update(variable.__dict__)
        array = held_array(self)
        hold_array(self, jax.ShapeDtypeStruct(array.shape, array.dtype))


def live(reference: weakref.ref[Any], name: str) -> Any:
    """Return the variable behind a weak reference.

    Raises:
        FailedPreconditionError: it is gone.
    """
    variable = reference()
    if variable is None:
        raise FailedPreconditionError(
            f"Could not find variable {name}. A traced function does not keep the variables alive that it uses, and "
            "this "
            "one has been deleted: keep a reference to it, or to the object that holds it."
        )
    return variable
