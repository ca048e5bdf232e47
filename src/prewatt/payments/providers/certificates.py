"""Alipay's certificate mode: what names a certificate, what proves it, and what must fit together. Pure.

Alipay names a certificate by the MD5 of its issuer's name and its serial number: a name, not a proof. The proof is the
chain to the root certificates that a person entered, and the signatures.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from prewatt.payments.providers.errors import BadCertificate, BadMerchant
from prewatt.payments.providers.keys import RSA_BITS_MIN, load_rsa_private

PRIVATE_KEY: Final = "private_key_pem"
APP: Final = "app_cert_pem"
ALIPAY: Final = "alipay_cert_pem"
ROOT: Final = "alipay_root_cert_pem"
PARTS: Final = (PRIVATE_KEY, APP, ALIPAY, ROOT)
"""What certificate mode is made of, as forms and refusals call it. Alipay's own stands among the provider's keys."""

_RSA_SIGNATURES: Final = "1.2.840.113549.1.1."
_SN: Final = re.compile(r"[0-9a-f]{32}")
_LACKING: Final = {
    APP: "the app's certificate (appCertPublicKey_….crt)",
    ALIPAY: "Alipay's certificate (alipayCertPublicKey_RSA2.crt)",
    ROOT: "Alipay's root certificates (alipayRootCert.crt)",
}


@dataclass(frozen=True, slots=True)
class CertificateMode:
    """What is told of ourselves with every question, and whom we believe: Alipay's keys by ``alipay_cert_sn``."""

    app_sn: str
    root_sn: str
    peers: Mapping[str, RSAPublicKey]
    good_until: datetime


def is_certificate(text: str) -> bool:
    """This function will say whether a text means to be a certificate, and not a bare key."""
    return "BEGIN CERTIFICATE" in text


def is_certificate_name(text: str) -> bool:
    """This function will say whether a text has the shape of a name that Alipay gives to certificates."""
    return bool(_SN.fullmatch(text))


def mode_of(*, own: RSAPrivateKey, secrets: Mapping[str, str], peers: Mapping[str, str]) -> CertificateMode | None:
    """This function will read the mode that a merchant's keys mean; none where they mean Alipay's plain public key.

    While the certificates are not complete, a plain key that is in force still counts. Of several certificates of
    Alipay the ones count that lead to the root certificates. Raises BadMerchant.
    """
    named = [text for text in peers.values() if is_certificate(text)]
    given = {APP: secrets.get(APP, ""), ROOT: secrets.get(ROOT, ""), ALIPAY: named}
    lacking = [_LACKING[part] for part, value in given.items() if not value]
    if lacking:
        if len(lacking) == len(given) or len(named) < len(peers):
            return None
        raise BadMerchant(
            f"For certificates the merchant lacks {' and '.join(lacking)}.", hint="Enter it under “Certificates”."
        )
    roots = read_certificates(secrets[ROOT], part=ROOT)
    believed = [one for one in (read_certificates(text, part=ALIPAY) for text in named) if _leads_to(one, roots)]
    if not believed:
        raise _no_way()
    return CertificateMode(
        app_sn=certificate_sn(_app_of(secrets[APP], own)),
        root_sn=root_sn(roots),
        peers={certificate_sn(chain[0]): _rsa_of(chain[0], ALIPAY) for chain in believed},
        good_until=max(chain[0].not_valid_after_utc for chain in believed),
    )


def require_certificates(texts: Mapping[str, str], *, now: datetime) -> dict[str, str]:
    """This function will refuse keys and certificates that do not belong together or are not valid now.

    ``texts``: each of ``PARTS``. Returns the names of the app's and of Alipay's certificate, by part. Raises
    BadCertificate, which says whose field it is; every text that cannot be read is told at once.
    """
    faults: dict[str, BadMerchant] = {}
    chains: dict[str, Sequence[x509.Certificate]] = {}
    keys: list[RSAPrivateKey] = []
    for part in PARTS:
        try:
            if part == PRIVATE_KEY:
                keys.append(load_rsa_private(texts.get(part, "")))
            else:
                chains[part] = read_certificates(texts.get(part, ""), part=part)
        except BadCertificate as fault:
            faults |= fault.faults
        except BadMerchant as fault:
            faults[part] = fault
    if faults:
        raise BadCertificate(faults)
    (own,) = keys
    app, (alipay, *_) = _app_of(texts[APP], own), chains[ALIPAY]
    _require_now(app, part=APP, now=now)
    if _is_issuer(alipay):
        raise _bad(ALIPAY, "This is an issuer's certificate.", hint="Choose alipayCertPublicKey_RSA2.crt.")
    if _rsa_of(alipay, ALIPAY).public_numbers() == own.public_key().public_numbers():
        raise _bad(ALIPAY, "This is the app's own certificate.", hint="Choose alipayCertPublicKey_RSA2.crt.")
    _require_now(alipay, part=ALIPAY, now=now)
    if not _leads_to(chains[ALIPAY], chains[ROOT], now=now):
        raise _no_way()
    root_sn(chains[ROOT])
    return {APP: certificate_sn(app), ALIPAY: certificate_sn(alipay)}


