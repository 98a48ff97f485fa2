"""``nurture people``: who is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nurture.cli.terminal import json_option, terminal
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


@click.command(help=mark("List people; with a word, those whose name, reading, address or hospital contains it."))
@click.argument("word", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help=mark("At most this many.")
)
@json_option
def people(word: str | None, limit: int, as_json: bool) -> None:
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
