"""``nurture queue approve``, ``reject`` and ``settle``: what a person decides about one mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli import queued
from nurture.cli.acting import FINGERPRINT, acted
from nurture.cli.terminal import by_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.core.messages import Message
    from nurture.ports import Doors


@click.command(help=mark("Approve a mail: exactly the text that is shown leaves on its date."))
@click.argument("message")
@by_option
@click.option("--yes", metavar="FINGERPRINT", help=mark("Approve without asking what has this fingerprint."))
def approve(message: str, by: str | None, yes: str | None) -> None:
    """Show, ask, approve."""
    t = terminal()
    reader = t.reader(by)
    listed = t.run(lambda doors: queued.one(doors, message))
    (found,) = listed.messages
    if yes is not None:
        if len(yes) < FINGERPRINT or not found.fingerprint.startswith(yes.lower()):
            raise UserError(
                "this mail does not have the fingerprint {fingerprint}",
                hint="look at it again: nurture queue show {key}",
                fingerprint=yes,
                key=message,
            )
    else:
        queued.page(t, listed)
        t.echo()
        click.confirm(t.w("Approve exactly this text?"), abort=True)

    async def _act(doors: Doors) -> Message:
        from nurture.flows import review  # noqa: PLC0415

        return await review.approve(doors, found.id, by=reader.id, seen=found.fingerprint, via="cli")

    done = acted(t, _act)
    if done.state == "approved":
        t.say(mark("Approved. It leaves {at}."), at=t.instant(done.planned_at))
    else:
        t.say(mark("Noted. A second person must approve it too."))


@click.command(help=mark("Reject a mail: its step is not sent. Say why; the reason teaches those who write."))
@click.argument("message")
@click.option("--reason", prompt=mark("Why"), help=mark("Why it is not good."))
@by_option
def reject(message: str, reason: str, by: str | None) -> None:
    """Reject."""
    t = terminal()
    reader = t.reader(by)

    async def _act(doors: Doors) -> Message:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import review  # noqa: PLC0415

        found = await find.message(doors, message)
        return await review.reject(doors, found.id, by=reader.id, reason=reason)

    acted(t, _act)
    t.say(mark("Rejected. It will not be sent."))


@click.command(
    help=mark(
        "Settle a mail in doubt: --sent says that the recipient has it, --again sends it once more under the same "
        "Message-ID. The daemon looks for copies by itself; this is for what it cannot find."
    )
)
@click.argument("message")
@click.option("--sent", is_flag=True, help=mark("It left."))
@click.option("--again", is_flag=True, help=mark("Send it again."))
@click.option("--why", help=mark("How you know: it is kept in the journal."))
@by_option
def settle(message: str, why: str | None, by: str | None, *, sent: bool, again: bool) -> None:
    """Settle."""
    t = terminal()
    if sent is again:
        raise click.UsageError(t.w("say either --sent or --again"))
    reader = t.reader(by)
    known = click.prompt(t.w("How do you know")) if why is None else why

    async def _act(doors: Doors) -> Message:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import doubts  # noqa: PLC0415

        found = await find.message(doors, message)
        return await doubts.settle(doors, found.id, by=reader.id, sent=sent, why=known)

    acted(t, _act)
    t.say(mark("Settled: it counts as sent.") if sent else mark("Settled: it will be sent again."))
