"""What the rules of a scenario may enroll somebody in: read before it is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.core.change import ScenarioText
from nurture.core.following import NOWHERE, Openings
from nurture.core.messages import Enrollment, EnrollmentState
from nurture.core.responses import targets
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nurture.core.ids import PersonId
    from nurture.core.scenario import Scenario
    from nurture.ports import Doors


async def openings(doors: Doors, scripts: Iterable[Scenario], person: PersonId) -> Openings:
    """The scenarios that these name, as their files say now, and in which of them this person is.

    One that does not exist any more is left out: whoever wants to enroll in it says so.
    """
    wanted = sorted({name for script in scripts for name in targets(script)})
    if not wanted:
        return NOWHERE
    found: dict[str, Scenario] = {}
    for name in wanted:
        try:
            found[name] = doors.library.scenario(name)
        except UserError:
            continue
    hashes = tuple(script.hash for script in found.values() if script.hash is not None)
    texts = await doors.store.find(ScenarioText, {"id": hashes}) if hashes else ()
    running = await doors.store.find(
        Enrollment, {"person_id": person, "state": (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)}
    )
    return Openings(found, frozenset(row.id for row in texts), frozenset(e.scenario_id for e in running))
