"""Numbers that are none, and infinite ones: found where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core._settings import SETTINGS
from tenon.core.debugging._conditions import require
from tenon.core.operations import FLOATS
from tenon.core.recording import (
    Kernel,
    add_result_check,
    is_differentiable,
    kernel,
    remove_result_check,
    run,
    unrecorded,
)
from tenon.core.tensors import Tensor, as_dtype, convert_to_tensor


def _absent(array: Any) -> Any:
    """Return whether there is no infinite number, and whether there is no NaN."""
    return jnp.logical_not(jnp.stack([jnp.any(jnp.isinf(array)), jnp.any(jnp.isnan(array))]))


_ABSENT: Final = kernel(_absent)


def _require_finite(array: Any, template: str, while_enabled: bool) -> None:
    with unrecorded():
        absent = run(_ABSENT, [array])

    def story(absent: np.ndarray) -> str:
        found = [word for word, is_absent in zip(("Inf", "NaN"), absent.tolist(), strict=True) if not is_absent]
        return template.format(" and ".join(found))

    require(absent, story, [absent], (lambda: SETTINGS.check_numerics) if while_enabled else None)


@export("debugging.check_numerics")
def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """Return a tensor all of whose elements are finite numbers, ``tf.debugging.check_numerics``.

    Args:
        tensor: a tensor of floating point numbers.
        message: what the error begins with.
        name: ignored.

    Raises:
        InvalidArgumentError: an element is infinite or no number, or the tensor is of another type. In a traced
            function it comes when the function runs.

    Example:
        >>> check_numerics([1.0, 2.0], "loss").numpy().tolist()
        [1.0, 2.0]
    """
    del name
    found = convert_to_tensor(tensor)
    if found.dtype.name not in FLOATS:
        raise InvalidArgumentError(
            f"tensor: Value for attr 'T' of {found.dtype.name} is not in the list of allowed values: "
            f"{', '.join(sorted(FLOATS))}."
        )
    _require_finite(found.value, f"{message} : Tensor had {{}} values", while_enabled=False)
    return found


@export("debugging.assert_all_finite")
def assert_all_finite(x: Any, message: str, name: str | None = None) -> Tensor:
    """Return a tensor all of whose elements are finite numbers, ``tf.debugging.assert_all_finite``.

    Args:
        x: a tensor of floating point numbers.
        message: what the error begins with.
        name: ignored.

    Raises:
        InvalidArgumentError: as in ``check_numerics``.
    """
    del name
    return check_numerics(x, message)


@export("debugging.enable_check_numerics")
def enable_check_numerics(stack_height_limit: int = 30, path_length_limit: int = 50) -> None:
    """Let every operation refuse a result that is infinite or no number, ``tf.debugging.enable_check_numerics``.

    Functions that are traced from now on check each operation inside when they run. Everything becomes slower.

    Args:
        stack_height_limit: ignored: Python's own traceback tells the place.
        path_length_limit: ignored.
    """
    del stack_height_limit, path_length_limit
    SETTINGS.check_numerics = True
    add_result_check(_check_results)


@export("debugging.disable_check_numerics")
def disable_check_numerics() -> None:
    """Undo ``enable_check_numerics``, also for functions that were traced meanwhile."""
    SETTINGS.check_numerics = False
    remove_result_check(_check_results)


def _check_results(kernel: Kernel, outputs: Sequence[Any]) -> None:
    """Refuse results of a kernel that are infinite or no numbers."""
    for place, output in enumerate(outputs):
        if is_differentiable(output):
            template = (
                f"!!! Detected {{}} in output {place} of the operation {kernel.name!r} (# of outputs: {len(outputs)}) "
                f"!!! dtype: {as_dtype(output.dtype).name}, shape: {list(output.shape)}."
            )
            _require_finite(output, template, while_enabled=True)
