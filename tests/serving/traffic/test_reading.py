"""Tables are read from strict JSON, and written so that they are read back."""

import contextlib
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.serving.traffic import (
    Arm,
    Experiment,
    ModelRules,
    RollbackRule,
    ShadowRule,
    TrafficTable,
    WeightedVersion,
    read_model_rules,
    read_traffic_table,
    to_json,
)
from tests.documents import ROOT, code_blocks

FULL = """
{
  "routing_key_header": "x-user",
  "models": {
    "digits": {
      "aliases": {"champion": 3, "canary": 4},
      "split": [{"version": "champion", "weight": 95}, {"version": "canary", "weight": 5}],
      "experiments": [
        {"name": "colors", "share": 0.5, "salt": "s", "arms": [
          {"name": "blue", "version": 3, "weight": 1}, {"name": "red", "version": "canary"}]}
      ],
      "shadows": [{"version": 5, "sample_rate": 0.1, "relative_tolerance": 0.01, "absolute_tolerance": 0}],
      "rollback": {"canary": "canary", "champion": "champion", "window_seconds": 30, "minimum_requests": 20,
        "max_error_rate": 0.05, "max_error_rate_increase": 0.02, "latency_quantile": 0.9,
        "max_latency_seconds": 0.1, "max_latency_ratio": 2, "confidence": 0.99, "error_codes": ["INTERNAL"]}
    },
    "prices": {}
  }
}
"""

TABLE = TrafficTable(
    {
        "digits": ModelRules(
            {"champion": 3, "canary": 4},
            (WeightedVersion("champion", 95), WeightedVersion("canary", 5)),
            (Experiment("colors", (Arm("blue", 3, 1), Arm("red", "canary")), 0.5, "s"),),
            (ShadowRule(5, 0.1, 0.01, 0),),
            RollbackRule("canary", "champion", 30, 20, 0.05, 0.02, 0.9, 0.1, 2, 0.99, ("INTERNAL",)),
        ),
        "prices": ModelRules(),
    },
    "x-user",
)


def test_every_field_is_read():
    assert read_traffic_table(FULL) == TABLE
    assert read_traffic_table(FULL.encode()) == TABLE


def test_the_guides_example_is_read():
    (text,) = [text for language, text in code_blocks(ROOT / "docs/guides/serving.md") if "aliases" in text]
    assert read_traffic_table(text).models["digits"].rollback.max_latency_ratio == 1.5


def test_an_empty_object_is_an_empty_table():
    assert read_traffic_table("{}") == TrafficTable()


def test_what_is_written_is_read_back():
    assert read_traffic_table(json.dumps(to_json(TABLE))) == TABLE
    assert read_model_rules(json.dumps(to_json(TABLE.models["digits"]))) == TABLE.models["digits"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "^traffic table: must be JSON; "),
        ("{", "^traffic table: must be JSON; "),
        (b"\xff\xff\xff", "^traffic table: must be JSON; "),
        ("[" * 100_000, "^traffic table: must be JSON; "),
        ('{"models": ' + "9" * 5000 + "}", "^traffic table: must be JSON; "),
        ("[]", "^traffic table: must be an object; received an array"),
        ("null", "^traffic table: must be an object; received null"),
        ('{"model": {}}', "^traffic table: unknown key 'model'. The keys are: models, routing_key_header"),
        ('{"models": []}', "^models: must be an object; received an array"),
        ('{"models": {"m": 5}}', "^models.m: must be an object; received a number"),
        ('{"models": {"m": {}, "m": {}}}', "^traffic table: key 'm' stands twice in one object"),
        ('{"models": {"m": {"aliases": {"a": []}}}}', "^models.m.aliases.a: must be a number or a string"),
        ('{"models": {"m": {"aliases": {"a": 1.5}}}}', "^models.m.aliases.a: must be a whole number"),
        ('{"models": {"m": {"split": {}}}}', "^models.m.split: must be an array; received an object"),
        ('{"models": {"m": {"split": [{"version": 1}]}}}', r"^models.m.split\[0\]: key 'weight' is missing"),
        (
            '{"models": {"m": {"split": [{"version": 1, "weight": 1}, {"version": 2, "weight": -1}]}}}',
            r"^models.m.split\[1\].weight: must be 0 or a number from .* received -1",
        ),
        ('{"models": {"m": {"split": [{"version": 1, "weight": NaN}]}}}', "^traffic table: numbers must be finite"),
        ('{"models": {"m": {"split": [{"version": 1, "weight": 1e999}]}}}', r"^models.m.split\[0\].weight: "),
        (
            '{"models": {"m": {"experiments": [{"name": "e", "arms": [{"name": "a", "version": 1, "x": 1}]}]}}}',
            r"^models.m.experiments\[0\].arms\[0\]: unknown key 'x'. The keys are: name, version, weight",
        ),
        ('{"models": {"m": {"shadows": ["x"]}}}', r"^models.m.shadows\[0\]: must be an object; received a string"),
        ('{"models": {"m": {"rollback": null}}}', "^models.m.rollback: must be an object; received null"),
        (
            '{"models": {"m": {"rollback": {"max_error_rate": 0.1, "error_codes": [[]]}}}}',
            r"^models.m.rollback.error_codes\[0\]: must be a number or a string",
        ),
        (
            '{"models": {"m": {"split": [{"version": "x", "weight": 1}]}}}',
            r"^models.m.split\[0\].version: must be among the aliases \[\]; received 'x'",
        ),
        ('{"routing_key_header": true}', "^routing_key_header: must be a header's name"),
    ],
)
def test_a_mistake_is_refused_with_its_place(text, match):
    with pytest.raises(InvalidArgumentError, match=match):
        read_traffic_table(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


@given(JSON, st.randoms())
def test_any_value_anywhere_is_taken_or_refused_as_an_argument(value, chance: random.Random):
    table = json.loads(FULL)
    *path, last = chance.choice([path for path in places(table) if path])
    inner = table
    for key in path:
        inner = inner[key]
    inner[last] = value
    with contextlib.suppress(InvalidArgumentError):
        made = read_traffic_table(json.dumps(table))
        assert read_traffic_table(json.dumps(to_json(made))) == made


@given(st.text() | st.binary())
def test_any_text_is_taken_or_refused_as_an_argument(text):
    with contextlib.suppress(InvalidArgumentError):
        read_traffic_table(text)
