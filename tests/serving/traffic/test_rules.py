"""Rules that make no sense are refused, and the message says which part of which rule."""

import dataclasses

import pytest

from tenon.base import InvalidArgumentError
from tenon.serving.traffic import (
    Arm,
    Experiment,
    ModelRules,
    RollbackRule,
    ShadowRule,
    TrafficTable,
    WeightedVersion,
)

ARMS = (Arm("a", 1), Arm("b", 2))
BOUND = {"max_error_rate": 0.1}
SPLIT = (WeightedVersion(1, 1), WeightedVersion(2, 1))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: WeightedVersion(1, -1), "^weight: must be 0 or a number from 1e-09 to 1e.09; received -1"),
        (lambda: WeightedVersion(1, 1e-10), "^weight: "),
        (lambda: WeightedVersion(1, float("nan")), "^weight: "),
        (lambda: WeightedVersion(1, float("inf")), "^weight: "),
        (lambda: WeightedVersion(1, True), "^weight: "),
        (lambda: WeightedVersion(1, "1"), "^weight: "),
        (lambda: WeightedVersion(-1, 1), "^version: must be a whole number of 0 or more; received -1"),
        (lambda: WeightedVersion(2**63, 1), "^version: "),
        (lambda: WeightedVersion(True, 1), "^version: "),
        (lambda: WeightedVersion(1.0, 1), "^version: "),
        (lambda: WeightedVersion(None, 1), "^version: "),
        (lambda: WeightedVersion("7", 1), "^version: must be a version or the name of an alias; received '7'"),
        (lambda: WeightedVersion("a/b", 1), "^version: "),
        (lambda: WeightedVersion("a:b", 1), "^version: "),
        (lambda: WeightedVersion("a b", 1), "^version: "),
        (lambda: WeightedVersion("", 1), "^version: "),
        (lambda: WeightedVersion("a\n", 1), "^version: "),
        (lambda: Arm("a=b", 1), "^name: must be a plain name; received 'a=b'"),
        (lambda: Arm("a\r\nx: y", 1), "^name: "),
        (lambda: Arm("a\n", 1), "^name: "),
        (lambda: Arm(5, 1), "^name: "),
        (lambda: Experiment("e", ARMS[:1]), "^arms: must be two at least"),
        (lambda: Experiment("e", (ARMS[0], ARMS[0])), "^arms: names: each may stand there once; received .'a'."),
        (lambda: Experiment("e", (Arm("a", 1, 0), Arm("b", 1, 0))), "^arms: one weight at least"),
        (lambda: Experiment("e", ARMS, share=0), "^share: "),
        (lambda: Experiment("e", ARMS, share=1.1), "^share: "),
        (lambda: Experiment("e", ARMS, salt=5), "^salt: must be a text"),
        (lambda: Experiment("ü", ARMS), "^name: "),
        (lambda: ShadowRule(1, sample_rate=2), "^sample_rate: must be a number from 0 to 1; received 2"),
        (lambda: ShadowRule(1, relative_tolerance=-1), "^relative_tolerance: "),
        (lambda: ShadowRule(1, absolute_tolerance="x"), "^absolute_tolerance: "),
        (lambda: RollbackRule(1), "^max_error_rate: one bound at least is needed"),
        (lambda: RollbackRule(1, max_latency_ratio=2), "^champion: is needed"),
        (lambda: RollbackRule(1, max_error_rate_increase=0.1), "^champion: is needed"),
        (lambda: RollbackRule(1, champion="x y", **BOUND), "^champion: must be"),
        (lambda: RollbackRule(1, max_error_rate=1.5), "^max_error_rate: "),
        (lambda: RollbackRule(1, max_latency_seconds=0), "^max_latency_seconds: "),
        (lambda: RollbackRule(1, 2, max_latency_ratio=0.5), "^max_latency_ratio: "),
        (lambda: RollbackRule(1, window_seconds=0.1, **BOUND), "^window_seconds: "),
        (lambda: RollbackRule(1, minimum_requests=0, **BOUND), "^minimum_requests: must be 1 at least"),
        (lambda: RollbackRule(1, minimum_requests=2.5, **BOUND), "^minimum_requests: "),
        (lambda: RollbackRule(1, latency_quantile=1, **BOUND), "^latency_quantile: "),
        (lambda: RollbackRule(1, confidence=1, **BOUND), "^confidence: "),
        (lambda: RollbackRule(1, error_codes=("OOPS",), **BOUND), "^error_codes: .* received .'OOPS'."),
        (lambda: ModelRules({"7": 1}), "^aliases: must be a version or the name of an alias"),
        (lambda: ModelRules({7: 1}), "^aliases: names must be texts"),
        (lambda: ModelRules({"a": "b"}), "^aliases.a: must be a whole number"),
        (lambda: ModelRules(split=(SPLIT[0], SPLIT[0])), "^split: each may stand there once; received .1."),
        (lambda: ModelRules(split=(WeightedVersion(1, 0),)), "^split: one weight at least must be more than 0"),
        (lambda: ModelRules(split=(WeightedVersion("x", 1),)), r"^split\[0\].version: must be among the aliases .."),
        (lambda: ModelRules(shadows=(ShadowRule("x"),)), r"^shadows\[0\].version: must be among"),
        (lambda: ModelRules(shadows=(ShadowRule(1), ShadowRule(1))), "^shadows: each may stand there once"),
        (
            lambda: ModelRules(experiments=(Experiment("e", (ARMS[0], Arm("b", "x"))),)),
            r"^experiments\[0\].arms\[1\].version: must be among",
        ),
        (lambda: ModelRules(experiments=(Experiment("e", ARMS, 0.1),) * 2), "^experiments: names: each may"),
        (
            lambda: ModelRules(experiments=(Experiment("e", ARMS), Experiment("f", ARMS))),
            "^experiments: only the last may have a share of 1.* received .'e'.",
        ),
        (lambda: ModelRules(split=SPLIT, rollback=RollbackRule(3, **BOUND)), "^rollback.canary: must be in the split"),
        (lambda: ModelRules(split=SPLIT, rollback=RollbackRule("x", **BOUND)), "^rollback.canary: must be among"),
        (lambda: ModelRules(split=SPLIT, rollback=RollbackRule(2, "x", **BOUND)), "^rollback.champion: must be"),
        (lambda: TrafficTable({"": ModelRules()}), "^models: a model must have a name"),
        (lambda: TrafficTable({}, "X-Key"), "^routing_key_header: must be a header's name in lower case"),
        (lambda: TrafficTable({}, "a:b"), "^routing_key_header: "),
    ],
)
def test_refuses_what_makes_no_sense(make, match):
    with pytest.raises(InvalidArgumentError, match=match):
        make()


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(InvalidArgumentError) as caught:
        WeightedVersion("x " * 10_000, 1)
    assert len(caught.value.message) < 500


def test_rules_cannot_be_changed():
    given = {"champion": 3}
    rules = ModelRules(given, SPLIT)
    given["champion"] = 4
    assert rules.version("champion") == 3
    with pytest.raises(TypeError):
        rules.aliases["champion"] = 4
    with pytest.raises(TypeError):
        TrafficTable({"m": rules}).models["m"] = rules
    with pytest.raises(dataclasses.FrozenInstanceError):
        rules.split = ()


def test_one_models_rules_are_replaced_in_a_new_table():
    table = TrafficTable({"m": ModelRules({"a": 1}), "n": ModelRules()}, "x-key")
    changed = table.replaced("m", ModelRules({"a": 2}))
    assert changed.models["m"].version("a") == 2
    assert changed.models["n"] is table.models["n"]
    assert table.models["m"].version("a") == 1
    assert changed.replaced("m", None) == TrafficTable({"n": ModelRules()}, "x-key")
