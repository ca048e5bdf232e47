"""From where a request comes, behind proxies of ours and without."""

from ipaddress import ip_network

import pytest
from django.test import Client

from prewatt.config.addresses import client_of

TRUSTED = [ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("198.51.100.7", "127.0.0.1", "198.51.100.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "made up", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, ,", "198.51.100.7"),
        ("", "198.51.100.7", ""),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours(peer, forwarded, client):
    assert client_of(peer=peer, forwarded=forwarded, trusted=TRUSTED) == client


def test_the_word_of_a_proxy_counts_only_where_there_is_one(db, settings):
    headers = {"X-Forwarded-For": "203.0.113.9"}
    settings.TRUSTED_PROXIES = []
    assert Client().get("/healthz", headers=headers).wsgi_request.META["REMOTE_ADDR"] == "127.0.0.1"
    settings.TRUSTED_PROXIES = TRUSTED
    assert Client().get("/healthz", headers=headers).wsgi_request.META["REMOTE_ADDR"] == "203.0.113.9"


def test_only_a_proxy_of_ours_may_say_that_it_was_tls(db, settings):
    settings.TRUSTED_PROXIES = TRUSTED
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "other.example.org"}
    assert Client().get("/healthz", headers=headers).wsgi_request.is_secure()
    stranger = Client(REMOTE_ADDR="198.51.100.7").get("/healthz", headers=headers).wsgi_request
    assert not stranger.is_secure()
    assert "HTTP_X_FORWARDED_HOST" not in stranger.META
