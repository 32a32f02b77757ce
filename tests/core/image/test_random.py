from __future__ import annotations

import numpy as np
import pytest

import tenon as tf
from tests.core.image.strategies import numbers

IMAGE = numbers(4, 5, 3, dtype="float32")
CHANGES = {
    "flip_left_right": (),
    "flip_up_down": (),
    "brightness": (0.5,),
    "contrast": (0.5, 2.0),
    "hue": (0.4,),
    "saturation": (0.1, 3.0),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_seed_makes_the_same_change_and_others_others(name):
    function = getattr(tf.image, f"stateless_random_{name}")
    found = [function(IMAGE, *CHANGES[name], seed=[seed, 3]).numpy() for seed in (1, *range(1, 9))]
    np.testing.assert_array_equal(found[0], found[1])
    assert any((other != found[0]).any() for other in found)


@pytest.mark.parametrize("name", CHANGES)
def test_the_global_seed_repeats_a_sequence_of_changes(name):
    function = getattr(tf.image, f"random_{name}")
    tf.random.set_seed(5)
    found = [function(IMAGE, *CHANGES[name]).numpy() for _ in range(8)]
    tf.random.set_seed(5)
    for image in found:
        np.testing.assert_array_equal(function(IMAGE, *CHANGES[name]), image)
    assert any((image != found[0]).any() for image in found)


def test_images_of_a_batch_are_flipped_each_by_itself():
    batch = np.stack([IMAGE] * 20)
    found = tf.image.stateless_random_flip_left_right(batch, seed=[1, 2]).numpy()
    kept = (found == IMAGE).all((1, 2, 3))
    assert 0 < kept.sum() < 20
    np.testing.assert_array_equal(found[~kept], batch[~kept][:, :, ::-1])


def test_changes_stay_in_their_range():
    for seed in range(10):
        brighter = tf.image.stateless_random_brightness(IMAGE, 0.2, [seed, 1]).numpy() - IMAGE
        assert abs(brighter.mean()) <= 0.2
        assert brighter.std() < 1e-6
        flat = tf.image.stateless_random_contrast(IMAGE, 0.25, 0.5, [seed, 1]).numpy().std((0, 1)) / IMAGE.std((0, 1))
        assert ((flat >= 0.249) & (flat <= 0.501)).all()


def test_crops_come_from_every_place():
    values = np.arange(12).reshape(3, 4)
    found = {tuple(tf.image.stateless_random_crop(values, [2, 2], [seed, 1]).numpy().ravel()) for seed in range(60)}
    assert found == {tuple(values[i : i + 2, j : j + 2].ravel()) for i in range(2) for j in range(3)}
    assert tf.image.random_crop(values, [3, 1]).shape == [3, 1]
    np.testing.assert_array_equal(tf.image.random_crop(values, tf.constant([3, 4])), values)


def test_a_traced_function_changes_images_anew_in_every_call():
    function = tf.function(lambda x: tf.image.random_crop(tf.image.random_flip_left_right(x), [2, 2, 3]))
    found = [function(IMAGE).numpy() for _ in range(10)]
    assert any((image != found[0]).any() for image in found)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.image.random_brightness(IMAGE, -1), "max_delta: must be non-negative"),
        (lambda: tf.image.random_hue(IMAGE, 0.6), "max_delta: must be non-negative, and at most 0.5; received 0.6"),
        (lambda: tf.image.random_contrast(IMAGE, 2, 1), "lower, upper: must be 0 <= lower < upper; received 2 and 1"),
        (lambda: tf.image.random_saturation(IMAGE, -1, 1), "lower, upper"),
        (lambda: tf.image.random_crop(IMAGE, [5, 5, 3]), r"need value.shape >= size.*received \[4, 5, 3\] and"),
        (lambda: tf.image.random_crop(IMAGE, [2, 2]), "one for each dimension"),
        (lambda: tf.image.random_flip_up_down(IMAGE[0]), "height, width, channels"),
        (lambda: tf.image.stateless_random_hue(IMAGE, 0.1, [1]), r"seed must have shape \[2\]"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
