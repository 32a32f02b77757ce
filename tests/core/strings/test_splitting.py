from hypothesis import given
from hypothesis import strategies as st

from tenon.core.strings import bytes_split, split


@given(st.text("a, ", max_size=12), st.sampled_from([",", ", ", "aa"]), st.integers(-1, 3))
def test_separators_part_as_in_python(text, separator, limit):
    assert split(text, separator, limit).numpy().tolist() == text.encode().split(separator.encode(), limit)


@given(st.text("ab \t\n", max_size=12))
def test_white_space_parts_as_in_python(text):
    assert split(text).numpy().tolist() == text.encode().split()


def test_white_space_after_the_last_cut_is_an_empty_part():
    assert split("a b  ", maxsplit=2).numpy().tolist() == [b"a", b"b", b""]
    assert split("a b ", maxsplit=1).numpy().tolist() == [b"a", b"b "]


@given(st.binary(max_size=9))
def test_bytes_come_one_by_one(data):
    assert b"".join(bytes_split(data).numpy().tolist()) == data
