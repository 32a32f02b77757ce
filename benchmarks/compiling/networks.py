"""Networks of every kind that the rules concern, few of each kind of block: what counts is how many kinds there are.

Each function takes the module ``keras`` and returns a functional model.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

Network = Callable[[Any], Any]

CLASSES = 10


def _classifier(keras: Any, inputs: Any, x: Any) -> Any:
    pool = {3: "GlobalAveragePooling1D", 4: "GlobalAveragePooling2D", 5: "GlobalAveragePooling3D"}[len(x.shape)]
    return keras.Model(inputs, keras.layers.Dense(CLASSES)(getattr(keras.layers, pool)()(x)))


def _normalized(keras: Any, x: Any, activation: str | None = "relu") -> Any:
    x = keras.layers.BatchNormalization()(x)
    return keras.layers.Activation(activation)(x) if activation else x


def _bottleneck(keras: Any, x: Any, filters: int, groups: int, stride: int, wide: int) -> Any:
    """Return a block of ResNeXt or RegNet: 1x1, a grouped 3x3, 1x1, and a shortcut."""
    layers = keras.layers
    shortcut = x
    if stride > 1 or x.shape[-1] != wide:
        shortcut = _normalized(keras, layers.Conv2D(wide, 1, stride, use_bias=False)(x), None)
    x = _normalized(keras, layers.Conv2D(filters, 1, use_bias=False)(x))
    x = layers.Conv2D(filters, 3, stride, padding="same", groups=groups, use_bias=False)(x)
    x = layers.Conv2D(wide, 1, use_bias=False)(_normalized(keras, x))
    return layers.ReLU()(layers.Add()([_normalized(keras, x, None), shortcut]))


def resnext(keras: Any, size: int = 128) -> Any:
    """ResNeXt-50 32x4d, two blocks a stage."""
    x = inputs = keras.Input((size, size, 3))
    x = _normalized(keras, keras.layers.Conv2D(64, 7, 2, padding="same", use_bias=False)(x))
    x = keras.layers.MaxPooling2D(3, 2, padding="same")(x)
    for stage, filters in enumerate((128, 256, 512, 1024)):
        for block in range(2):
            stride = 2 if stage and not block else 1
            x = _bottleneck(keras, x, filters, 32, stride, 2 * filters)
    return _classifier(keras, inputs, x)


def regnet(keras: Any, width: int = 8, widths: tuple[int, ...] = (24, 56, 152, 368)) -> Any:
    """RegNetX-200MF, two blocks a stage: groups of equal width in all stages."""
    x = inputs = keras.Input((128, 128, 3))
    x = _normalized(keras, keras.layers.Conv2D(32, 3, 2, padding="same", use_bias=False)(x))
    for filters in widths:
        for stride in (2, 1):
            x = _bottleneck(keras, x, filters, filters // width, stride, filters)
    return _classifier(keras, inputs, x)


def shufflenet(keras: Any, groups: int = 3) -> Any:
    """ShuffleNet: grouped 1x1 convolutions, channels shuffled, depthwise 3x3."""
    layers = keras.layers
    x = inputs = keras.Input((128, 128, 3))
    x = _normalized(keras, layers.Conv2D(24, 3, 2, padding="same", use_bias=False)(x))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for filters in (240, 480, 960):
        x = _normalized(keras, layers.Conv2D(filters, 1, 2, use_bias=False)(x))
        for _ in range(2):
            branch = _normalized(keras, layers.Conv2D(filters // 4, 1, groups=groups, use_bias=False)(x))
            height, wide, channels = branch.shape[1:]
            branch = layers.Reshape((height, wide, groups, channels // groups))(branch)
            branch = layers.Reshape((height, wide, channels))(layers.Permute((1, 2, 4, 3))(branch))
            branch = _normalized(keras, layers.DepthwiseConv2D(3, padding="same", use_bias=False)(branch), None)
            branch = layers.Conv2D(filters, 1, groups=groups, use_bias=False)(branch)
            x = layers.ReLU()(layers.Add()([x, _normalized(keras, branch, None)]))
    return _classifier(keras, inputs, x)


def alexnet(keras: Any) -> Any:
    """AlexNet's convolutions, three of them in two groups."""
    layers = keras.layers
    x = inputs = keras.Input((224, 224, 3))
    x = layers.Conv2D(96, 11, 4, activation="relu")(x)
    x = layers.MaxPooling2D(3, 2)(x)
    x = layers.Conv2D(256, 5, padding="same", groups=2, activation="relu")(x)
    x = layers.MaxPooling2D(3, 2)(x)
    x = layers.Conv2D(384, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(384, 3, padding="same", groups=2, activation="relu")(x)
    x = layers.Conv2D(256, 3, padding="same", groups=2, activation="relu")(x)
    return _classifier(keras, inputs, x)


def edsr(keras: Any) -> Any:
    """Super-resolution: residual blocks, then a transposed convolution."""
    layers = keras.layers
    inputs = keras.Input((48, 48, 3))
    x = first = layers.Conv2D(64, 3, padding="same")(inputs)
    for _ in range(4):
        branch = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
        x = layers.Add()([x, layers.Conv2D(64, 3, padding="same")(branch)])
    x = layers.Conv2DTranspose(64, 4, 2, padding="same", activation="relu")(layers.Add()([x, first]))
    return keras.Model(inputs, layers.Conv2D(3, 3, padding="same")(x))


def unet(keras: Any, width: int = 16) -> Any:
    """A U-Net of three levels with transposed convolutions."""
    layers = keras.layers

    def twice(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        return x

    x = inputs = keras.Input((64, 64, 3))
    skipped = []
    for level in range(3):
        x = twice(x, width << level)
        skipped.append(x)
        x = layers.MaxPooling2D()(x)
    x = twice(x, width << 3)
    for level in (2, 1, 0):
        x = layers.Conv2DTranspose(width << level, 2, 2)(x)
        x = twice(layers.Concatenate()([x, skipped[level]]), width << level)
    return keras.Model(inputs, layers.Conv2D(1, 1)(x))


def volumes(keras: Any) -> Any:
    """A network of volumes."""
    layers = keras.layers
    x = inputs = keras.Input((16, 32, 32, 3))
    for filters in (16, 32, 64):
        x = layers.Conv3D(filters, 3, padding="same", activation="relu")(x)
        x = layers.Conv3D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling3D()(x)
    return _classifier(keras, inputs, x)


def sequences(keras: Any, size: int = 31) -> Any:
    """Depthwise and separable convolutions of sequences, as in speech recognition."""
    layers = keras.layers
    x = inputs = keras.Input((400, 64))
    for filters in (128, 256):
        x = _normalized(keras, layers.Conv1D(filters, 3, 2, padding="same")(x))
        x = _normalized(keras, layers.DepthwiseConv1D(size, padding="same")(x), "silu")
        x = _normalized(keras, layers.SeparableConv1D(filters, 9, padding="same")(x))
    return _classifier(keras, inputs, x)


def convnext(keras: Any) -> Any:
    """ConvNeXt-tiny with fewer blocks: depthwise 7x7."""
    layers = keras.layers
    inputs = keras.Input((128, 128, 3))
    x = layers.LayerNormalization()(layers.Conv2D(96, 4, 4)(inputs))
    for filters in (96, 192, 384, 768):
        if filters > 96:
            x = layers.Conv2D(filters, 2, 2)(layers.LayerNormalization()(x))
        for _ in range(2):
            branch = layers.LayerNormalization()(layers.DepthwiseConv2D(7, padding="same")(x))
            x = layers.Add()([x, layers.Dense(filters)(layers.Dense(4 * filters, activation="gelu")(branch))])
    return _classifier(keras, inputs, x)


def densenet(keras: Any) -> Any:
    """DenseNet with three layers a block."""
    layers = keras.layers
    inputs = keras.Input((128, 128, 3))
    x = layers.MaxPooling2D(3, 2)(layers.Conv2D(64, 7, 2, padding="same")(inputs))
    for block in range(4):
        if block:
            x = layers.Conv2D(x.shape[-1] // 2, 1, use_bias=False)(_normalized(keras, x))
            x = layers.AveragePooling2D(2, 2)(x)
        for _ in range(3):
            branch = layers.Conv2D(128, 1, use_bias=False)(_normalized(keras, x))
            branch = layers.Conv2D(32, 3, padding="same", use_bias=False)(_normalized(keras, branch))
            x = layers.Concatenate()([x, branch])
    return _classifier(keras, inputs, _normalized(keras, x))


def _application(keras: Any, name: str, size: int = 128) -> Any:
    make = getattr(keras.applications, name)
    return make(input_shape=(size, size, 3), weights=None, classes=CLASSES, classifier_activation=None)


NETWORKS: dict[str, Network] = {
    "ResNeXt": resnext,
    "ConvNeXt": convnext,
    "RegNet, groups of 8": regnet,
    "RegNet, groups of 16": partial(regnet, width=16, widths=(64, 128, 288, 672)),
    "ShuffleNet, 3 groups": shufflenet,
    "AlexNet": alexnet,
    "EDSR": edsr,
    "U-Net": unet,
    "volumes": volumes,
    "sequences, kernels of 31": sequences,
    "DenseNet": densenet,
    "MobileNetV2": partial(_application, name="MobileNetV2"),
    "MobileNetV3Small": partial(_application, name="MobileNetV3Small"),
    "EfficientNetB0": partial(_application, name="EfficientNetB0"),
    "InceptionV3": partial(_application, name="InceptionV3"),
    "Xception": partial(_application, name="Xception"),
    "NASNetMobile": partial(_application, name="NASNetMobile", size=224),
}
"""By what the table calls them."""
