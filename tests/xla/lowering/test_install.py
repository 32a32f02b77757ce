"""The rules can be switched off, for a block, a process or by the environment."""

from __future__ import annotations

import os
import subprocess
import sys

import jax
import numpy as np
import pytest
from jax import lax

from tenon.xla import (
    LOWERING_RULES,
    install_lowering_rules,
    lowering_rules_enabled,
    set_lowering_rules_enabled,
    without_lowering_rules,
)
from tests.xla.lowering.comparison import lowered_by

IMAGES, KERNEL = np.ones((1, 4, 4, 2), "float32"), np.ones((3, 3, 1, 2), "float32")


def depthwise(images, kernel):
    order = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(images, kernel, (1, 1), "SAME", dimension_numbers=order, feature_group_count=2)


def is_lowered() -> bool:
    return lowered_by("depthwise_convolution", depthwise, IMAGES, KERNEL)


def test_a_block_may_go_without_rules():
    assert is_lowered()
    with without_lowering_rules():
        assert not is_lowered()
    assert is_lowered()


def test_the_switch_forgets_what_was_compiled():
    function = jax.jit(depthwise)
    function(IMAGES, KERNEL)
    set_lowering_rules_enabled(False)
    try:
        assert not lowering_rules_enabled()
        assert "depthwise_convolution" not in function.lower(IMAGES, KERNEL).as_text(debug_info=True)
    finally:
        set_lowering_rules_enabled(True)
    assert "depthwise_convolution" in function.lower(IMAGES, KERNEL).as_text(debug_info=True)


def test_rules_that_are_installed_twice_still_fall_back_on_the_plain_form():
    install_lowering_rules(LOWERING_RULES)
    with without_lowering_rules():
        assert not is_lowered()


@pytest.mark.parametrize(("switch", "expected"), [("off", "False"), ("on", "True")])
def test_the_environment_keeps_the_rules_out(switch, expected):
    program = "import tenon; tenon.constant(1); from tenon.xla import lowering_rules_enabled as e; print(e())"
    environment = {**os.environ, "TENON_LOWERING_RULES": switch}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [expected]


def test_arrays_that_are_spread_by_their_types_keep_the_plain_form():
    mesh = jax.make_mesh((1,), ("rows",), axis_types=(jax.sharding.AxisType.Explicit,))
    with jax.set_mesh(mesh):
        images = jax.device_put(IMAGES, jax.NamedSharding(mesh, jax.P("rows")))
        assert not lowered_by("depthwise_convolution", depthwise, images, KERNEL)


def test_every_rule_has_a_name_of_its_own():
    assert len({rule.name for rule in LOWERING_RULES}) == len(LOWERING_RULES)


@pytest.mark.parametrize("switch", ["off", "on"])
def test_what_is_wrong_in_the_plain_form_is_corrected_whatever_the_switch_says(switch):
    program = "import tenon as tf; print(float(tf.reduce_max(tf.concat([tf.ones(5000), [float('nan')]], 0))))"
    environment = {**os.environ, "TENON_LOWERING_RULES": switch}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["nan"]
