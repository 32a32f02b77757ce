"""A handle is released exactly once, whatever happens to the request."""

import pytest

from tenon.serving import ServableHandle, ServableId
from tenon.serving.testing import half_plus_two


@pytest.fixture
def released():
    return []


@pytest.fixture
def handle(released):
    return ServableHandle(ServableId("m", 1), half_plus_two(), lambda: released.append(True))


def test_a_handle_is_released_when_its_block_ends(handle, released):
    with handle as same:
        assert same is handle
        assert released == []
    assert released == [True]


def test_a_handle_is_released_when_the_request_fails(handle, released):
    with pytest.raises(RuntimeError, match="the client went away"), handle:
        raise RuntimeError("the client went away")
    assert released == [True]


def test_a_second_release_does_nothing(handle, released):
    handle.release()
    handle.release()
    with handle:
        pass
    assert released == [True]
