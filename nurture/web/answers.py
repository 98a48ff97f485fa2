"""What came in, as the list of tasks shows it: what a mail was taken for, and what to do next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from nurture.core import cases
from nurture.core.ids import TaskId, derived
from nurture.core.messages import Inbound
from nurture.core.reading import Found, Intent, Kind, Reading
from nurture.flows.matching import CUT

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
SHORT: Final = 400
"""Characters of a mail that the list shows."""


class Taken(NamedTuple):
    """The mail that made a task: its case, and its text where more was written than a list shows."""

    case: Case
    whole: str = ""
    cut_in: str = ""  # the folder where the rest lies
    how: str = ""  # who wrote it, where not the person under the known address: colleague | renamed | former
    who: str = ""  # his name and address


async def taken_for(store: Store, tasks: Iterable[Task]) -> Mapping[TaskId, Taken]:
    """The mail of each task that one has made, in one query at most; tasks of other origin have none."""
    listed = tuple(t for t in tasks if t.step_id is None and (t.kind in OF_KIND or t.kind == "reply"))
    known = {t.id: Taken(OF_KIND[t.kind]) for t in listed if t.kind in OF_KIND}
    people = {t.person_id for t in listed if t.person_id}
    if not people:
        return known
    rows = await store.find(Inbound, {"person_id": tuple(people)}, order=("-received_at",), limit=ROWS)
    made = {TaskId(derived(f"task:{kind}", row.id)): row for row in rows for kind in {t.kind for t in listed}}
    read = {t.id: (t, made[t.id]) for t in listed if t.id in made}
    return known | {
        key: Taken(
            OF_KIND.get(t.kind) or _case(row),
            row.text if len(row.text) > SHORT else "",
            cut_in(row),
            *_writer(row),
        )
        for key, (t, row) in read.items()
    }


def cut_in(row: Inbound) -> str:
    """The folder of a mail that was too long to be read whole; empty for any other."""
    return row.folder if CUT in json.loads(row.reading).get("defects", ()) else ""


def _writer(row: Inbound) -> tuple[str, str]:
    how = row.match_rule.partition("/")[2]
    return (how, f"{row.from_name} <{row.from_address}>".strip()) if how and row.kind == Kind.REPLY else ("", "")


def _case(row: Inbound) -> Case:
    """As it was taken when it came in: the row keeps what was read."""
    said = tuple(Found(Intent(i), "", "") for i in row.intents if i in {*Intent})
    sensitive = json.loads(row.reading).get("sensitive", ())
    return cases.of(Reading(Kind(row.kind), found=said, sensitive=tuple(sensitive)))
