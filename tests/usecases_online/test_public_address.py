"""The public address is asked as a provider asks it: each way in which it can lead elsewhere is told apart."""

import datetime
import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core import signing
from django.test import Client
from typing_extensions import override

from prewatt.usecases.check_public_address import PATH, Reach, ask_public, judge, proof_of

Answer = Callable[[str, str], tuple[int, bytes]]


def certificate(folder: Path, *, name: str) -> tuple[Path, Path]:
    """A self-made certificate for one name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(7).not_valid_before(begin).not_valid_after(begin.replace(year=2100))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert, secret = folder / f"{name}.crt", folder / f"{name}.key"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, secret


class Outside:
    """A TLS server under the name localhost that answers as it is told."""

    def __init__(self, folder: Path, *, name: str) -> None:
        self.answer: Answer = lambda _path, _host: (500, b"")
        outside = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = outside.answer(self.path, self.headers["Host"])
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            @override
            def log_message(self, *_: object) -> None: ...

        cert, key = certificate(folder, name=name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.trusted = ssl.create_default_context(cafile=str(cert))
        self.origin = f"https://localhost:{self.server.server_port}"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    made = Outside(tmp_path_factory.mktemp("tls"), name="localhost")
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def _here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def _as_prewatt(path: str, host: str) -> tuple[int, bytes]:
    token = path.rpartition("/")[2]
    return 200, json.dumps({"prewatt": proof_of(token), "path": path, "host": host}).encode()


def test_the_right_answer_over_tls_is_believed(outside: Outside) -> None:
    outside.answer = _as_prewatt
    found = ask_public(outside.origin, resolve=_here, verify=outside.trusted)
    assert (found.reach, found.detail, found.is_inside) == (Reach.GOOD, "", True)


@pytest.mark.parametrize(
    ("answer", "reach"),
    [
        (lambda *_: (404, b"<html>not found</html>"), Reach.NOT_PREWATT),
        (lambda *_: (301, b""), Reach.REDIRECTED),
        (lambda *_: (400, b"<html>Not understood</html>"), Reach.WRONG_HOST),
        (lambda path, _: _as_prewatt(path, "inner:8000"), Reach.WRONG_HOST),
        (lambda path, host: _as_prewatt(path.removeprefix("/pay"), host), Reach.PATH_CHANGED),
        (lambda *_: (404, b'{"prewatt": "", "path": "/", "host": "x"}'), Reach.OTHER_INSTALLATION),
        (lambda *_: (200, b"x" * 1_000_000), Reach.NOT_PREWATT),
    ],
)
def test_what_answers_otherwise_is_told_apart(outside: Outside, answer: Answer, reach: Reach) -> None:
    outside.answer = answer
    assert ask_public(outside.origin, resolve=_here, verify=outside.trusted).reach is reach


def test_names_connections_and_certificates_are_told_apart(outside: Outside) -> None:
    assert ask_public(outside.origin, resolve=_here).reach is Reach.CERTIFICATE
    assert ask_public("https://power.invalid", resolve=lambda *_: []).reach is Reach.NO_NAME
    assert ask_public("https://localhost:1", resolve=_here).reach is Reach.NO_CONNECTION
    assert ask_public("http://127.0.0.1:8000", resolve=_here).reach is Reach.NOT_TLS
    plain = outside.origin.replace("localhost", "127.0.0.1")  # the certificate is of another name
    found = ask_public(plain, resolve=_here, verify=outside.trusted)
    assert (found.reach, "mismatch" in found.detail) == (Reach.CERTIFICATE, True)


def test_only_fresh_tokens_of_ours_get_a_proof(db: None) -> None:
    token = signing.dumps("x", salt="prewatt.reach")
    answer = Client().get(f"{PATH}{token}").json()
    assert (
        judge(status=200, body=json.dumps(answer).encode(), token=token, origin="https://testserver")[0] is Reach.GOOD
    )
    for stranger in ("anything", signing.dumps("x", salt="another"), "a" * 300):
        refused = Client().get(f"{PATH}{stranger}")
        assert (refused.status_code, refused.json()["prewatt"]) == (404, "")
    assert urlsplit(answer["path"]).path == f"{PATH}{token}"
