from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.compat import Graph, Session
from tenon.compat._program import needed
from tests.compat.v1 import tf


@st.composite
def graphs(draw):
    """Sums of earlier tensors, with some that have to wait for others: each is its inputs and its control inputs."""
    count = draw(st.integers(1, 12))
    return [
        (
            draw(st.lists(st.integers(0, place - 1), max_size=3, unique=True)) if place else [],
            draw(st.lists(st.integers(0, place - 1), max_size=2, unique=True)) if place else [],
        )
        for place in range(count)
    ]


def built(form):
    tensors = []
    for place, (inputs, controls) in enumerate(form):
        with tf.control_dependencies([tensors[c] for c in controls]):
            value = tf.constant(float(place))
            tensors.append(tf.add_n([value, *[tensors[i] for i in inputs]], name=f"t{place}"))
    return tensors


def reached(form, targets, fed):
    found, waiting = set(), list(targets)
    while waiting:
        place = waiting.pop()
        if place not in found and place not in fed:
            found.add(place)
            waiting += [one for part in form[place] for one in part]
    return found


@given(graphs(), st.data())
def test_exactly_what_is_reached_runs_and_inputs_come_first(form, data):
    places = st.integers(0, len(form) - 1)
    targets, fed = data.draw(st.lists(places, min_size=1)), data.draw(st.sets(places, max_size=3))
    with Graph().as_default():
        tensors = built(form)
        order = needed([tensors[t].op for t in targets], [tensors[f] for f in fed])
    numbers = {operation: place for place, operation in enumerate(order)}
    assert {t for t in range(len(form)) if tensors[t].op in numbers} == reached(form, targets, fed)
    for operation in order:
        before = [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)
        assert all(numbers[one] < numbers[operation] for one in before if one in numbers)


@settings(max_examples=25, deadline=None)
@given(graphs())
def test_values_are_those_of_plain_sums(form):
    expected = []
    for place, (inputs, _) in enumerate(form):
        expected.append(place + sum(expected[i] for i in inputs))
    with Graph().as_default(), Session() as session:
        tensors = built(form)
        assert [float(session.run(tensor, {tensors[0]: 0.0})) for tensor in tensors[-2:]] == expected[-2:]


def test_variables_are_read_before_they_are_assigned_unless_the_reading_waits(run):
    v = tf.get_variable("v", initializer=1.0)
    changed = v.assign(5.0)
    late = v * 10.0
    with tf.control_dependencies([changed]):
        after = v * 100.0
    run(v.initializer)
    assert [float(x) for x in run([changed, late, after])] == [5.0, 10.0, 500.0]
    assert [float(x) for x in run([late, v])] == [50.0, 5.0]


def test_only_what_is_fetched_runs(run):
    v = tf.get_variable("v", initializer=0)
    more, unused = v.assign_add(1), tf.placeholder("float32", [2])
    run(v.initializer)
    assert run(tf.constant(3) + 1) == 4
    assert run(v) == 0
    run(more.op)
    assert run(v) == 1
    assert unused.consumers() == []


def test_what_cannot_be_compiled_runs_operation_by_operation(run):
    x = tf.placeholder("float32", [None])
    chosen = tf.boolean_mask(x, x > 0.0)
    assert chosen.shape.as_list() == [None]
    assert [run(chosen * 2.0, {x: values}).tolist() for values in ([1.0, -1.0], [2.0, 3.0, -1.0])] == [
        [2.0],
        [4.0, 6.0],
    ]


def test_programs_are_kept_for_fetches_and_feeds(graph):
    with Session(graph=graph) as session:
        x = tf.placeholder("float32", [None])
        y = x + 1.0
        for size in (1, 2, 1, 2):
            session.run([y], {x: [0.0] * size})
        (program,) = session._programs.values()
        assert len(program._compiled) == 2
