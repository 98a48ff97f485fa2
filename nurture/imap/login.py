"""How a connection is encrypted and logged in: STARTTLS, LOGIN, and SASL where it is needed."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from aioimaplib import aioimaplib

from nurture.errors import PermanentFailure, TemporaryFailure
from nurture.imap.syntax import quoted

if TYPE_CHECKING:
    import ssl

    from nurture.imap.line import Line
    from nurture.imap.protocol import MendedProtocol


async def start_tls(protocol: MendedProtocol, host: str, tls: ssl.SSLContext | None) -> None:
    """RFC 3501, 6.2.1: nothing heard before it counts, bytes sent with the answer least of all."""
    response = await protocol.execute(aioimaplib.Command("STARTTLS", protocol.new_tag(), loop=protocol.loop))
    if response.result != "OK":
        raise TemporaryFailure("{host} does not offer STARTTLS", host=host)
    if protocol.incomplete_line:
        raise TemporaryFailure("{host} sent words before encryption began", host=host)
    protocol.capabilities = set()
    assert tls is not None
    protocol.transport = await protocol.loop.start_tls(protocol.transport, protocol, tls, server_hostname=host)
    await protocol.capability()


async def log_in(line: Line, password: str) -> None:
    """LOGIN; AUTHENTICATE PLAIN where a name or password is not ASCII and the server takes it at once."""
    protocol, user = line.protocol, line.settings.username
    if protocol.state != aioimaplib.NONAUTH:
        return  # PREAUTH
    able = protocol.capabilities
    if not (user + password).isascii() and {"AUTH=PLAIN", "SASL-IR"} <= able:
        sasl = base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")
        command = aioimaplib.Command("AUTHENTICATE", protocol.new_tag(), "PLAIN", sasl, loop=protocol.loop)
        response = await line.do("login", protocol.execute(command, scrub=sasl))
    elif "LOGINDISABLED" in able:
        raise PermanentFailure(
            "{host} does not take a password on this connection: set security to tls or starttls",
            host=line.settings.host,
        )
    else:
        response = await line.do("login", protocol.login(quoted(user), password))
    if response.result != "OK":
        line.refused(response, "the login of {user} was refused: {answer}", user=user)
    protocol.state = aioimaplib.AUTH


async def log_in_by_token(line: Line, token: str) -> None:
    """AUTHENTICATE XOAUTH2 (developers.google.com/gmail/imap/xoauth2-protocol)."""
    protocol, user = line.protocol, line.settings.username
    if protocol.state != aioimaplib.NONAUTH:
        return  # PREAUTH
    if not {"AUTH=XOAUTH2", "SASL-IR"} <= protocol.capabilities:
        raise PermanentFailure("{host} does not take access tokens (XOAUTH2)", host=line.settings.host)
    sasl = base64.b64encode(f"user={user}\1auth=Bearer {token}\1\1".encode()).decode("ascii")
    command = aioimaplib.Command("AUTHENTICATE", protocol.new_tag(), "XOAUTH2", sasl, loop=protocol.loop)
    response = await line.do("login", protocol.execute(command, scrub=sasl))
    if response.result != "OK":
        line.refused(response, "the login of {user} was refused: {answer}", user=user)
    protocol.state = aioimaplib.AUTH
