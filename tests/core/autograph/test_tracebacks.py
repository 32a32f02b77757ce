"""Frames of the conversion are cut out of tracebacks."""

from __future__ import annotations

import traceback

from tenon.core.autograph._tracebacks import defining_modules, hide_conversion
from tests.core.autograph.jax_staging import STAGING
from tests.core.autograph.programs import define


def chain(*modules: str):
    """Return a function that calls through functions of ``modules`` and fails in the last."""

    def fail():
        raise KeyError("in the user's code")

    function = fail
    for module in reversed(modules):
        function = define("def call():\n    return function()\n", "call", function=function, __name__=module)
    return function


def caught(function) -> BaseException:
    try:
        function()
    except KeyError as error:
        return error
    raise AssertionError("nothing was raised")


def names(error) -> list[str]:
    modules = [entry.f_globals["__name__"] for entry, _ in traceback.walk_tb(error.__traceback__)]
    return [module for module in modules if module != __name__]


def test_frames_of_tenon_of_malt_and_of_given_modules_go():
    error = caught(chain("user", "tenon.core.control_flow", "tenon", "malt.pyct.cfg", "tenons", "mine", "malted"))
    hide_conversion(error, ["mine"])
    assert names(error) == ["user", "tenons", "malted"]
    assert str(error) == repr("in the user's code")


def test_errors_before_it_are_shortened_and_circles_are_survived():
    first, second = caught(chain("malt.x")), caught(chain("user", "malt.y"))
    first.__cause__, second.__context__ = second, first
    hide_conversion(first, [])
    assert (names(first), names(second)) == ([], ["user"])


def test_an_error_of_tenon_alone_keeps_its_frames():
    namespace = {"__name__": "tenon.core.autograph._x"}
    exec("try:\n    {}['a']\nexcept KeyError as e:\n    error = e", namespace)
    hide_conversion(namespace["error"], [])
    assert names(namespace["error"]) == ["tenon.core.autograph._x"]


def test_the_modules_that_stage_are_found():
    assert defining_modules(STAGING) == {"tests.core.autograph.jax_staging"}
