import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.strings import (
    unicode_decode,
    unicode_decode_with_offsets,
    unicode_encode,
    unicode_split,
    unicode_split_with_offsets,
    unicode_transcode,
)

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8)
ENCODINGS = st.sampled_from(["UTF-8", "UTF-16-BE", "UTF-32-BE"])


@given(TEXT, ENCODINGS)
def test_decoding_gives_the_code_points(text, encoding):
    assert unicode_decode(text.encode(encoding), encoding).numpy().tolist() == list(map(ord, text))


@given(TEXT, ENCODINGS)
def test_encoding_undoes_decoding(text, encoding):
    encoded = text.encode(encoding)
    assert unicode_encode(unicode_decode(encoded, encoding), encoding).numpy() == encoded


@given(TEXT, ENCODINGS, ENCODINGS)
def test_transcoding_keeps_the_characters(text, source, target):
    assert unicode_transcode(text.encode(source), source, target).numpy() == text.encode(target)


@given(TEXT, ENCODINGS)
def test_offsets_are_where_characters_begin(text, encoding):
    encoded = text.encode(encoding)
    characters, offsets = unicode_split_with_offsets(encoded, encoding)
    for character, offset in zip(characters.numpy(), offsets.numpy(), strict=True):
        assert encoded[offset : offset + len(character)] == character
    assert b"".join(characters.numpy().tolist()) == encoded


@given(st.binary(max_size=12))
def test_broken_bytes_are_replaced_as_unicode_recommends(data):
    expected = data.decode(errors="replace")
    assert unicode_decode(data, "UTF-8").numpy().tolist() == list(map(ord, expected))
    assert b"".join(unicode_split(data, "UTF-8").numpy().tolist()) == expected.encode()
    assert unicode_transcode(data, "UTF-8", "UTF-8").numpy() == expected.encode()


def test_broken_bytes_can_be_refused_replaced_or_left_out():
    broken = b"a\xff\xfeb"
    assert unicode_decode(broken, "UTF-8", replacement_char=63).numpy().tolist() == [97, 63, 63, 98]
    codes, offsets = unicode_decode_with_offsets(broken, "UTF-8", errors="ignore")
    assert (codes.numpy().tolist(), offsets.numpy().tolist()) == ([97, 98], [0, 3])
    with pytest.raises(InvalidArgumentError, match="Invalid formatting on input string"):
        unicode_decode(broken, "UTF-8", errors="strict")
    with pytest.raises(InvalidArgumentError, match="errors: must be one of 'strict', 'replace', 'ignore'"):
        unicode_decode(broken, "UTF-8", errors="xml")


def test_control_characters_can_be_replaced():
    found = unicode_decode("a\x01\x7f\x85", "UTF-8", replace_control_characters=True)
    assert found.numpy().tolist() == [97, 0xFFFD, 0x7F, 0x85]
    assert unicode_transcode("a\x01", "UTF-8", "UTF-8", "ignore", 65, True).numpy() == b"a"


def test_code_points_that_are_no_characters_are_replaced():
    assert unicode_encode([[104, 0xD800], [-1, 97]], "UTF-8", replacement_char=63).numpy().tolist() == [b"h?", b"?a"]
    with pytest.raises(InvalidArgumentError, match="Invalid formatting"):
        unicode_encode([0x110000], "UTF-8", errors="strict")


def test_encodings_must_be_known():
    with pytest.raises(InvalidArgumentError, match="Could not create converter for input encoding: bogus"):
        unicode_decode("a", "bogus")
    with pytest.raises(InvalidArgumentError, match="Could not create converter for input encoding: hex"):
        unicode_decode("a", "hex")
    with pytest.raises(InvalidArgumentError, match="output_encoding: must be one of 'UTF-8'"):
        unicode_transcode("a", "UTF-8", "latin1")
    with pytest.raises(InvalidArgumentError, match="replacement_char: must be a code point"):
        unicode_decode("a", "UTF-8", replacement_char=-1)
    with pytest.raises(ValueError, match="rank must be at least 1"):
        unicode_encode(97, "UTF-8")
