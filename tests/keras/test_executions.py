"""Several small steps in one program give what single steps give, and nobody who listens to batches misses one."""

import itertools

import jax
import numpy as np
import pytest

from tenon import keras
from tenon.keras._executions import MOST_STEPS, Executions

RNG = np.random.default_rng(0)
ROWS = 333  # 41 batches of 8 and one of 5: one execution of 32, odd ones, and a batch of another shape
X, Y = RNG.random((ROWS, 6), dtype=np.float32), RNG.integers(0, 3, ROWS)
DATA = {"x": X[:320], "y": Y[:320], "batch_size": 8}
HELD = (X[:20], Y[:20])


class Steps(keras.callbacks.Callback):
    """Remembers which batches it was told about."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append((batch, logs["loss"]))


def made(**options):
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Dense(8, activation="relu"), keras.layers.BatchNormalization(), keras.layers.Dropout(0.3)]
    model = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def generated():
    """Yield batches for ever."""
    while True:
        for begin in range(0, 320, 8):
            yield X[begin : begin + 8].copy(), Y[begin : begin + 8]


def filling_one_array():
    """Yield the batches of ``generated``, all in the same array."""
    array = np.empty((8, 6), np.float32)
    for x, y in generated():
        array[:] = x
        yield array, y


class Sequence(keras.utils.PyDataset):
    def __len__(self):
        return 12

    def __getitem__(self, index):
        rows = slice(8 * index, 8 * index + (8 if index % 5 else 4))  # shapes change in the middle
        return X[rows], Y[rows]


FITS = {
    "shuffled": {"x": X, "y": Y, "epochs": 3, "batch_size": 8},
    "in order, validated": {**DATA, "epochs": 2, "shuffle": False, "validation_data": HELD, "validation_freq": 2},
    "class weights, wide numbers": {**DATA, "x": X[:320].astype(np.float64), "class_weight": {0: 1.0, 1: 2.0, 2: 0.5}},
    "sample weights, from the second epoch": {**DATA, "sample_weight": X[:320, 0], "initial_epoch": 1, "epochs": 3},
    "parts of the data": {**DATA, "steps_per_epoch": 11, "epochs": 3},
    "a generator": {"x": generated, "steps_per_epoch": 37, "epochs": 2, "shuffle": False},
    "a dataset": {"x": lambda: Sequence(), "epochs": 2, "shuffle": False},
}


def fitted(arguments, **options):
    model = made(**options)
    given = {name: value() if callable(value) else value for name, value in arguments.items()}
    callbacks = given.pop("callbacks", None)
    history = model.fit(**given, verbose=0, callbacks=callbacks)
    return model, history


def assert_equal(one, other):
    (model, history), (expected, expected_history) = one, other
    assert history.epoch == expected_history.epoch
    assert history.history.keys() == expected_history.history.keys()
    for name, values in expected_history.history.items():
        assert history.history[name] == pytest.approx(values, rel=1e-5), name
    for ours, theirs in zip(model.variables, expected.variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6, err_msg=ours.path)
    assert int(model.optimizer.iterations.numpy()) == int(expected.optimizer.iterations.numpy())


def counting(model):
    """Return how many steps the programs of a model take at once, 0 for single steps."""
    return [0 if loop is None else loop.steps for loop in model.train_function._loops.values()]


@pytest.mark.parametrize("arguments", FITS.values(), ids=FITS)
def test_joined_steps_train_as_single_ones(arguments):
    joined = fitted(arguments)
    assert MOST_STEPS in counting(joined[0])
    assert_equal(joined, fitted(arguments, steps_per_execution=1))


def test_who_listens_to_batches_hears_of_each():
    joined, single = Steps(), Steps()
    one = fitted({**DATA, "epochs": 2, "callbacks": [joined]})
    other = fitted({**DATA, "epochs": 2, "callbacks": [single]}, steps_per_execution=1)
    assert [batch for batch, _ in joined.seen] == list(range(40)) * 2
    assert joined.seen == single.seen
    assert not one[0].train_function._loops
    assert_equal(one, other)


def train_function(model):
    model.make_train_function()
    return model.train_function


def test_a_choice_of_one_step_stands_and_auto_is_the_default():
    assert not isinstance(train_function(made(steps_per_execution=1)), Executions)
    assert isinstance(train_function(made(steps_per_execution="auto")), Executions)
    again = keras.models.clone_model(made())
    again.compile_from_config(made().get_compile_config())
    assert isinstance(train_function(again), Executions)


def test_the_variable_turns_it_off(monkeypatch):
    monkeypatch.setenv("TENON_STEPS_PER_EXECUTION", "1")
    assert not isinstance(train_function(made()), Executions)


def test_evaluation_joins_steps_too():
    model, single = made(), made(steps_per_execution=1)
    expected = single.evaluate(X, Y, batch_size=8, verbose=0)
    assert model.evaluate(X, Y, batch_size=8, verbose=0) == pytest.approx(expected, rel=1e-6)
    assert isinstance(model.test_function, Executions)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_generator_that_fails_leaves_the_weights_of_the_steps_before(error):
    def failing():
        yield from itertools.islice(generated(), 20)
        raise error("at batch 20")

    model, single = made(), made(steps_per_execution=1)
    for one in (model, single):
        with pytest.raises(error, match="at batch 20"):
            one.fit(failing(), steps_per_epoch=40, shuffle=False, verbose=0)
    steps = int(model.optimizer.iterations.numpy())
    assert steps == 20 if error is ValueError else steps <= 20
    assert np.isfinite(model.predict(X, verbose=0)).all()


def test_a_generator_may_fill_the_same_array_again():
    def after_a_look_at_two():  # Keras asks for two batches before it trains on the first
        batches = generated()
        first, second = next(batches), next(batches)
        yield from ((second[0], first[1]), second)
        yield from batches

    options = {"steps_per_epoch": 33, "shuffle": False}
    assert_equal(fitted({"x": filling_one_array, **options}), fitted({"x": after_a_look_at_two, **options}))


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_data_that_end_early_end_the_training():
    def ended():
        yield from itertools.islice(generated(), 20)

    short = {"x": ended, "steps_per_epoch": 40, "shuffle": False}
    assert_equal(fitted(short), fitted(short, steps_per_execution=1))


def test_training_stops_behind_the_epoch_in_which_a_callback_says_so():
    stop = {**DATA, "epochs": 9}
    ends = [keras.callbacks.EarlyStopping("accuracy", patience=0, min_delta=1.0) for _ in range(2)]
    joined, single = (
        fitted({**stop, "callbacks": [end]}, **options)
        for end, options in zip(ends, ({}, {"steps_per_execution": 1}), strict=True)
    )
    assert len(joined[1].epoch) == 2
    assert_equal(joined, single)


def test_the_progress_bar_ends_at_the_last_batch(capsys):
    model = made()
    model.fit(**DATA, verbose=1)
    shown = capsys.readouterr().out
    assert "40/40" in shown
    assert "41/" not in shown
    model.fit(generated(), steps_per_epoch=37, shuffle=False, verbose=2)
    assert "37/37" in capsys.readouterr().out


def test_single_batches_and_large_steps_run_alone():
    model = made()
    model.train_on_batch(X, Y)
    assert not model.train_function._loops
    wide = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1024, use_bias=False)])
    wide.compile("sgd", "mse")
    wide.fit(np.zeros((4096, 6)), np.zeros((4096, 1024), np.float32), batch_size=4096, verbose=0)
    assert counting(wide) == [0]


def test_a_partial_last_batch_is_one_more_program_in_the_first_epoch_only(caplog):
    model = made()
    x, y = X[: 3 * 32 + 5], Y[: 3 * 32 + 5]
    before = jax.config.jax_log_compiles
    jax.config.update("jax_log_compiles", True)
    try:
        programs = []
        for rows in (len(x), len(x), len(x) - 32):
            caplog.clear()
            model.fit(x[:rows], y[:rows], batch_size=32, epochs=2, verbose=0)
            programs.append([r.args[0] for r in caplog.records if str(r.msg).startswith("Compiling")])
    finally:
        jax.config.update("jax_log_compiles", before)
    assert programs[0].count("jit(run)") == 2
    assert not [name for name in programs[0] if "train_step" in name]
    assert programs[1:] == [[], []]
