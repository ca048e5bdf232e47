"""What webhooks reckon without a database: signatures, and where they may go."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.webhooks.errors import BadEndpoint
from prewatt.webhooks.reach import find_reachable, is_allowed, require_url
from prewatt.webhooks.signing import is_signed, sign

NOW = 1_795_000_000


@given(body=st.binary(max_size=200), other=st.binary(max_size=200), secret=st.text(min_size=1, max_size=20))
def test_a_signature_proves_its_body_its_secret_and_its_time(body: bytes, other: bytes, secret: str) -> None:
    header = sign(body=body, secrets=[secret], at_s=NOW)
    assert is_signed(header=header, body=body, secret=secret, now_s=NOW + 299)
    assert is_signed(header=header, body=other, secret=secret, now_s=NOW) is (body == other)
    assert not is_signed(header=header, body=body, secret=secret + "x", now_s=NOW)
    assert not is_signed(header=header, body=body, secret=secret, now_s=NOW + 301)
    assert not is_signed(header=header.replace(str(NOW), str(NOW + 1)), body=body, secret=secret, now_s=NOW)


def test_two_secrets_sign_while_one_takes_the_others_place() -> None:
    header = sign(body=b"{}", secrets=["new", "old"], at_s=NOW)
    assert all(is_signed(header=header, body=b"{}", secret=one, now_s=NOW) for one in ("new", "old"))


@given(header=st.text(max_size=80))
def test_no_header_is_taken_by_chance(header: str) -> None:
    assert not is_signed(header=header, body=b"{}", secret="secret", now_s=NOW)


@pytest.mark.parametrize("url", ["https://erp.example.org/hook?a=1", "https://10.0.0.1:8443/x", "http://localhost:9/x"])
def test_an_address_is_kept_as_it_is(url: str) -> None:
    assert require_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example.org/hook", "ftp://x/y", "https://", "https://user:word@x/", "https://x/#f", "//x/y", "x",
        "https://x/ y", "https://x:0/", "https://x:99999/", "https://[::1", "https://exämple.org/", "file:///etc/passwd",
        "https://x/\n", "javascript:alert(1)", "https://x/" + "y" * 500,
    ],
)  # fmt: skip
def test_an_address_that_is_not_plain_https_is_refused(url: str) -> None:
    with pytest.raises(BadEndpoint):
        require_url(url)


INSIDE = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
    "255.255.255.255", "240.0.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::", "2001:db8::1",
)  # fmt: skip


@pytest.mark.parametrize("text", INSIDE)
def test_nothing_inside_is_reached_unless_it_is_named(text: str) -> None:
    assert not is_allowed(ip_address(text), own_networks=[])
    with pytest.raises(BadEndpoint):
        find_reachable(host="x", own_networks=[], resolve=lambda _: ["93.184.216.34", text])


def test_what_is_outside_or_named_is_reached() -> None:
    for text in ("93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"):
        assert is_allowed(ip_address(text), own_networks=[])
    own = [ip_network("10.1.0.0/16"), ip_network("::1/128")]
    assert find_reachable(host="x", own_networks=own, resolve=lambda _: ["10.1.2.3"]) == ip_address("10.1.2.3")
    assert find_reachable(host="x", own_networks=own, resolve=lambda _: ["::1%lo"]) == ip_address("::1")
    found: dict[str, list[str]] = {"nowhere": [], "inside": ["10.2.0.1"]}
    for host in found:
        with pytest.raises(BadEndpoint):
            find_reachable(host=host, own_networks=own, resolve=found.__getitem__)
