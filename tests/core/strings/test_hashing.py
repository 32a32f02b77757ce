import pytest

from tenon.base import InvalidArgumentError
from tenon.core.strings import to_hash_bucket, to_hash_bucket_fast, to_hash_bucket_strong
from tenon.core.strings._hashing import siphash

WORDS = ["a", "b", "", "hello world, this is long"]


def test_the_buckets_are_tensorflows():
    assert to_hash_bucket(WORDS, 1000000007).numpy().tolist() == [395105680, 704649615, 727638525, 408080772]
    assert to_hash_bucket_strong(WORDS, 1000000007, [1, 2]).numpy().tolist() == [
        142192448,
        153842211,
        436933189,
        11312475,
    ]
    assert to_hash_bucket_fast(["a", "b", ""], 10).numpy().tolist() == [9, 2, 3]


def test_siphash_is_the_published_one():
    key = [int.from_bytes(bytes(range(8)), "little"), int.from_bytes(bytes(range(8, 16)), "little")]
    assert siphash(bytes(range(15)), key) == 0xA129CA6149BE45E5


def test_wrong_arguments_are_refused():
    with pytest.raises(InvalidArgumentError, match="num_buckets: must be at least 1; received 0"):
        to_hash_bucket("a", 0)
    with pytest.raises(InvalidArgumentError, match=r"Key must have 2 elements; received \[1\]"):
        to_hash_bucket_strong("a", 5, [1])
