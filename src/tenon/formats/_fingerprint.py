"""TensorFlow's stable hash of bytes."""

from __future__ import annotations

import farmhash


def fingerprint64(data: bytes) -> int:
    """Return FarmHash's ``Fingerprint64``, an unsigned 64-bit integer that is the same on every platform for ever.

    It is what ``tf.strings.to_hash_bucket_fast`` takes modulo the number of buckets, and what TensorFlow writes into
    ``fingerprint.pb``.

    Args:
        data: the bytes, not text.

    Example:
        >>> fingerprint64(b"abc")
        2640714258260161385
    """
    value: int = farmhash.Fingerprint64(data)
    return value
