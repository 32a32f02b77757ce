"""Scopes say exactly what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.serving.security import Action, Identity, parse_scopes
from tenon.serving.security._identity import ANONYMOUS, OF_MODELS

NAMES = st.text(min_size=1).filter(lambda name: name != "*")


def may(words, action, model=""):
    return Identity("c", "", parse_scopes(words), "").may(action, model)


@pytest.mark.parametrize(
    ("words", "action", "model", "allowed"),
    [
        (["predict:m"], Action.PREDICT, "m", True),
        (["predict:m"], Action.PREDICT, "M", False),
        (["predict:m"], Action.PREDICT, "m2", False),
        (["predict:m"], Action.PREDICT, "", False),
        (["predict:m"], Action.METADATA, "m", False),
        (["predict:*"], Action.PREDICT, "m", True),
        (["predict:*"], Action.PREDICT, "", True),
        (["predict:*"], Action.STATUS, "m", False),
        (["admin"], Action.ADMIN, "", True),
        (["admin"], Action.PREDICT, "m", False),
        (["admin"], Action.METRICS, "", False),
        (["metrics", "status:*"], Action.METRICS, "", True),
        (["metrics", "status:*"], Action.STATUS, "", True),
        (["predict:a", "predict:b"], Action.PREDICT, "b", True),
        ([], Action.METRICS, "", False),
    ],
)
def test_a_word_allows_what_it_says_and_nothing_else(words, action, model, allowed):
    assert may(words, action, model) is allowed


@pytest.mark.parametrize("word", ["predict", "predict:", "admin:m", "admin:", "write:m", "", "PREDICT:m", ":m"])
def test_an_unknown_word_is_refused_or_ignored(word):
    with pytest.raises(InvalidArgumentError, match="scopes: a word must be predict:MODEL"):
        parse_scopes([word])
    assert parse_scopes([word, "metrics"], strict=False) == {Action.METRICS: {"*"}}


@given(st.sampled_from(sorted(OF_MODELS)), NAMES, NAMES)
def test_a_model_opens_itself_alone(action, granted, asked):
    assert may([f"{action}:{granted}"], action, asked) is (granted == asked)


@given(st.sampled_from(Action), st.text())
def test_without_credentials_asked_for_everybody_may_do_everything(action, model):
    assert ANONYMOUS.may(action, model)
