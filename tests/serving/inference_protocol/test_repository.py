"""The index of what a manager knows."""

from tenon.base import DataLossError
from tenon.serving.inference_protocol import ModelIndex, served_models
from tenon.serving.inference_protocol._repository import _STATES
from tenon.serving.servables import State
from tests.serving.doubles import manager


def test_every_version_stands_in_the_index_with_its_state_and_reason():
    assert served_models(manager(failure=DataLossError("damaged"))) == [
        ModelIndex("half", "1", "READY"),
        ModelIndex("half", "2", "UNAVAILABLE", "damaged"),
        ModelIndex("half", "3", "READY"),
        ModelIndex("many", "7", "READY"),
    ]


def test_every_state_has_a_word():
    assert set(_STATES) == set(State)
