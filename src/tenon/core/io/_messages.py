"""The messages that records of training data are, ``tf.train.Example`` and its parts."""

from __future__ import annotations

from typing import Any, Final

from tenon.formats import message_class

Example: Final[Any] = message_class("tensorflow.Example")
"""A row of named features."""
SequenceExample: Final[Any] = message_class("tensorflow.SequenceExample")
"""A row of named features, and named sequences of features."""
Features: Final[Any] = message_class("tensorflow.Features")
"""Features by their names."""
Feature: Final[Any] = message_class("tensorflow.Feature")
"""A list of strings, of floats or of integers."""
FeatureList: Final[Any] = message_class("tensorflow.FeatureList")
"""A sequence of features."""
FeatureLists: Final[Any] = message_class("tensorflow.FeatureLists")
"""Sequences of features by their names."""
BytesList: Final[Any] = message_class("tensorflow.BytesList")
"""Strings."""
FloatList: Final[Any] = message_class("tensorflow.FloatList")
"""Floats of 32 bits."""
Int64List: Final[Any] = message_class("tensorflow.Int64List")
"""Integers of 64 bits."""
