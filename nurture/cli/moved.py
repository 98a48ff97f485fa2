"""``nurture moved`` and ``nurture basis``: somebody leaves, who follows, and why we may write (practice F27)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import Terminal, by_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from datetime import date

    from nurture.core.ids import PersonId, RepId
    from nurture.core.people import LegalBasis, Person
    from nurture.flows.succession import Named
    from nurture.ports import Doors

KINDS = ("consent", "business_card", "relationship", "published")
"""Why mail may be sent, as the law has it."""


@click.command(
    help=mark(
        "Record that somebody moves or leaves: what runs is stopped, and thanks are drafted, unless the address "
        "works no more (--gone). With --successor, who follows: with --basis and --evidence an introduction is "
        "drafted."
    ),
    epilog=mark("Nothing is sent before somebody approves it. --undo takes it back."),
)
@click.argument("person")
@click.option("--gone", is_flag=True, help=mark("The address works no more: no thanks are drafted."))
@click.option("--successor", metavar="ADDRESS", help=mark("The address of who follows."))
@click.option("--family-name", default="", help=mark("The successor's family name."))
@click.option("--given-name", default="", help=mark("The successor's given name."))
@click.option("--title", default="", help=mark("The successor's title."))
@click.option("--basis", "kind", type=click.Choice(KINDS), help=mark("Why mail to the successor is allowed."))
@click.option("--evidence", default="", help=mark("What proves it, and where that is kept."))
@click.option("--on", metavar="DATE", help=mark("Since when; else today."))
@click.option("--undo", is_flag=True, help=mark("It was not so: nobody leaves, nobody follows."))
@by_option
def moved(
    person: str,
    gone: bool,
    successor: str | None,
    family_name: str,
    given_name: str,
    title: str,
    kind: str | None,
    evidence: str,
    on: str | None,
    undo: bool,
    by: str | None,
) -> None:
    """Record, name, or take back."""
    t = terminal()
    rep = t.reader(by).id

    async def _act(doors: Doors) -> tuple[Person, Person | None]:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import handover  # noqa: PLC0415
        from nurture.flows.succession import Named  # noqa: PLC0415

        who = await find.person(doors, person)
        if undo:
            await handover.stay(doors, who.id, by=rep)
            return who, None
        named = None
        if successor is not None:
            named = Named(successor, family_name, given_name, title, _basis(t, doors, kind, evidence, on))
        return who, await _record(doors, who.id, named, gone=gone, by=rep)

    who, after = t.run(_act)
    if undo:
        t.say(mark("{name} does not leave; nobody follows. What was stopped: nurture reopen"), name=who.name)
        return
    t.say(mark("Everything that ran for {name} is stopped. Drafts wait at the desk: nurture queue"), name=who.name)
    if after is not None:
        t.say(mark("{name} follows."), name=after.name)
        if not after.legal_basis.allows_mail:
            t.say(mark("No legal basis yet, so nothing is written: nurture basis {email}"), email=after.email)


async def _record(doors: Doors, who: PersonId, named: Named | None, *, gone: bool, by: RepId) -> Person | None:
    """The successor first: thanks then speak of who follows."""
    from nurture.flows import handover  # noqa: PLC0415

    after = await handover.succeed(doors, who, named, by=by) if named is not None else None
    await handover.depart(doors, who, by=by, works=not gone)
    return after


def _basis(t: Terminal, doors: Doors, kind: str | None, evidence: str, on: str | None) -> LegalBasis:
    """The basis as it was said.

    Raises:
        UserError: something of it is missing.
    """
    from nurture.core.people import Basis, LegalBasis  # noqa: PLC0415

    if kind is None:
        return LegalBasis()
    if not evidence.strip():
        raise UserError("a basis needs a day and what proves it")
    return LegalBasis(Basis(kind), _day(t, doors, on), evidence.strip())


def _day(t: Terminal, doors: Doors, said: str | None) -> date:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from nurture.files.sheet import day  # noqa: PLC0415

    today = doors.clock.now().astimezone(ZoneInfo(t.zone())).date()
    found = today if said is None else day(said)
    if found is None or found > today:
        raise UserError("found {found}, expected a date such as 2026-11-05", found=said)
    return found


@click.command(
    help=mark(
        "Record why mail to somebody is allowed: consent, a card that the person handed over, a running business "
        "relationship, or an address that the organisation publishes. A successor who waited for it is introduced."
    ),
    epilog=mark("A card or an address that was passed on is no basis. Call, and note what was said and when."),
)
@click.argument("person")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--evidence", prompt=mark("What proves it"), help=mark("What proves it, and where that is kept."))
@click.option("--on", metavar="DATE", help=mark("Since when; else today."))
@by_option
def basis(person: str, kind: str, evidence: str, on: str | None, by: str | None) -> None:
    """Record."""
    t = terminal()
    rep = t.reader(by).id

    async def _act(doors: Doors) -> Person:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import handover  # noqa: PLC0415

        who = await find.person(doors, person)
        return await handover.found_basis(doors, who.id, _basis(t, doors, kind, evidence, on), by=rep)

    t.say(mark("Mail to {name} is allowed. See what follows: nurture why {email}"), **_named(t.run(_act)))


def _named(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": person.email}
