"""One tree of errors, with gRPC's codes."""

import pickle

import grpc
import pytest

from tenon import base
from tenon.base import Code, MissingExtraError, TenonError

CLASSES = [value for value in vars(base).values() if isinstance(value, type) and issubclass(value, TenonError)]


@pytest.mark.parametrize("code", Code)
def test_codes_have_the_numbers_of_grpc(code):
    assert grpc.StatusCode[code.name].value[0] == code


def test_every_code_but_ok_has_exactly_one_class_of_its_own():
    own = [kind.code for kind in CLASSES if kind not in (TenonError, MissingExtraError)]
    assert sorted(own) == [code for code in Code if code is not Code.OK]


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_prints_its_message_alone(kind):
    assert str(kind("what, rule, received, what to do")) == "what, rule, received, what to do"


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (base.InvalidArgumentError, ValueError),
        (base.NotFoundError, LookupError),
        (base.DeadlineExceededError, TimeoutError),
        (base.UnimplementedError, NotImplementedError),
        (MissingExtraError, ImportError),
    ],
)
def test_errors_are_also_what_python_users_catch(kind, builtin):
    assert issubclass(kind, builtin)


def test_an_exhausted_resource_may_say_when_to_come_back():
    assert base.ResourceExhaustedError("full").retry_after is None
    error = base.ResourceExhaustedError("full", retry_after=2.5)
    assert (error.retry_after, str(error)) == (2.5, "full")
    assert pickle.loads(pickle.dumps(error)).retry_after == 2.5
