import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

from tenon import keras
from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.summary import histogram_buckets

layers = keras.layers
X = np.random.default_rng(0).normal(size=(24, 4)).astype(np.float32)
Y = X[:, :1] * 2


def make(optimizer: object = "sgd") -> object:
    model = keras.Sequential([keras.Input((4,), name="x"), layers.Dense(3, name="a"), layers.Dense(1, name="b")])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def fit(model: object, callback: object, **options: object) -> dict[str, list[float]]:
    given = {"epochs": 2, "batch_size": 8, "validation_data": (X[:8], Y[:8]), "verbose": 0} | options
    return model.fit(X, Y, callbacks=[callback], **given).history


def read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()


def values(accumulator: EventAccumulator, tag: str) -> dict[int, np.ndarray]:
    return {event.step: tensor_util.make_ndarray(event.tensor_proto) for event in accumulator.Tensors(tag)}


def scalars(accumulator: EventAccumulator) -> dict[str, dict[int, float]]:
    tags = [tag for tag in accumulator.Tags()["tensors"] if not tag.endswith(("/histogram", "/image"))]
    return {tag: {step: float(value) for step, value in values(accumulator, tag).items()} for tag in tags}


def single(numbers: list[float]) -> dict[int, float]:
    return {step: float(np.float32(number)) for step, number in enumerate(numbers)}


def test_epoch_scalars_are_exactly_the_history_of_fit(tmp_path: Path) -> None:
    history = fit(make(), keras.callbacks.TensorBoard(tmp_path))
    train, validation = scalars(read(tmp_path / "train")), scalars(read(tmp_path / "validation"))
    assert train == {
        "epoch_loss": single(history["loss"]),
        "epoch_mae": single(history["mae"]),
        "epoch_learning_rate": single([0.01, 0.01]),
    }
    iterations = [3, 6]
    assert validation == {
        "epoch_loss": single(history["val_loss"]),
        "epoch_mae": single(history["val_mae"]),
        "evaluation_loss_vs_iterations": dict(zip(iterations, single(history["val_loss"]).values(), strict=True)),
        "evaluation_mae_vs_iterations": dict(zip(iterations, single(history["val_mae"]).values(), strict=True)),
    }


@pytest.mark.parametrize(
    ("update_freq", "steps"), [("epoch", None), ("batch", [1, 2, 3, 4, 5, 6]), (1, [1, 2, 3, 4, 5, 6]), (4, [4])]
)
def test_batch_scalars_are_written_as_often_as_asked(update_freq: object, steps: list | None, tmp_path: Path) -> None:
    fit(make(), keras.callbacks.TensorBoard(tmp_path, update_freq=update_freq))
    train = scalars(read(tmp_path / "train"))
    assert {tag: list(points) for tag, points in train.items() if tag.startswith("batch_")} == (
        {} if steps is None else {"batch_loss": steps, "batch_mae": steps}
    )
    assert list(train["epoch_loss"]) == [0, 1]


def test_the_last_batch_of_an_epoch_is_the_epochs_loss(tmp_path: Path) -> None:
    history = fit(make(), keras.callbacks.TensorBoard(tmp_path, update_freq="batch"))
    batch = scalars(read(tmp_path / "train"))["batch_loss"]
    np.testing.assert_allclose([batch[3], batch[6]], history["loss"], rtol=1e-6)


def test_histograms_are_those_of_the_weights_at_the_end_of_the_epoch(tmp_path: Path) -> None:
    model = make()
    seen: list[np.ndarray] = []
    remember = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append(np.asarray(model.weights[0].value)))
    options = {"epochs": 3, "batch_size": 8, "verbose": 0}
    model.fit(X, Y, callbacks=[keras.callbacks.TensorBoard(tmp_path, histogram_freq=2), remember], **options)
    train = read(tmp_path / "train")
    tags = {tag for tag in train.Tags()["tensors"] if tag.endswith("/histogram")}
    assert tags == {f"{weight.path}/histogram" for weight in model.weights}
    found = values(train, f"{model.weights[0].path}/histogram")
    assert list(found) == [0, 2]
    np.testing.assert_array_equal(found[2], histogram_buckets(seen[2]))


def test_weights_are_pictures_when_asked(tmp_path: Path) -> None:
    model = make()
    fit(model, keras.callbacks.TensorBoard(tmp_path, histogram_freq=1, write_images=True), epochs=1)
    train = read(tmp_path / "train")
    width, height, picture = values(train, f"{model.weights[0].path}/image")[0].tolist()
    assert (width, height) == (b"4", b"3")
    assert picture.startswith(b"\x89PNG")


def test_the_graph_of_the_layers_is_read_by_tensorboard(tmp_path: Path) -> None:
    fit(make(), keras.callbacks.TensorBoard(tmp_path), epochs=1)
    graph = read(tmp_path / "train").Graph()
    assert [(node.name, node.op, list(node.input)) for node in graph.node] == [
        ("x", "InputLayer", []),
        ("a", "Dense", ["x"]),
        ("b", "Dense", ["a"]),
    ]


def test_no_graph_is_written_when_it_is_not_wanted(tmp_path: Path) -> None:
    fit(make(), keras.callbacks.TensorBoard(tmp_path, write_graph=False), epochs=1)
    assert not read(tmp_path / "train").Tags()["graph"]


