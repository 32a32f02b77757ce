from pathlib import Path

import numpy as np
import pytest

from tenon import keras
from tenon.demo import Dataset, hold_out
from tenon.demo._models import build_table_model
from tenon.demo._training import fit, predict, score
from tenon.formats import read_events


def rows(classes: tuple[str, ...] | None) -> Dataset:
    x = np.random.default_rng(0).normal(size=400).astype(np.float32)
    return Dataset("t", {"x": x}, (x > 0).astype(np.int64) if classes else 3 * x + 100, classes)


@pytest.mark.parametrize("classes", [("low", "high"), None])
def test_a_trained_model_beats_the_same_answer_for_all(classes: tuple[str, ...] | None, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    train, held_out = hold_out(rows(classes))
    model = build_table_model(train, 20)
    fit(model, train, held_out, 20, tmp_path)
    found = score(predict(model, held_out.inputs), train, held_out)
    if classes:
        assert found.value > 0.9 > found.baseline
    else:
        assert found.value < 0.5 < found.baseline


def test_training_and_validation_are_logged_for_tensorboard(tmp_path: Path) -> None:
    train, held_out = hold_out(rows(("low", "high")))
    fit(build_table_model(train, 2), train, held_out, 2, tmp_path)
    for run, wanted in (("train", {"epoch_accuracy", "epoch_loss"}), ("validation", {"epoch_accuracy", "epoch_loss"})):
        (path,) = (tmp_path / run).iterdir()
        tags = {value.tag for event in read_events(path) for value in event.summary.value}
        assert wanted <= tags
        assert any(tag.endswith("/histogram") for tag in tags) == (run == "train")


def test_the_score_of_classes_names_the_most_frequent_one() -> None:
    train = Dataset("t", {}, np.array([0, 1, 1]), ("a", "b"))
    held_out = Dataset("t", {}, np.array([0, 1, 0, 0]), ("a", "b"))
    found = score(np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [1.0, 0.0]]), train, held_out)
    assert (found.value, found.baseline, found.baseline_answer) == (0.75, 0.25, "'b'")
    assert str(found) == "accuracy 0.75 on held-out data; always answering 'b' would give 0.25"
