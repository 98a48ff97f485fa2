"""What came in, as the list of tasks shows it: what a mail was taken for, and what to do next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from nurture.core import cases
from nurture.core.ids import TaskId, derived
from nurture.core.messages import Inbound
from nurture.core.reading import Found, Intent, Kind, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nurture.core.cases import Case
    from nurture.core.deals import Task
    from nurture.ports import Store

OF_KIND: Final = {
    case.task: case for case in reversed(cases.CASES) if case.task is not None and case.task != "reply"
}
"""Kinds of tasks that only one case makes, or whose gravest case is meant."""
ROWS: Final = 500


async def taken_for(store: Store, tasks: Iterable[Task]) -> Mapping[TaskId, Case]:
    """The case of each task that a mail has made, in one query at most; tasks of other origin have none."""
    listed = tuple(tasks)
    known = {t.id: OF_KIND[t.kind] for t in listed if t.kind in OF_KIND and t.step_id is None}
    wanted = {t.id for t in listed if t.kind == "reply"}
    people = {t.person_id for t in listed if t.id in wanted and t.person_id}
    if not people:
        return known
    rows = await store.find(Inbound, {"person_id": tuple(people)}, order=("-received_at",), limit=ROWS)
    made = ((TaskId(derived("task:reply", row.id)), row) for row in rows)
    return known | {key: _case(row) for key, row in made if key in wanted}


def _case(row: Inbound) -> Case:
    """As it was taken when it came in: the row keeps what was read."""
    said = tuple(Found(Intent(i), "", "") for i in row.intents if i in {*Intent})
    sensitive = json.loads(row.reading).get("sensitive", ())
    return cases.of(Reading(Kind(row.kind), found=said, sensitive=tuple(sensitive)))
