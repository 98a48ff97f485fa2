"""What a mail touches: the person's enrollments and colleagues', what was answered, the days that count."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from nurture.core.arrival import Arrival
from nurture.core.calendar import next_business_day
from nurture.core.messages import Enrollment, EnrollmentState, Inbound, Message, Suppression
from nurture.core.people import Organisation, Person
from nurture.core.plan import zone_of
from nurture.core.responses import Answers
from nurture.core.survey import profile
from nurture.errors import UserError
from nurture.flows import drafting
from nurture.flows.matching import Item
from nurture.flows.openings import openings
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nurture.core.calendar import Calendar
    from nurture.core.dossier import Dossier
    from nurture.core.ids import EnrollmentId
    from nurture.core.scenario import Scenario
    from nurture.ports import Doors


async def answers(
    doors: Doors, running: Sequence[Dossier], person: Person, organisation: Organisation | None
) -> Answers:
    """The rules of the person's running enrollments; a text that cannot be read has none."""
    texts = await drafting.scripts(doors, [d.enrollment.scenario_hash for d in running]) if running else None
    scripts: dict[EnrollmentId, Scenario] = {}
    for dossier in running:
        with suppress(UserError):
            assert texts is not None
            scripts[dossier.id] = texts.of_enrollment(dossier.enrollment)
    return Answers(scripts, zone(doors, person, organisation), await openings(doors, scripts.values(), person.id))


async def dossiers(
    doors: Doors, person: Person, message: Message | None, now: datetime
) -> tuple[list[Dossier], list[Dossier]]:
    """Dossiers of the person's running enrollments (and the one answered), and of active colleagues."""
    running = {"state": (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)}
    rows = list(await doors.store.find(Enrollment, {"person_id": person.id, **running}))
    if person.organisation_id is not None:
        rows += await doors.store.find(
            Enrollment, {"organisation_id": person.organisation_id, "state": EnrollmentState.ACTIVE}
        )
    keys = {row.id for row in rows} | ({message.enrollment_id} if message and message.enrollment_id else set())
    found = await doors.store.dossiers(tuple(keys), now)
    own = [d for d in found if d.person.id == person.id]
    return own, [d for d in found if d.person.id != person.id]


def answered(own: Sequence[Dossier], message: Message | None) -> Enrollment | None:
    """The enrollment that was answered: the message's, else the person's latest running one."""
    if message is not None:
        return next((d.enrollment for d in own if d.id == message.enrollment_id), None)
    dated = [d.enrollment for d in own if d.enrollment.enrolled_at is not None]
    return max(dated, key=lambda e: (e.enrolled_at or e.anchor_at, e.id), default=None)


async def silences(doors: Doors, person: Person, row: Inbound, message: Message | None) -> tuple[Suppression, ...]:
    """Suppressions of the addresses that the mail is about, and the person's partial ones, in force or lifted."""
    own = person.email.lower()
    addresses = {own, row.from_address, *([message.to_address.lower()] if message else ())}
    whole = await doors.store.find(Suppression, {"value": tuple(addresses)})
    return (*whole, *await doors.store.find(Suppression, {"value": Span(f"{own}#", f"{own}$")}))


async def scene(
    doors: Doors, own: Sequence[Dossier], others: Sequence[Dossier], answered: Enrollment | None
) -> tuple[Scenario | None, Organisation | None]:
    """The script of what was answered, and whose it is."""
    organisation = next((d.organisation for d in (*own, *others)), None)
    if answered is None:
        return None, organisation
    scripts = await drafting.scripts(doors, [answered.scenario_hash])
    return scripts.read.get(answered.scenario_hash), organisation


def arrival(
    doors: Doors,
    item: Item,
    row: Inbound,
    person: Person,
    message: Message | None,
    *,
    scenario: Scenario | None,
    organisation: Organisation | None,
    now: datetime,
) -> Arrival:
    """The mail with its days as the recipient counts them."""
    here = zone(doors, person, organisation)
    today = now.astimezone(here).date()
    calendars: tuple[Calendar, ...] = ()
    with suppress(UserError):  # an opt-out counts, whatever is wrong with a calendar file
        calendars = doors.library.calendars(scenario, organisation) if scenario else ()
    back = item.reading.away.back if item.reading.away else None
    after = (
        next_business_day(calendars, profile(person, organisation), back) if back else today + timedelta(days=1)
    )
    return Arrival(row, item.reading, person, message, today, now, after, zone=here)


def zone(doors: Doors, person: Person, organisation: Organisation | None) -> ZoneInfo:
    """The recipient's; where somebody mistyped it, ours: days may be a few hours off then."""
    try:
        return zone_of(profile(person, organisation).timezone or doors.settings.timezone)
    except UserError:
        return ZoneInfo(doors.settings.timezone)
