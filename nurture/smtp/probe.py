"""One connection to a mailbox's SMTP server, as the sender would open it: opened, encrypted, logged in, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.core.health import LineFacts
from nurture.errors import UserError
from nurture.smtp.connect import Connector
from nurture.smtp.line import BROKEN, Ending
from nurture.wire import shown_tls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from nurture.config import MailboxSettings, Secret
    from nurture.ports import Access

NO_CONNECTION = "no connection: "


async def examine(
    mailbox: MailboxSettings,
    resolve_secret: Callable[[Secret], str],
    *,
    tls: ssl.SSLContext | None = None,
    access: Access | None = None,
) -> LineFacts:
    """What becomes of one connection. Never raises for what a server says or does. No letter is sent."""
    smtp = mailbox.smtp
    place = (smtp.host, smtp.port, smtp.security)
    try:
        if smtp.username and smtp.password is not None:
            resolve_secret(smtp.password)
    except UserError as problem:
        return LineFacts(*place, tried=False, problem=problem)
    try:
        line = await Connector(resolve_secret, tls, access).open(mailbox)
    except Ending as ending:
        answer = ending.outcome.answer
        reached = not answer.startswith(NO_CONNECTION)
        return LineFacts(*place, reached=reached, problem=answer.removeprefix(NO_CONNECTION))
    version, ends = shown_tls(line.client.get_transport_info("ssl_object"))
    try:
        await line.client.quit()
    except BROKEN:
        pass  # it ends either way
    finally:
        line.hang_up()
    return LineFacts(*place, reached=True, logged_in=True, tls=version, expires_at=ends)
