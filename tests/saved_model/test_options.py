"""Options are taken where they change nothing, and refused where they would have to."""

from __future__ import annotations

import os

import pytest

import tenon as tf


@pytest.mark.parametrize(
    "options",
    [
        {"namespace_whitelist": ["mine"]},
        {"save_debug_info": True},
        {"experimental_io_device": "/job:localhost"},
        {"experimental_debug_stripper": True},
    ],
)
def test_options_without_a_meaning_here_are_taken(options):
    tf.saved_model.SaveOptions(**options)
    tf.saved_model.LoadOptions(experimental_io_device="/job:localhost", allow_partial_checkpoint=True)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (tf.saved_model.SaveOptions, {"function_aliases": {"a": 1}}),
        (tf.saved_model.SaveOptions, {"experimental_image_format": True}),
        (tf.saved_model.LoadOptions, {"experimental_skip_checkpoint": True}),
    ],
)
def test_options_that_would_have_to_do_something_are_refused(kind, options):
    with pytest.raises(tf.errors.UnimplementedError, match=next(iter(options))):
        kind(**options)


def test_an_unknown_option_is_an_error():
    with pytest.raises(TypeError, match="nonsense"):
        tf.saved_model.SaveOptions(nonsense=1)


def test_an_asset_is_a_path():
    asset = tf.saved_model.Asset("words.txt")
    assert os.fspath(asset) == asset.asset_path == "words.txt"
    assert repr(asset) == "Asset('words.txt')"
    with pytest.raises(ValueError, match="received 3"):
        tf.saved_model.Asset(3)


def test_a_directory_with_a_graph_may_be_a_model(tmp_path):
    assert not tf.saved_model.contains_saved_model(tmp_path)
    (tmp_path / "saved_model.pbtxt").touch()
    assert tf.saved_model.contains_saved_model(str(tmp_path))


def test_names_of_places_and_keys_are_tensorflows():
    assert tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY == "serving_default"
    assert (tf.saved_model.SERVING, tf.saved_model.VARIABLES_DIRECTORY) == ("serve", "variables")
