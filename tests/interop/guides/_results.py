"""How a topic hands over what it computed: plain values under the name of the section that computed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Section = Callable[[Any], dict[str, object]]
PLAIN = (np.ndarray, np.generic, bool, int, float, complex, str, bytes, frozenset, type(None))


class SectionsFailedError(ExceptionGroup):
    """Some sections raised; `results` are those of the others."""

    results: dict[str, object]


def collect(tf: Any, *sections: Section) -> dict[str, object]:
    """Run every section of a topic, the ones after a failure too, and join their results.

    Raises:
        SectionsFailedError: If a section raises; it has the errors of all and the results of the others.
    """
    results: dict[str, object] = {}
    errors = []
    for section in sections:
        try:
            results |= {f"{section.__name__}/{name}": plain(value) for name, value in section(tf).items()}
        except Exception as error:
            error.add_note(f"in the section {section.__name__!r}")
            errors.append(error)
    if errors:
        failure = SectionsFailedError(f"{len(errors)} of {len(sections)} sections failed", errors)
        failure.results = results
        raise failure
    return results


def plain(value: object) -> object:
    """Turn tensors and variables, also in lists, tuples and dictionaries, into NumPy's arrays."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, PLAIN):
        return value
    if hasattr(value, "numpy"):
        return value.numpy()
    raise TypeError(f"a result is a tensor or a plain value, and not {type(value).__name__}: {value!r}")


def caught(call: Callable[[], object], *errors: type[Exception]) -> frozenset[str]:
    """Return the names of those error classes that catch what the call raises; none if it raises nothing."""
    try:
        call()
    except errors as error:
        return frozenset(kind.__name__ for kind in errors if isinstance(error, kind))
    return frozenset()
