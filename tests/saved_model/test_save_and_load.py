"""What is saved comes back: numbers, names, shapes, variables."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.formats import message_class
from tenon.saved_model import Program, Signature, TensorSpec, Variable, read, save

RNG = np.random.default_rng(7)
WEIGHTS = {"dense": {"kernel": RNG.standard_normal((4, 3)).astype("f4"), "bias": np.ones(3, "f4")}}


def dense(weights, x):
    return {"logits": jnp.tanh(x @ weights["dense"]["kernel"] + weights["dense"]["bias"])}


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "1"
    save(dense, path, {"serving_default": {"x": TensorSpec((None, 4), "float32")}}, variables=WEIGHTS)
    return path


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_a_loaded_signature_computes_what_the_function_computes(saved, batch):
    x = RNG.standard_normal((batch, 4)).astype("f4")
    answer = read(saved).signatures["serving_default"](x=x)
    np.testing.assert_allclose(answer["logits"], dense(WEIGHTS, x)["logits"], rtol=1e-5, atol=1e-6)


def test_inputs_may_be_given_in_order(saved):
    signature = read(saved).signatures["serving_default"]
    np.testing.assert_array_equal(signature(np.ones((2, 4), "f4"))["logits"], signature(x=np.ones((2, 4)))["logits"])


def test_variables_come_back_by_name_with_their_values(saved):
    variables = read(saved).variables
    assert sorted(variables) == ["dense/bias", "dense/kernel"]
    np.testing.assert_array_equal(variables["dense/kernel"], WEIGHTS["dense"]["kernel"])


def test_specs_say_which_dimensions_are_open(saved):
    signature = read(saved).signatures["serving_default"]
    assert signature.inputs == {"x": TensorSpec((None, 4), "float32", "x")}
    assert signature.outputs == {"logits": TensorSpec((None, 3), "float32", "logits")}
    assert signature.batched


def test_the_directory_holds_exactly_the_parts_of_a_saved_model(saved):
    files = sorted(path.relative_to(saved).as_posix() for path in saved.rglob("*") if path.is_file())
    assert files == [
        "assets.extra/tenon/functions/0.jax_export",
        "assets.extra/tenon/manifest.json",
        "assets.extra/tenon/program.json",
        "fingerprint.pb",
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]


def test_no_path_of_the_authors_machine_is_in_the_directory(saved):
    for path in saved.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(str(parent).encode() in content for parent in Path(__file__).parents[:2]), path


def test_the_graph_is_one_xla_call_module_for_three_platforms(saved):
    meta_graph = (
        message_class("tensorflow.SavedModel").FromString((saved / "saved_model.pb").read_bytes()).meta_graphs[0]
    )
    function, wrapper = meta_graph.graph_def.library.function
    assert [node.op for node in wrapper.node_def] == ["StatefulPartitionedCall", "Identity"]
    [call] = [node for node in function.node_def if node.op == "XlaCallModule"]
    assert list(call.attr["platforms"].list.s) == [b"CPU", b"CUDA", b"TPU"]
    assert list(meta_graph.meta_info_def.tags) == ["serve"]
    nodes = {node.name for node in meta_graph.graph_def.node}
    saver = meta_graph.saver_def
    assert {saver.restore_op_name, saver.save_tensor_name[:-2], saver.filename_tensor_name[:-2]} <= nodes


@pytest.mark.parametrize(
    ("returned", "names"),
    [
        (lambda x: x, ["output_0"]),
        (lambda x: (x, x), ["output_0", "output_1"]),
        (lambda x: {"b": x, "a": x}, ["b", "a"]),
    ],
)
def test_outputs_are_named_as_tensorflow_names_them(tmp_path, returned, names):
    save(returned, tmp_path / "1", {"serving_default": {"x": TensorSpec((None,), "float32")}})
    answer = read(tmp_path / "1").signatures["serving_default"]([1.0])
    assert sorted(answer) == sorted(names)


def test_several_open_dimensions_take_any_sizes(tmp_path):
    spec = {"serving_default": {"ids": TensorSpec((None, None), "int32"), "x": TensorSpec((None, None, 2), "float32")}}
    save(lambda ids, x: {"n": ids.sum(1), "m": x.mean(1)}, tmp_path / "1", spec)
    signature = read(tmp_path / "1").signatures["serving_default"]
    answer = signature(ids=np.ones((3, 5), "i4"), x=np.ones((3, 2, 2), "f4"))
    assert answer["n"].tolist() == [5, 5, 5]
    assert answer["m"].shape == (3, 2)


def test_open_dimensions_that_must_be_equal_share_a_symbol(tmp_path):
    spec = {"serving_default": {name: TensorSpec((None, None), "float32") for name in ("x", "y")}}
    save(lambda x, y: x + y, tmp_path / "1", spec)
    signature = read(tmp_path / "1").signatures["serving_default"]
    assert signature.input_shapes == (("b", "d1"), ("b", "d1"))
    assert signature(x=np.ones((2, 3)), y=np.ones((2, 3)))["output_0"].shape == (2, 3)


def test_a_batch_that_reaches_other_dimensions_is_not_batched(tmp_path):
    spec = {"serving_default": {"x": TensorSpec((None, 2), "float32")}}
    save(lambda x: x @ x.T, tmp_path / "1", spec)
    assert not read(tmp_path / "1").signatures["serving_default"].batched


def test_signatures_share_variables(tmp_path):
    def half(variables, inputs):
        return {"y": inputs["x"] * variables["w"] / 2}

    def whole(variables, inputs):
        return {"y": inputs["x"] * variables["w"]}

    spec = {"x": TensorSpec((None,), "float32")}
    program = Program(
        [Variable("w", np.float32(4.0))], {"half": Signature(half, spec), "whole": Signature(whole, spec)}
    )
    save(program, tmp_path / "1")
    signatures = read(tmp_path / "1").signatures
    assert [float(signatures[name]([3.0])["y"][0]) for name in ("half", "whole")] == [6.0, 12.0]


@settings(max_examples=12, deadline=None)
@given(
    dtype=st.sampled_from(["float32", "float16", ml_dtypes.bfloat16, "int8", "uint8", "int32", "uint32", "bool"]),
    shape=st.lists(st.integers(0, 3), max_size=3),
)
def test_variables_of_every_dtype_and_shape_survive(tmp_path_factory, dtype, shape):
    value = RNG.integers(0, 2, shape).astype(dtype)
    path = tmp_path_factory.mktemp("dtypes") / "1"
    save(lambda w, x: x, path, {"f": {"x": TensorSpec((None,), "float32")}}, variables={"w": value})
    found = read(path).variables["w"]
    assert found.dtype == value.dtype
    np.testing.assert_array_equal(found, value)


def test_a_variable_is_an_array():
    with pytest.raises(InvalidArgumentError, match=r"variable 'w': must be a NumPy or JAX array; received float"):
        Variable("w", 1.0)


def test_64_bit_inputs_are_declared_as_such_and_narrowed_inside(tmp_path):
    save(lambda x: x + 1, tmp_path / "1", {"f": {"x": TensorSpec((None,), "int64")}})
    signature = read(tmp_path / "1").signatures["f"]
    assert signature.inputs["x"].dtype == np.int64
    assert signature.argument_dtypes == (np.dtype("int32"),)
    assert signature(np.array([1, 2]))["output_0"].tolist() == [2, 3]


def test_saving_again_replaces_the_model_and_leaves_nothing_else(saved, tmp_path):
    for factor in (1.0, 2.0):
        save(lambda x, factor=factor: x * factor, tmp_path / "m", {"f": {"x": TensorSpec((None,), "float32")}})
    assert read(tmp_path / "m").signatures["f"]([1.0])["output_0"].tolist() == [2.0]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_failed_save_leaves_what_was_there(tmp_path):
    spec = {"f": {"x": TensorSpec((None,), "float32")}}
    save(lambda x: x, tmp_path / "m", spec)

    def interrupted(_):
        raise KeyboardInterrupt

    variable_free = Program([], {"f": Signature(lambda _, i: {"y": i["x"]}, spec["f"])}, interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(variable_free, tmp_path / "m")
    assert list(read(tmp_path / "m").signatures["f"]([1.0])) == ["output_0"]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_extras_are_written_listed_and_found(tmp_path):
    spec = {"x": TensorSpec((None,), "float32")}
    program = Program(
        [],
        {"f": Signature(lambda _, i: {"y": i["x"]}, spec)},
        lambda root: (root / "note.txt").write_text("hello") and None,
    )
    save(program, tmp_path / "m")
    assert (read(tmp_path / "m").extras / "note.txt").read_text() == "hello"


REFUSED = {
    "no specs": (lambda p: save(lambda x: x, p), InvalidArgumentError, "a function needs the specs"),
    "not savable": (lambda p: save(3, p), InvalidArgumentError, "received 3 of type int"),
    "no signature": (lambda p: save(Program([], {}), p), InvalidArgumentError, "at least one signature"),
    "no inputs": (lambda p: save(lambda: 1, p, {"f": {}}), InvalidArgumentError, "at least one input"),
    "strings": (
        lambda p: save(Program([], {"f": Signature(lambda v, i: i, {"x": TensorSpec((None,), "O")})}), p),
        UnimplementedError,
        "XLA has no object",
    ),
    "strings and variables": (
        lambda p: save(lambda w, x: x, p, {"f": {"x": TensorSpec((None,), "O")}}, variables=np.ones(1)),
        InvalidArgumentError,
        "which holds its own",
    ),
    "four bits": (
        lambda p: save(
            lambda w, x: x + w, p, {"f": {"x": TensorSpec((1,), "f4")}}, variables=np.ones(1, ml_dtypes.int4)
        ),
        UnimplementedError,
        "whole bytes.*received int4 of 4 bits",
    ),
    "repeated variable": (
        lambda p: save(
            Program(
                [Variable("w", np.ones(1)), Variable("w", np.ones(1))],
                {"f": Signature(lambda v, i: i, {"x": TensorSpec((1,), "f4")})},
            ),
            p,
        ),
        InvalidArgumentError,
        r"unique; received \['w'\]",
    ),
    "not a dict of outputs": (
        lambda p: save(Program([], {"f": Signature(lambda v, i: i["x"], {"x": TensorSpec((1,), "f4")})}), p),
        InvalidArgumentError,
        "must return a non-empty dict",
    ),
    "size needed": (
        lambda p: save(lambda x: jnp.zeros(int(x.shape[0])), p, {"f": {"x": TensorSpec((None,), "f4")}}),
        UnimplementedError,
        "cannot be traced for every size",
    ),
    "no spec": (
        lambda p: save(lambda x: x, p, {"f": {"x": ((None, 4), "float32")}}),
        InvalidArgumentError,
        r"signatures\['f'\]\['x'\]: must have a shape and a dtype.*received \(\(None, 4\), 'float32'\)",
    ),
    "another name": (
        lambda p: save(lambda y: y, p, {"f": {"x": TensorSpec((None,), "f4")}}),
        UnimplementedError,
        "whatever the sizes of .*TypeError: .*unexpected keyword argument 'x'.*inputs by name",
    ),
    "a callback": (
        lambda p: save(lambda x: (jax.debug.print("{}", x), x)[1], p, {"f": {"x": TensorSpec((None,), "f4")}}),
        UnimplementedError,
        "whatever the sizes of .*without callbacks to Python",
    ),
    "an output is None": (
        lambda p: save(lambda x: {"x": x, "mask": None}, p, {"f": {"x": TensorSpec((None,), "f4")}}),
        InvalidArgumentError,
        r"every output must be one array; received \{'mask': 'NoneType'\}",
    ),
    "an output is nested": (
        lambda p: save(lambda x: [[x, x]], p, {"f": {"x": TensorSpec((None,), "f4")}}),
        InvalidArgumentError,
        r"every output must be one array; received \{'output_0': 'list'\}",
    ),
    "a variable is text": (
        lambda p: save(lambda w, x: x, p, {"f": {"x": TensorSpec((1,), "f4")}}, variables={"a": {"name": "net"}}),
        InvalidArgumentError,
        "every leaf must be an array of numbers or a number; received str at 'a/name'",
    ),
    "a variable is a random key": (
        lambda p: save(lambda w, x: x, p, {"f": {"x": TensorSpec((1,), "f4")}}, variables=[jax.random.key(0)]),
        InvalidArgumentError,
        r"received key<fry> at '0'.*key_data",
    ),
}


def test_numbers_of_python_may_be_variables_as_jax_sees_them(tmp_path):
    spec = {"f": {"x": TensorSpec((None,), "f4")}}
    save(lambda w, x: {"y": x * w["scale"] + w["on"]}, tmp_path / "m", spec, variables={"scale": 2.5, "on": True})
    loaded = read(tmp_path / "m")
    assert {name: value.dtype.name for name, value in loaded.variables.items()} == {"scale": "float32", "on": "bool"}
    assert loaded.signatures["f"](x=[2.0])["y"].tolist() == [6.0]


def test_inputs_may_have_any_name(tmp_path):
    save(lambda **named: named, tmp_path / "m", {"f": {"self": TensorSpec((None,), "f4")}})
    assert read(tmp_path / "m").signatures["f"](self=[1.0])["self"].tolist() == [1.0]


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_saved_is_refused_with_the_reason(tmp_path, case):
    call, error, text = REFUSED[case]
    with pytest.raises(error, match=text):
        call(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "named", "text"),
    [
        ((), {}, "exactly the inputs"),
        ((), {"y": [1.0]}, "exactly the inputs"),
        (([1.0],), {"x": [1.0]}, "exactly the inputs"),
        ((np.ones((1, 5)),), {}, r"must have the shape \(None, 4\); received \(1, 5\)"),
    ],
)
def test_a_wrong_call_is_refused(saved, arguments, named, text):
    with pytest.raises(InvalidArgumentError, match=text):
        read(saved).signatures["serving_default"](*arguments, **named)


def test_the_flat_function_can_be_jitted(saved):
    signature = read(saved).signatures["serving_default"]
    outputs = jax.jit(signature.function)(*signature.values, np.ones((1, 4), "f4"))
    assert outputs[0].shape == (1, 3)
