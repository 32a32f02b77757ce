"""Functions that take and return strings: saved, read, loaded, and saved again."""

import json

import numpy as np
import pytest

import tenon as tf
from tenon.saved_model import read

EXAMPLES = tf.TensorSpec([None], tf.string, "inputs")
VECTOR = tf.TensorSpec([None], tf.float32, "x")


def example(**features):
    made = {}
    for name, value in features.items():
        if isinstance(value, bytes):
            made[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        elif isinstance(value, int):
            made[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        else:
            made[name] = tf.train.Feature(float_list=tf.train.FloatList(value=value))
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()


ROWS = [example(x=[1.0, 2.0]), example(x=[-3.0, 1.0], k=4, name=b"ann", parts=[1.0, 2.0, 3.0]), example(x=[0.0, 0.0])]


class Classifier(tf.Module):
    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable([[1.0, -1.0], [0.5, 0.25]])
        self.calls = tf.Variable(0)

    @tf.function(input_signature=[EXAMPLES])
    def classify(self, inputs):
        features = tf.io.parse_example(
            inputs,
            {
                "x": tf.io.FixedLenFeature([2], tf.float32),
                "k": tf.io.FixedLenFeature([], tf.int64, default_value=7),
                "name": tf.io.FixedLenFeature([], tf.string, default_value="nobody"),
                "parts": tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True, default_value=0.5),
            },
        )
        self.calls.assign_add(1)
        scores = features["x"] @ self.kernel + tf.reduce_sum(features["parts"], 1, keepdims=True)
        return {
            "classes": tf.tile(tf.constant([["up", "down"]]), [tf.shape(inputs)[0], 1]),
            "scores": scores,
            "best": tf.gather(tf.constant(["up", "down"]), tf.argmax(scores, 1)),
            "name": features["name"],
            "k": features["k"] * 2,
            "text": tf.strings.as_string(features["k"]),
        }


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strings") / "1"
    model = Classifier()
    tf.saved_model.save(model, folder, signatures=model.classify)
    return folder


def check(outputs):
    found = {key: np.asarray(value).tolist() for key, value in outputs.items()}
    scores = found.pop("scores")
    assert scores == [[3.5, 1.0], [3.5, 9.25], [1.5, 1.5]]  # parts are padded with halves to the longest row's three
    assert found == {
        "classes": [[b"up", b"down"]] * 3,
        "best": [b"up", b"down", b"up"],
        "name": [b"nobody", b"ann", b"nobody"],
        "k": [14, 8, 14],
        "text": [b"7", b"4", b"7"],
    }
    return scores


def test_what_is_read_answers_as_the_function(saved):
    model = Classifier()
    expected = check(model.classify(tf.constant(ROWS)))
    assert check(read(saved).signatures["serving_default"](inputs=ROWS)) == expected


def test_what_is_loaded_answers_as_the_function(saved):
    loaded = tf.saved_model.load(saved)
    check(loaded.classify(tf.constant(ROWS)))
    check(loaded.signatures["serving_default"](inputs=tf.constant(ROWS)))
    assert int(loaded.calls) == 2


def test_what_is_loaded_is_not_traced_for_each_string(saved):
    loaded = tf.saved_model.load(saved)
    outputs = loaded.signatures["serving_default"].structured_outputs
    assert outputs["classes"] == tf.TensorSpec([None, 2], tf.string, "classes")
    for row in ROWS:
        loaded.classify(tf.constant([row]))
    assert loaded.classify.experimental_get_tracing_count() == 0


def test_what_is_loaded_can_be_saved_again(saved, tmp_path):
    loaded = tf.saved_model.load(saved)
    tf.saved_model.save(loaded, tmp_path / "2", signatures=loaded.signatures["serving_default"])
    check(read(tmp_path / "2").signatures["serving_default"](inputs=ROWS))
    check(tf.saved_model.load(tmp_path / "2").classify(tf.constant(ROWS)))


def test_what_a_device_computes_has_no_strings(saved):
    signature = read(saved).signatures["serving_default"]
    assert signature.batched
    assert signature.program.input_shapes == (("b",), ("b", "s1 - 1"), ("b", 2))
    assert not any(spec.dtype.hasobject for spec in [*signature.program.inputs.values()])
    assert signature.inputs["inputs"].dtype == object
    assert signature.definition.inputs["inputs"].dtype == 7


def test_an_older_tenon_still_reads_what_has_no_strings(saved, tmp_path):
    tf.saved_model.save(lambda x: x, tmp_path / "1", {"serving_default": {"x": tf.TensorSpec([None], tf.float32)}})
    formats = [
        json.loads((folder / "assets.extra/tenon/program.json").read_text())["format"]
        for folder in (saved, tmp_path / "1")
    ]
    assert formats == [3, 2]


LABELS = tf.constant([["a", "b"], ["c", "d"]])
POSITIVE = {
    "gather": lambda x: tf.gather(["no", "yes"], tf.cast(x > 0, tf.int32)),
    "gather of axis 1": lambda x: tf.gather(LABELS, tf.cast(x > 0, tf.int32), axis=1),
    "where": lambda x: tf.where(x > 0, "yes", "no"),
    "fill": lambda x: tf.fill([tf.shape(x)[0], 2], "z"),
    "tile": lambda x: tf.tile(["a", "b"], [tf.shape(x)[0]]),
    "broadcast_to": lambda x: tf.broadcast_to("w", tf.shape(x)),
    "stack": lambda x: tf.stack([tf.where(x > 0, "yes", "no"), tf.strings.as_string(x, precision=1)], axis=1),
    "concat": lambda x: tf.concat([tf.where(x > 0, "yes", "no"), ["end"]], 0),
    "reverse": lambda x: tf.reverse(tf.strings.as_string(x), [0]),
    "transpose": lambda x: tf.transpose(tf.gather(LABELS, tf.cast(x > 0, tf.int32))),
    "slice": lambda x: tf.gather(LABELS, tf.cast(x > 0, tf.int32))[:, 1],
    "expand_dims": lambda x: tf.expand_dims(tf.where(x > 0, "yes", "no"), 1),
    "constant": lambda x: tf.constant("text"),
    "as_string": lambda x: tf.strings.as_string(x, precision=2, width=8, fill="0"),
    "inner function": lambda x: tf.function(lambda y: tf.strings.as_string(y))(x * 2),
}


NUMBERS = tf.constant([1.5, -2.0, 3.0])


def saved_and_loaded(folder, function, *specs):
    """Return the module, and what answers in the end: the function itself, what is loaded, and what is read."""
    module = tf.Module()
    module.serve = tf.function(function, input_signature=list(specs))
    tf.saved_model.save(module, folder, signatures=module.serve)
    return module, module.serve, tf.saved_model.load(folder).serve, read(folder).signatures["serving_default"]


@pytest.fixture(scope="module")
def made_of_numbers(tmp_path_factory):
    def serve(x):
        return {key: function(x) for key, function in POSITIVE.items()}

    _, *ways = saved_and_loaded(tmp_path_factory.mktemp("numbers") / "1", serve, VECTOR)
    return [way(NUMBERS) for way in ways]


@pytest.mark.parametrize("case", POSITIVE)
def test_strings_are_made_of_what_the_program_computes(case, made_of_numbers):
    expected = np.asarray(POSITIVE[case](NUMBERS)).tolist()
    for found in made_of_numbers:
        assert np.asarray(found[case]).tolist() == expected


def raw(images):
    return tf.cast(tf.io.decode_raw(images, tf.uint8, fixed_length=4), tf.float32) / 255.0


TAKING = {
    "pass through": (lambda s: s, ["a", "b"]),
    "to_number": (lambda s: tf.strings.to_number(s) * 2, ["1.5", "-2"]),
    "to int64": (lambda s: tf.strings.to_number(s, tf.int64) + 1, ["9007199254740993", "2"]),
    "decode_raw of a length": (raw, ["\1\2\3\4", "\5\6"]),
    "decode_raw": (lambda s: tf.io.decode_raw(s, tf.int16) + 1, ["\1\2\3\4", "\5\6\7\0"]),
    "a column": (lambda s: tf.strings.to_number(tf.reshape(s, [-1])), ["1", "2"]),
    "taken": (lambda s: tf.gather(s, [1, 0, 1]), ["a", "b"]),
    "beside others": (lambda s: tf.concat([s, ["end"]], 0), ["a", "b"]),
    "inner function": (lambda s: tf.function(lambda t: tf.strings.to_number(t))(s) + 1, ["1", "2"]),
}


@pytest.fixture(scope="module")
def made_of_strings(tmp_path_factory):
    def serve(*strings):
        return {case: function(each) for (case, (function, _)), each in zip(TAKING.items(), strings, strict=True)}

    specs = [tf.TensorSpec([None], tf.string, f"s{place}") for place in range(len(TAKING))]
    _, *ways = saved_and_loaded(tmp_path_factory.mktemp("strings") / "1", serve, *specs)
    given = [tf.constant(values) for _, values in TAKING.values()]
    return [ways[1](*given), ways[2](*[each.numpy() for each in given])]


@pytest.mark.parametrize("case", TAKING)
def test_strings_become_numbers_or_pass(case, made_of_strings):
    function, values = TAKING[case]
    expected = function(tf.constant(values)).numpy().tolist()
    for found in made_of_strings:
        assert np.asarray(found[case]).tolist() == expected


def test_a_plain_function_may_take_strings(tmp_path):
    spec = {"serving_default": {"text": tf.TensorSpec([None], tf.string)}}
    tf.saved_model.save(lambda text: tf.strings.to_number(text) * 2, tmp_path / "1", spec)
    (found,) = tf.saved_model.load(tmp_path / "1").signatures["serving_default"](text=tf.constant(["2"])).values()
    assert found.numpy().tolist() == [4.0]


def test_any_number_of_parts_may_be_none_at_all(saved):
    outputs = read(saved).signatures["serving_default"](inputs=[ROWS[0]])
    assert np.asarray(outputs["scores"]).tolist() == [[2.0, -0.5]]


def parsed(feature):
    return lambda inputs: tf.io.parse_example(inputs, {"x": feature})["x"]


def looped(inputs):
    numbers = tf.strings.to_number(inputs)
    return tf.cond(tf.reduce_sum(numbers) > 0, lambda: tf.strings.as_string(numbers + 1), lambda: inputs)


REFUSED = {
    "sparse": (parsed(tf.io.VarLenFeature(tf.int64)), "Feature x: VarLenFeature makes a sparse or ragged tensor"),
    "ragged": (parsed(tf.io.RaggedFeature(tf.int64)), "Feature x: RaggedFeature makes a sparse or ragged tensor"),
    "open size": (parsed(tf.io.FixedLenFeature([None], tf.int64)), "First dimension of shape for feature x unknown"),
    "dtype": (parsed(tf.io.FixedLenFeature([], tf.int32)), "int32 is not in the list of allowed values"),
    "default": (parsed(tf.io.FixedLenFeature([2], tf.int64, [1])), "default_value has 1 values, but the shape"),
    "no features": (lambda inputs: tf.io.parse_example(inputs, {}), "features cannot be"),
    "lower": (lambda inputs: tf.strings.lower(inputs), "tf.strings.lower: strings that only a call tells cannot go"),
    "there and back": (
        lambda inputs: tf.strings.to_number(tf.strings.as_string(tf.strings.to_number(inputs) + 1)),
        "cannot become numbers for the same program",
    ),
    "branch": (looped, "cannot depend on what a branch or loop"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_saved_says_why(case, tmp_path):
    function, reason = REFUSED[case]
    module = tf.Module()
    module.serve = tf.function(function, input_signature=[EXAMPLES])
    with pytest.raises((tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, ValueError), match=reason):
        tf.saved_model.save(module, tmp_path / "1", signatures=module.serve)


def test_what_a_step_refuses_is_told(saved):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Feature: x .* is required but could not be found"):
        tf.saved_model.load(saved).classify(tf.constant([b""]))


def test_a_function_that_is_traced_cannot_call_what_is_loaded(saved):
    loaded = tf.saved_model.load(saved)
    with pytest.raises(tf.errors.UnimplementedError, match="Call it outside"):
        tf.function(lambda x: loaded.classify(x))(tf.constant(ROWS))
