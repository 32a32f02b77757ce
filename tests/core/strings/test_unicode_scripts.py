"""Scripts of characters: ICU's numbers."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenon as tf

LETTERS = {"LATIN": 25, "GREEK": 14, "CYRILLIC": 8, "HEBREW": 19, "ARABIC": 2, "HIRAGANA": 20, "THAI": 38, "HANGUL": 18}

UNKNOWN = 103
"""What TensorFlow gives for a letter that is younger than its tables, and Python's may be younger."""


@pytest.mark.parametrize(
    ("text", "script"),
    [("A\u00e9z", 25), ("\u0411", 8), ("\u4e16\u754c", 17), ("\u3053", 20), (" .1\U0001f388", 0), ("\u0301", 1)],
)
def test_characters_have_their_script(text, script):
    codes = tf.strings.unicode_decode(text, "UTF-8")
    assert tf.strings.unicode_script(codes).numpy().tolist() == [script] * len(text)


@given(st.characters(categories=["Lu", "Ll", "Lo"]))
def test_letters_have_the_script_that_their_name_begins_with(letter):
    word = unicodedata.name(letter, "").split(" ")[0]
    if word in LETTERS:
        assert int(tf.strings.unicode_script(ord(letter))) in (LETTERS[word], UNKNOWN)


def test_what_is_no_code_point_has_no_script():
    assert tf.strings.unicode_script([-1, 0x110000, 2**31 - 1, -(2**31)]).numpy().tolist() == [-1] * 4
    found = tf.strings.unicode_script([0, 0x10FFFF]).numpy()
    assert (found.tolist(), found.dtype) == ([0, 103], np.int32)


def test_rows_stay_rows_and_functions_can_be_traced():
    codes = tf.ragged.constant([[65, 1041], [], [33464]])
    assert tf.strings.unicode_script(codes).to_list() == [[25, 8], [], [17]]
    assert tf.function(tf.strings.unicode_script)(tf.constant([[65], [1041]])).numpy().tolist() == [[25], [8]]


def test_other_types_are_refused():
    with pytest.raises((TypeError, ValueError), match="int64"):
        tf.strings.unicode_script(tf.constant([65], tf.int64))
