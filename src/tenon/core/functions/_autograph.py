"""``tf.autograph``: what was made of the control flow of a function."""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable
from typing import Any

from tenon.core import autograph
from tenon.core._names import export
from tenon.core.functions._staging import STAGING

export("autograph.set_verbosity")(autograph.set_verbosity)
export("autograph.experimental.do_not_convert")(autograph.do_not_convert)
export("autograph.experimental.set_loop_options")(autograph.set_loop_options)


@export("autograph.experimental.Feature")
class Feature(enum.Enum):
    """Parts of AutoGraph that TensorFlow lets programs ask for; Tenon has all of them always."""

    ALL = "ALL"
    AUTO_CONTROL_DEPS = "AUTO_CONTROL_DEPS"
    ASSERT_STATEMENTS = "ASSERT_STATEMENTS"
    BUILTIN_FUNCTIONS = "BUILTIN_FUNCTIONS"
    EQUALITY_OPERATORS = "EQUALITY_OPERATORS"
    LISTS = "LISTS"
    NAME_SCOPES = "NAME_SCOPES"


@export("autograph.to_graph")
def to_graph(entity: Callable[..., Any], recursive: bool = True, experimental_optional_features: Any = None) -> Any:
    """Return a function whose control flow over tensors is staged where it runs in a traced function.

    Args:
        entity: a function or method; a method becomes a function of ``self``.
        recursive: whether the functions that it calls are converted too.
        experimental_optional_features: ignored; see ``Feature``.

    Raises:
        InvalidArgumentError: it is no Python function.
        NotFoundError: its source cannot be found.
        UnimplementedError: it contains something that cannot be converted.
    """
    del experimental_optional_features
    return autograph.to_graph(entity, STAGING, recursive)


@export("autograph.to_code")
def to_code(entity: Callable[..., Any], recursive: bool = True, experimental_optional_features: Any = None) -> str:
    """Return the Python code that ``to_graph`` makes of a function; it raises what that raises.

    Args:
        entity: a function or method.
        recursive: ignored: the code of the functions that it calls is not shown.
        experimental_optional_features: ignored; see ``Feature``.

    Example:
        >>> def relu(x):
        ...     return x if x > 0 else 0
        >>> "ag__.if_exp" in to_code(relu)
        True
    """
    del recursive, experimental_optional_features
    return autograph.to_code(entity)


@export("autograph.trace")
def trace(*args: Any) -> None:
    """Print values while a function is traced, and not when it runs, as Python's ``print`` does.

    Example:
        >>> trace("traced with", 3)
        traced with 3
    """
    sys.stdout.write(" ".join(map(str, args)) + "\n")
