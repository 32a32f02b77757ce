from __future__ import annotations

import collections

import numpy as np
import pytest

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.compat import Graph, Session
from tests.compat.v1 import tf


def test_fetches_keep_their_structure(run):
    Pair = collections.namedtuple("Pair", "a b")
    x = tf.constant([1, 2])
    found = run({"list": [x, x.op], "tuple": (x[0],), "pair": Pair(x, "Const:0"), "empty": []})
    assert found["list"][1] is None
    assert isinstance(found["tuple"], tuple)
    assert isinstance(found["pair"], Pair)
    assert found["pair"].b.tolist() == [1, 2]
    assert found["empty"] == []
    assert type(found["list"][0]) is np.ndarray


def test_scalars_are_numpys_and_strings_are_bytes(run):
    found = run([tf.constant(1.5), tf.constant("a"), tf.constant(["a", "b"])])
    assert isinstance(found[0], np.float32)
    assert found[1] == b"a"
    assert found[2].tolist() == [b"a", b"b"]


@pytest.mark.parametrize(
    ("fetch", "error", "match"),
    [
        (None, TypeError, "Cannot be None"),
        (3, TypeError, "has invalid type"),
        ("nothing:0", ValueError, "cannot be interpreted as a Tensor"),
    ],
)
def test_what_is_no_fetch_is_refused(run, fetch, error, match):
    with pytest.raises(error, match=match):
        run(fetch)


def test_values_are_converted_and_checked(run):
    x = tf.placeholder("float32", [None, 2], "x")
    total = tf.reduce_sum(x)
    assert run(total, {x: [[1, 2]]}) == 3.0
    assert run(total, {"x:0": np.ones((3, 2), np.int64)}) == 6.0
    with pytest.raises(ValueError, match=r"Cannot feed value of shape \(3,\) for Tensor x:0"):
        run(total, {x: [1.0, 2.0, 3.0]})
    with pytest.raises(TypeError, match=r"cannot be a tf.Tensor object"):
        run(total, {x: tf.ones([1, 2])})
    with pytest.raises(TypeError, match="Cannot interpret feed_dict key as Tensor"):
        run(total, {"y:0": 1.0})
    with pytest.raises(TypeError, match="must be a dictionary"):
        run(total, [x])


def test_a_placeholder_must_be_fed(run):
    x, y = tf.placeholder("float32", [2], "x"), tf.placeholder("float32")
    with pytest.raises(
        InvalidArgumentError, match="You must feed a value for placeholder tensor 'x' with dtype float32"
    ):
        run(x + 1.0)
    with pytest.raises(InvalidArgumentError, match="You must feed a value for placeholder"):
        run(y + 1.0)
    assert run(x + y, {(x, y): ([1.0, 2.0], 1.0)}).tolist() == [2.0, 3.0]


def test_a_default_and_anything_computed_can_be_fed(run):
    x = tf.placeholder_with_default([1.0], [None])
    y = x * 2.0
    z = y + 1.0
    assert run(z).tolist() == [3.0]
    assert run(z, {x: [2.0, 3.0]}).tolist() == [5.0, 7.0]
    assert run(z, {y: [0.0]}) == [1.0]


def test_each_session_has_its_own_values(graph):
    v = tf.get_variable("v", initializer=1.0)
    with Session() as one, Session() as two:
        one.run(v.initializer)
        with pytest.raises(FailedPreconditionError, match="uninitialized value v"):
            two.run(v)
        two.run(v.assign(5.0))
        assert [one.run(v), two.run(v)] == [1.0, 5.0]


def test_a_closed_session_runs_nothing(graph):
    session = Session()
    with session:
        pass
    with pytest.raises(RuntimeError, match="Attempted to use a closed Session"):
        session.run(tf.constant(1.0))


def test_an_interactive_session_is_the_default_until_it_is_closed(graph):
    session = tf.InteractiveSession(config=tf.ConfigProto(allow_soft_placement=True))
    assert tf.get_default_session() is session
    assert tf.constant(2.0).eval() == 2.0
    session.close()
    assert tf.get_default_session() is None
    own = tf.InteractiveSession(graph=Graph())
    assert tf.get_default_graph() is own.graph
    own.close()
    assert tf.get_default_graph() is graph


def test_a_session_lets_go_of_its_graph_at_the_end(graph):
    other = Graph()
    with Session(graph=other):
        assert tf.get_default_graph() is other
    assert tf.get_default_graph() is graph
    with pytest.raises(TypeError, match=r"must be a tf.Graph"):
        Session(graph="graph")


def test_callables_and_loading(graph):
    x, v = tf.placeholder("float32", []), tf.get_variable("v", [2])
    with Session() as session:
        v.load([1.0, 2.0])
        call = session.make_callable(x * v, [x])
        assert call(3.0).tolist() == [3.0, 6.0]
        assert session.list_devices() == []


def test_what_sessions_do_not_have_is_named_with_another_way(graph):
    with pytest.raises(AttributeError, match=r"partial_run.*one session.run"):
        _ = Session().partial_run
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = Session().nothing


def test_tensors_of_other_lists_with_the_same_identity_are_not_mixed_up(run):
    found = []
    for value in range(20):
        fetches = [tf.constant(value)]
        found.append(int(run(fetches)[0]))
        del fetches
    assert found == list(range(20))
