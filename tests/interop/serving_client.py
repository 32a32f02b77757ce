"""The client's half of test_serving_client.py, run in .venv-interop with the stubs of tensorflow-serving-api.

Usage: serving_client.py PORT. Prints a JSON object: for each check the reason why it failed, or null.
"""

import json
import sys
import traceback

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import wrappers_pb2
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    input_pb2,
    model_management_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

CHANNEL = grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}")
PREDICTION = prediction_service_pb2_grpc.PredictionServiceStub(CHANNEL)
MODEL = model_service_pb2_grpc.ModelServiceStub(CHANNEL)


def spec(name="half", signature="", version=None, label=None):
    made = model_pb2.ModelSpec(name=name, signature_name=signature)
    if version is not None:
        made.version.CopyFrom(wrappers_pb2.Int64Value(value=version))
    if label is not None:
        made.version_label = label
    return made


def predict(model_spec, output_filter=(), **inputs):
    request = predict_pb2.PredictRequest(model_spec=model_spec, output_filter=output_filter)
    for name, value in inputs.items():
        proto = value if isinstance(value, tensor_pb2.TensorProto) else tf.make_tensor_proto(value)
        request.inputs[name].CopyFrom(proto)
    return PREDICTION.Predict(request, timeout=30)


def code_and_text(function, *args, **inputs):
    try:
        function(*args, **inputs)
    except grpc.RpcError as error:
        return error.code().name, error.details()
    raise AssertionError("the call succeeded")


def check_error(have, code, start):
    assert have[0] == code, have
    assert have[1].startswith(start), have


def predict_with_tensor_content():
    x = tf.make_tensor_proto(np.float32([2, 4]))
    assert x.tensor_content
    response = predict(spec(), x=x)
    assert tf.make_ndarray(response.outputs["y"]).tolist() == [3, 4]
    assert list(response.outputs["y"].float_val) == [3, 4]


def predict_with_typed_values():
    x = tensor_pb2.TensorProto(dtype=1, tensor_shape={"dim": [{"size": 3}]}, float_val=[2, 4])  # the last repeats
    assert tf.make_ndarray(predict(spec(), x=x).outputs["y"]).tolist() == [3, 4, 4]


def predict_names_what_ran():
    response = predict(spec(), x=np.float32([1]))
    assert response.model_spec == spec("half", "serving_default", 3), response.model_spec
    assert predict(spec(version=1), x=np.float32([1])).model_spec.version.value == 1


def predict_with_several_inputs_and_a_filter():
    a, b = np.ones((2, 2), np.float32), np.int32([1, 2])
    outputs = predict(spec("many"), a=a, b=b).outputs
    assert tf.make_ndarray(outputs["sum"]).tolist() == [3, 4]
    assert tf.make_ndarray(outputs["b"]).tolist() == [1, 2]
    assert set(predict(spec("many"), ["b"], a=a, b=b).outputs) == {"b"}


def predict_with_every_dtype():
    for name in ("float32", "float64", "float16", "bool", "int8", "int64", "uint16"):
        values = np.array([0, 1, 1], name)
        have = tf.make_ndarray(predict(spec("many", name), x=values).outputs["x"])
        assert have.dtype == values.dtype, (name, have.dtype)
        assert have.tolist() == values.tolist(), (name, have)


def predict_with_strings():
    outputs = predict(spec("many", "text"), x=np.array([b"a", b"\xff\x00", b""], object)).outputs
    assert tf.make_ndarray(outputs["text"]).tolist() == [b"a", b"\xff\x00", b""]


def predict_with_a_scalar_answer():
    total = tf.make_ndarray(predict(spec("many", "scalar"), x=np.float32([1, 2])).outputs["total"])
    assert (total.shape, float(total)) == ((), 3.0)


def predict_fills_in_defaults():
    response = predict(spec("many", "default"), x=np.float32([1]))
    assert tf.make_ndarray(response.outputs["y"]).tolist() == [11]


def metadata_is_readable():
    request = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec(), metadata_field=["signature_def"])
    response = PREDICTION.GetModelMetadata(request, timeout=30)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    signature = signatures.signature_def["serving_default"]
    assert signature.method_name == tf.compat.v1.saved_model.signature_constants.PREDICT_METHOD_NAME
    assert signature.inputs["x"].dtype == tf.float32.as_datatype_enum
    assert [dim.size for dim in signature.inputs["x"].tensor_shape.dim] == [-1]
    assert response.model_spec == spec("half", version=3)


def status_is_readable():
    response = MODEL.GetModelStatus(get_model_status_pb2.GetModelStatusRequest(model_spec=spec()), timeout=30)
    status = get_model_status_pb2.ModelVersionStatus
    states = [(each.version, each.state, each.status.error_code) for each in response.model_version_status]
    assert states == [(3, status.AVAILABLE, 0), (2, status.END, 15), (1, status.AVAILABLE, 0)], states
    assert response.model_version_status[1].status.error_message == "damaged"


