"""What tells machines apart."""

from __future__ import annotations

import json
import os

from tenon.base import processor_count
from tenon.serving.engines import machine_features


def test_it_can_be_written_as_json_and_names_the_cores():
    features = machine_features()
    assert json.loads(json.dumps(features)) == features
    assert features["cores"] == str(processor_count())
    assert features["machine"] == os.uname().machine
