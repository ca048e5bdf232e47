"""The certificate that the pages are served under, when Prewatt speaks TLS itself."""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prewatt.cli.errors import UnableToStart
from prewatt.config.environment import Environment

LOOK_EVERY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its chain, and its key, both PEM."""

    cert: Path
    key: Path

    def problem(self) -> str:
        """This method will say why the pair cannot be used; nothing when it can."""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.cert, self.key)
        except (OSError, ssl.SSLError) as error:
            return error.strerror or str(error)
        return ""

    def mark(self) -> tuple[int, ...]:
        """This method will return what differs after a renewal."""
        try:
            return tuple(path.stat().st_mtime_ns for path in (self.cert, self.key))
        except OSError:
            return ()

    async def wait_for_renewal(self, *, every_s: float = LOOK_EVERY_S) -> None:
        """This method will return when another pair lies there, and can be used: one that is half written waits."""
        before = self.mark()
        while True:
            await asyncio.sleep(every_s)
            if self.mark() not in {before, ()} and not self.problem():
                return


def find_certificate(env: Environment) -> Certificate | None:
    """This function will return the certificate that the environment names, if it does. Raises UnableToStart."""
    if env.tls_cert is None and env.tls_key is None:
        return None
    if env.tls_cert is None or env.tls_key is None:
        raise UnableToStart(
            "A certificate needs its key, and the key its certificate.",
            hint="Name both: PREWATT_TLS_CERT and PREWATT_TLS_KEY.",
        )
    found = Certificate(env.tls_cert, env.tls_key)
    problem = found.problem()
    if problem:
        raise UnableToStart(
            f"The certificate {found.cert} with the key {found.key} cannot be used: {problem}.",
            hint="Both must be PEM, belong together, and be readable for the account that runs the web role.",
        )
    return found
