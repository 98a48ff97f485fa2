"""``nurture mailbox``: does a mailbox send and receive as it should? And let one stand still, or send again."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from nurture.cli.login import login
from nurture.cli.steering import resume_mailbox, stop_mailbox
from nurture.cli.terminal import Terminal, json_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.config import MailboxSettings
    from nurture.flows.selftest import Followed


@click.group(help=mark("Mailboxes: let one be used, try one, stop one, let it send again."))
def mailbox() -> None:
    """The group."""


mailbox.add_command(login)
mailbox.add_command(stop_mailbox)
mailbox.add_command(resume_mailbox)


@mailbox.command(
    help=mark(
        "Send a letter from a mailbox to itself, and follow it until it arrives: how long it took, in which "
        "folder it landed, and what the receiving server found of SPF, DKIM and DMARC. Exit code 1 when it does "
        "not arrive in the inbox."
    )
)
@click.argument("mailbox_id", metavar="ID")
@click.option(
    "--wait",
    type=click.FloatRange(1, 3600),
    default=120.0,
    show_default=True,
    help=mark("Seconds to wait for it."),
)
@json_option
def test(mailbox_id: str, wait: float, as_json: bool) -> None:
    """Send, follow, tell."""
    t = terminal()
    box = _box(t, mailbox_id)
    followed = asyncio.run(_follow(t, box, timedelta(seconds=wait)))
    if as_json:
        t.json(_data(box, followed))
    else:
        _tell(t, box, followed)
    sys.exit(0 if _good(box, followed) else 1)


def _box(t: Terminal, key: str) -> MailboxSettings:
    settings = t.settings()
    found = [box for box in settings.mailboxes if key in {box.id, box.address}]
    if not found:
        raise UserError(
            "there is no mailbox {id}",
            hint="known are: {known}",
            id=key,
            known=", ".join(box.id for box in settings.mailboxes) or "–",
        )
    return found[0]


async def _follow(t: Terminal, box: MailboxSettings, patience: timedelta) -> Followed:
    from nurture import wiring  # noqa: PLC0415
    from nurture.clock import SystemChance, SystemClock  # noqa: PLC0415
    from nurture.credentials import resolve  # noqa: PLC0415
    from nurture.flows import selftest  # noqa: PLC0415
    from nurture.imap.opening import by_token  # noqa: PLC0415
    from nurture.imap.probe import Seeker  # noqa: PLC0415
    from nurture.smtp import SmtpSender  # noqa: PLC0415

    access = wiring.access_tokens(t.settings(), SystemClock())
    sender = SmtpSender({box.id: box}, resolve, access=access)
    seeker = Seeker(box.imap, resolve, tokens=by_token(box, access)) if box.imap else None
    try:
        return await selftest.follow(
            t.settings(), box, sender, seeker, clock=SystemClock(), chance=SystemChance(), patience=patience
        )
    finally:
        await sender.close()
        if seeker is not None:
            await seeker.close()


def _good(box: MailboxSettings, followed: Followed) -> bool:
    if box.imap is None:
        return followed.outcome.verdict == "accepted"
    return followed.arrived is not None and not followed.arrived.junk


def _tell(t: Terminal, box: MailboxSettings, followed: Followed) -> None:
    from nurture.cli.tables import one_line  # noqa: PLC0415

    w, arrived = t.w, followed.arrived
    facts = [(w("sent"), one_line(f"{followed.outcome.verdict} – {followed.outcome.answer}"))]
    if arrived is not None:
        facts.append((w("arrived"), w("after {seconds} seconds", seconds=f"{followed.seconds:.1f}")))
        facts.append((w("folder"), one_line(arrived.folder)))
        facts += [(name.upper(), followed.results.get(name, "–")) for name in ("spf", "dkim", "dmarc")]
        facts += [("Authentication-Results", one_line(said)) for said in followed.said]
    t.facts(facts)
    t.echo()
    for text, values in _verdict(box, followed):
        t.say(text, **values)


def _verdict(box: MailboxSettings, followed: Followed) -> list[tuple[str, dict[str, object]]]:
    """What it means and what to do, in sentences."""
    arrived = followed.arrived
    if followed.outcome.verdict not in {"accepted", "unknown"}:
        return [(mark("The server did not take it. nurture doctor says more."), {})]
    if box.imap is None:
        return [(mark("It was sent. This mailbox is not read (no [mailboxes.imap]): nobody can follow it."), {})]
    values: dict[str, object] = {"problem": str(followed.problem), "seconds": round(followed.seconds)}
    if followed.problem is not None:
        return [(mark("It was sent, but the account cannot be looked into: {problem}"), values)]
    if arrived is None:
        told = mark("It was sent, and did not arrive within {seconds} seconds: look at the mail server's log.")
        said: list[tuple[str, dict[str, object]]] = [(told, values)]
        if box.reply_to:
            plus = mark("It went to {address}, as answers do: does the server deliver to such addresses?")
            said.append((plus, {"address": box.reply_to}))
        return said
    landed = mark("It landed among the junk, as it may with others: nurture doctor says why.")
    found: list[tuple[str, dict[str, object]]] = [(landed if arrived.junk else mark("It arrived."), {})]
    if not followed.results:
        found.append((mark("The server did not check it, as often within one provider: try one elsewhere."), {}))
    failing = [name.upper() for name, result in followed.results.items() if result != "pass"]
    if failing:
        found.append((mark("Not passed: {names}. nurture doctor says what to do."), {"names": ", ".join(failing)}))
    return found


def _data(box: MailboxSettings, followed: Followed) -> dict[str, Any]:
    arrived = followed.arrived
    return {
        "mailbox": box.id,
        "message_id": followed.header_id,
        "sent": followed.outcome.verdict.value,
        "answer": followed.outcome.answer,
        "arrived": arrived is not None,
        "folder": arrived.folder if arrived else None,
        "junk": arrived.junk if arrived else None,
        "seconds": round(followed.seconds, 2),
        "results": dict(followed.results),
        "authentication_results": list(followed.said),
        "problem": str(followed.problem) if followed.problem else None,
    }
