"""``nurture people``: who is known; one person's data handed over, and erased."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import by_option, json_option, terminal
from nurture.errors import UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.ids import OrganisationId, PersonId
    from nurture.core.messages import Enrollment
    from nurture.core.people import Organisation, Person
    from nurture.ports import Doors

Found = tuple[
    "tuple[Person, ...]", "Mapping[OrganisationId, Organisation]", "Mapping[PersonId, tuple[Enrollment, ...]]"
]


class Listing(click.Group):
    """Words that are no subcommand are what the list is searched for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """``nurture people 青葉`` is ``nurture people list 青葉``."""
        asks_help = bool(args) and args[0] in ctx.help_option_names
        if not asks_help and (not args or args[0] not in self.commands):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=Listing, help=mark("The people who are known: list, hand over or erase one person's data."))
def people() -> None:
    """Subcommands below; a word alone is searched for."""


@people.command("export", help=mark("Everything that is held about one person, as a ZIP file."))
@click.argument("person")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@by_option
def export(person: str, file: Path, by: str | None) -> None:
    """Write the file, for nobody else to read."""
    t = terminal()
    rep = t.reader(by).id

    async def _act(doors: Doors) -> bytes:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import erasing  # noqa: PLC0415

        return await erasing.export(doors, (await find.person(doors, person)).id, by=rep)

    packed = t.run(_act)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(packed)
    except OSError as error:
        raise UserError(
            "{path} cannot be written: {reason}", path=file, reason=error.strerror or str(error)
        ) from error
    t.say(mark("Written: {path}. Private notes are in it: read it before you hand it over."), path=file)


@people.command(
    "erase", help=mark("Erase one person for good: rows, mails, notes; no list brings the address back.")
)
@click.argument("person")
@click.option("--yes", metavar="ADDRESS", help=mark("The person's address, instead of being asked for it."))
@by_option
def erase(person: str, yes: str | None, by: str | None) -> None:
    """Ask for the address, and erase."""
    t = terminal()
    rep = t.reader(by).id

    async def _find(doors: Doors) -> Person:
        from nurture.cli import find  # noqa: PLC0415

        return await find.person(doors, person)

    who = t.run(_find)
    question = t.w("To be sure: type the address {email}", email=who.email)
    typed = yes if yes is not None else click.prompt(question)
    if typed.strip().lower() != who.email.lower():
        raise UserError("That is not this person's address. Nothing was erased.")

    async def _act(doors: Doors) -> None:
        from nurture.flows import erasing  # noqa: PLC0415

        await erasing.erase(doors, who.id, by=rep)

    t.run(_act)
    t.say(mark("Erased. Backups that were made before still hold the data."))


@people.command("readmit", help=mark("Take an erased address in again: its owner asked for it."))
@click.argument("address")
@click.option(
    "--evidence", prompt=mark("How and when it was told"), help=mark("What was said, when and how; it is kept.")
)
@by_option
def readmit(address: str, evidence: str, by: str | None) -> None:
    """Lift the bar."""
    t = terminal()
    rep = t.reader(by).id

    async def _act(doors: Doors) -> None:
        from nurture.flows import erasing  # noqa: PLC0415

        await erasing.readmit(doors, address, by=rep, evidence=evidence)

    t.run(_act)
    t.say(mark("{email} may be taken in again."), email=address)


@people.command(
    "merge",
    help=mark("Make one person of two entries: the first stays, what belongs to the other becomes its own."),
)
@click.argument("person")
@click.argument("other")
@by_option
def merge(person: str, other: str, by: str | None) -> None:
    """Merge the second into the first."""
    t = terminal()
    rep = t.reader(by).id

    async def _act(doors: Doors) -> tuple[Person, Person]:
        from nurture.cli import find  # noqa: PLC0415
        from nurture.flows import merging  # noqa: PLC0415

        kept, gone = await find.person(doors, person), await find.person(doors, other)
        return await merging.merge(doors, kept.id, gone.id, by=rep), gone

    kept, gone = t.run(_act)
    t.say(mark("{email} is {name} ({address}) from now on."), email=gone.email, name=kept.name, address=kept.email)


@people.command(
    "list", help=mark("List people; with a word, those whose name, reading, address or hospital contains it.")
)
@click.argument("word", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help=mark("At most this many.")
)
@json_option
def listed(word: str | None, limit: int, as_json: bool) -> None:
    """The list."""
    t = terminal()
    found, organisations, running = t.run(lambda doors: _look(doors, word, limit))

    def hospital(person: Person) -> str:
        organisation = organisations.get(person.organisation_id) if person.organisation_id else None
        return organisation.name if organisation else ""

    if as_json:
        t.json(
            [
                {
                    "id": p.id,
                    "name": p.name,
                    "email": p.email,
                    "organisation": hospital(p) or None,
                    "role": p.role,
                    "specialty": p.specialty,
                    "title": p.title,
                    "rep": p.rep_id,
                    "legal_basis": p.legal_basis.kind.value,
                    "may_be_written_to": p.legal_basis.allows_mail,
                    "enrollments": [
                        {"id": e.id, "scenario": e.scenario_id, "state": e.state.value}
                        for e in running.get(p.id, ())
                    ],
                }
                for p in found
            ]
        )
        return
    if not found:
        t.say(mark("Nobody is known yet: nurture import people.csv") if not word else mark("Nobody found."))
        return
    from nurture import explain  # noqa: PLC0415

    w = t.w
    t.table(
        (w("name"), w("hospital"), w("role"), w("address"), w("rep"), w("legal basis"), w("scenarios")),
        [
            (
                p.name,
                hospital(p),
                explain.role(w, p.role) if p.role else "–",
                p.email,
                p.rep_id or "–",
                explain.basis(w, p.legal_basis.kind),
                ", ".join(e.scenario_id for e in running.get(p.id, ())) or "–",
            )
            for p in found
        ],
    )


async def _look(doors: Doors, word: str | None, limit: int) -> Found:
    from nurture.core.messages import Enrollment, EnrollmentState  # noqa: PLC0415
    from nurture.core.people import Organisation, Person  # noqa: PLC0415

    if word:
        found = await doors.store.search(Person, word, limit=limit)
    else:
        found = await doors.store.find(Person, order=("organisation_id", "family_name"), limit=limit)
    houses = tuple({p.organisation_id for p in found if p.organisation_id})
    organisations = {o.id: o for o in await doors.store.find(Organisation, {"id": houses})} if houses else {}
    states = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)
    running: dict[PersonId, tuple[Enrollment, ...]] = {}
    ids = tuple(p.id for p in found)
    for enrollment in await doors.store.find(Enrollment, {"person_id": ids, "state": states}) if ids else ():
        running[enrollment.person_id] = (*running.get(enrollment.person_id, ()), enrollment)
    return found, organisations, running
