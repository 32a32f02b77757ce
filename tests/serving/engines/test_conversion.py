"""A signature is converted in a process of its own, which may refuse or die."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from tenon.base import UnavailableError, UnimplementedError
from tenon.serving.engines import LiteRtEngine, _conversion, _converter
from tenon.serving.engines._converter import Form
from tenon.xla import LOWERING_RULES, install_lowering_rules
from tests.serving.engines.signatures import MODELS, flatbuffer, signature


def test_weights_are_inside():
    assert len(flatbuffer("dense").content) > 12 * 4


def test_convolutions_reach_the_converter_as_such_whatever_they_are_lowered_to_for_cpus():
    install_lowering_rules(LOWERING_RULES)
    function, inputs = jax.jit(MODELS["depthwise"][0]), [jax.ShapeDtypeStruct((1, 8, 8, 16), "float32")]
    assert "stablehlo.convolution" not in jax.export.export(function)(*inputs).mlir_module()
    assert "stablehlo.convolution" in _conversion._exported(function, inputs).mlir_module()


@pytest.mark.parametrize(
    ("name", "computes_shapes"),
    [("dense", False), ("scalar", False), ("shares", True)],
    ids=["open rows", "nothing open", "rows that are a value, too"],
)
def test_shapes_are_computed_at_run_time_only_where_they_are_values(name, computes_shapes):
    details = Interpreter(model_content=flatbuffer(name).content)._get_ops_details()
    assert ("SHAPE" in {each["op_name"] for each in details}) == computes_shapes


def test_the_rows_of_a_program_may_be_a_value():
    engine = LiteRtEngine(flatbuffer("shares"), {1: 1})
    for rows in (1, 4):
        assert engine.compile_and_run([np.ones((rows, 4), "f4")])[0].tolist() == [[1 / rows] * 4] * rows


def test_a_program_that_litert_lacks_operations_for_is_refused_with_the_reason():
    with pytest.raises(UnimplementedError, match="Failed to export flatbuffer"):
        _conversion.convert(signature("loop"))


def test_too_many_weights_are_refused_before_anything_is_converted():
    [weights] = signature("dense").values
    huge = np.broadcast_to(weights[0, 0], (_conversion.MAX_WEIGHTS_BYTES // 4 + 1,))
    with pytest.raises(UnimplementedError, match="at most 268435456 are converted"):
        _conversion.convert(replace(signature("dense"), values=(huge,)))


def test_a_module_that_makes_no_sense_is_refused(tmp_path):
    (tmp_path / "in").write_text("this is no module")
    with pytest.raises(UnimplementedError, match="parse"):
        _conversion.run_converter(tmp_path / "in", tmp_path / "out", Form.OPEN, False)
    assert not (tmp_path / "out").exists()


def test_a_converter_that_dies_may_do_better_another_time(tmp_path):
    with pytest.raises(UnavailableError, match="the converter ended with code 1"):
        _conversion.run_converter(tmp_path / "missing", tmp_path / "out", Form.OPEN, False)


def test_a_converter_that_takes_too_long_is_stopped(tmp_path):
    (tmp_path / "in").write_text("module {}")
    with pytest.raises(UnavailableError, match="takes longer than 0 s"):
        _conversion.run_converter(tmp_path / "in", tmp_path / "out", Form.OPEN, False, seconds=0.001)


def test_the_names_of_inputs_and_outputs_are_numbered():
    assert (_converter.input_name(1), _converter.output_name(0)) == ("input_1", "output_0")
