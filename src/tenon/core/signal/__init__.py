"""Signals: Fourier and cosine transforms, frames and windows, as ``tf.signal``."""
