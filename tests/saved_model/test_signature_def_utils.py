"""Method names of signatures are changed in what is saved."""

import numpy as np
import pytest

import tenon as tf
from tenon.saved_model import read
from tenon.saved_model.signature_def_utils import MethodNameUpdater

REGRESS = "tensorflow/serving/regress"


@pytest.fixture
def saved(tmp_path):
    tf.saved_model.save(lambda x: x * 2, tmp_path / "1", {"double": {"x": tf.TensorSpec([None], tf.float32)}})
    return tmp_path / "1"


def method_name(folder):
    return read(folder).signatures["double"].definition.method_name


def test_a_name_is_changed_in_place(saved):
    updater = MethodNameUpdater(saved)
    updater.replace_method_name("double", REGRESS)
    assert method_name(saved) == "tensorflow/serving/predict"
    updater.save()
    assert method_name(saved) == REGRESS
    assert np.asarray(read(saved).signatures["double"](np.float32([1]))["output_0"]).tolist() == [2.0]


def test_a_copy_may_have_the_new_name(saved, tmp_path):
    updater = MethodNameUpdater(saved)
    updater.replace_method_name("double", REGRESS, tags=["serve"])
    updater.save(tmp_path / "2")
    assert (method_name(saved), method_name(tmp_path / "2")) == ("tensorflow/serving/predict", REGRESS)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("other", REGRESS), r"signature 'other' was not found .* \['double'\]"),
        (("double", REGRESS, "gpu"), r"tags \['gpu'\]"),
        (("double", ""), "must not be empty"),
    ],
)
def test_what_is_not_there_is_refused(saved, arguments, reason):
    with pytest.raises(tf.errors.InvalidArgumentError, match=reason):
        MethodNameUpdater(saved).replace_method_name(*arguments)


def test_what_is_damaged_is_refused(saved):
    (saved / "saved_model.pb").write_bytes(b"")
    with pytest.raises(tf.errors.DataLossError, match=r"saved_model\.pb"):
        MethodNameUpdater(saved)


def test_it_stands_where_tensorflow_has_it():
    assert tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater is MethodNameUpdater
