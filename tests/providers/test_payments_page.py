"""The worked examples of docs/protocols/payments.md are what the code does."""

import hashlib
import re
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.providers.standins.authority import certificate

from prewatt.payments.providers.alipay import sign_text
from prewatt.payments.providers.certificates import certificate_sn
from prewatt.payments.providers.keys import hmac_sha256
from prewatt.payments.providers.testpay import signed_lines as lines_of_testpay
from prewatt.payments.providers.wechat_signing import signed_lines as lines_of_wechat
from prewatt.testpay import signing

PAGE = (Path(__file__).parents[2] / "docs" / "protocols" / "payments.md").read_text()
EXAMPLES = [block.strip("\n") for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)]


def unescaped(text):
    return text.replace("\\n", "\n").encode()


def test_alipay():
    text = EXAMPLES[0]
    params = dict(pair.split("=", 1) for pair in text.split("&"))
    assert sign_text(dict(reversed(params.items()))) == text
    assert hashlib.sha256(text.encode()).hexdigest() in PAGE


def test_alipays_names_of_certificates():
    (issuer, serial, name) = re.findall(r"`(CN=[^`]+)` and `(\d+)` give\n  `([0-9a-f]{32})`", PAGE)[0]
    made = certificate("own", issuer=x509.Name.from_rfc4514_string(issuer), serial=int(serial))
    assert made.issuer.rfc4514_string() == issuer
    assert certificate_sn(made) == name


def test_wechat():
    asked, answered = unescaped(EXAMPLES[1]), unescaped(EXAMPLES[2])
    method, path, stamp, nonce, _ = asked.decode().split("\n", 4)
    assert lines_of_wechat(method, path, stamp, nonce) + b"\n" == asked
    stamp, nonce, body = answered.decode().split("\n", 2)
    assert lines_of_wechat(stamp, nonce) + body.encode() == answered
    for message in (asked, answered):
        assert hashlib.sha256(message).hexdigest() in PAGE


def test_stripe():
    assert hmac_sha256("whsec_example", b'1795329005.{"id":"evt_1"}') in PAGE


def test_testpay():
    message = unescaped(EXAMPLES[3])
    _, serial, stamp, nonce, body = message.decode().split("\n", 4)
    (secret,) = re.findall(r"`([0-9a-f]{64})`\) the call-back", PAGE)
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    assert lines_of_testpay("callback", serial, stamp, nonce) + body.encode() == message
    assert signing.message("callback", serial, stamp, nonce, body=body.encode()) == message
    assert signing.sign(key, message) in PAGE
