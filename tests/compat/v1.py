"""The names of `tf.compat.v1` for tests."""

import importlib

import tenon  # noqa: F401  # assembles the namespace

tf = importlib.import_module("tenon.compat.v1")
