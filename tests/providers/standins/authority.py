"""Authorities of the tests' own, as Alipay's are built: several roots, an issuer below, certificates below it."""

from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.providers.standins.rsa_keys import rsa_key

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2099, 12, 31, tzinfo=UTC)


@cache
def curve_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(common: str) -> x509.Name:
    """In the order in which Alipay's own are written; ``common`` may carry what must be escaped."""
    parts = {
        NameOID.COUNTRY_NAME: "CN",
        NameOID.ORGANIZATION_NAME: "Stand-in Financial",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "Certification Authority",
        NameOID.COMMON_NAME: common,
    }
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts.items()])


@cache
def certificate(
    name: str,
    *,
    by: str = "issuer",
    authority: bool = False,
    curve: bool = False,
    begin: datetime = BEGIN,
    end: datetime = END,
    serial: int = 0,
    issuer: x509.Name | None = None,
) -> x509.Certificate:
    """The certificate of a key by its name. ``by`` itself: a root. ``curve``: an elliptic key signs with its own."""
    key = curve_key(name) if curve else rsa_key(name)
    signs = key if by == name else rsa_key(by)
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer or _name(by))
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )
    if authority:
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return made.sign(signs, hashes.SHA256())


def pem_of(*certificates: x509.Certificate) -> str:
    """As Alipay gives files out: one below the other, an empty line between."""
    return "\n".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


@cache
def national_root() -> x509.Certificate:
    """A root on the curve SM2, signed with SM3: none that is read here knows them, and Alipay's own file begins so."""
    own = certificate("root-national", by="root-national", authority=True, curve=True).public_bytes(Encoding.DER)
    curve, signature = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d040302")
    own = own.replace(curve, bytes.fromhex("2a811ccf5501822d")).replace(signature, bytes.fromhex("2a811ccf55018375"))
    return x509.load_der_x509_certificate(own)


def roots() -> str:
    """Two roots that sign with elliptic curves, which have no name at Alipay, and two that sign with RSA."""
    return pem_of(
        national_root(),
        certificate("root-curve", by="root-curve", authority=True, curve=True),
        certificate("root", by="root", authority=True),
        certificate("root-second", by="root-second", authority=True),
    )


def issued(name: str, **changes: object) -> str:
    """A certificate and the one of its issuer, which a root signed: what Alipay's own file holds."""
    own = certificate(name, **changes)
    return pem_of(own, certificate("issuer", by="root", authority=True))


def certificates() -> dict[str, str]:
    """What a merchant in certificate mode enters, beside its private key."""
    return {
        "app_cert_pem": pem_of(certificate("own")),
        "alipay_cert_pem": issued("provider"),
        "alipay_root_cert_pem": roots(),
    }
