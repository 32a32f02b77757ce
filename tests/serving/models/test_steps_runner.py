"""Signatures with strings on the server: steps on the host around programs that share batches."""

import asyncio

import numpy as np
import pytest

import tenon as tf
from tenon.base import InvalidArgumentError
from tenon.serving.models import SavedModelLoader
from tenon.serving.models._steps_runner import INLINE_BYTES
from tenon.serving.servables import ServableId
from tests.serving.batchings import batching
from tests.serving.examples import example

EXAMPLES = tf.TensorSpec([None], tf.string, "inputs")


class Model(tf.Module):
    @tf.function(input_signature=[EXAMPLES])
    def classify(self, inputs):
        spec = {"x": tf.io.FixedLenFeature([], tf.float32), "id": tf.io.FixedLenFeature([], tf.string, "?")}
        features = tf.io.parse_example(inputs, spec)
        x = features["x"]
        return {
            "classes": tf.tile(tf.constant([["no", "yes"]]), [tf.shape(inputs)[0], 1]),
            "scores": tf.stack([1 - x, x], 1),
            "id_bytes": features["id"],
        }

    @tf.function(input_signature=[EXAMPLES])
    def through(self, inputs):
        return {"outputs": inputs}


@pytest.fixture(scope="module")
def servable(tmp_path_factory):
    folder, model = tmp_path_factory.mktemp("steps") / "1", Model()
    tf.saved_model.save(model, folder, {"serving_default": model.classify, "through": model.through})
    with batching(1, 4, 16, threads=2) as way:
        yield SavedModelLoader(ServableId("m", 1), folder, way).load()


def strings(*rows):
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def run(servable, *requests, name="serving_default", wanted=None):
    async def main():
        runs = [servable.run(name, {"inputs": strings(*rows)}, wanted) for rows in requests]
        return await asyncio.gather(*runs, return_exceptions=True)

    return asyncio.run(main())


def test_a_request_is_answered(servable):
    (answer,) = run(servable, [example(x=0.25), example(x=1.0, id=b"\xff")])
    assert answer["classes"].tolist() == [[b"no", b"yes"]] * 2
    assert answer["scores"].tolist() == [[0.75, 0.25], [0.0, 1.0]]
    assert answer["id_bytes"].tolist() == [b"?", b"\xff"]
    assert run(servable, [example(x=0.25)], wanted=["scores"])[0].keys() == {"scores"}


def test_requests_that_share_a_batch_keep_their_strings(servable):
    requests = [[example(x=float(10 * n + k), id=f"{n}.{k}".encode()) for k in range(n % 5 + 1)] for n in range(20)]
    for n, (rows, answer) in enumerate(zip(requests, run(servable, *requests), strict=True)):
        assert answer["id_bytes"].tolist() == [f"{n}.{k}".encode() for k in range(len(rows))]
        assert answer["scores"][:, 1].tolist() == [10 * n + k for k in range(len(rows))]


def test_a_bad_request_harms_no_other(servable):
    good, bad = [example(x=1.0)], [example(x=2.0), example(x=3)]
    first, refused, last = run(servable, good, bad, good)
    assert isinstance(refused, InvalidArgumentError)
    assert "Data types don't match" in refused.message
    assert first["scores"].tolist() == last["scores"].tolist() == [[0.0, 1.0]]


def test_many_examples_are_read_in_a_thread(servable):
    rows = [example(x=float(n)) for n in range(INLINE_BYTES // 64)]
    (answer,) = run(servable, rows)
    assert answer["scores"][:, 1].tolist() == list(range(len(rows)))
    assert answer["classes"].shape == (len(rows), 2)


def test_no_rows_have_an_empty_answer(servable):
    (answer,) = run(servable, [])
    assert {name: array.shape for name, array in answer.items()} == {
        "classes": (0, 2),
        "scores": (0, 2),
        "id_bytes": (0,),
    }


def test_a_signature_that_only_moves_strings_needs_no_program(servable):
    assert run(servable, [b"a", b"b"], name="through")[0]["outputs"].tolist() == [b"a", b"b"]


def test_a_shape_that_does_not_fit_is_refused(servable):
    with pytest.raises(
        InvalidArgumentError, match=r"input 'inputs' of signature .* the shape \[\?\]; received \[1,1\]"
    ):
        asyncio.run(servable.run("serving_default", {"inputs": np.full((1, 1), b"", object)}))
