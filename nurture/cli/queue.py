"""``nurture queue``: what waits at the desk, from the command line.

Approving shows the text first; without a terminal the fingerprint of what was shown must be given, so that
nobody approves what nobody read.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nurture.cli.acting import FINGERPRINT, acted
from nurture.cli.enclosing import attach, detach
from nurture.cli.release import release
from nurture.cli.terminal import Terminal, by_option, json_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.attachments import Enclosed
    from nurture.core.ids import MessageId, OrganisationId, PersonId
    from nurture.core.messages import Message
    from nurture.core.people import Organisation, Person
    from nurture.ports import Doors


class _Listing(click.Group):
    """``nurture queue`` alone lists."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Listing, help=mark("Look at what waits for approval; approve, edit, reject, settle. Alone, it lists.")
)
def queue() -> None:
    """The group."""


queue.add_command(release)


@dataclass(frozen=True, slots=True)
class Listed:
    """Mails with whom they go to."""

    messages: tuple[Message, ...]
    people: Mapping[PersonId, Person]
    organisations: Mapping[OrganisationId, Organisation]
    files: Mapping[MessageId, tuple[Enclosed, ...]]

    def name(self, message: Message) -> str:
        """The recipient's name, as far as it is known."""
        found = self.people.get(message.person_id)
        return found.name if found else message.to_name or message.to_address

    def organisation(self, message: Message) -> str:
        """The recipient's organisation."""
        found = self.organisations.get(message.organisation_id) if message.organisation_id else None
        return found.name if found else ""


@queue.command("list", help=mark("List what has a text and has not left, the most urgent first."))
@click.option("--rep", metavar="REP", help=mark("Only mails of this representative."))
@click.option("--waiting", is_flag=True, help=mark("Only what waits for a person."))
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help=mark("At most this many.")
)
@json_option
def list_(rep: str | None, waiting: bool, limit: int, as_json: bool) -> None:
    """The queue."""
    t = terminal()

    async def _look(doors: Doors) -> Listed:
        from nurture.core.messages import Message, MessageState  # noqa: PLC0415

        states = [MessageState.WAITING, MessageState.IN_DOUBT, MessageState.FAILED]
        if not waiting:
            states += [MessageState.APPROVED, MessageState.SENDING]
        where: dict[str, object] = {"state": tuple(states)}
        if rep:
            where["rep_id"] = rep
        found = await doors.store.find(Message, where, order=("planned_at",), limit=limit)
        return await _listed(doors, found)

    listed = t.run(_look)
    if as_json:
        t.json([_data(m, listed) for m in listed.messages])
    elif not listed.messages:
        t.say(mark("Nothing waits."))
    else:
        _table(t, listed)


def _table(t: Terminal, listed: Listed) -> None:
    from nurture import explain  # noqa: PLC0415
    from nurture.cli.find import short  # noqa: PLC0415

    w = t.w
    headers = (w("id"), w("state"), w("leaves"), w("to"), w("hospital"), w("rep"), w("subject"))
    t.table(
        headers,
        [
            (
                short(m.id),
                explain.state(w, m.state),
                t.instant(m.planned_at),
                listed.name(m),
                listed.organisation(m),
                m.rep_id,
                m.subject,
            )
            for m in listed.messages
        ],
    )


def _data(message: Message, listed: Listed) -> dict[str, Any]:
    """A mail as public JSON."""
    return {
        "id": message.id,
        "state": message.state.value,
        "reason": message.reason,
        "planned": _iso(message.planned_at),
        "deadline": _iso(message.deadline),
        "step": message.step_id,
        "approve": message.approve,
        "rep": message.rep_id,
        "to": {"name": listed.name(message), "email": message.to_address},
        "organisation": listed.organisation(message) or None,
        "subject": message.subject,
        "fingerprint": message.fingerprint,
        "attachments": [
            {"name": one.name, "bytes": one.size, "sha256": one.key} for one in listed.files.get(message.id, ())
        ],
    }


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None


@queue.command(help=mark("Show one mail as its recipient will see it, and why it leaves then."))
@click.argument("message")
@json_option
def show(message: str, as_json: bool) -> None:
    """One mail."""
    t = terminal()
    listed = t.run(lambda doors: _one(doors, message))
    if as_json:
        t.json({**_data(listed.messages[0], listed), "body": listed.messages[0].body})
    else:
        _show(t, listed)


