"""``nurture queue approve``, ``reject`` and ``settle``: what a person decides about one mail."""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING

import click

from nurture.cli import queued
from nurture.cli.acting import FINGERPRINT, acted
from nurture.cli.terminal import by_option, json_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.core.messages import Message
    from nurture.core.plan import Day
    from nurture.ports import Doors


@click.command(help=mark("Approve a mail: exactly the text that is shown leaves on its date."))
@click.argument("message")
@by_option
@click.option("--yes", metavar="FINGERPRINT", help=mark("Approve without asking what has this fingerprint."))
@click.option("--on", metavar="DATE", help=mark("For another date, local to the recipient: 2027-04-13."))
@click.option("--at", metavar="TIME", help=mark("At that time of that date: 09:40."))
def approve(message: str, by: str | None, yes: str | None, on: str | None, at: str | None) -> None:
    """Show, ask, approve."""
    t = terminal()
    reader = t.reader(by)
    day, moment = _date(on, at)
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
        from nurture.core import choosing  # noqa: PLC0415
        from nurture.flows import redating, review  # noqa: PLC0415

        if day is None:
            return await review.approve(doors, found.id, by=reader.id, seen=found.fingerprint, via="cli")
        try:
            return await redating.approve_on(
                doors, found.id, day, moment, by=reader.id, seen=found.fingerprint, via="cli"
            )
        except UserError as error:
            from nurture import explain  # noqa: PLC0415

            if (move := choosing.against(error)) is None:
                raise
            why = explain.move(t.w, move)
            raise UserError("It cannot leave on that day: {why}", hint=error.hint, why=why) from None

    done = acted(t, _act)
    if done.state == "approved":
        t.say(mark("Approved. It leaves {at}."), at=t.instant(done.planned_at))
    elif done.reason == "dated":
        t.say(
            mark(
                "It has its new date, and is not approved yet: its text speaks of the date. Please read it again."
            )
        )
    else:
        t.say(mark("Noted. A second person must approve it too."))


def _date(on: str | None, at: str | None) -> tuple[date | None, time | None]:
    if on is None and at is not None:
        raise UserError("a time needs a date", hint="--on DATE")
    try:
        return date.fromisoformat(on) if on else None, time.fromisoformat(at) if at else None
    except ValueError:
        raise UserError("a date such as 2027-04-13 and a time such as 09:40 are expected") from None


@click.command(help=mark("Show on which days a mail may leave, and what stands against the others."))
@click.argument("message")
@json_option
def dates(message: str, as_json: bool) -> None:
    """The days around a mail's date."""
    t = terminal()

    async def _look(doors: Doors) -> tuple[Day, ...]:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import redating  # noqa: PLC0415

        return await redating.days(doors, await find.message(doors, message))

    days = t.run(_look)
    if as_json:
        t.json(
            [
                {
                    "date": str(day.on),
                    "planned": day.at.isoformat() if day.at else None,
                    "against": {"rule": day.against.rule, "entry": day.against.entry} if day.against else None,
                }
                for day in days
            ]
        )
    elif not days:
        t.say(mark("No date can be chosen for this mail now."))
    else:
        from nurture import explain  # noqa: PLC0415

        why = [explain.move(t.w, day.against) if day.against else f"{day.at:%H:%M}" for day in days]
        t.table((t.w("date"), t.w("leaves")), [(t.w.day(d.on), said) for d, said in zip(days, why, strict=True)])


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
