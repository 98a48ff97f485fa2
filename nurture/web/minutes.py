"""The fields of a meeting's form: rows that come and go, what they say, and where a complaint belongs.

A form is flat: ``people.0.email``, ``promises.2.due``. What stands in it is what a draft keeps (``MeetingDraft``);
what it means is said by ``files.meeting``, as for a file, and judged by ``flows.minutes``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN: Final = (
    "organisation",
    "kind",
    "ended_on",
    "ended_time",
    "subject",
    "place",
    "agreements",
    "question",
    "material",
    "deal",
    "product",
    "phase",
    "competitor",
    "contract_end",
    "note",
    "scenario",
    "event_on",
)
_OF_A_PERSON: Final = "person email family given department title role doctor stance remark basis on evidence"
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "people": tuple(_OF_A_PERSON.split()),
    "concerns": ("text", "topic", "page"),
    "promises": ("text", "owner", "who", "due"),
}
TYPED: Final[Mapping[str, tuple[str, ...]]] = {
    "people": ("person", "email", "family", "given", "department", "title", "remark", "evidence"),
    "concerns": ("text", "page"),
    "promises": ("text", "who", "due"),
}
"""A row in which none of these is filled in is not there."""
FREE: Final = frozenset({"subject", "agreements", "question", "note", "remark", "text"})
"""What is written freely: data of patients are looked for here."""
ROWS: Final = 30
FIELDS: Final = len(PLAIN) + ROWS * sum(len(names) for names in GROUPS.values()) + 10
"""So many fields the form has at most, with those that are not the record's."""

_ROW: Final = re.compile(r"(people|concerns|promises)\.(\d{1,3})\.([a-z]+)")


def taken(form: Mapping[str, str]) -> dict[str, str]:
    """The fields of a form that are the record's; others, and rows beyond ``ROWS``, are passed over."""
    fields = {name: form[name] for name in PLAIN if name in form}
    for name, text in form.items():
        found = _ROW.fullmatch(name)
        if found and int(found[2]) < ROWS and found[3] in GROUPS[found[1]]:
            fields[name] = text
    return fields


def rows(fields: Mapping[str, str], group: str) -> tuple[int, ...]:
    """The numbers of the rows of a group, in order."""
    found = (_ROW.fullmatch(name) for name in fields)
    return tuple(sorted({int(row[2]) for row in found if row and row[1] == group}))


def filled(fields: Mapping[str, str], group: str) -> tuple[int, ...]:
    """Those rows of a group in which something stands."""
    names = TYPED[group]
    return tuple(n for n in rows(fields, group) if any(fields.get(f"{group}.{n}.{x}", "").strip() for x in names))


def row(fields: Mapping[str, str], group: str, n: int) -> dict[str, str]:
    """What stands in a row, by the names within it."""
    return {name: fields.get(f"{group}.{n}.{name}", "").strip() for name in GROUPS[group]}


def added(fields: Mapping[str, str], group: str, values: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The form with one more row, and the row's name; as it was where there is no room for one."""
    free_ = sorted(set(range(ROWS)) - set(rows(fields, group)))
    later = [n for n in free_ if n > max(rows(fields, group), default=-1)] or free_
    if not later:
        return dict(fields), f"{group}.{ROWS - 1}"
    name = f"{group}.{later[0]}"
    kept = values or {GROUPS[group][0]: ""}
    return {**fields, **{f"{name}.{key}": text for key, text in kept.items()}}, name


def removed(fields: Mapping[str, str], name: str) -> dict[str, str]:
    """The form without a row."""
    return {field: text for field, text in fields.items() if not field.startswith(f"{name}.")}


def free(fields: Mapping[str, str]) -> tuple[str, ...]:
    """The names of those fields that are written freely."""
    return tuple(name for name in fields if name.rpartition(".")[2] in FREE)
