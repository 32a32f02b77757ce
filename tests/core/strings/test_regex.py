import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.strings import regex_full_match, regex_replace
from tenon.core.strings._pattern import PatternError, compiled

PLAIN = st.from_regex(r"[abé.]{1,3}([*+?]?\|?[abé.]){0,4}", fullmatch=True)


@given(PLAIN, st.text("abéc\n", max_size=8))
def test_what_both_read_alike_matches_as_in_python(pattern, text):
    expected = re.fullmatch(pattern, text) is not None
    assert bool(regex_full_match(text, pattern).numpy()) == expected


@given(st.text("ab", max_size=12))
def test_no_empty_match_comes_right_after_another_match(text):
    found = regex_replace(text, "b*", "-").numpy().decode()
    assert found.startswith("-")
    assert found.endswith(("-", "a"))
    assert "--" not in found
    assert found.replace("-", "") == text.replace("b", "")


@pytest.mark.parametrize(
    ("text", "pattern", "rewrite", "expected"),
    [
        ("hello world", r"(\w+) (\w+)", r"\2 \1", "world hello"),
        ("hello", "l*", "-", "-h-e-o-"),
        ("a\n", "a$", "b", "a\n"),
        ("a\nb", "(?m)a$", "x", "x\nb"),
        ("aAb", "a(?i)a|B", "x", "xx"),
        ("aab", "(?U)a+", "x", "xxb"),
        ("aab", "(?U)a+?", "x", "xb"),
        ("ab12", "[[:alpha:]]+", "x", "x12"),
        ("ab12", r"[^\D2]", "x", "abx2"),
        ("ÀbΓ", r"\p{Lu}", "x", "xbx"),
        ("ÀbΓ", r"\P{Lu}", "x", "ÀxΓ"),
        ("a.b", r"\Q.\E", "#", "a#b"),
        ("é", r"\x{e9}", "e", "e"),
        ("a{,2}", "a{,2}", "x", "x"),
        ("abc", "(?P<name>b)", r"[\1]", "a[b]c"),
        ("abc", "b", r"\1", "abc"),
        ("abc", "b", r"<\q>", "a<c"),
        ("abc", "b", "\\\\", "a\\c"),
        ("KS", "(?i)k|s", "x", "xx"),
        ("a-b", "[a-]", "x", "xxb"),
    ],
)
def test_patterns_are_read_as_re2_reads_them(text, pattern, rewrite, expected):
    assert regex_replace(text, pattern, rewrite).numpy().decode() == expected


def test_only_the_first_match_can_be_replaced():
    assert regex_replace(["aaa"], "a", "b", replace_global=False).numpy().tolist() == [b"baa"]


def test_bytes_that_are_no_characters_match_nothing_and_stay():
    assert regex_replace(b"a\xffb", "[^a]", "x").numpy() == b"a\xffx"
    assert regex_replace(b"a\xffb", "(?s).", "x").numpy() == b"x\xffx"
    assert regex_replace(b"a\xffb", r"\D", "x").numpy() == b"x\xffx"


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "unterminated"),
        ("(?=a)", r"invalid perl operator: \(\?="),
        (r"(a)\1", r"invalid escape sequence: \\1"),
        ("a**", r"bad repetition operator: \*\*"),
        ("a++", r"bad repetition operator: \+\+"),
        ("*", r"no argument for repetition operator: \*"),
        ("b{1001}", r"invalid repetition size: \{1001\}"),
        ("[b-a]", "invalid character class range: b-a"),
        ("[a", r"missing \]"),
        ("[[:wrong:]]", r"invalid character class range: \[:wrong:\]"),
        (r"\p{Klingon}", "name a category such as L or Nd"),
        (r"\pé", "invalid character class range"),
    ],
)
def test_what_re2_refuses_is_refused(pattern, reason):
    with pytest.raises(InvalidArgumentError, match=f"Invalid pattern: .*{reason}"):
        regex_full_match("a", pattern)


def test_a_pattern_is_one_string():
    with pytest.raises(InvalidArgumentError, match=r"pattern: must be a scalar, one string; received \['a'\]"):
        regex_replace("a", ["a"], "b")


@given(st.text(r"ab()[]{}|*+?^$.\dwpQE:-1,", max_size=12))
def test_every_pattern_is_read_or_refused(pattern):
    with contextlib.suppress(PatternError):
        compiled(pattern).search("ab1-")
