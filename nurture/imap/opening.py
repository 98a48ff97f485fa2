"""How a connection is logged in: with the account's password, or with an access token."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nurture.errors import PermanentFailure, UserError
from nurture.imap.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from nurture.config import ImapSettings, MailboxSettings, Secret
    from nurture.ports import Access


@dataclass(frozen=True, slots=True)
class ByToken:
    """Where access tokens of a mailbox come from."""

    access: Access
    box: MailboxSettings


def by_token(box: MailboxSettings, access: Access | None) -> ByToken | None:
    """The tokens of a mailbox, if it has any."""
    return ByToken(access, box) if access is not None and box.oauth is not None else None


async def open_line(
    imap: ImapSettings,
    resolve: Callable[[Secret], str],
    tls: ssl.SSLContext | None,
    tokens: ByToken | None = None,
) -> Line:
    """A new connection, encrypted and logged in; with a token where the account has no password.

    Raises:
        TemporaryFailure: no connection, or no token at the moment.
        PermanentFailure: the login is refused, the password is not to be had, or somebody must consent (again).
    """
    if tls is None and imap.security != "none":
        tls = await asyncio.to_thread(ssl.create_default_context)  # reads files
    if imap.password is None and tokens is not None:
        return await _open_by_token(imap, tls, tokens)
    if imap.password is None:
        raise PermanentFailure("no password is configured for {host}", host=imap.host)
    try:
        password = resolve(imap.password)
    except UserError as problem:
        raise PermanentFailure(
            "the password for {host} is not to be had: {problem}", host=imap.host, problem=str(problem)
        ) from None
    return await Line.open(imap, password, tls)


async def _open_by_token(imap: ImapSettings, tls: ssl.SSLContext | None, tokens: ByToken) -> Line:
    try:
        token = await tokens.access.access(tokens.box)
    except UserError as problem:
        raise PermanentFailure(problem.text, **problem.values) from None
    try:
        return await Line.open(imap, token, tls, by_token=True)
    except PermanentFailure:
        tokens.access.refused(token)
        raise