async def _one(doors: Doors, key: str) -> Listed:
    from nurture.cli import find  # noqa: PLC0415

    return await _listed(doors, (await find.message(doors, key),))


async def _listed(doors: Doors, found: tuple[Message, ...]) -> Listed:
    from nurture.cli import find  # noqa: PLC0415
    from nurture.flows import review  # noqa: PLC0415

    files = {m.id: review.enclosed(doors, m) for m in found if m.attachments}
    return Listed(found, *await find.about(doors, found), files)


def _show(t: Terminal, listed: Listed) -> None:
    from nurture import explain  # noqa: PLC0415
    from nurture.cli.tables import one_line, plain  # noqa: PLC0415

    (m,) = listed.messages
    w = t.w
    place = f" ({listed.organisation(m)})" if listed.organisation(m) else ""
    facts = [
        (w("id"), m.id),
        (w("from"), f"{m.from_name} <{m.from_address}>"),
        (w("to"), f"{listed.name(m)} <{m.to_address}>{place}"),
        (w("subject"), m.subject),
        (w("leaves"), t.instant(m.planned_at)),
        (w("state"), explain.why(w, m)),
        (w("fingerprint"), m.fingerprint[:FINGERPRINT]),
    ]
    if m.deadline:
        facts.insert(5, (w("deadline"), t.instant(m.deadline)))
    facts += [(w("attachment"), f"{one.name} ({-(-one.size // 1000)} kB)") for one in listed.files.get(m.id, ())]
    t.facts([(name, one_line(value)) for name, value in facts])
    t.echo()
    t.echo(plain(m.body).rstrip())


@queue.command(help=mark("Approve a mail: exactly the text that is shown leaves on its date."))
@click.argument("message")
@by_option
@click.option("--yes", metavar="FINGERPRINT", help=mark("Approve without asking what has this fingerprint."))
def approve(message: str, by: str | None, yes: str | None) -> None:
    """Show, ask, approve."""
    t = terminal()
    reader = t.reader(by)
    listed = t.run(lambda doors: _one(doors, message))
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
        _show(t, listed)
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


@queue.command(help=mark("Reject a mail: its step is not sent. Say why; the reason teaches those who write."))
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


@queue.command(
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


@queue.command(help=mark("Edit a mail in $EDITOR. The legal footer stays; the mail needs a fresh approval."))
@click.argument("message")
@by_option
def edit(message: str, by: str | None) -> None:
    """Edit."""
    from nurture.mail.text import split_footer  # noqa: PLC0415

    t = terminal()
    reader = t.reader(by)
    (found,) = t.run(lambda doors: _one(doors, message)).messages
    before = f"Subject: {found.subject}\n\n{split_footer(found.body)[0].rstrip()}\n"
    after = click.edit(before, extension=".txt")
    if after is None or after.strip() == before.strip():
        t.say(mark("Nothing changed."))
        return
    try:
        subject, body = _parted(after)

        async def _act(doors: Doors) -> Message:
            from nurture.flows import review  # noqa: PLC0415

            return await review.edit(
                doors, found.id, by=reader.id, subject=subject, body=body, seen=found.fingerprint
            )

        done = acted(t, _act)
    except UserError:
        kept = _keep(after)
        click.echo(t.w("Your text is kept in {file}", file=kept), err=True)
        raise
    t.say(mark("Saved. It waits for approval again."))
    t.say(mark("fingerprint {fingerprint}"), fingerprint=done.fingerprint[:FINGERPRINT])


def _parted(text: str) -> tuple[str, str]:
    """Subject and body of an edited text.

    Raises:
        UserError: the first line is not the subject's, or nothing follows.
    """
    first, _, rest = text.replace("\r\n", "\n").lstrip().partition("\n")
    name, _, subject = first.partition(":")
    if name.strip().lower() not in {"subject", "件名"} or not subject.strip():
        raise UserError("the first line must be: Subject: …", hint="the text follows after an empty line")
    return subject.strip(), rest.strip("\n")


def _keep(text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix="nurture-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)


queue.add_command(attach)
queue.add_command(detach)
