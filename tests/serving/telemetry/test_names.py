"""Names of models that clients make up."""

from tenon.serving.telemetry._names import MAX_STRANGERS, ModelNames


def test_strangers_are_told_apart_only_so_far():
    names = ModelNames()
    labels = {names.label(f"stranger{number}") for number in range(10_000)}
    assert len(labels) == MAX_STRANGERS + 1
    assert "other" in labels
    assert names.label("stranger0") == "stranger0"


def test_an_endless_name_is_no_label():
    assert ModelNames().label("x" * 10_000) == "other"


def test_strangers_do_not_hide_a_model_that_comes_later():
    names = ModelNames()
    for number in range(MAX_STRANGERS):
        names.label(f"stranger{number}")
    assert names.label("digits") == "other"
    names.serves("digits")
    assert names.label("digits") == "digits"
