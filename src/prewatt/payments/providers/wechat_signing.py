"""What WeChat Pay signs and how: questions, answers, call-backs, and the parameters of its browser's bridge."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from prewatt.payments.providers.keys import is_rsa_signed, rsa_sign
from prewatt.payments.providers.strict import is_fresh

ALGORITHM: Final = "WECHATPAY2-SHA256-RSA2048"


@dataclass(frozen=True, slots=True)
class WeChatSigner:
    """The merchant's own key, and every key of WeChat Pay's that is valid now, by serial in capitals."""

    merchant_no: str
    app_id: str
    own_serial: str
    own: RSAPrivateKey = field(repr=False)
    peers: Mapping[str, RSAPublicKey] = field(repr=False)

    def authorization(self, method: str, path: str, body: bytes = b"", *, now: datetime) -> str:
        """This method will return the header that proves a question. ``path`` has its query with it."""
        stamp, nonce = _stamp(now), secrets.token_hex(16)
        signature = rsa_sign(self.own, signed_lines(method, path, stamp, nonce) + body + b"\n")
        return (
            f'{ALGORITHM} mchid="{self.merchant_no}",nonce_str="{nonce}",signature="{signature}",'
            f'timestamp="{stamp}",serial_no="{self.own_serial}"'
        )

    def wanted_key(self) -> dict[str, str]:
        """This method will return the header that asks for answers signed with the public key, where one is known.

        While a merchant moves from platform certificates to the public key, WeChat Pay goes by this header.
        """
        known = [serial for serial in self.peers if serial.startswith("PUB_KEY_ID")]
        return {"wechatpay-serial": known[-1]} if known else {}

    def bridge_params(self, prepay_id: str, *, now: datetime) -> dict[str, str]:
        """This method will return what WeChat's browser is given to ask the payer for the money."""
        stamp, nonce, package = _stamp(now), secrets.token_hex(16), f"prepay_id={prepay_id}"
        return {
            "appId": self.app_id,
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": rsa_sign(self.own, signed_lines(self.app_id, stamp, nonce, package)),
        }

    def flaw(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> str:
        """This method will say why a message is not WeChat Pay's of the last five minutes; nothing when it is."""
        key = self.peers.get(headers.get("wechatpay-serial", "").upper())
        if key is None:
            return "it names no certificate or key that is known here"
        if headers.get("wechatpay-signature-type", ALGORITHM) != ALGORITHM:
            return "it is signed in another way"
        stamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        if not is_fresh(stamp, now=now):
            return "its time stamp is not within five minutes"
        message = signed_lines(stamp, nonce) + body + b"\n"
        is_signed = is_rsa_signed([key], message, headers.get("wechatpay-signature", ""))
        return "" if is_signed else "the signature does not hold"


def signed_lines(*parts: str) -> bytes:
    """This function will return each part on a line of its own; a body's line follows where there is one."""
    return "".join(f"{part}\n" for part in parts).encode()


def _stamp(now: datetime) -> str:
    return str(int(now.timestamp()))
