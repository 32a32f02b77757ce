"""Steps run before and after a program, and survive as JSON."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.formats import message_class
from tenon.host_steps import (
    INPUT,
    RESULT,
    STEP,
    HostNodes,
    HostSteps,
    Reference,
    Step,
    steps_from_json,
    steps_to_json,
)

STRINGS = np.dtype(object)
INT32 = np.dtype("int32")


def text(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def constant(value):
    return Step("Const", (), {"dtype": value.dtype, "value": value})


LABELS = HostSteps(
    (
        Step("StringToNumber", (Reference(INPUT, 0),), {"out_type": np.dtype("float32")}),
        constant(text(b"no", b"yes")),
        constant(np.array(0, np.int32)),
        Step(
            "GatherV2",
            (Reference(STEP, 1), Reference(RESULT, 0), Reference(STEP, 2)),
            {"Tparams": STRINGS, "Tindices": INT32, "Taxis": INT32, "batch_dims": 0},
        ),
    ),
    (Reference(STEP, 0),),
    (Reference(STEP, 3), Reference(INPUT, 0)),
)


def run(steps, *inputs, program):
    arguments, found = steps.before(inputs)
    return steps.after(found, program(*arguments))


def test_steps_run_around_a_program():
    outputs = run(LABELS, text(b"1", b"-2"), program=lambda x: [(x > 0).astype(np.int32)])
    assert [output.tolist() for output in outputs] == [[b"yes", b"no"], [b"1", b"-2"]]


def test_steps_are_the_same_after_json():
    steps = steps_from_json(json.loads(json.dumps(steps_to_json(LABELS))))
    assert steps.arguments == LABELS.arguments
    outputs = run(steps, text(b"3"), program=lambda x: [(x > 0).astype(np.int32)])
    assert outputs[0].tolist() == [b"yes"]


ATTRIBUTES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=5),
    st.sampled_from([np.dtype("float32"), STRINGS]),
    st.lists(st.sampled_from([np.dtype("int64"), STRINGS]), max_size=3),
    st.lists(st.tuples(st.integers(-1, 9)), max_size=3),
)


@given(st.dictionaries(st.text("abc", min_size=1), ATTRIBUTES))
def test_attributes_are_the_same_after_json(attributes):
    steps = HostSteps((Step("Any", (Reference(INPUT, 3),), attributes, 2),), (), ())
    (step,) = steps_from_json(json.loads(json.dumps(steps_to_json(steps)))).steps
    assert (step.op, step.inputs, step.attributes, step.outputs) == ("Any", (Reference(INPUT, 3),), attributes, 2)


@pytest.mark.parametrize("reference", [Reference(INPUT, 1), Reference(STEP, 2, 3), Reference(RESULT, 0)])
def test_a_reference_is_the_same_after_it_was_text(reference):
    assert Reference.parsed(str(reference)) == reference


def test_nodes_stand_before_and_behind_the_program():
    nodes = message_class("tensorflow.FunctionDef")().node_def
    host = HostNodes(nodes, LABELS)
    assert host.before(["input_0"]) == ["StringToNumber_0:output:0"]
    assert [node.op for node in nodes] == ["StringToNumber", "Const", "Const"]
    assert host.after(["module:output:0"]) == ["GatherV2_3:output:0", "input_0"]
    assert list(nodes[3].input) == ["Const_1:output:0", "module:output:0", "Const_2:output:0"]
    assert nodes[3].attr["Tparams"].type == 7


@pytest.mark.parametrize(("index", "where"), [(-1, r"indices\[1\] = -1"), (2, r"indices\[1\] = 2")])
def test_what_is_not_in_the_table_is_refused(index, where):
    with pytest.raises(InvalidArgumentError, match=where + r" is not in \[0, 2\)"):
        run(LABELS, text(b"1", b"2"), program=lambda x: [np.int32([0, index])])


def test_an_operation_that_does_not_run_on_the_host_is_named():
    steps = HostSteps((Step("MatMul", (Reference(INPUT, 0),)),), (), ())
    with pytest.raises(UnimplementedError, match="MatMul does not run on the host"):
        steps.before([np.ones(1)])
