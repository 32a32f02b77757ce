"""Which version answers whom, and what is learned from it.

A *TrafficTable* holds the rules of every model: *aliases*, a weighted *split* that keeps a routing key at its version,
*experiments*, *shadows*, and the bounds at which a canary is rolled back. It is an immutable value; the *Router* puts
one in force, says the *Route* of each request and learns how it ended. The *ShadowRunner* runs a sample of the requests
once more and compares. Which draw a key belongs to, and whether a bound is broken, are decisions without state.
"""

from tenon.serving.traffic._reading import read_model_rules, read_traffic_table, to_json
from tenon.serving.traffic._rollback import Breach, Rollback, find_breach
from tenon.serving.traffic._route import EXPERIMENT_HEADER, Route, Shadow
from tenon.serving.traffic._router import Router
from tenon.serving.traffic._rules import (
    Arm,
    Experiment,
    ModelRules,
    RollbackRule,
    ShadowRule,
    TrafficTable,
    WeightedVersion,
)
from tenon.serving.traffic._shadowing import ShadowRunner
from tenon.serving.traffic._windows import WindowSnapshot

__all__ = [
    "EXPERIMENT_HEADER",
    "Arm",
    "Breach",
    "Experiment",
    "ModelRules",
    "Rollback",
    "RollbackRule",
    "Route",
    "Router",
    "Shadow",
    "ShadowRule",
    "ShadowRunner",
    "TrafficTable",
    "WeightedVersion",
    "WindowSnapshot",
    "find_breach",
    "read_model_rules",
    "read_traffic_table",
    "to_json",
]
