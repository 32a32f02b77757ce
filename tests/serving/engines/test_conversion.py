"""A signature is converted in a process of its own, which may refuse or die."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from tenon.base import UnavailableError, UnimplementedError
from tenon.serving.engines import _conversion, _converter
from tenon.xla import LOWERING_RULES, install_lowering_rules
from tests.serving.engines.signatures import flatbuffer, signature


def test_weights_are_inside():
    assert len(flatbuffer("dense").content) > 12 * 4


def test_what_lowering_rules_say_otherwise_is_converted_from_its_plain_form():
    install_lowering_rules(LOWERING_RULES)
    saved = signature.__wrapped__("depthwise")
    images = np.ones((1, 32, 32, 16), "f4")
    assert "feature_group_count = 16" not in jax.jit(saved.function).lower(images).compile().as_text()
    content = _conversion.convert(saved)
    interpreter = Interpreter(model_content=content)
    assert "DEPTHWISE_CONV_2D" in {each["op_name"] for each in interpreter._get_ops_details()}


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
        _conversion.run_converter(tmp_path / "in", tmp_path / "out", False)
    assert not (tmp_path / "out").exists()


def test_a_converter_that_dies_may_do_better_another_time(tmp_path):
    with pytest.raises(UnavailableError, match="the converter ended with code 1"):
        _conversion.run_converter(tmp_path / "missing", tmp_path / "out", False)


def test_a_converter_that_takes_too_long_is_stopped(tmp_path):
    (tmp_path / "in").write_text("module {}")
    with pytest.raises(UnavailableError, match="takes longer than 0 s"):
        _conversion.run_converter(tmp_path / "in", tmp_path / "out", False, seconds=0.001)


def test_the_names_of_inputs_and_outputs_are_numbered():
    assert (_converter.input_name(1), _converter.output_name(0)) == ("input_1", "output_0")
