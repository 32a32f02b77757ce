"""What windows do, written with loops over every window: slow, and plain enough to be believed."""

from __future__ import annotations

from itertools import product

import numpy as np


def pads_of(padding, lengths, sizes, strides, dilations):
    """Return pairs of padding, by TensorFlow's definition of SAME and VALID."""
    if padding == "VALID":
        return [(0, 0)] * len(lengths)
    if padding != "SAME":
        return padding
    pads = []
    for length, size, stride, dilation in zip(lengths, sizes, strides, dilations, strict=True):
        count = int(np.ceil(length / stride))
        total = max((count - 1) * stride + (size - 1) * dilation + 1 - length, 0)
        pads.append((total // 2, total - total // 2))
    return pads


def windows_of(images, sizes, strides, padding, dilations, filling):
    """Yield the place of every window, and its elements ``[batch, *sizes, channels]``."""
    lengths = images.shape[1:-1]
    pads = pads_of(padding, lengths, sizes, strides, dilations)
    padded = np.pad(images, [(0, 0), *pads, (0, 0)], constant_values=filling)
    extents = [(size - 1) * dilation + 1 for size, dilation in zip(sizes, dilations, strict=True)]
    counts = [
        max(0, (length - extent) // stride + 1)
        for length, extent, stride in zip(padded.shape[1:-1], extents, strides, strict=True)
    ]
    for place in product(*map(range, counts)):
        cuts = [
            slice(index * stride, index * stride + extent, dilation)
            for index, stride, extent, dilation in zip(place, strides, extents, dilations, strict=True)
        ]
        yield place, padded[(slice(None), *cuts)]


def assembled(found, batch, channels):
    """Return one array of the results at every place."""
    counts = [max(place[axis] for place, _ in found) + 1 for axis in range(len(found[0][0]))]
    result = np.zeros((batch, *counts, channels))
    for place, value in found:
        result[(slice(None), *place)] = value
    return result


def convolution(images, filters, strides, padding, dilations):
    """Return the convolution; fewer channels in the filters than in the images make groups."""
    *sizes, channels, outputs = filters.shape
    groups = images.shape[-1] // channels
    found = []
    for place, window in windows_of(images, sizes, strides, padding, dilations, 0):
        parts = []
        for group in range(groups):
            seen = window[..., group * channels : (group + 1) * channels]
            used = filters[..., group * (outputs // groups) : (group + 1) * (outputs // groups)]
            parts.append(np.tensordot(seen, used, used.ndim - 1))
        found.append((place, np.concatenate(parts, -1)))
    return assembled(found, images.shape[0], outputs)


def depthwise(images, filters, strides, padding, dilations):
    """Return the convolution of each channel with filters of its own."""
    *sizes, channels, multiplier = filters.shape
    found = []
    for place, window in windows_of(images, sizes, strides, padding, dilations, 0):
        values = np.einsum("bhwc,hwcm->bcm", window, filters).reshape(images.shape[0], channels * multiplier)
        found.append((place, values))
    return assembled(found, images.shape[0], channels * multiplier)


def pool(images, sizes, strides, padding, dilations, kind):
    """Return the mean of the real elements of every window, or their maximum."""
    reduce = {"AVG": np.nanmean, "MAX": np.nanmax}[kind]
    axes = tuple(range(1, images.ndim - 1))
    found = [
        (place, reduce(window, axes))
        for place, window in windows_of(images, sizes, strides, padding, dilations, np.nan)
    ]
    return assembled(found, images.shape[0], images.shape[-1])
