"""The policy's rules, as plain data."""

import itertools

import pytest

from tenon.serving import AvailabilityPreservingPolicy, ResourcePreservingPolicy, ServableId, State
from tenon.serving.lifecycle._aspired import AspiredServableStateSnapshot, Load, Unload

START, LOADING, AVAILABLE, UNLOADING, END = State

# Each row: the aspired versions and their states, the un-aspired ones and theirs, the next action.
SITUATIONS = {
    "nothing at all": ({}, {}, None),
    "one new version is loaded": ({1: START}, {}, Load(1)),
    "of many new versions the highest is loaded first": ({1: START, 3: START, 2: START}, {}, Load(3)),
    "while one loads the next may begin": ({1: START, 3: LOADING, 2: START}, {}, Load(2)),
    "all are served: nothing to do": ({1: AVAILABLE, 2: AVAILABLE}, {}, None),
    "the old one goes when the new one answers": ({2: AVAILABLE}, {1: AVAILABLE}, Unload(1)),
    "the old one stays while the new one is new": ({2: START}, {1: AVAILABLE}, Load(2)),
    "the old one stays while the new one loads": ({2: LOADING}, {1: AVAILABLE}, None),
    "the old one stays when the new one failed": ({2: END}, {1: AVAILABLE}, None),
    "the old one stays when all the new ones failed": ({2: END, 3: END}, {1: AVAILABLE}, None),
    "the next is tried when the newest failed": ({2: START, 3: END}, {1: AVAILABLE}, Load(2)),
    "unloading comes before loading": ({3: AVAILABLE, 2: START}, {1: AVAILABLE}, Unload(1)),
    "the lowest unwanted goes first": ({4: AVAILABLE}, {3: AVAILABLE, 1: AVAILABLE, 2: AVAILABLE}, Unload(1)),
    "of two unwanted one is enough while the new one loads": ({3: LOADING}, {1: AVAILABLE, 2: AVAILABLE}, Unload(1)),
    "an unwanted one that is going already does not count": ({3: LOADING}, {1: UNLOADING, 2: AVAILABLE}, None),
    "nothing is aspired: everything goes": ({}, {1: AVAILABLE}, Unload(1)),
    "nothing is aspired: one after the other": ({}, {1: UNLOADING, 2: AVAILABLE}, Unload(2)),
    "an unwanted version that loads is left to finish": ({}, {1: LOADING}, None),
    "an unwanted version is never loaded": ({}, {1: START}, None),
    "a rollback loads the older version first": ({1: START}, {2: AVAILABLE}, Load(1)),
    "a rollback then unloads the newer one": ({1: AVAILABLE}, {2: AVAILABLE}, Unload(2)),
    "a failed version is not tried again": ({1: END}, {}, None),
}


def snapshots(aspired, unaspired):
    return [
        AspiredServableStateSnapshot(ServableId("m", version), state, is_aspired)
        for states, is_aspired in ((aspired, True), (unaspired, False))
        for version, state in states.items()
    ]


def named(action):
    return None if action is None else type(action)(ServableId("m", action.id))


@pytest.mark.parametrize(("aspired", "unaspired", "action"), SITUATIONS.values(), ids=SITUATIONS.keys())
def test_the_next_action_follows_from_the_states(aspired, unaspired, action):
    policy = AvailabilityPreservingPolicy()
    for order in (snapshots(aspired, unaspired), snapshots(aspired, unaspired)[::-1]):
        assert policy.next_action(order) == named(action)


def all_situations(versions=3):
    kinds = list(itertools.product(State, (True, False)))
    for chosen in itertools.product(kinds, repeat=versions):
        yield [
            AspiredServableStateSnapshot(ServableId("m", number), *kind) for number, kind in enumerate(chosen, start=1)
        ]


def test_in_every_situation_the_action_is_legal_and_keeps_the_service_up():
    policy = AvailabilityPreservingPolicy()
    for situation in all_situations():
        action = policy.next_action(situation)
        by_id = {snapshot.id: snapshot for snapshot in situation}
        answering = [snapshot for snapshot in situation if snapshot.state is AVAILABLE]
        if isinstance(action, Load):
            assert by_id[action.id].state is START
            assert by_id[action.id].is_aspired
        if isinstance(action, Unload):
            assert by_id[action.id].state is AVAILABLE
            assert not by_id[action.id].is_aspired
            assert len(answering) > 1 or not any(snapshot.is_aspired for snapshot in situation)


FRUGAL = {
    "nothing at all": ({}, {}, None),
    "one new version is loaded": ({1: START}, {}, Load(1)),
    "the highest is loaded first": ({1: START, 3: START}, {}, Load(3)),
    "the old one goes before the new one is loaded": ({2: START}, {1: AVAILABLE}, Unload(1)),
    "the lowest goes first": ({4: START}, {3: AVAILABLE, 1: AVAILABLE}, Unload(1)),
    "the new one waits until the old one has ended": ({2: START}, {1: UNLOADING}, None),
    "the new one waits for a load that nobody wants any more": ({2: START}, {1: LOADING}, None),
    "what failed and is unwanted is no reason to wait": ({2: START}, {1: END}, Load(2)),
    "all are served: nothing to do": ({1: AVAILABLE, 2: AVAILABLE}, {}, None),
    "a failed version is not tried again": ({1: END}, {}, None),
    "nothing is aspired: everything goes": ({}, {1: AVAILABLE}, Unload(1)),
}


@pytest.mark.parametrize(("aspired", "unaspired", "action"), FRUGAL.values(), ids=FRUGAL.keys())
def test_resources_are_preserved(aspired, unaspired, action):
    policy = ResourcePreservingPolicy()
    for order in (snapshots(aspired, unaspired), snapshots(aspired, unaspired)[::-1]):
        assert policy.next_action(order) == named(action)


def test_a_version_with_a_successor_goes_first_where_resources_are_preserved_and_stays_where_answers_are():
    (answers,), (successor,) = snapshots({1: AVAILABLE}, {}), snapshots({1: START}, {})
    (unloads,) = snapshots({1: UNLOADING}, {})
    assert ResourcePreservingPolicy().next_action([answers, successor]) == named(Unload(1))
    assert ResourcePreservingPolicy().next_action([unloads, successor]) is None
    assert ResourcePreservingPolicy().next_action([successor]) == named(Load(1))
    assert AvailabilityPreservingPolicy().next_action([answers, successor]) == named(Load(1))


def test_where_resources_are_preserved_a_load_never_begins_beside_what_is_unwanted():
    policy = ResourcePreservingPolicy()
    for situation in all_situations():
        action = policy.next_action(situation)
        if isinstance(action, Load):
            assert all(snapshot.is_aspired or snapshot.state is END for snapshot in situation)
