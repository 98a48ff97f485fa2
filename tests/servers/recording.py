"""A correct SMTP server (aiosmtpd) that keeps what it was given."""

from __future__ import annotations

import asyncio
import warnings
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult

from tests.servers.authority import server_tls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

USER = "tanaka@maker.example"
PASSWORD = "correct horse 電池"


@dataclass  # no slots: aiosmtpd looks through its handler, and Python 3.11.2 trips over the class with slots
class Recording:
    """What arrived: sender, recipients, options and text of each letter."""

    port: int = 0
    tls_from_start: bool = False
    letters: list[tuple[str, tuple[str, ...], tuple[str, ...], bytes]] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)  # the methods that were used, also in vain

    async def handle_DATA(self, _server: object, session: Any, envelope: Any) -> str:  # noqa: N802 – their name
        """Keep it and say yes."""
        self.letters.append(
            (
                envelope.mail_from,
                tuple(envelope.rcpt_tos),
                tuple(envelope.mail_options),
                envelope.original_content,
            )
        )
        self.sessions.add(id(session))
        self.encrypted.append(self.tls_from_start or session.ssl is not None)
        return "250 2.0.0 kept"


def _authenticate(server: Any, _session: object, _envelope: object, mechanism: str, data: Any) -> Any:
    server.event_handler.logins.append(mechanism)
    good = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False)


@asynccontextmanager
async def recording(
    *, security: str = "starttls", login: bool = True, methods: Sequence[str] = ("PLAIN", "LOGIN")
) -> AsyncIterator[Recording]:
    """Run it in the test's own event loop, on a free port of loopback, with the tests' certificate.

    ``methods``: of logging in, that it offers.
    """
    kept = Recording(tls_from_start=security == "tls")

    def connection() -> SMTP:
        """One connection."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of passwords in the clear: this is loopback
            return SMTP(
                kept,
                hostname="test",
                tls_context=server_tls() if security == "starttls" else None,
                require_starttls=security == "starttls",
                auth_required=login,
                auth_require_tls=security == "starttls",
                authenticator=_authenticate,
                auth_exclude_mechanism=[name for name in ("PLAIN", "LOGIN") if name not in methods],
                enable_SMTPUTF8=True,
                data_size_limit=1_000_000,
                loop=asyncio.get_running_loop(),
            )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=server_tls() if security == "tls" else None)
    try:
        kept.port = server.sockets[0].getsockname()[1]
        yield kept
    finally:
        server.close()
        await server.wait_closed()
