"""Tensors, tapes and functions of Tenon beside TensorFlow's: ``python -m benchmarks.core``."""
