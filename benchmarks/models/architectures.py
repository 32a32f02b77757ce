"""The models, in the words of Keras 3, whatever its backend; all end in logits, so that losses take the same path.

Each function takes the module ``keras`` (or ``tenon.keras``) and returns a functional model without a compiled loss.
"""

from __future__ import annotations

from typing import Any

VOCABULARY = 10_000
TOKENS = 64
WORDS = 80
TABLE_ROWS = 100_000
CATEGORIES = 8
BAGS, BAG_ROWS, BAG_SIZE = 8, 20_000, 10
NUMBERS = 13


def mlp(keras: Any) -> Any:
    """TensorFlow's introduction: 784-128-10 with dropout."""
    layers = keras.layers
    x = inputs = keras.Input((784,))
    x = layers.Dense(128, activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(10)(x))


def cnn(keras: Any) -> Any:
    """LeNet's kind: two convolutions, each with a pooling."""
    layers = keras.layers
    x = inputs = keras.Input((28, 28, 1))
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))


def resnet20(keras: Any) -> Any:
    """The ResNet of 20 layers for 32 x 32 images."""
    layers = keras.layers

    def convolution(x: Any, filters: int, size: int, stride: int) -> Any:
        x = layers.Conv2D(filters, size, stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = keras.Input((32, 32, 3))
    x = layers.ReLU()(convolution(inputs, 16, 3, 1))
    for filters in (16, 32, 64):
        for block in range(3):
            stride = 2 if filters > 16 and block == 0 else 1
            shortcut = x if stride == 1 else convolution(x, filters, 1, stride)
            x = layers.ReLU()(convolution(x, filters, 3, stride))
            x = layers.ReLU()(layers.Add()([convolution(x, filters, 3, 1), shortcut]))
    return keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def mobilenet_v2_96(keras: Any) -> Any:
    """Keras's MobileNetV2 for 96 x 96 images and ten classes."""
    return _application(keras, "MobileNetV2", 96, 10)


def mobilenet_v2(keras: Any) -> Any:
    """Keras's MobileNetV2 for 224 x 224 images."""
    return _application(keras, "MobileNetV2", 224, 1000)


def resnet50(keras: Any) -> Any:
    """Keras's ResNet50 for 224 x 224 images."""
    return _application(keras, "ResNet50", 224, 1000)


def efficientnet_b0(keras: Any) -> Any:
    """Keras's EfficientNetB0 for 224 x 224 images."""
    return _application(keras, "EfficientNetB0", 224, 1000)


def _application(keras: Any, name: str, size: int, classes: int) -> Any:
    make = getattr(keras.applications, name)
    return make(input_shape=(size, size, 3), weights=None, classes=classes, classifier_activation=None)


def lstm(keras: Any) -> Any:
    """A classifier of texts around an LSTM."""
    return _recurrent(keras, keras.layers.LSTM)


def gru(keras: Any) -> Any:
    """A classifier of texts around a GRU."""
    return _recurrent(keras, keras.layers.GRU)


def _recurrent(keras: Any, layer: Any) -> Any:
    inputs = keras.Input((WORDS,), dtype="int32")
    x = keras.layers.Embedding(VOCABULARY, 64)(inputs)
    return keras.Model(inputs, keras.layers.Dense(2)(layer(64)(x)))


def transformer(keras: Any) -> Any:
    """An encoder of four blocks, width 256, eight heads, and a classifier."""
    layers, width = keras.layers, 256
    inputs = keras.Input((TOKENS,), dtype="int32")
    x = layers.Embedding(VOCABULARY, width)(inputs)
    for _ in range(4):
        attended = layers.MultiHeadAttention(8, width // 8)(x, x)
        x = layers.LayerNormalization()(layers.Add()([x, attended]))
        wide = layers.Dense(4 * width, activation="gelu")(x)
        x = layers.LayerNormalization()(layers.Add()([x, layers.Dense(width)(wide)]))
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


def wide_and_deep(keras: Any) -> Any:
    """A recommender: a linear part and a deep part over eight categories from one table of 100,000 rows."""
    layers = keras.layers
    numbers = keras.Input((NUMBERS,))
    categories = keras.Input((CATEGORIES,), dtype="int32")
    wide = layers.Flatten()(layers.Embedding(TABLE_ROWS, 1)(categories))
    deep = layers.Flatten()(layers.Embedding(TABLE_ROWS, 16)(categories))
    deep = layers.Concatenate()([numbers, deep])
    for units in (128, 64):
        deep = layers.Dense(units, activation="relu")(deep)
    both = layers.Concatenate()([wide, deep])
    return keras.Model([numbers, categories], layers.Dense(1)(both))


def dlrm(keras: Any) -> Any:
    """DLRM's kind: bags of embeddings, products of all pairs, two towers."""
    layers, width = keras.layers, 16
    numbers = keras.Input((NUMBERS,))
    bags = [keras.Input((BAG_SIZE,), dtype="int32") for _ in range(BAGS)]
    bottom = layers.Dense(width, activation="relu")(layers.Dense(64, activation="relu")(numbers))
    pooled = [layers.GlobalAveragePooling1D()(layers.Embedding(BAG_ROWS, width)(bag)) for bag in bags]
    features = layers.Concatenate(axis=1)([layers.Reshape((1, width))(each) for each in (bottom, *pooled)])
    products = layers.Flatten()(layers.Dot(axes=2)([features, features]))
    top = layers.Concatenate()([bottom, products])
    for units in (64, 32):
        top = layers.Dense(units, activation="relu")(top)
    return keras.Model([numbers, *bags], layers.Dense(1)(top))


def autoencoder(keras: Any) -> Any:
    """A convolutional autoencoder of 28 x 28 images."""
    layers = keras.layers
    x = inputs = keras.Input((28, 28, 1))
    for filters in (16, 32):
        x = layers.Conv2D(filters, 3, 2, padding="same", activation="relu")(x)
    for filters in (32, 16):
        x = layers.Conv2DTranspose(filters, 3, 2, padding="same", activation="relu")(x)
    return keras.Model(inputs, layers.Conv2D(1, 3, padding="same")(x))
