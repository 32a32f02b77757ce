"""Which library computes the convolutions of a program: the one that is done first on all processors.

XLA:CPU of JAX 0.10.2 gives most convolutions to YNNPACK, which computes them in one thread, with few exceptions; Eigen
divides large ones among all. Two cores, 3x3 kernels, milliseconds with YNNPACK and with Eigen: 64x16x16x32 to 32 3.0
and 1.8, 64x32x32x3 to 32 5.4 and 2.5, 32x32x32x64 to 128 two apart 13.2 and 7.4; but 1x56x56x64 to 64 2.5 and 3.1, and
32x28x28x1 to 32 0.2 and 1.4. The library is an option of a whole program, so what counts is the sum over it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from tenon.xla._dispatch import program_threads
from tenon.xla._jax_internals import add_compile_options, operations_named
from tenon.xla.lowering import lowering_rules_enabled

OPTION: Final = "xla_cpu_experimental_ynn_fusion_type"
WITHOUT_CONVOLUTIONS: Final = "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_REDUCE"
"""What YNNPACK computes by default, but for convolutions."""

_LEAST_PLACES: Final = 4096
"""Of an output from which Eigen divides a convolution."""

_SLOWER: Final = 1.4
"""Processor time of Eigen beside YNNPACK, for most shapes."""

_SLOWER_FOR_ONE_CHANNEL: Final = 9.0
_SLOWER_FOR_INTEGERS: Final = 30.0

_GAIN: Final = 0.9
"""Part of the time that Eigen may take to be chosen."""

_SMALL: Final = 16
"""Channels and filters up to which XLA does not take YNNPACK."""

_CHANNELS_LAST: Final = re.compile(r"\[b, 0, 1, f\]x\[0, 1, [io], [io]\]->\[b, 0, 1, f\]")


@dataclass(frozen=True)
class LibraryConvolution:
    """A convolution that YNNPACK would compute.

    Args:
        products: multiplications.
        places: of the output, of all images.
        channels: of the images.
        taps: elements of the kernel for one channel and filter.
        is_real: whether its numbers are floating point.
    """

    products: int
    places: int
    channels: int
    taps: int
    is_real: bool


def is_eigen_faster(convolutions: Iterable[LibraryConvolution], processors: int) -> bool:
    """Tell whether Eigen would compute all convolutions of a program in less time.

    Args:
        convolutions: of it.
        processors: that the process may use.

    Example:
        >>> training = [LibraryConvolution(151_000_000, 64 * 16 * 16, 32, 9, True)]
        >>> is_eigen_faster(training, processors=2), is_eigen_faster(training, processors=1)
        (True, False)
    """
    with_ynnpack = with_eigen = 0.0
    for each in convolutions:
        with_ynnpack += each.products
        with_eigen += each.products * _slowness(each) / (processors if each.places >= _LEAST_PLACES else 1)
    return with_eigen < _GAIN * with_ynnpack


def _slowness(convolution: LibraryConvolution) -> float:
    if not convolution.is_real:
        return _SLOWER_FOR_INTEGERS
    return _SLOWER_FOR_ONE_CHANNEL if convolution.channels == 1 else _SLOWER


def choose_convolution_library() -> None:
    """Let programs for CPUs have their large convolutions computed on all processors from now on.

    Nothing is changed where ``XLA_FLAGS`` or ``compiler_options`` say which library computes what, with one processor,
    and while lowering rules are switched off.
    """
    add_compile_options(_options)


def _options(module: Any, platform: str) -> dict[str, str]:
    if platform != "cpu" or OPTION in os.environ.get("XLA_FLAGS", "") or not lowering_rules_enabled():
        return {}
    processors = program_threads()
    if processors > 1 and is_eigen_faster(library_convolutions(module), processors):
        return {OPTION: WITHOUT_CONVOLUTIONS}
    return {}


def library_convolutions(module: Any) -> Iterator[LibraryConvolution]:
    """Yield the convolutions of a program that XLA would give to YNNPACK.

    Args:
        module: StableHLO, as an MLIR module.
    """
    for operation in operations_named(module, "stablehlo.convolution"):
        convolution = _described(operation)
        if convolution is not None:
            yield convolution


def _described(operation: Any) -> LibraryConvolution | None:
    """Return what counts of a convolution; ``None`` for one that is Eigen's anyway, or whose sizes are open."""
    attributes = operation.attributes
    image, kernel, result = operation.operands[0].type, operation.operands[1].type, operation.results[0].type
    if (
        not _CHANNELS_LAST.search(str(attributes["dimension_numbers"]))
        or not all(each.has_static_shape for each in (image, kernel, result))
        or any(step != 1 for step in _numbers(attributes, "lhs_dilation"))
    ):
        return None
    (_, *sizes, channels), (*outputs, filters) = image.shape, result.shape
    if max(channels, filters) <= _SMALL or any(out > size for out, size in zip(outputs[1:], sizes, strict=True)):
        return None
    products, taps = prod(result.shape) * prod(kernel.shape) // filters, prod(kernel.shape[:2])
    return LibraryConvolution(products, prod(outputs), channels, taps, str(image.element_type).startswith("f"))


def _numbers(attributes: Any, name: str) -> Iterable[int]:
    return tuple(attributes[name]) if name in attributes else ()
