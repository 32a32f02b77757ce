"""A new graph for each test that asks for one."""

from __future__ import annotations

import pytest

from tenon.compat import Graph, Session


@pytest.fixture
def graph():
    """The default graph of the test."""
    with Graph().as_default() as found:
        yield found


@pytest.fixture
def run(graph):
    """A function that runs fetches in the session of the test."""
    with Session(graph=graph) as session:
        yield session.run
