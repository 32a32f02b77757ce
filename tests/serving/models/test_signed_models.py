"""A loader that asks for signatures loads what a trusted key signed, and nothing else."""

import numpy as np
import pytest

from tenon.base import DataLossError, InvalidArgumentError, NotFoundError, PermissionDeniedError
from tenon.saved_model import TensorSpec, save, sign
from tenon.serving import SavedModelLoader, ServableId
from tenon.serving.batching import Batching, BatchingParameters, BatchScheduler
from tenon.serving.engines import EngineKind
from tenon.serving.models import LoadingOptions
from tests.saved_model.signing_keys import new_key, private_pem, public_pem

KEY = new_key()


@pytest.fixture
def model(tmp_path):
    spec = {"serving_default": {"x": TensorSpec((None,), "float32")}}
    save(lambda w, x: x * w, tmp_path / "1", spec, variables=np.float32(2))
    (tmp_path / "trusted.pem").write_bytes(public_pem(KEY))
    return tmp_path / "1"


def load(model, *keys):
    scheduler = BatchScheduler(1)
    scheduler.close()
    batching = Batching(scheduler, BatchingParameters(max_batch_size=1))
    options = LoadingOptions(EngineKind.XLA, trusted_keys=keys)
    return SavedModelLoader(ServableId("m", 1), model, batching, options=options).load()


def test_a_signed_model_is_loaded(model):
    sign(model, private_pem(KEY))
    assert "serving_default" in load(model, model.parent / "trusted.pem").signatures


def test_a_model_without_a_signature_is_refused(model):
    with pytest.raises(NotFoundError, match="the model is not signed"):
        load(model, model.parent / "trusted.pem")


def test_a_model_of_somebody_else_is_refused(model):
    sign(model, private_pem(new_key()))
    with pytest.raises(PermissionDeniedError, match="must be made with a trusted key"):
        load(model, model.parent / "trusted.pem")


def test_a_tampered_model_is_refused_before_anything_of_it_is_read(model):
    sign(model, private_pem(KEY))
    (model / "assets.extra/tenon/manifest.json").write_bytes(b"not even a manifest")
    with pytest.raises(DataLossError, match=r"changed since: 'assets\.extra/tenon/manifest\.json'"):
        load(model, model.parent / "trusted.pem")


def test_nobody_trusted_means_nothing_loaded(model):
    sign(model, private_pem(KEY))
    with pytest.raises(InvalidArgumentError, match="at least one public key"):
        load(model)
