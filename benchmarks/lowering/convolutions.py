"""Convolutions, channels last and padded to keep the size."""

from __future__ import annotations

from functools import partial

from jax import lax

from benchmarks.lowering.cases import Case

ORDERS = {1: "W", 2: "HW", 3: "DHW"}


def convolution(
    rule: str,
    images: tuple[int, ...],
    kernel: tuple[int, ...],
    filters: int,
    groups: int = 1,
    *,
    stride: int = 1,
    dilation: int = 1,
    dtype: str = "float32",
) -> Case:
    """Return a case.

    Args:
        rule: the name of the rule that it is for.
        images: rows, spatial sizes, channels.
        kernel: spatial sizes.
        filters: channels of the result.
        groups: of channels.
        stride: in each dimension.
        dilation: of the kernel in each dimension.
        dtype: of all.
    """
    rank = len(kernel)
    stored = f"N{ORDERS[rank]}C"
    function = partial(
        lax.conv_general_dilated,
        window_strides=(stride,) * rank,
        padding="SAME",
        rhs_dilation=(dilation,) * rank,
        dimension_numbers=(stored, f"{ORDERS[rank]}IO", stored),
        feature_group_count=groups,
    )
    extras = {"groups": groups, "stride": stride, "dilation": dilation}
    words = [f"{name} {value}" for name, value in extras.items() if value != 1]
    label = " ".join([f"to {filters}", f"kernel {'x'.join(map(str, kernel))}", *words])
    return Case(rule, label, function, (images, (*kernel, images[-1] // groups, filters)), dtype)


DEPTHWISE, NARROW, WIDE = "depthwise_convolution", "narrow_grouped_convolution", "wide_grouped_convolution"
FEW, FEW_FILTERS = "few_channels", "weight_gradient_of_few_filters"
VOLUMES, COLOUR = "convolution_of_volumes", "convolution_of_colour_images"
CONVOLUTIONS = (
    convolution(DEPTHWISE, (1, 24, 24, 96), (3, 3), 96, 96),
    convolution(DEPTHWISE, (1, 56, 56, 144), (3, 3), 144, 144),
    convolution(DEPTHWISE, (1, 112, 112, 96), (3, 3), 96, 96, stride=2),
    convolution(DEPTHWISE, (1, 7, 7, 960), (3, 3), 960, 960),
    convolution(DEPTHWISE, (8, 28, 28, 192), (3, 3), 192, 192),
    convolution(DEPTHWISE, (1, 14, 14, 672), (5, 5), 672, 672),
    convolution(DEPTHWISE, (1, 14, 14, 384), (7, 7), 384, 384),
    convolution(DEPTHWISE, (1, 32, 32, 256), (3, 3), 256, 256, dilation=2),
    convolution(DEPTHWISE, (1, 400, 256), (31,), 256, 256),
    convolution(DEPTHWISE, (1, 28, 28, 192), (3, 3), 192, 192, dtype="bfloat16"),
    convolution(NARROW, (1, 56, 56, 128), (3, 3), 128, 32),
    convolution(NARROW, (8, 56, 56, 128), (3, 3), 128, 32),
    convolution(NARROW, (1, 56, 56, 128), (3, 3), 128, 32, stride=2),
    convolution(NARROW, (1, 28, 28, 256), (3, 3), 64, 64),
    convolution(NARROW, (1, 28, 28, 64), (3, 3), 128, 64),
    convolution(WIDE, (1, 27, 27, 96), (5, 5), 256, 2),
    convolution(WIDE, (1, 16, 16, 128), (3, 3), 128, 2),
    convolution(WIDE, (8, 28, 28, 128), (3, 3), 128, 4),
    convolution(WIDE, (1, 8, 14, 14, 32), (3, 3, 3), 32, 2),
    convolution(VOLUMES, (1, 16, 32, 32, 3), (3, 3, 3), 32),
    convolution(VOLUMES, (1, 8, 16, 16, 32), (3, 3, 3), 64),
    convolution(VOLUMES, (1, 8, 16, 16, 32), (3, 3, 3), 64, stride=2),
    convolution(COLOUR, (1, 224, 224, 3), (3, 3), 32, stride=2),
    convolution(COLOUR, (8, 224, 224, 3), (3, 3), 32, stride=2),
    convolution(COLOUR, (1, 160, 160, 3), (3, 3), 24, stride=2),
    convolution(FEW, (64, 32, 32, 16), (3, 3), 16),
    convolution(FEW, (1, 32, 32, 16), (3, 3), 16),
    convolution(FEW, (64, 32, 32, 16), (5, 5), 16),
    convolution(FEW, (64, 32, 32, 12), (3, 3), 12),
    convolution(FEW, (64, 32, 32, 3), (3, 3), 16),
    convolution(FEW, (64, 32, 32, 5), (3, 3), 9),
    convolution(FEW, (64, 28, 28, 1), (3, 3), 16),
    convolution(FEW, (64, 28, 28, 1), (5, 5), 6),
    convolution(FEW, (64, 64, 64, 3), (3, 3), 16, stride=2),
    convolution(FEW, (64, 12, 12, 16), (3, 3), 16),
    convolution(FEW_FILTERS, (128, 28, 28, 16), (3, 3), 1),
    convolution(FEW_FILTERS, (64, 32, 32, 32), (3, 3), 3),
)
