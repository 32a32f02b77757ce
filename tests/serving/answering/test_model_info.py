"""States and signatures as TensorFlow Serving's messages."""

import pytest

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.formats import message_class
from tenon.serving import ServableRequest
from tenon.serving.answering import Call, Pipeline, Protocol
from tenon.serving.answering._model_info import model_metadata, model_status
from tests.serving.doubles import SIGNATURES, manager

ERROR = InvalidArgumentError("this directory is no model")


def metadata(name):
    call = Call(Protocol.GRPC, "GetModelMetadata", {}.get, 0.0, request=ServableRequest.latest(name))
    return model_metadata(Pipeline(manager()), call)


def test_every_version_is_listed_with_its_error():
    response = model_status(manager(failure=ERROR), ServableRequest.latest("half"))
    listed = [
        (each.version, each.state, each.status.error_code, each.status.error_message)
        for each in response.model_version_status
    ]
    assert listed == [(3, 30, 0, ""), (2, 50, 3, "this directory is no model"), (1, 30, 0, "")]


def test_one_version_can_be_asked_for_and_a_label_gives_all():
    def versions(request):
        return [each.version for each in model_status(manager(), request).model_version_status]

    assert versions(ServableRequest.specific("half", 1)) == [1]
    assert versions(ServableRequest("half", label="whatever")) == [3, 1]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (ServableRequest.specific("half", 9), "Could not find version 9 of model half"),
        (ServableRequest.latest("nope"), "Could not find any versions of model nope"),
    ],
)
def test_the_status_of_nothing_is_not_found(request_, message):
    with pytest.raises(NotFoundError, match=message):
        model_status(manager(), request_)


def test_metadata_holds_every_signature_and_the_version_that_was_chosen():
    response = metadata("many")
    packed = message_class("tensorflow.serving.SignatureDefMap")()
    assert response.metadata["signature_def"].Unpack(packed)
    assert response.metadata["signature_def"].type_url.endswith("/tensorflow.serving.SignatureDefMap")
    assert set(packed.signature_def) == set(SIGNATURES)
    assert packed.signature_def["text"] == SIGNATURES["text"].signature.definition
    assert (response.model_spec.name, response.model_spec.version.value) == ("many", 7)
    assert response.model_spec.signature_name == ""


def test_the_metadata_of_nothing_is_not_found():
    with pytest.raises(NotFoundError, match=r"Servable not found for request: Latest\(nope\)"):
        metadata("nope")
