"""A server that stands open to the world is told so."""

import pytest

from tenon.serving.security import JwtIssuer, Limit, Limits, SecurityConfig, TlsConfig, exposure_warning

TLS = TlsConfig(b"c", b"k")
MUTUAL = TlsConfig(b"c", b"k", b"a", client_verify=True)
CHECKED = SecurityConfig((JwtIssuer("i", ("a",), "k"),))
UNCHECKED = SecurityConfig(limits=Limits(client=Limit(concurrency=1)))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "unix:/tmp/socket"])
def test_on_this_machine_alone_nothing_is_told(host):
    assert exposure_warning(host, None, None) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "", "no.such.host.invalid", "a..b", "fe80::1%lo"])
def test_everywhere_else_it_is(host):
    assert exposure_warning(host, None, None) is not None


@pytest.mark.parametrize(
    ("tls", "security", "told"),
    [
        (None, None, ["no authentication", "no TLS"]),
        (None, UNCHECKED, ["no authentication", "no TLS"]),
        (None, CHECKED, ["no TLS"]),
        (TLS, None, ["no authentication"]),
        (TLS, SecurityConfig(), ["no authentication"]),
        (TLS, CHECKED, []),
        (MUTUAL, None, []),
    ],
)
def test_the_warning_names_what_is_missing(tls, security, told):
    warning = exposure_warning("0.0.0.0", tls, security) or ""
    assert [what for what in ("no authentication", "no TLS") if what in warning] == told
    assert bool(warning) == bool(told)
