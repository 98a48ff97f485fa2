"""``nurture closure``: days on which one hospital is not to be written to."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import click

from nurture.cli.terminal import by_option, json_option, terminal
from nurture.i18n import mark

if TYPE_CHECKING:
    from nurture.core.people import Closure, Organisation
    from nurture.ports import Doors

WHICH = mark("ORGANISATION is a name, a part of one that fits no other, or an id.")


@click.group(
    help=mark(
        "Closures: days on which one organisation is not to be written to (accreditation visit, inspection, "
        "anniversary). Its running enrollments are planned anew at once."
    )
)
def closure() -> None:
    """Put in, list, take out."""


@closure.command(help=mark("Keep a closure with an organisation."), epilog=WHICH)
@click.argument("organisation")
@click.option("--from", "first", required=True, metavar="DATE", help=mark("The first day: 2027-05-13."))
@click.option("--to", "last", metavar="DATE", help=mark("The last day, included; else one day."))
@click.option("--name", required=True, help=mark("What it is, as people will read it."))
@click.option(
    "--effect",
    type=click.Choice(("blackout", "holiday", "quiet")),
    default="blackout",
    show_default=True,
    help=mark("blackout: no mail; holiday: no business day either; quiet: only thank-yous and notices."),
)
@by_option
def add(organisation: str, first: str, last: str | None, name: str, effect: str, by: str | None) -> None:
    """Add."""
    from nurture.cli.calendar import day_of  # noqa: PLC0415
    from nurture.core.people import Closure  # noqa: PLC0415
    from nurture.flows import closures  # noqa: PLC0415

    t = terminal()
    reader = t.reader(by)
    start = day_of(first)
    fresh = Closure(start, day_of(last) if last else start, " ".join(name.split()), effect)

    async def _work(doors: Doors) -> tuple[Organisation, int]:
        where = await _organisation(doors, organisation)
        return await closures.add(doors, where.id, fresh, by=reader.id), await _running(doors, where)

    where, running = t.run(_work)
    t.say(
        mark("{organisation} is not written to: {days}, {name}. {count} running enrollments are planned anew."),
        organisation=where.name,
        days=_days(fresh),
        name=fresh.name,
        count=running,
    )


@closure.command("list", help=mark("List the closures of one organisation, or of all."), epilog=WHICH)
@click.argument("organisation", required=False)
@json_option
def list_(organisation: str | None, as_json: bool) -> None:
    """The list."""
    t = terminal()

    async def _work(doors: Doors) -> list[Organisation]:
        from nurture.core.people import Organisation  # noqa: PLC0415

        if organisation is not None:
            return [await _organisation(doors, organisation)]
        return [one for one in await doors.store.find(Organisation, order=("name",)) if one.closures]

    found = [(where, one) for where in t.run(_work) for one in where.closures if not one.is_over]
    if as_json:
        t.json([_data(where, one) for where, one in found])
        return
    if not found:
        t.say(mark("No closures are known."))
        return
    t.table(
        (t.w("organisation"), t.w("first day"), t.w("last day"), t.w("what it is"), t.w("effect")),
        [
            (where.name, t.w.date(one.start), t.w.date(one.end), one.name, t.w(EFFECTS[one.effect]))
            for where, one in found
        ],
    )


@closure.command(help=mark("Take a closure out again."), epilog=WHICH)
@click.argument("organisation")
@click.option("--from", "first", required=True, metavar="DATE", help=mark("Its first day."))
@click.option("--name", help=mark("Its name, if several begin on that day."))
@by_option
def remove(organisation: str, first: str, name: str | None, by: str | None) -> None:
    """Remove."""
    from nurture.cli.calendar import day_of  # noqa: PLC0415
    from nurture.flows import closures  # noqa: PLC0415

    t = terminal()
    reader = t.reader(by)
    start = day_of(first)

    async def _work(doors: Doors) -> tuple[Organisation, Closure, int]:
        from nurture.errors import UserError  # noqa: PLC0415

        where = await _organisation(doors, organisation)
        kept = [one for one in where.closures if not one.is_over]
        meant = [one for one in kept if one.start == start and name in {None, one.name}]
        if len(meant) != 1:
            raise UserError(
                "several closures of {organisation} begin on that day"
                if meant
                else "no closure of {organisation} begins on that day",
                hint="give its name: {known}" if meant else "see: nurture closure list",
                organisation=where.name,
                known=", ".join(one.name for one in meant),
            )
        after = await closures.remove(doors, where.id, meant[0], by=reader.id)
        return after, meant[0], await _running(doors, where)

    where, gone, running = t.run(_work)
    t.say(
        mark("Taken out of {organisation}: {days}, {name}. {count} running enrollments are planned anew."),
        organisation=where.name,
        days=_days(gone),
        name=gone.name,
        count=running,
    )


EFFECTS = {
    "blackout": mark("no mail"),
    "holiday": mark("no mail, no business day"),
    "quiet": mark("no mail but thank-yous and notices"),
}


def _data(where: Organisation, one: Closure) -> dict[str, Any]:
    return {
        "organisation": where.name,
        "organisation_id": where.id,
        "from": one.start.isoformat(),
        "to": one.end.isoformat(),
        "name": one.name,
        "effect": one.effect,
    }


def _days(one: Closure) -> str:
    w = terminal().w
    return w.date(one.start) if one.start == one.end else f"{w.date(one.start)} - {w.date(one.end)}"


async def _running(doors: Doors, where: Organisation) -> int:
    from nurture.core.messages import Enrollment, EnrollmentState  # noqa: PLC0415

    return await doors.store.count(Enrollment, {"organisation_id": where.id, "state": EnrollmentState.ACTIVE})


async def _organisation(doors: Doors, said: str) -> Organisation:
    """The one organisation that is meant."""
    from nurture.cli import find  # noqa: PLC0415
    from nurture.core.people import Organisation  # noqa: PLC0415
    from nurture.errors import UserError  # noqa: PLC0415

    if found := await find.by_id(doors, Organisation, said):
        meant: tuple[Organisation, ...] = found
    else:
        everybody = await doors.store.find(Organisation)
        plain = _folded(said)
        exact = tuple(one for one in everybody if _folded(one.name) == plain)
        meant = exact or tuple(one for one in everybody if plain and plain in _folded(one.name))
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise UserError(
            "several organisations are called {name}",
            hint="give more of the name: {known}",
            name=said,
            known=", ".join(one.name for one in meant[:10]),
        )
    raise UserError(
        "no organisation is known as {name}",
        hint="nurture people shows the organisations of all people",
        name=said,
    )


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
