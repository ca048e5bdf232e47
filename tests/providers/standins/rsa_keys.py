"""Keys of everybody in the play: made once for a test run, by name."""

import base64
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """``own``, ``provider``, ``provider-next``, ``stranger``: another name, another key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(name: str) -> str:
    return rsa_key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(name: str) -> str:
    return rsa_key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def bare(pem: str) -> str:
    """The base64 between the lines, as Alipay's tool gives it out."""
    return "".join(pem.strip().splitlines()[1:-1])


@cache
def certificate_pem(name: str) -> str:
    key, now = rsa_key(name), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def serial_of(pem: str) -> str:
    return f"{x509.load_pem_x509_certificate(pem.encode()).serial_number:X}"


def sign(name: str, text: bytes) -> str:
    return base64.b64encode(rsa_key(name).sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(name: str, text: bytes, signature: str) -> None:
    """Raises InvalidSignature."""
    rsa_key(name).public_key().verify(base64.b64decode(signature), text, padding.PKCS1v15(), hashes.SHA256())
