"""The states have TensorFlow Serving's numbers and the table has no gaps."""

import pytest

from tenon.formats import message_class
from tenon.serving import ServableId, ServableState, State
from tenon.serving.servables._state import LEGAL_TRANSITIONS


@pytest.mark.parametrize("state", State)
def test_a_state_has_the_number_of_the_protocol(state):
    status = message_class("tensorflow.serving.ModelVersionStatus")
    assert status.DESCRIPTOR.enum_types_by_name["State"].values_by_name[state.name].number == state


def test_every_state_is_reached_from_start_and_leads_to_the_end():
    def reachable(state):
        return {state}.union(*(reachable(to) for origin, to in LEGAL_TRANSITIONS if origin is state))

    assert reachable(State.START) == set(State)
    assert all(State.END in reachable(state) for state in State)
    assert reachable(State.END) == {State.END}


def test_no_transition_goes_back():
    assert all(origin < to for origin, to in LEGAL_TRANSITIONS)


def test_a_servable_state_cannot_be_changed():
    with pytest.raises(AttributeError):
        ServableState(ServableId("m", 1), State.START).state = State.END
