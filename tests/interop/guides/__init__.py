"""One small module per topic of TensorFlow's guides: ordinary TensorFlow code that has to run on Tenon unchanged.

A module gives `run(tf)`, where `tf` is `tensorflow` or `tenon`, and returns its results as plain values under names.
"""
