"""Connections and the limit of open files."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource
from tenon.serving._open_files import max_rest_connections, raise_open_files_limit
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(max_rest_connections())
raise_open_files_limit()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], max_rest_connections())
"""


@pytest.mark.parametrize(
    ("soft", "hard", "printed"),
    [(64, 512, ["32", "512", "256"]), (64, 64, ["32", "64", "32"]), (512, 1024, ["256", "1024", "512"])],
)
def test_the_soft_limit_becomes_the_hard_one_and_half_of_it_is_for_rest(soft, hard, printed):
    script = SCRIPT.format(soft=soft, hard=hard)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == printed
