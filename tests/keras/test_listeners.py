"""Who is told about batches, when, and in which thread."""

import threading

import pytest

from tenon import keras
from tenon.keras._listeners import listens, only_progress_listens
from tenon.keras._tensorboard import TensorBoard

callbacks = keras.callbacks


class OldHook(callbacks.Callback):
    def on_batch_end(self, batch, logs=None):
        pass


class Told(callbacks.Callback):
    """Remembers the threads and the order in which it is called."""

    def __init__(self):
        super().__init__()
        self.calls, self.threads = [], set()

    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(("begin", batch))

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(("end", batch))
        self.threads.add(threading.current_thread())


class AnyTime(Told):
    async_safe = True


@pytest.mark.parametrize(
    ("make", "heard"),
    [
        (callbacks.History, False),
        (lambda: callbacks.EarlyStopping("loss"), False),
        (lambda: callbacks.ModelCheckpoint("a.keras"), False),
        (lambda: callbacks.ModelCheckpoint("a.keras", save_freq=3), True),
        (lambda: callbacks.LambdaCallback(on_epoch_end=print), False),
        (lambda: callbacks.LambdaCallback(on_train_batch_end=print), True),
        (callbacks.TerminateOnNaN, True),
        (OldHook, True),
        (callbacks.ProgbarLogger, True),
    ],
)
def test_who_listens_to_the_ends_of_batches(make, heard):
    assert listens(make(), "on_train_batch_end") is heard


def test_the_dashboard_listens_when_it_writes_batches_or_profiles(tmp_path):
    assert not listens(TensorBoard(tmp_path), "on_train_batch_end")
    assert listens(TensorBoard(tmp_path, update_freq="batch"), "on_train_batch_end")
    assert listens(TensorBoard(tmp_path, profile_batch=2), "on_train_batch_begin")


def test_only_the_progress_bar_may_be_told_late():
    assert only_progress_listens(callbacks.CallbackList(None, add_progbar=True, add_history=True), "train")
    listening = callbacks.CallbackList([OldHook()])
    assert not only_progress_listens(listening, "train")
    assert only_progress_listens(listening, "test")


def driven(*found):
    told = callbacks.CallbackList(list(found), epochs=1, steps=3, verbose=0)
    told.on_train_begin()
    for batch in range(3):
        told.on_train_batch_begin(batch)
        told.on_train_batch_end(batch, {"loss": keras.ops.ones(())})
    told.on_epoch_end(0, {})
    told.on_train_end()


def test_listeners_are_told_in_order_in_the_thread_of_the_loop():
    one = Told()
    driven(one)
    assert one.calls == [(moment, batch) for batch in range(3) for moment in ("begin", "end")]
    assert one.threads == {threading.current_thread()}


def test_those_that_allow_it_are_told_in_other_threads():
    one = AnyTime()
    driven(one)
    assert sorted(one.calls) == sorted((moment, batch) for batch in range(3) for moment in ("begin", "end"))
    assert threading.current_thread() not in one.threads


def test_a_progress_bar_is_told_of_every_batch_before_the_epoch_ends():
    bar = callbacks.ProgbarLogger()
    driven(bar)
    assert bar.seen == 3
