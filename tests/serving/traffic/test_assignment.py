"""Keys belong to candidates in proportion to the weights, for good, and few move when a weight changes."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.serving.traffic._assignment import Candidate, Draw, Gate, choose, key_bytes, shares
from tests.serving.traffic.strategies import CRITICAL, KEYS, WEIGHTS, candidates, chi_square


def owners(weights, keys=KEYS):
    made = candidates(weights)
    return {key: choose(made, key).value for key in keys}


@pytest.mark.parametrize("weights", [(1, 1), (95, 5), (1, 2, 3), (0.5, 0.1, 0.2, 0.2), (1e-3, 1e-3, 2e-3)])
@pytest.mark.parametrize("has_key", [True, False])
def test_choices_are_distributed_as_the_weights(weights, has_key):
    made = candidates(dict(enumerate(weights)))
    uniform = random.Random(20).random
    keys = (b"session/%x" % number if has_key else None for number in range(20_000))
    counts = Counter(choose(made, key, uniform).value for key in keys)
    expected = [20_000 * weight / sum(weights) for weight in weights]
    assert chi_square([counts[name] for name in range(len(weights))], expected) < CRITICAL[len(weights) - 1]


WEIGHTS_BY_NAME = st.dictionaries(st.sampled_from("abcdef"), WEIGHTS, min_size=2)


@settings(max_examples=60)
@given(WEIGHTS_BY_NAME, st.data())
def test_a_larger_weight_only_wins_keys_and_a_smaller_one_only_loses_them(weights, data):
    name = data.draw(st.sampled_from(sorted(weights)))
    changed = {**weights, name: data.draw(WEIGHTS)}
    grows = changed[name] >= weights[name]
    before, after = owners(weights), owners(changed)
    for key in KEYS:
        assert before[key] == after[key] or (after if grows else before)[key] == name


@settings(max_examples=60)
@given(WEIGHTS_BY_NAME, st.data())
def test_without_one_candidate_only_its_own_keys_move(weights, data):
    gone = data.draw(st.sampled_from(sorted(weights)))
    before = owners(weights)
    after = owners({name: weight for name, weight in weights.items() if name != gone})
    assert {key for key in KEYS if before[key] != after[key]} == {key for key in KEYS if before[key] == gone}


@given(WEIGHTS_BY_NAME, st.randoms())
def test_neither_time_nor_order_nor_unit_of_the_weights_moves_a_key(weights, chance):
    shuffled = list(weights.items())
    chance.shuffle(shuffled)
    doubled = {name: 2 * weight for name, weight in shuffled}
    assert owners(weights, KEYS[:50]) == owners(doubled, KEYS[:50])


def test_a_change_moves_no_more_keys_than_it_must():
    keys = [b"%d" % number for number in range(20_000)]
    before, after = owners({"old": 95, "new": 5}, keys), owners({"old": 90, "new": 10}, keys)
    moved = sum(before[key] != after[key] for key in keys)
    assert moved == pytest.approx(0.05 * len(keys), rel=0.1)


def test_two_choices_of_one_key_are_independent():
    one = [Candidate(name, 1, "colors", name) for name in "ab"]
    other = [Candidate(name, 1, "sizes", name) for name in "ab"]
    keys = [b"%d" % number for number in range(20_000)]
    counts = Counter((choose(one, key).value, choose(other, key).value) for key in keys)
    assert chi_square(counts.values(), [5000] * 4) < CRITICAL[3]


def test_a_key_chooses_the_same_in_every_process_and_release():
    assert [owners({"a": 1, "b": 2, "c": 3}, [b"%d" % n])[b"%d" % n] for n in range(12)] == list("caacbababaac")


@given(st.binary(max_size=64))
def test_draws_are_above_0_and_at_most_1(key):
    assert 0 < Draw("x").number(key) <= 1


def test_chance_of_0_is_no_trouble():
    assert choose(candidates({"a": 1, "b": 1}), None, lambda: 0.0).value == "a"


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_admits_the_same_keys_and_others(one, other):
    small, large = sorted((one, other))
    admitted = [{key for key in KEYS if Gate(share, "g").admits(key)} for share in (small, large)]
    assert admitted[0] <= admitted[1]


@pytest.mark.parametrize("has_key", [True, False])
def test_a_gate_admits_its_share(has_key):
    gate, uniform = Gate(0.3, "g"), random.Random(3).random
    keys = (b"%d" % number if has_key else None for number in range(10_000))
    admitted = sum(gate.admits(key, uniform) for key in keys)
    assert chi_square([admitted, 10_000 - admitted], [3000, 7000]) < CRITICAL[1]


@pytest.mark.parametrize(
    ("key", "expected"),
    [(None, None), ("", None), (b"", None), ("é", b"\xc3\xa9"), (b"\xff", b"\xff"), ("\udcff", b"\xed\xb3\xbf")],
)
def test_any_text_is_a_key_and_an_empty_one_is_none(key, expected):
    assert key_bytes(key) == expected


def test_shares_of_nothing_are_nothing():
    assert shares([0, 0]) == (0, 0)
