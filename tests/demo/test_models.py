import warnings
from pathlib import Path

import numpy as np
import pytest

from tenon import keras, saved_model
from tenon.demo import Dataset, hold_out, read_digits
from tenon.demo._models import batch_size, build_digits_model, build_table_model
from tenon.demo._training import predict

ODD_NAMES = ["stack", "dense", "network", "miles (km)", "größe", "a.b", "estimate"]


def table(classes: tuple[str, ...] | None, names: list[str] = ODD_NAMES, rows: int = 40) -> Dataset:
    generator = np.random.default_rng(0)
    inputs = {name: generator.normal(1e3, 5, rows).astype(np.float32) for name in names}
    inputs[names[0]][::3] = np.nan
    labels = generator.normal(1e4, 10, rows).astype(np.float32) if classes is None else np.arange(rows) % len(classes)
    return Dataset("table", inputs, labels, classes)


def with_value(dataset: Dataset, name: str, value: float) -> dict[str, np.ndarray]:
    return {**dataset.inputs, name: np.full(len(dataset), value, np.float32)}


@pytest.mark.parametrize("classes", [("a", "b", "c"), None])
def test_a_missing_value_counts_as_the_mean_of_its_column(classes: tuple[str, ...] | None) -> None:
    dataset = table(classes)
    model = build_table_model(dataset, 1)
    mean = float(np.nanmean(dataset.inputs["stack"], dtype=np.float64))
    missing, average, other = (predict(model, with_value(dataset, "stack", value)) for value in (np.nan, mean, 990.0))
    np.testing.assert_allclose(missing, average, rtol=1e-4)
    assert np.isfinite(missing).all()
    assert not np.allclose(missing, other, rtol=1e-4)


@pytest.mark.parametrize("classes", [("a", "b"), None])
def test_columns_may_be_called_like_parts_of_the_model_and_are_served_by_name(
    classes: tuple[str, ...] | None, tmp_path: Path
) -> None:
    dataset = table(classes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = build_table_model(dataset, 1)
        model.fit(dict(dataset.inputs), dataset.labels, verbose=0)
    model.save(tmp_path / "1")
    signature = saved_model.read(tmp_path / "1").signatures["serving_default"]
    assert sorted(signature.inputs) == sorted(ODD_NAMES)
    served = signature(**dataset.inputs)["output_0"]
    np.testing.assert_allclose(served, predict(model, dataset.inputs), rtol=1e-5)
    again = keras.models.load_model(tmp_path / "1")
    np.testing.assert_array_equal(predict(again, dataset.inputs), predict(model, dataset.inputs))


def test_outputs_are_probabilities_or_values_in_the_unit_of_the_labels() -> None:
    chances = predict(build_table_model(table(("a", "b", "c")), 1), table(("a", "b", "c")).inputs)
    assert chances.shape == (40, 3)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)
    values = predict(build_table_model(table(None), 1), table(None).inputs)
    assert values.shape == (40,)
    assert abs(values.mean() - 1e4) < 100


def test_a_column_without_any_value_to_train_on_does_no_harm() -> None:
    dataset = Dataset("t", {"x": np.full(20, np.nan, np.float32), "z": np.arange(20.0)}, np.arange(20) % 2, ("a", "b"))
    assert np.isfinite(predict(build_table_model(dataset, 1), dataset.inputs)).all()


def test_the_digits_model_takes_pictures_and_learns() -> None:
    keras.utils.set_random_seed(0)
    train, held_out = hold_out(read_digits())
    model = build_digits_model(train, 2)
    model.fit(dict(train.inputs), train.labels, epochs=2, batch_size=batch_size(len(train)), verbose=0)
    outputs = predict(model, held_out.inputs)
    assert outputs.shape == (len(held_out), 10)
    assert np.mean(outputs.argmax(axis=1) == held_out.labels) > 0.3


def test_batches_are_powers_of_two_within_bounds() -> None:
    sizes = [batch_size(rows) for rows in range(1, 200_000, 777)]
    assert sizes == sorted(sizes)
    assert {32, 64, 128, 256, 512} == set(sizes)
