"""What every protocol does with a request, between its own reading and writing."""

from tenon.serving.answering._call import PRIORITY_HEADER, Call, Protocol
from tenon.serving.answering._gate_interceptor import GateInterceptor
from tenon.serving.answering._inference import Inference, classify, regress
from tenon.serving.answering._model_info import SIGNATURE_DEF, model_metadata, model_spec, model_status
from tenon.serving.answering._multi_inference import InferenceTask, multi_inference
from tenon.serving.answering._observer_interceptor import ObserverInterceptor
from tenon.serving.answering._pipeline import AnsweringOptions, Interceptor, Pipeline, Selector
from tenon.serving.answering._predict import DEFAULT_SIGNATURE_NAME, MAX_GROWTH_BYTES, Prediction, predict
from tenon.serving.answering._traffic_interceptor import TrafficInterceptor

__all__ = [
    "DEFAULT_SIGNATURE_NAME",
    "MAX_GROWTH_BYTES",
    "PRIORITY_HEADER",
    "SIGNATURE_DEF",
    "AnsweringOptions",
    "Call",
    "GateInterceptor",
    "Inference",
    "InferenceTask",
    "Interceptor",
    "ObserverInterceptor",
    "Pipeline",
    "Prediction",
    "Protocol",
    "Selector",
    "TrafficInterceptor",
    "classify",
    "model_metadata",
    "model_spec",
    "model_status",
    "multi_inference",
    "predict",
    "regress",
]
