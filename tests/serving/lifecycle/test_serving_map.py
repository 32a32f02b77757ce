"""A request finds the version that answers it, or an error in TensorFlow Serving's words."""

import pytest

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.serving import ServableRequest
from tenon.serving.lifecycle._serving_map import ServingMap


@pytest.fixture
def serving():
    made = ServingMap[str]()
    made.replace("m", {3: "three", 20: "twenty"})
    return made


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        (ServableRequest.latest("m"), "twenty"),
        (ServableRequest.specific("m", 20), "twenty"),
        (ServableRequest.specific("m", 3), "three"),
    ],
)
def test_finds_the_newest_or_the_one_named(serving, request_, found):
    assert serving.find(request_) == found


@pytest.mark.parametrize(
    ("request_", "error", "match"),
    [
        (ServableRequest.latest("x"), NotFoundError, r"^Servable not found for request: Latest\(x\)$"),
        (ServableRequest.specific("m", 4), NotFoundError, r"^Servable not found for request: Specific\(m, 4\)$"),
        (ServableRequest.specific("x", 4), NotFoundError, r"^Servable not found for request: Specific\(x, 4\)$"),
        (ServableRequest("m", label="best"), InvalidArgumentError, "^Unrecognized servable version label: best$"),
        (ServableRequest("x", label="best"), InvalidArgumentError, "^Unrecognized servable version label: best$"),
    ],
)
def test_refuses_what_is_not_available(serving, request_, error, match):
    with pytest.raises(error, match=match):
        serving.find(request_)


def test_replacing_forgets_the_versions_before(serving):
    serving.replace("m", {1: "one"})
    assert serving.find(ServableRequest.latest("m")) == "one"
    with pytest.raises(NotFoundError):
        serving.find(ServableRequest.specific("m", 20))


def test_an_empty_replacement_removes_the_name(serving):
    serving.replace("m", {})
    serving.replace("m", {})
    with pytest.raises(NotFoundError):
        serving.find(ServableRequest.latest("m"))


def test_a_label_stands_for_its_version_and_for_no_other_names(serving):
    serving.set_labels("m", {"stable": 3, "coming": 4})
    assert serving.labels("m") == {"stable": 3, "coming": 4}
    assert serving.find(ServableRequest("m", label="stable")) == "three"
    with pytest.raises(NotFoundError, match=r"^Servable not found for request: Specific\(m, 4\)$"):
        serving.find(ServableRequest("m", label="coming"))
    with pytest.raises(InvalidArgumentError, match=r"^Unrecognized servable version label: stable$"):
        serving.find(ServableRequest("n", label="stable"))


def test_labels_are_replaced_as_a_whole(serving):
    serving.set_labels("m", {"stable": 3})
    serving.set_labels("m", {"canary": 20})
    assert serving.find(ServableRequest("m", label="canary")) == "twenty"
    with pytest.raises(InvalidArgumentError, match="stable"):
        serving.find(ServableRequest("m", label="stable"))
    serving.set_labels("m", {})
    assert serving.labels("m") == {}
