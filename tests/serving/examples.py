"""Models that answer examples, for the tests of the edges: every signature fits, or breaks one rule."""

import numpy as np

from tenon.base import TensorSpec
from tenon.formats import message_class
from tenon.serving.testing import FakeServable, StaticManager, fake_signature

EXAMPLES = TensorSpec((None,), object)
TABLE = TensorSpec((None, 2), np.float32)
LABELS = TensorSpec((None, 2), object)
VECTOR = TensorSpec((None,), np.float32)
CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"


def value_of(example):
    """Return the feature ``x`` of an example, an integer or a number, and 0 where there is none."""
    features = message_class("tensorflow.Example").FromString(example).features.feature
    if "x" not in features:
        return 0.0
    return float([*features["x"].float_list.value, *features["x"].int64_list.value][-1])


def values(inputs):
    return np.float32([value_of(example) for example in inputs])


def labels(inputs):
    return np.array([[b"low", b"high"]] * len(inputs), object)


def scores(inputs):
    x = values(inputs)
    return np.stack([1 - x, x], axis=1)


def signature(outputs, function, inputs=None, method_name="tensorflow/serving/predict"):
    return fake_signature(inputs or {"inputs": EXAMPLES}, outputs, function, method_name)


def classifying(**outputs):
    specs = {"classes": LABELS, "scores": TABLE}
    return signature(
        {key: specs.get(key, VECTOR) for key in outputs},
        lambda inputs: {key: make(inputs) for key, make in outputs.items()},
    )


def regressing(make):
    return signature({"outputs": VECTOR}, lambda inputs: {"outputs": make(inputs)})


SIGNATURES = {
    "serving_default": classifying(classes=labels, scores=scores),
    "named": signature(
        {"classes": LABELS, "scores": TABLE},
        lambda inputs: {"classes": labels(inputs), "scores": scores(inputs)},
        method_name=CLASSIFY,
    ),
    "only_classes": classifying(classes=labels),
    "only_scores": classifying(scores=scores),
    "regress": regressing(lambda inputs: values(inputs) * 2),
    "regress_column": regressing(lambda inputs: values(inputs)[:, None]),
    "infinite": regressing(lambda inputs: values(inputs) * np.float32("inf")),
    "infinite_scores": classifying(scores=lambda inputs: scores(inputs) * np.float32("inf")),
    "not_text": classifying(classes=lambda inputs: np.array([[b"\xff", b""]] * len(inputs), object)),
    "two_inputs": signature({"outputs": VECTOR}, lambda **inputs: {}, {"inputs": EXAMPLES, "more": EXAMPLES}),
    "three_outputs": classifying(classes=labels, scores=scores, more=values),
    "neither": classifying(more=values),
    "other_input": signature({"scores": TABLE, "classes": LABELS}, lambda x: {}, {"x": EXAMPLES}),
    "other_regress_input": signature({"outputs": VECTOR}, lambda x: {}, {"x": EXAMPLES}),
    "numbers": signature({"outputs": VECTOR}, lambda inputs: {}, {"inputs": VECTOR}),
    "classes_of_rank_1": classifying(classes=lambda inputs: labels(inputs)[:, 0]),
    "classes_of_numbers": classifying(classes=scores),
    "too_few_classes": classifying(classes=lambda inputs: labels(inputs)[1:]),
    "scores_of_rank_1": classifying(scores=values),
    "scores_of_doubles": classifying(scores=lambda inputs: scores(inputs).astype(np.float64)),
    "too_many_scores": classifying(scores=lambda inputs: np.repeat(scores(inputs), 2, axis=0)),
    "uneven": classifying(classes=labels, scores=lambda inputs: scores(inputs)[:, :1]),
    "regress_table": regressing(scores),
    "regress_doubles": regressing(lambda inputs: values(inputs).astype(np.float64)),
    "regress_too_few": regressing(lambda inputs: values(inputs)[1:]),
    "two_regressions": signature({"outputs": VECTOR, "more": VECTOR}, lambda inputs: {}),
    "other_regression": signature({"y": VECTOR}, lambda inputs: {}),
}

BAD_FOR_CLASSIFY = {
    "nothing": "No signature was found with the name: nothing",
    "two_inputs": "Expected one input Tensor.",
    "three_outputs": "Expected one or two output Tensors, found 3",
    "neither": 'Expected classification signature outputs to contain at least one of "classes" or "scores". Signature',
    "other_input": "No classification inputs found in SignatureDef: ",
    "classes_of_rank_1": "Expected Tensor shape: [batch_size num_classes] but got [2]",
    "classes_of_numbers": "Expected classes Tensor of DT_STRING. Got: DT_FLOAT",
    "too_few_classes": "Expected classes output batch size of 2. Got: 1",
    "scores_of_rank_1": "Expected Tensor shape: [batch_size num_classes] but got [2]",
    "scores_of_doubles": "Expected scores Tensor of DT_FLOAT. Got: DT_DOUBLE",
    "too_many_scores": "Expected scores output batch size of 2. Got: 4",
    "uneven": "Tensors class and score should match in size. Got 2 vs. 1",
}
BAD_FOR_REGRESS = {
    "nothing": "No signature was found with the name: nothing",
    "two_inputs": "Expected one input Tensor.",
    "two_regressions": "Expected one output Tensor.",
    "serving_default": "Expected one output Tensor.",
    "other_regression": "No regression outputs found in SignatureDef: ",
    "other_regress_input": "No regression inputs found in SignatureDef: ",
    "numbers": "Expected input Tensor of DT_STRING, which the examples are. Got: DT_FLOAT",
    "regress_table": "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [2, 2]",
    "regress_doubles": "Expected output Tensor of DT_FLOAT.  Got: DT_DOUBLE",
    "regress_too_few": "Input batch size did not match output batch size: 2 vs. 1",
}


def manager():
    return StaticManager({"m": {3: FakeServable(SIGNATURES)}})


def example(**features):
    """Return a serialized example; floats, integers and bytes are single values of their kind."""
    message = message_class("tensorflow.Example")()
    for name, value in features.items():
        kind = {float: "float_list", int: "int64_list", bytes: "bytes_list"}[type(value)]
        getattr(message.features.feature[name], kind).value.append(value)
    return message.SerializeToString()
