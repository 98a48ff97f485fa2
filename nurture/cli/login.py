"""``nurture mailbox login``: a person lets us use a mailbox whose provider takes no passwords."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import Terminal, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.config import MailboxSettings
    from nurture.oauth import Held, Tokens


@click.command(
    "login",
    help=mark(
        "Have the provider of a mailbox (Google Workspace, Microsoft 365) ask its owner for consent, and keep the "
        "access tokens. The browser must run on this machine; where it does not, use --device or --paste."
    ),
)
@click.argument("mailbox_id", metavar="ID")
@click.option("--device", is_flag=True, help=mark("Type a code in on any device instead (Microsoft 365)."))
@click.option("--paste", is_flag=True, help=mark("Copy the address back to which the browser was sent."))
def login(mailbox_id: str, device: bool, paste: bool) -> None:
    """Ask, wait, keep."""
    from nurture.clock import SystemClock  # noqa: PLC0415
    from nurture.credentials import resolve  # noqa: PLC0415
    from nurture.oauth import Tokens  # noqa: PLC0415

    t = terminal()
    settings = t.settings()
    box = settings.mailbox(mailbox_id)
    if box is None:
        known = ", ".join(one.id for one in settings.mailboxes)
        raise UserError("there is no mailbox {id}", hint="known are: {known}", id=mailbox_id, known=known)
    if box.oauth is None:
        raise UserError(
            "{id} is not set up for access tokens",
            hint="Add [mailboxes.oauth]; see config.example.toml.",
            id=box.id,
        )
    tokens = Tokens(settings.tokens, resolve, SystemClock())
    held = asyncio.run(_ask(t, tokens, box, device=device, paste=paste))
    tokens.keep(box.id, held)
    t.say(
        mark("{address} may be used from now on. A daemon that runs knows it at its next try."),
        address=box.address,
    )


async def _ask(t: Terminal, tokens: Tokens, box: MailboxSettings, *, device: bool, paste: bool) -> Held:
    from nurture.clock import SystemChance  # noqa: PLC0415
    from nurture.oauth import consent  # noqa: PLC0415

    if device:
        return await consent.by_device(
            tokens,
            box,
            lambda url, code: t.say(mark("Open {url} on any device and type in: {code}"), url=url, code=code),
            asyncio.sleep,
        )
    if paste:
        asked = consent.Consent(tokens, box, SystemChance(), consent.nowhere(box))
        t.say(mark("Open this page in a browser and consent as {address}:"), address=box.address)
        t.echo(asked.url)
        t.say(mark("The browser ends on a page that it cannot open. Copy that page's address here:"))
        return await asked.finish(await asyncio.to_thread(sys.stdin.readline))

    def show(url: str) -> None:
        """For the person; a browser is opened where there is one."""
        t.say(mark("Open this page in a browser of this machine and consent as {address}:"), address=box.address)
        t.echo(url)
        if sys.stdout.isatty():
            click.launch(url)

    return await consent.by_browser(
        tokens, box, SystemChance(), show, t.w("Thank you. You can close this page and go back to the terminal.")
    )
