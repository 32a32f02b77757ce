import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from tenon.saved_model._composites import module_without_composites


def exported(function, platforms=("cpu", "cuda", "tpu")):
    spec = jax.ShapeDtypeStruct(export.symbolic_shape("b, 6"), "float32")
    return export.export(jax.jit(function), platforms=platforms)(spec)


@pytest.mark.parametrize("function", [lambda x: jax.lax.top_k(x, 2), jnp.sinh])
def test_composites_become_calls_that_compute_the_same(function) -> None:
    before = exported(function)
    assert "stablehlo.composite" in before.mlir_module()
    module = module_without_composites(before)
    object.__setattr__(before, "mlir_module_serialized", module)
    assert "stablehlo.composite" not in before.mlir_module()
    batch = np.random.default_rng(0).standard_normal((5, 6)).astype("float32")
    for one, other in zip(jax.tree.leaves(before.call(batch)), jax.tree.leaves(function(batch)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_module_without_composites_stays_as_it_is() -> None:
    before = exported(lambda x: x + 1)
    assert module_without_composites(before) == before.mlir_module_serialized


def test_the_version_of_stablehlo_stays() -> None:
    before = exported(jnp.sinh)
    assert module_without_composites(before)[:23] == before.mlir_module_serialized[:23]
