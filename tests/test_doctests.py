"""Every example in the docstrings runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.test_doors import FILES, module_name

FINDER = doctest.DocTestFinder(exclude_empty=True)
EXAMPLES = {
    test.name: test
    for path in FILES
    for test in FINDER.find(importlib.import_module(module_name(path)))
    if test.examples
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_says(name):
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(EXAMPLES[name], out=report.append)
    assert not report, "".join(report)


def test_examples_are_found_in_every_part():
    assert {name.split(".")[1] for name in EXAMPLES if "." in name} >= {
        "base",
        "formats",
        "keras",
        "saved_model",
        "serving",
    }
