import subprocess
import sys

import numpy as np
import pytest

from tenon.core.tensors import constant
from tenon.core.variables import Module, Variable
from tenon.train import Checkpoint, TrackableType, register_trackable
from tenon.train._trackable import children_of, is_trackable, known_type


class Counts:
    """An object of TensorFlow's protocol with values of its own."""

    def __init__(self, number: int, name: str = "") -> None:
        self.number = number
        self.name = name

    def _serialize_to_tensors(self):
        return {"number": np.int64(self.number), "name": constant(self.name)}

    def _restore_from_tensors(self, tensors):
        self.number = int(tensors["number"])
        self.name = tensors["name"].numpy().decode()


class Holds:
    """An object of TensorFlow's protocol with children."""

    def __init__(self, value) -> None:
        self.value = value

    def _trackable_children(self):
        return {"kept": self.value, "number": 3}


class Both(Module):
    """A module that has a value beside its attributes."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.w = Variable(number)
        self.number = number

    def _serialize_to_tensors(self):
        return {"number": np.int32(self.number)}

    def _restore_from_tensors(self, tensors):
        self.number = int(tensors["number"])


def test_objects_that_serialize_themselves_are_saved_and_restored(tmp_path):
    path = Checkpoint(counts=Counts(3, "three")).write(tmp_path / "c")
    counts = Counts(0)
    Checkpoint(counts=counts).read(path).assert_consumed()
    assert (counts.number, counts.name) == (3, "three")


def test_objects_that_name_their_children_are_looked_into(tmp_path):
    path = Checkpoint(holds=Holds(Variable(3))).write(tmp_path / "c")
    other = Holds(Variable(0))
    Checkpoint(holds=other).read(path).assert_consumed()
    assert int(other.value) == 3


def test_what_a_protocol_leaves_open_is_as_with_the_class_below(tmp_path):
    path = Checkpoint(both=Both(3)).write(tmp_path / "c")
    other = Both(0)
    Checkpoint(both=other).read(path).assert_consumed()
    assert (other.number, int(other.w)) == (3, 3)


def test_children_of_an_object_that_cannot_tell_are_waited_for(tmp_path):
    path = Checkpoint(holds=Holds(Variable(3))).write(tmp_path / "c")
    other = Holds(None)
    status = Checkpoint(holds=other).read(path)
    other.value = Variable(0)
    status.assert_consumed()
    assert int(other.value) == 3


def test_a_class_is_registered_for_itself_and_its_subclasses(tmp_path):
    class Thermometer:
        degrees = 0.0

    class Better(Thermometer):
        pass

    assert not is_trackable(Thermometer())
    register_trackable(
        Thermometer,
        TrackableType(
            tensors=lambda value: {"degrees": np.float32(value.degrees)},
            restore=lambda value, tensors: setattr(value, "degrees", float(tensors["degrees"])),
        ),
    )
    one, other = Better(), Thermometer()
    one.degrees = 21.5
    path = Checkpoint(it=one).write(tmp_path / "c")
    Checkpoint(it=other).read(path).assert_consumed()
    assert other.degrees == 21.5


@pytest.mark.parametrize("value", [1, "text", None, np.ones(2), constant(1), object(), (1, "a"), {1, 2}, print])
def test_other_values_are_not_trackable(value):
    assert not is_trackable(value)


@pytest.mark.parametrize("value", [[], {}, [1], (1, []), Variable(1), Module()])
def test_containers_variables_and_modules_are(value):
    assert is_trackable(value)


def test_children_that_are_not_trackable_are_passed_over():
    assert dict(children_of(Holds(kept := Variable(1)))) == {"kept": kept}


def test_a_missing_child_is_none():
    assert known_type(Holds(1)).child(Holds(1), "nothing") is None
    assert known_type(Holds(1)).child(Holds(1), "number") is None


def test_keras_is_imported_when_its_first_object_arrives(tmp_path):
    script = """
import os, sys
os.environ["KERAS_BACKEND"] = "jax"
from tenon.train import Checkpoint
assert "keras" not in sys.modules
import keras
variable = keras.Variable([1.0])
path = Checkpoint(v=variable).write(sys.argv[1])
variable.assign([0.0])
Checkpoint(v=variable).read(path).assert_consumed()
print(float(variable.value[0]))
"""
    command = [sys.executable, "-c", script, str(tmp_path / "c")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "1.0\n"
