"""Optional parts: which extra brings which module, and an error with the install line when it is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from tenon.base._errors import InvalidArgumentError, MissingExtraError

EXTRAS: dict[str, tuple[str, ...]] = {
    "serving": ("grpc", "hpack", "orjson", "uvloop"),
    "lite": ("ai_edge_litert", "litert_converter"),
    "tracing": ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
    "parquet": ("pyarrow",),
    "demo": ("sklearn",),
    "orbax": ("orbax.checkpoint",),
}
"""Every extra and the top-level modules that it installs (``pyproject.toml`` names the distributions)."""


def require_extra(extra: str) -> tuple[ModuleType, ...]:
    """Import the modules of an extra, or say how to install it.

    Args:
        extra: a key of ``EXTRAS``.

    Returns:
        The imported modules, in the order of ``EXTRAS[extra]``.

    Raises:
        InvalidArgumentError: there is no such extra.
        MissingExtraError: one of its modules is not installed; the message holds the exact install line.

    Example:
        >>> [module.__name__ for module in require_extra("serving")]
        ['grpc', 'hpack', 'orjson', 'uvloop']
    """
    if extra not in EXTRAS:
        raise InvalidArgumentError(f"extra: must be one of {sorted(EXTRAS)}; received {extra!r}.")
    return tuple(_import(extra, module) for module in EXTRAS[extra])


def _import(extra: str, module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{module!r} is not installed; it belongs to the extra {extra!r}. "
            f"Install it with: pip install 'tenon-ml[{extra}]'"
        ) from error
