"""Objects that Tenon saves: Tenon and TensorFlow load them, and both find what TensorFlow finds in its own files."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from tests.interop import saved_objects
from tests.interop.guides._compare import differences

pytestmark = [pytest.mark.interop, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def answers(tmp_path_factory, tensorflow) -> dict[str, dict[str, object]]:
    """What came out, by who wrote and who read."""
    folder = tmp_path_factory.mktemp("saved_objects")
    saved_objects.main("tenon", str(folder))
    tensorflow.run("-m", "tests.interop.saved_objects", "tensorflow", folder)
    ours = pickle.loads((folder / "tenon.pickle").read_bytes())
    theirs = pickle.loads((folder / "tensorflow.pickle").read_bytes())
    return {
        "tenon to tenon": ours["tenon"],
        "tenon to tensorflow": theirs["tenon"],
        "tensorflow to tensorflow": theirs["tensorflow"],
    }


@pytest.mark.parametrize("way", ["tenon to tenon", "tenon to tensorflow"])
@pytest.mark.parametrize("case", saved_objects.CASES)
def test_what_is_loaded_behaves_as_what_tensorflow_saved_itself(case, way, answers):
    expected = answers["tensorflow to tensorflow"][case]
    found = answers[way][case]
    if isinstance(expected, str) or isinstance(found, str):
        pytest.fail(f"TensorFlow alone: {expected}\n{way}: {found}", pytrace=False)
    different = list(differences(expected, found))
    if different:
        pytest.fail("\n".join(different), pytrace=False)


USE = """
import sys, numpy as np, tensorflow as tf
folder = sys.argv[1]
x = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
served = tf.saved_model.load(f"{folder}/keras")
print(*served.serve(tf.constant(x)).numpy().ravel())
print(len(served.variables), len(served.trainable_variables), len(served.non_trainable_variables))
asset = tf.saved_model.load(f"{folder}/counter").words.asset_path.numpy().decode()
print(open(asset).read())
with tf.compat.v1.Session(graph=tf.Graph()) as session:
    definition = tf.compat.v1.saved_model.load(session, ["serve"], f"{folder}/counter").signature_def["up"]
    feed = {definition.inputs["by"].name: 3}
    print(*[session.run(definition.outputs["n"].name, feed) for _ in range(3)])
loaded = tf.saved_model.load(f"{folder}/counter")
with tf.GradientTape() as tape:
    tape.watch(one := tf.constant(1.0))
    try:
        y = loaded.half(one)
        tape.gradient(y, one)
    except LookupError as error:
        print("no gradient", "XlaCallModule" in str(error))
"""


def test_tensorflow_serves_counts_and_finds_assets(tmp_path, run_in_tensorflow):
    import tenon as tf

    model = tf.keras.Sequential(
        [tf.keras.Input([3]), tf.keras.layers.Dense(4, "tanh"), tf.keras.layers.BatchNormalization()]
    )
    model.export(tmp_path / "keras")
    (tmp_path / "words.txt").write_text("one two")
    counter = tf.Module()
    counter.n = tf.Variable(1)
    counter.words = tf.saved_model.Asset(tmp_path / "words.txt")
    counter.half = tf.function(lambda x: x / 2.0, input_signature=[tf.TensorSpec([])])
    up = tf.function(lambda by: {"n": counter.n.assign_add(by)}, input_signature=[tf.TensorSpec([], tf.int32, "by")])
    tf.saved_model.save(counter, tmp_path / "counter", {"up": up})
    served, counts, words, counted, gradient = run_in_tensorflow(USE, tmp_path).splitlines()
    x = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
    np.testing.assert_allclose([float(value) for value in served.split()], model(x).numpy().ravel(), rtol=1e-5)
    assert counts == "6 4 2"
    assert words == "one two"
    assert counted == "4 7 10"
    assert gradient == "no gradient True"