def read_certificates(text: str, *, part: str) -> tuple[x509.Certificate, ...]:
    """This function will read one PEM certificate or several; what they are for is ``part``. Raises BadCertificate."""
    if not text:
        raise _bad(part, "The certificate is missing.", hint="Paste it too: all of them are needed the first time.")
    try:
        return tuple(x509.load_pem_x509_certificates(text.strip("\ufeff \t\r\n").encode()))
    except (ValueError, UnicodeEncodeError):
        raise _bad(
            part,
            "The certificate cannot be read.",
            hint="Paste the whole file, from -----BEGIN CERTIFICATE----- to the last line.",
        ) from None


def certificate_sn(certificate: x509.Certificate) -> str:
    """This function will name a certificate as Alipay does.

    It is the MD5 of the issuer, the last part of its name first, and of the serial number in decimal digits.
    """
    said = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()


def root_sn(certificates: Iterable[x509.Certificate]) -> str:
    """This function will name root certificates: those signed with RSA alone, joined by ``_`` in the file's order."""
    names = [certificate_sn(one) for one in certificates if _is_signed_with_rsa(one)]
    if not names:
        raise _bad(ROOT, "None of these root certificates is signed with RSA.", hint="Choose alipayRootCert.crt.")
    return "_".join(names)


def _app_of(text: str, own: RSAPrivateKey) -> x509.Certificate:
    """This function will read the app's certificate, which must certify our own key: else Alipay refuses all we say."""
    certificate = read_certificates(text, part=APP)[0]
    if _rsa_of(certificate, APP).public_numbers() != own.public_key().public_numbers():
        raise _bad(
            APP,
            "The app's certificate does not belong to our private key.",
            hint="Enter the key and the certificate that were made together.",
        )
    return certificate


def _rsa_of(certificate: x509.Certificate, part: str) -> RSAPublicKey:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS_MIN:
        raise _bad(part, "The certificate's key is not an RSA key of 2048 bits or more.", hint="Choose the RSA2 one.")
    return key


def _require_now(certificate: x509.Certificate, *, part: str, now: datetime) -> None:
    if not _is_valid(certificate, now):
        raise _bad(
            part,
            "The certificate is valid from %(begin)s to %(end)s alone.",
            hint="Download the one that is valid now.",
            begin=f"{certificate.not_valid_before_utc:%Y-%m-%d}",
            end=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
        )


def _leads_to(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], *, now: datetime | None = None
) -> bool:
    """This function will say whether a chain, whose first one counts, leads to a root.

    Without ``now`` dates are not looked at: they were when the certificate was entered, and Alipay replaces its own
    before it runs out.
    """
    at, *between = chain
    while not any(_is_issued(at, by, now) for by in roots):
        above = next((by for by in between if _is_issued(at, by, now)), None)
        if above is None:
            return False
        between.remove(above)  # each is a step once: a ring ends
        at = above
    return True


def _is_issued(certificate: x509.Certificate, by: x509.Certificate, now: datetime | None) -> bool:
    if certificate == by or not _is_issuer(by) or (now is not None and not _is_valid(by, now)):
        return False
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_issuer(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, x509.ExtensionNotFound):
        return False


def _is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _is_signed_with_rsa(certificate: x509.Certificate) -> bool:
    return certificate.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNATURES)


def _no_way() -> BadCertificate:
    return _bad(
        ALIPAY,
        "Alipay's certificate does not lead to the root certificates given.",
        hint="Download both anew from the same app, and paste the whole files.",
    )


def _bad(part: str, message: str, *, hint: str, **facts: object) -> BadCertificate:
    return BadCertificate({part: BadMerchant(message, hint=hint, **facts)})
