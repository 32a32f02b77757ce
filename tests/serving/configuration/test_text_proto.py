"""Text that operators wrote is read, or refused with the file, the line and the rule."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.serving.configuration._text_proto import MAX_BYTES, parse_text, read_bytes

CONFIG = "tensorflow.serving.ModelServerConfig"


def parse(text, **options):
    return parse_text(text if isinstance(text, bytes) else text.encode(), CONFIG, "models.txt", **options)


def test_a_message_is_read():
    text = "model_config_list { config { name: 'a' # a comment\n base_path: \"/a\" } }"
    assert parse(text).model_config_list.config[0].base_path == "/a"
    assert not parse("").model_config_list.config


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("model_config_list {\n  config { nam: 'a' } }", r'models.txt, line 2, column 12: .* has no field named "nam"'),
        ("model_config_list { config { name: 'a' name: 'b' } }", 'line 1, column 46: .* multiple "name" fields'),
        ("model_config_list { config { name: 3 } }", "line 1, column 36"),
        ("model_config_list { config { ", "models.txt, line 1"),
        ("custom_model_config { [type.googleapis.com/nobody.Knows] {} }", "nobody.Knows"),
        (b"\xff\xfe", "models.txt: must be text in UTF-8; byte 0 is not"),
        ("model_config_list { config { name: '" + "x" * 2000, r"line 1, column 36: .{,400}$"),
    ],
)
def test_what_is_no_such_message_is_refused_with_its_place(text, match):
    with pytest.raises(InvalidArgumentError, match=match):
        parse(text)


def test_a_secret_is_never_quoted():
    with pytest.raises(InvalidArgumentError) as caught:
        parse("server_key: 'MIIEv", secret=True)
    assert "MIIEv" not in str(caught.value)
    assert "line 1" in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.text() | st.text("{}[]:<>'\"#,;\\ namemodel_config_list01/.\n"))
def test_any_text_is_read_or_refused(text):
    with suppress(InvalidArgumentError):
        parse(text.encode(errors="surrogatepass"))


def test_nesting_without_end_is_refused():
    nested = "custom_model_config { [type.googleapis.com/tensorflow.serving.ModelServerConfig] { " * 3000
    with pytest.raises(InvalidArgumentError, match=r"models.txt"):
        parse(nested)


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"none\.txt: there is no such file"):
        read_bytes(tmp_path / "none.txt")
    with pytest.raises(InvalidArgumentError, match=f"{tmp_path}: cannot be read"):
        read_bytes(tmp_path)
    with pytest.raises(InvalidArgumentError, match="cannot be read"):
        read_bytes(tmp_path / "a\0b")
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InvalidArgumentError, match=f"must have at most {MAX_BYTES} bytes"):
        read_bytes(large)
