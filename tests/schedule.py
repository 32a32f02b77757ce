"""Which tests run in one process, and when: what compiles the same programs together, what is long not at the end.

A process that has compiled a program does not look for it again; two that compile the same at the same time both do.
"""

from __future__ import annotations

from collections.abc import Mapping

from xdist.scheduler import LoadFileScheduling

EXAMPLES = "the examples of all operations"

TOGETHER: Mapping[str, str] = {
    "tests/core/operations/test_table.py": EXAMPLES,
    "tests/interop/test_operations.py": EXAMPLES,
    "tests/core/control_flow/test_random_programs.py": "tests/core/control_flow/test_dynamic_while.py",
    "tests/interop/test_request_log.py": "tests/interop/test_saved_model.py",
    "tests/interop/test_serving_of_keras.py": "tests/interop/test_saved_model.py",
    "tests/end_to_end/test_under_load.py": "tests/end_to_end/test_serve.py",
    "tests/train/test_killed.py": "tests/train/test_restoration.py",
}
"""The unit of work of a file, where that is not the file itself.

xdist gives out units by how many tests they have, most first: a file of one long test would come last, and run alone.
"""


class Schedule(LoadFileScheduling):
    """Files as units of work, and some files together."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return TOGETHER.get(file, file)
