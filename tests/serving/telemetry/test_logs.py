"""Log records as lines that nobody can forge."""

import contextvars
import json
import logging
import sys
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.serving.telemetry import current_trace_id, log_formatter
from tenon.serving.telemetry._logs import MAX_TEXT_CHARACTERS

JSON, TEXT = log_formatter("json"), log_formatter("text")
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=30)


def record(message="message", *arguments, exc_info=None, **extra):
    made = logging.LogRecord("tenon.serving", logging.WARNING, __file__, 1, message, arguments, exc_info)
    made.__dict__.update(extra)
    return made


def as_json(*arguments, **options):
    return json.loads(JSON.format(record(*arguments, **options)))


def error_with(text):
    try:
        raise ValueError(text)
    except ValueError:
        return sys.exc_info()


def test_a_line_says_when_how_grave_who_and_what():
    line = as_json("%d models in %s", 2, "a directory")
    moment = datetime.fromisoformat(line.pop("time"))
    assert abs(moment.timestamp() - record().created) < 60
    assert line == {"level": "WARNING", "logger": "tenon.serving", "message": "2 models in a directory"}


def test_the_time_is_utc_with_milliseconds():
    made = record()
    made.created = 1_700_000_000.25
    assert json.loads(JSON.format(made))["time"] == "2023-11-14T22:13:20.250Z"


def test_extra_fields_are_keys_of_their_own():
    line = as_json(model="digits", version=3, share=0.5, nothing=None, parts=[1, {"a": (2,)}], odd=object)
    assert (line["model"], line["version"], line["share"], line["nothing"]) == ("digits", 3, 0.5, None)
    assert line["parts"] == [1, {"a": [2]}]
    assert line["odd"] == "<class 'object'>"


def test_an_extra_field_cannot_take_the_place_of_our_own():
    line = as_json(time="yesterday", level="INFO", logger="somebody")
    assert (line["extra.time"], line["extra.level"], line["extra.logger"]) == ("yesterday", "INFO", "somebody")
    assert (line["level"], line["logger"]) == ("WARNING", "tenon.serving")


def test_the_trace_of_a_request_is_named():
    def formatted():
        current_trace_id.set("a" * 32)
        return as_json()["trace_id"], TEXT.format(record())

    trace_id, text = contextvars.copy_context().run(formatted)
    assert trace_id == "a" * 32
    assert text.endswith(f"trace_id={trace_id}")
    assert "trace_id" not in as_json()


def test_an_exception_comes_with_its_traceback():
    exception = as_json(exc_info=error_with("damaged"))["exception"]
    assert exception.startswith("Traceback")
    assert exception.endswith("ValueError: damaged")


def test_the_stack_comes_when_it_was_asked_for():
    assert as_json(stack_info="Stack (most recent call last):")["exception"].startswith("Stack")


@given(message=TEXTS, name=TEXTS, value=TEXTS, failure=TEXTS)
def test_nothing_forges_a_line_of_json(message, name, value, failure):
    made = record("%s", message, exc_info=error_with(failure))
    made.__dict__[f"x{name}"] = value
    line = JSON.format(made)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["level"] == "WARNING"


@given(message=TEXTS, name=TEXTS, value=TEXTS, failure=TEXTS)
def test_nothing_forges_a_line_of_text(message, name, value, failure):
    made = record("%s", message, exc_info=error_with(failure))
    made.__dict__[f"x{name}"] = value
    first, *rest = TEXT.format(made).encode().decode().split("\n")
    assert first[4:5] == "-"
    assert all(line.startswith("    ") for line in rest)
    assert all(line.isprintable() for line in (first, *rest))


SECRETS = [
    "Authorization: Bearer abcdefghijklmnop",
    "authorization: basic dXNlcjpwYXNzd29yZA==",
    "{'authorization': 'Bearer abcdefghijklmnop', 'accept': '*/*'}",
    "[(b'authorization', b'Bearer abcdefghijklmnop')]",
    "metadata (('authorization', 'abcdefghijklmnop'),)",
    "Proxy-Authorization: Digest username=abcdefghijklmnop",
    "x-api-key: abcdefghijklmnop",
    "Cookie: session=abcdefghijklmnop",
    "the token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.abcdefghijklmnop was refused",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("formatter", [JSON, TEXT])
def test_secrets_are_not_written(formatter, secret):
    for made in (record(secret), record("%s", secret), record(exc_info=error_with(secret)), record(context=secret)):
        line = formatter.format(made)
        assert "[redacted]" in line
        assert not any(part in line for part in ("abcdefghijklmnop", "dXNlcjpw", "eyJ"))


@pytest.mark.parametrize("name", ["authorization", "Proxy-Authorization", "api_key", "x-api-key", "password", "cookie"])
def test_what_is_named_like_a_secret_is_not_written(name):
    line = as_json(**{name: "hunter2", "headers": {name: "hunter2"}})
    assert (line[name], line["headers"]) == ("[redacted]", {name: "[redacted]"})
    assert "hunter2" not in TEXT.format(record(**{name: "hunter2", "headers": {name: "hunter2"}}))


@pytest.mark.parametrize("formatter", [JSON, TEXT])
def test_a_huge_text_is_cut(formatter):
    line = formatter.format(record("a" * 10**6, more="b" * 10**6))
    assert len(line) < 2.1 * MAX_TEXT_CHARACTERS
    assert "...TRUNCATED" in line


def test_deep_and_endless_values_are_cut():
    endless: list = []
    endless.append(endless)
    line = as_json(endless=endless, long=list(range(1000)), number=10**400, infinite=float("inf"))
    assert len(line["long"]) == 100
    assert line["infinite"] == "inf"


def test_a_record_whose_arguments_do_not_fit_is_still_written():
    assert as_json("%d models", "many")["message"] == "%d models ('many',)"


def test_other_formats_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"log_format: must be one of \['json', 'text'\]; received 'xml'"):
        log_formatter("xml")