def errors_have_their_codes_and_texts():
    x = np.float32([1])
    missing = get_model_status_pb2.GetModelStatusRequest(model_spec=spec(version=9))
    fields = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec(), metadata_field=["X"])
    for have, code, start in (
        (code_and_text(predict, None, x=x), "INVALID_ARGUMENT", "Missing ModelSpec"),
        (code_and_text(predict, spec(""), x=x), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (code_and_text(predict, spec("no"), x=x), "NOT_FOUND", "Servable not found for request: Latest(no)"),
        (
            code_and_text(predict, spec(version=2), x=x),
            "NOT_FOUND",
            "Servable not found for request: Specific(half, 2)",
        ),
        (code_and_text(predict, spec(label="L"), x=x), "INVALID_ARGUMENT", "Unrecognized servable version label: L"),
        (
            code_and_text(predict, spec(signature="S"), x=x),
            "FAILED_PRECONDITION",
            'Serving signature key "S" not',
        ),
        (code_and_text(predict, spec()), "INVALID_ARGUMENT", "input size does not match signature: 0!=1"),
        (code_and_text(predict, spec(), z=x), "INVALID_ARGUMENT", "Signature input alias: x("),
        (
            code_and_text(predict, spec(), ["q"], x=x),
            "INVALID_ARGUMENT",
            "output tensor alias not found in signature",
        ),
        (code_and_text(predict, spec(), x=np.float32([[1]])), "INVALID_ARGUMENT", "input 'x'"),
        (code_and_text(MODEL.GetModelStatus, missing), "NOT_FOUND", "Could not find version 9 of model half"),
        (code_and_text(PREDICTION.GetModelMetadata, fields), "INVALID_ARGUMENT", "Metadata field X is not supported"),
    ):
        check_error(have, code, start)
    code, text = code_and_text(predict, spec("many", "long"), x=x)
    assert (code, len(text), text[-12:]) == ("UNAVAILABLE", 1024 + 12, "...TRUNCATED")


def inference_input(*values):
    made = input_pb2.Input()
    for value in values:
        feature = tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
        features = tf.train.Features(feature={"x": feature})
        made.example_list.examples.append(tf.train.Example(features=features))
    return made


def classify_answers_labels_and_scores():
    request = classification_pb2.ClassificationRequest(model_spec=spec("m"), input=inference_input(0.25, 1.0))
    answer = PREDICTION.Classify(request, timeout=30)
    rows = [[(each.label, each.score) for each in row.classes] for row in answer.result.classifications]
    assert rows == [[("low", 0.75), ("high", 0.25)], [("low", 0.0), ("high", 1.0)]], rows
    assert (answer.model_spec.version.value, answer.model_spec.signature_name) == (3, "serving_default")


def regress_answers_numbers():
    request = regression_pb2.RegressionRequest(model_spec=spec("m", "regress"), input=inference_input(0.25, 1.0))
    answer = PREDICTION.Regress(request, timeout=30)
    assert [each.value for each in answer.result.regressions] == [0.5, 2.0], answer


def a_context_is_part_of_every_example():
    inputs = input_pb2.Input()
    inputs.example_list_with_context.examples.append(tf.train.Example())
    inputs.example_list_with_context.context.CopyFrom(inference_input(3.0).example_list.examples[0])
    request = regression_pb2.RegressionRequest(model_spec=spec("m", "regress"), input=inputs)
    assert PREDICTION.Regress(request, timeout=30).result.regressions[0].value == 6.0


def multi_inference_answers_every_task():
    request = inference_pb2.MultiInferenceRequest(input=inference_input(0.25))
    request.tasks.add(model_spec=spec("m", "regress"), method_name="tensorflow/serving/regress")
    request.tasks.add(model_spec=spec("m"), method_name="tensorflow/serving/classify")
    regression, classification = PREDICTION.MultiInference(request, timeout=30).results
    assert regression.regression_result.regressions[0].value == 0.5
    assert classification.classification_result.classifications[0].classes[1].label == "high"


def models_are_reloaded():
    request = model_management_pb2.ReloadConfigRequest(metric_names=["/tensorflow/serving/reloads"])
    check_error(code_and_text(MODEL.HandleReloadConfigRequest, request), "INVALID_ARGUMENT", "ServerModelConfig type")
    config = request.config.model_config_list.config.add(name="m", base_path="/models/m", model_platform="tensorflow")
    config.model_version_policy.specific.versions.append(3)
    config.version_labels["stable"] = 3
    answer = MODEL.HandleReloadConfigRequest(request, timeout=30)
    assert (answer.status.error_code, answer.metric[0].int64_value_increase) == (0, 1)
    config.model_platform = "caffe"
    check_error(
        code_and_text(MODEL.HandleReloadConfigRequest, request), "INVALID_ARGUMENT", "model 'm': requests unsupported"
    )


def health_says_serving():
    check = CHANNEL.unary_unary("/grpc.health.v1.Health/Check")
    for name in (b"", b"ModelService", b"PredictionService"):
        request = b"\n" + bytes([len(name)]) + name if name else b""
        assert check(request, timeout=30) == b"\x08\x01", name  # field 1, SERVING


CHECKS = (
    predict_with_tensor_content,
    predict_with_typed_values,
    predict_names_what_ran,
    predict_with_several_inputs_and_a_filter,
    predict_with_every_dtype,
    predict_with_strings,
    predict_with_a_scalar_answer,
    predict_fills_in_defaults,
    metadata_is_readable,
    status_is_readable,
    errors_have_their_codes_and_texts,
    classify_answers_labels_and_scores,
    regress_answers_numbers,
    a_context_is_part_of_every_example,
    multi_inference_answers_every_task,
    models_are_reloaded,
    health_says_serving,
)


def reason(check):
    try:
        check()
    except Exception:
        return traceback.format_exc()
    return None


if __name__ == "__main__":
    print(json.dumps({check.__name__: reason(check) for check in CHECKS}))
