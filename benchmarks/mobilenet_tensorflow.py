"""MobileNetV2 as a ``tf.function`` in the process that calls it; runs in .venv-interop.

Without ``jit_compile``, with which it answers a tenth as many on a CPU.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}

import keras
import numpy as np
import tensorflow as tf
from in_process import Forward
from mobilenet import CLASSES, MobileNet
from mobilenet_in_process import Make, measure


def load(model: MobileNet, folder: Path) -> tuple[str, Make]:
    network = keras.applications.MobileNetV2(model.shape, weights=None, classes=CLASSES)
    network.load_weights(model.weights(folder))

    def make(batch: int, callers: int) -> Forward:
        del callers  # TensorFlow divides the processors itself
        spec = tf.TensorSpec((batch, *model.shape), tf.float32)
        run = tf.function(lambda images: network(images, training=False), [spec]).get_concrete_function()
        model.check(folder, run(tf.constant(np.repeat(model.image(), batch, axis=0))).numpy())
        return lambda rows: run(tf.constant(rows)).numpy()

    return "", make


if __name__ == "__main__":
    measure(__doc__, load)
