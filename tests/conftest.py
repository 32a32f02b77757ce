"""What every test shares."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Two noisy cores run several processes at once: how long a case takes says nothing about the code.
settings.register_profile("tenon", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tenon")


@pytest.fixture(scope="session")
def compile_cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")
