"""The page's files: all are there, whole, of a known type, and ask for nothing from elsewhere."""

import re

import pytest

from tenon.serving.console._static import serve_file, static_files
from tenon.serving.http import HttpRequest

FILES = static_files()
PAGE = FILES["/"].content.decode()
OURS = {path: file.content.decode() for path, file in FILES.items() if "/uplot/" not in path}


def test_short_paths_stand_for_long_ones():
    assert FILES["/"] is FILES["/static/index.html"]
    assert FILES["/openapi.json"] is FILES["/openapi/admin.json"]
    assert FILES["/static/uplot/LICENSE"].content.startswith(b"The MIT License")
    assert not [path for path in FILES if path.endswith(".py") or ".." in path]


def test_whatever_the_page_names_is_there():
    linked = re.findall(r'(?:src|href)="(/[^"]*)"', PAGE)
    imported = [f"/static/{name}" for text in OURS.values() for name in re.findall(r'from "\./([^"]+)"', text)]
    assert len(linked) > 5
    assert len(imported) > 5
    assert {*linked, *imported} <= set(FILES)


@pytest.mark.parametrize("path", [path for path in OURS if path.startswith("/static/")])
def test_nothing_comes_from_elsewhere_and_nothing_is_made_of_text(path):
    addresses = set(re.findall(r"https?://[^\s\"')]+", OURS[path]))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc"):
        assert danger not in OURS[path]
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=\"|style=\"|javascript:", OURS[path])


def test_every_element_that_the_scripts_look_for_is_on_the_page():
    ids = set(re.findall(r'id="([^"]+)"', PAGE))
    wanted = {name for text in OURS.values() for name in re.findall(r'\$\("([a-z0-9-]+)"\)', text)}
    assert len(wanted) > 20
    assert wanted <= ids


def test_a_file_is_sent_once_as_long_as_it_stays():
    file = FILES["/static/console.css"]
    first = serve_file(file, HttpRequest.of("GET", "/static/console.css"))
    headers = dict(first.headers)
    assert (first.status, headers["Content-Type"], first.body) == (200, "text/css; charset=utf-8", file.content)
    again = HttpRequest.of("GET", "/static/console.css", headers={"if-none-match": headers["ETag"]})
    assert serve_file(file, again)[::2] == (304, b"")
