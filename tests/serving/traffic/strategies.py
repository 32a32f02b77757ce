"""What the tests of traffic draw from, and how they judge counts."""

from hypothesis import strategies as st

from tenon.serving.traffic._assignment import Candidate

WEIGHTS = st.floats(min_value=1e-6, max_value=1e6)
KEYS = [b"user-%d" % number for number in range(400)]

CRITICAL = {1: 23.9, 2: 27.6, 3: 30.7, 4: 33.4}
"""Chi-square by degrees of freedom; equal distributions exceed it once in a million."""


def candidates(weights):
    return [Candidate(name, weight, "test", name) for name, weight in weights.items()]


def chi_square(counts, expected):
    return sum((count - wanted) ** 2 / wanted for count, wanted in zip(counts, expected, strict=True))
