"""Hosts and origins, as browsers and liars write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import PermissionDeniedError
from tenon.serving.console._guard import check_host, check_origin
from tenon.serving.http import HttpRequest


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:1", "a.localhost:80", "localhost.", "127.0.0.1", "127.9.9.9:65535", "[::1]", "[::1]:1"],
)
def test_the_loopback_is_known_by_all_its_names(host):
    check_host(host, ())


@pytest.mark.parametrize(
    "host",
    [
        *(
            "",
            ":80",
            "example",
            "notlocalhost",
            "localhost.example",
            "127.0.0.1.example",
            "0.0.0.0",
            "128.0.0.1",
            "[::2]",
        ),
        *(
            "::1",
            "[::1",
            "localhost:port",
            "localhost:123456",
            "u@localhost",
            "localhost/x",
            "localhost,example",
            "127.1",
        ),
        *("localhost\n", " localhost", "[::ffff:10.0.0.1]", "2130706433", "0x7f.0.0.1"),
    ],
)
def test_other_names_are_refused(host):
    with pytest.raises(PermissionDeniedError, match="Host: "):
        check_host(host, ())


@given(st.text())
def test_any_text_is_known_or_refused(host):
    try:
        check_host(host, {"console.example"})
    except PermissionDeniedError:
        return
    assert host.lower().startswith(("localhost", "127.", "[", "console.example")) or "localhost" in host.lower()


def change(**headers):
    named = {"host": "localhost:8502"} | {name.replace("_", "-"): value for name, value in headers.items()}
    check_origin(HttpRequest.of("PUT", "/api/traffic", headers=named))


def test_a_change_shows_that_no_foreign_page_sent_it():
    change(x_tenon_admin="1")
    change(x_tenon_admin="1", origin="http://localhost:8502")
    change(origin="https://LOCALHOST:8502", content_type="text/plain; charset=utf-8")
    for headers in ({}, {"content_type": "application/json"}, {"origin": "http://localhost:8502"}):
        with pytest.raises(PermissionDeniedError, match="X-Tenon-Admin: a change needs this header"):
            change(**headers)
    for origin in ("http://localhost", "http://localhost:85020", "null", "", "file://"):
        with pytest.raises(PermissionDeniedError, match="Origin: changes come from"):
            change(origin=origin, x_tenon_admin="1", content_type="application/json")
