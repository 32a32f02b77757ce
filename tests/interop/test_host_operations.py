"""Operations on the host (strings, files, images, checks) beside TensorFlow: one process of TensorFlow answers all."""

import json
from pathlib import Path

import pytest

import tenon as tf
from tests.interop import host_expressions

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent
EXPRESSIONS = {
    path.stem: [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    for path in sorted((HERE / "expressions").glob("*.txt"))
}
CASES = [(topic, place) for topic, lines in EXPRESSIONS.items() for place in range(len(lines))]


@pytest.fixture(scope="session")
def answers(tmp_path_factory, run_in_tensorflow):
    folder = tmp_path_factory.mktemp("host")
    everything = [line for lines in EXPRESSIONS.values() for line in lines]
    (folder / "expressions.json").write_text(json.dumps(everything))
    (folder / "files").mkdir()
    run_in_tensorflow(
        (HERE / "host_expressions.py").read_text(),
        folder / "files",
        folder / "expressions.json",
        folder / "answers.json",
        HERE / "images",
    )
    found = iter(json.loads((folder / "answers.json").read_text()))
    return {topic: [next(found) for _ in lines] for topic, lines in EXPRESSIONS.items()}


@pytest.mark.parametrize(("topic", "place"), CASES, ids=[f"{t}: {EXPRESSIONS[t][p]}" for t, p in CASES])
def test_an_expression_gives_what_tensorflow_gives(answers, tmp_path, topic, place):
    expected = answers[topic][place]
    found = json.loads(
        json.dumps(host_expressions.answer(tf, str(tmp_path), EXPRESSIONS[topic][place], HERE / "images"))
    )
    if "error" in expected:
        assert expected["error"][0] in found.get("error", ["no error"]), (expected, found)
    else:
        assert repr(found.get("value", found)) == repr(expected["value"])
