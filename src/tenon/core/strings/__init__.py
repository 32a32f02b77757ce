"""Strings: TensorFlow's operations on tensors of bytes, on the host.

>>> upper(["abc"]).numpy().tolist()
[b'ABC']
"""

from tenon.core.strings._elementwise import length, lower, strip, substr, to_number, upper
from tenon.core.strings._formatting import as_string, format_strings, tensor_text
from tenon.core.strings._hashing import to_hash_bucket, to_hash_bucket_fast, to_hash_bucket_strong
from tenon.core.strings._joining import join, reduce_join, unsorted_segment_join
from tenon.core.strings._ngrams import ngrams
from tenon.core.strings._regex import regex_full_match, regex_replace
from tenon.core.strings._splitting import bytes_split, split
from tenon.core.strings._unicode import (
    unicode_decode,
    unicode_decode_with_offsets,
    unicode_encode,
    unicode_split,
    unicode_split_with_offsets,
    unicode_transcode,
)
from tenon.core.strings._unicode_scripts import unicode_script

__all__ = [
    "as_string",
    "bytes_split",
    "format_strings",
    "join",
    "length",
    "lower",
    "ngrams",
    "reduce_join",
    "regex_full_match",
    "regex_replace",
    "split",
    "strip",
    "substr",
    "tensor_text",
    "to_hash_bucket",
    "to_hash_bucket_fast",
    "to_hash_bucket_strong",
    "to_number",
    "unicode_decode",
    "unicode_decode_with_offsets",
    "unicode_encode",
    "unicode_script",
    "unicode_split",
    "unicode_split_with_offsets",
    "unicode_transcode",
    "unsorted_segment_join",
    "upper",
]
