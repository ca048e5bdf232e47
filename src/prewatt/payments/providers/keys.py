"""Keys, signatures and seals, as the providers use them. Pure; nothing here ever puts a key into a message."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from prewatt.payments.providers.errors import BadMerchant
from prewatt.payments.providers.strict import Unreadable, read_base64

RSA_BITS_MIN: Final = 2048
_BARE: Final = re.compile(r"[A-Za-z0-9+/=\s]+")


def load_rsa_private(text: str) -> RSAPrivateKey:
    """This function will read a private key as PEM, or as the bare base64 that Alipay's tool gives out."""
    key = _private(text, "RSA")
    if not isinstance(key, RSAPrivateKey) or key.key_size < RSA_BITS_MIN:
        raise BadMerchant("The private key is not an RSA key of 2048 bits or more.", hint="Paste the right key.")
    return key


def load_rsa_public(text: str) -> RSAPublicKey:
    """This function will read a public key or a certificate as PEM, or a public key as bare base64."""
    key = _public(text)
    if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS_MIN:
        raise BadMerchant("The provider's key is not an RSA key of 2048 bits or more.", hint="Paste the right key.")
    return key


def load_ed25519_private(text: str) -> Ed25519PrivateKey:
    """This function will read an Ed25519 private key as PEM."""
    key = _private(text, "Ed25519")
    if not isinstance(key, Ed25519PrivateKey):
        raise BadMerchant("The private key is not an Ed25519 key.", hint="Paste the right key.")
    return key


def load_ed25519_public(text: str) -> Ed25519PublicKey:
    """This function will read an Ed25519 public key as PEM."""
    key = _public(text)
    if not isinstance(key, Ed25519PublicKey):
        raise BadMerchant("The provider's key is not an Ed25519 key.", hint="Paste the right key.")
    return key


def rsa_sign(key: RSAPrivateKey, message: bytes) -> str:
    """This function will sign with RSASSA-PKCS1-v1_5 and SHA-256, in base64: what RSA2 and WECHATPAY2 mean."""
    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def is_rsa_signed(keys: Iterable[RSAPublicKey], message: bytes, signature: str) -> bool:
    """This function will say whether one of the keys made the signature."""
    try:
        proof = read_base64(signature)
    except Unreadable:
        return False
    return any(_made_by_rsa(key, message, proof) for key in keys)


def ed25519_sign(key: Ed25519PrivateKey, message: bytes) -> str:
    """This function will sign with Ed25519, in base64."""
    return base64.b64encode(key.sign(message)).decode()


def is_ed25519_signed(key: Ed25519PublicKey, message: bytes, signature: str) -> bool:
    """This function will say whether the key made the signature."""
    try:
        key.verify(read_base64(signature), message)
    except (InvalidSignature, Unreadable):
        return False
    return True


def hmac_sha256(secret: str, message: bytes) -> str:
    """This function will return the keyed hash in lower-case hexadecimal."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def is_same(first: str, second: str) -> bool:
    """This function will compare two texts in a time that tells nothing about them."""
    return hmac.compare_digest(first.encode(), second.encode())


def unseal(keys: Iterable[str], *, nonce: str, sealed: str, bound_to: str) -> bytes:
    """This function will open AES-256-GCM with the first key that fits. Raises Unreadable when none does."""
    data = read_base64(sealed)
    if len(nonce.encode()) != 12:
        raise Unreadable("the nonce is not 12 bytes")
    for key in keys:
        try:
            return AESGCM(key.encode()).decrypt(nonce.encode(), data, bound_to.encode())
        except InvalidTag:
            continue
    raise Unreadable("sealed with another key")


def _made_by_rsa(key: RSAPublicKey, message: bytes, proof: bytes) -> bool:
    try:
        key.verify(proof, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=16)
def _private(text: str, kind: str) -> object:
    """This function will read a private key once: to prove its primes takes longer than a hundred signatures."""
    try:
        bare = _bare(text)
        return load_der_private_key(bare, None) if bare else load_pem_private_key(text.strip().encode(), None)
    except (ValueError, TypeError, UnicodeEncodeError):
        raise BadMerchant(
            "The private key cannot be read.",
            hint="Paste an unencrypted %(kind)s key as PEM, with its first line.",
            kind=kind,
        ) from None


def _public(text: str) -> object:
    try:
        bare = _bare(text)
        if bare:
            return load_der_public_key(bare)
        if "CERTIFICATE" in text:
            return x509.load_pem_x509_certificate(text.strip().encode()).public_key()
        return load_pem_public_key(text.strip().encode())
    except (ValueError, UnicodeEncodeError):
        raise BadMerchant("The provider's key cannot be read.", hint="Paste its public key or certificate.") from None


def _bare(text: str) -> bytes:
    """This function will return the bytes of a key that came as base64 alone; none for PEM."""
    return base64.b64decode("".join(text.split())) if _BARE.fullmatch(text) else b""
