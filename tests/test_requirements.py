"""The locks: everything hashed, nothing that names a package index, one version of each package."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
INDEX = re.compile(
    "py" + r"pi\.|python" + r"hosted|(?<!no-emit-)\bindex" + r"[-_]url|find[-_]" + r"links\s*=|--find[-_]" + "links"
)


def requirements(path: Path) -> dict[str, list[str]]:
    """Return the hashes of every ``name==version`` and its marker."""
    logical = path.read_text().replace("\\\n", " ")
    lines = [line for line in logical.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {line.split(" --hash")[0].strip(): re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line) for line in lines}


def canonical(text: str) -> str:
    """Return the distribution's name of a requirement."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~ ;]", text, maxsplit=1)[0]).lower()


def lock(name: str) -> dict[str, list[str]]:
    return requirements(ROOT / "requirements" / f"{name}.txt")


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_and_hashes_every_line(path):
    locked = requirements(path)
    assert locked
    for requirement, hashes in locked.items():
        assert re.match(r"[a-z0-9.-]+(\[[a-z0-9,.-]+\])?==\S+( ; .+)?$", requirement), requirement
        assert hashes, f"{requirement} has no hash"


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_has_no_address(path):
    assert "://" not in path.read_text()


def test_no_file_of_the_project_names_a_package_index():
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in names.split("\0") if name]
    texts = {path: path.read_bytes().decode("utf-8", "ignore") for path in paths if path.is_file()}
    assert [path for path, text in texts.items() if INDEX.search(text)] == []


PARTS = ("runtime", "development")


def test_what_runs_is_part_of_what_is_developed_with():
    runs, develops = ({name.split(" ;")[0]: hashes for name, hashes in lock(part).items()} for part in PARTS)
    assert runs.items() <= develops.items()


def test_what_builds_agrees_with_what_is_developed_with():
    build, development = lock("build"), lock("development")
    versions = {canonical(requirement): requirement for requirement in development}
    assert {versions.get(canonical(requirement), requirement) for requirement in build} == set(build)


def test_every_dependency_of_the_project_is_locked():
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    run = {canonical(name) for name in (*project["dependencies"], *extras["serving"], *extras["demo"])}
    everything = run | {canonical(name) for names in extras.values() for name in names}
    assert run - {canonical(project["name"])} <= {canonical(requirement) for requirement in lock("runtime")}
    assert everything - {canonical(project["name"])} <= {canonical(requirement) for requirement in lock("development")}


def test_every_tool_is_locked():
    wanted = {canonical(name) for group in PROJECT["dependency-groups"].values() for name in group}
    assert wanted <= {canonical(requirement) for requirement in lock("development")}


def test_the_extras_are_those_that_errors_speak_of():
    from tenon.base import EXTRAS

    assert set(EXTRAS) == set(PROJECT["project"]["optional-dependencies"])