def test_steps_per_second_are_positive(tmp_path: Path) -> None:
    fit(make(), keras.callbacks.TensorBoard(tmp_path, write_steps_per_second=True, update_freq=1), epochs=1)
    train = scalars(read(tmp_path / "train"))
    assert train["epoch_steps_per_second"][0] > 0
    assert all(speed > 0 for speed in train["batch_steps_per_second"].values())


def test_the_learning_rate_of_a_schedule_is_followed(tmp_path: Path) -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)
    fit(make(keras.optimizers.SGD(schedule)), keras.callbacks.TensorBoard(tmp_path))
    rates = scalars(read(tmp_path / "train"))["epoch_learning_rate"]
    np.testing.assert_allclose(list(rates.values()), [0.05, 0.025], rtol=1e-6)


def test_a_scaled_optimizer_shows_the_inner_learning_rate(tmp_path: Path) -> None:
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.25))
    fit(make(optimizer), keras.callbacks.TensorBoard(tmp_path), epochs=1)
    assert scalars(read(tmp_path / "train"))["epoch_learning_rate"] == {0: 0.25}


def test_evaluate_alone_writes_to_the_validation_run_and_closes_its_file(tmp_path: Path) -> None:
    result = make().evaluate(X, Y, verbose=0, callbacks=[keras.callbacks.TensorBoard(tmp_path)])
    assert scalars(read(tmp_path / "validation"))["evaluation_loss_vs_iterations"] == single([result[0]])
    assert not (tmp_path / "train").exists()


def test_one_callback_serves_two_fits(tmp_path: Path) -> None:
    callback, model = keras.callbacks.TensorBoard(tmp_path), make()
    fit(model, callback, epochs=1)
    fit(model, callback, epochs=3, initial_epoch=1)
    assert list(scalars(read(tmp_path / "train"))["epoch_loss"]) == [0, 1, 2]


def test_a_profile_is_written_for_the_batches_asked_for(tmp_path: Path) -> None:
    fit(make(), keras.callbacks.TensorBoard(tmp_path, profile_batch=(2, 3)), epochs=1)
    assert list(tmp_path.glob("train/plugins/profile/*/*.xplane.pb"))


def test_an_exception_in_fit_loses_no_epoch_that_ended(tmp_path: Path) -> None:
    def fail(epoch: int, logs: object) -> None:
        if epoch == 1:
            raise RuntimeError("out of luck")

    callback = keras.callbacks.TensorBoard(tmp_path)
    with pytest.raises(RuntimeError, match="out of luck"):
        make().fit(X, Y, epochs=3, verbose=0, callbacks=[callback, keras.callbacks.LambdaCallback(on_epoch_begin=fail)])
    assert list(scalars(read(tmp_path / "train"))["epoch_loss"]) == [0]
    callback.on_train_end()


def test_a_fit_that_failed_does_not_keep_the_next_one_from_profiling(tmp_path: Path) -> None:
    def fail(batch: int, logs: object) -> None:
        raise RuntimeError("out of luck")

    callback, model = keras.callbacks.TensorBoard(tmp_path, profile_batch=(1, 2)), make()
    with pytest.raises(RuntimeError, match="out of luck"):
        model.fit(X, Y, verbose=0, callbacks=[callback, keras.callbacks.LambdaCallback(on_train_batch_end=fail)])
    fit(model, callback, epochs=1)
    assert len(list(tmp_path.glob("train/plugins/profile/*/*.xplane.pb"))) >= 1


def test_a_kill_loses_no_epoch_that_ended(tmp_path: Path) -> None:
    code = f"""
import os, signal
from tests.keras.test_tensorboard import X, Y, keras, make
stop = lambda epoch, _: epoch == 2 and os.kill(os.getpid(), signal.SIGKILL)
kill = keras.callbacks.LambdaCallback(on_epoch_begin=stop)
make().fit(X, Y, epochs=3, verbose=0, callbacks=[keras.callbacks.TensorBoard({str(tmp_path)!r}), kill])
"""
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root / 'src'}:{root}"}
    process = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert process.returncode == -signal.SIGKILL
    assert list(scalars(read(tmp_path / "train"))["epoch_loss"]) == [0, 1]


def test_a_subclassed_model_is_written_like_any_other(tmp_path: Path) -> None:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x: object) -> object:
            return self.dense(x)

    model = Net()
    model.compile("adam", "mse")
    fit(model, keras.callbacks.TensorBoard(tmp_path, histogram_freq=1), epochs=1)
    train = read(tmp_path / "train")
    assert [node.op for node in train.Graph().node] == ["Dense"]
    assert len([tag for tag in train.Tags()["tensors"] if tag.endswith("/histogram")]) == 2


@pytest.mark.parametrize(
    "bad", [{"update_freq": 0}, {"update_freq": "step"}, {"histogram_freq": -1}, {"histogram_freq": "epoch"}]
)
def test_frequencies_that_mean_nothing_are_refused(bad: dict, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=next(iter(bad))):
        keras.callbacks.TensorBoard(tmp_path, **bad)


def test_the_projector_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnimplementedError, match=r"pass 0 and None.*histogram_freq=1"):
        keras.callbacks.TensorBoard(tmp_path, embeddings_freq=1)
