"""What is left of somebody who is erased (個人情報保護法 35 条): nothing that says who it was.

Rows about the person go. In what belongs to others (a meeting's record, a colleague's mail) the person's address
is blotted out wherever it stands, the name where it is the same house's or the same representative's affair:
elsewhere it is somebody else's name. The journal keeps that something happened, when, in which order, and of each
line that was changed the digest that it had, so that its seals can still be checked (``core.audit``); the line
that tells of the erasure names them. The address itself is kept as a keyed digest alone, so that no list brings
the person back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from nurture.core.audit import ERASED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nurture.core.messages import Entry
    from nurture.core.people import Person

BLOT: Final = "■■■"
MARK: Final = "erased:"
"""Before the digest of an address, as the id of a setting."""
_TITLES: Final = ("様", "先生", "さん", "氏")
_CODE: Final = re.compile(r"[a-z0-9_.:/+-]{0,60}")
"""A word of our own vocabulary, a date or a number: what may stay in a line of the journal."""

Row = dict[str, Any]
GOES_WITH: Final = ("enrollment", "message", "inbound", "task", "dispatch")
"""Tables whose rows about a person go with the person."""
TELLS: Final = ("meeting_draft", "answered", "setting")
"""Tables whose rows go when they speak of the person: what is kept for a while."""
KEPT: Final = frozenset(
    {"id", "state", "kind", "scope", "version", "key", "seq", "attendees", "data", "fulfilled_by"}
)
"""Columns that hold no words of anybody, or are looked at by themselves."""


def digest_of(key: bytes, email: str) -> str:
    """What is kept of an erased address: the id of a setting."""
    return MARK + hmac.new(key, b"erased\0" + email.strip().lower().encode(), hashlib.sha256).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is erased. ``houses``, ``reps``: where the name means this person; no ``names`` where somebody else is
    called the same there.
    """

    id: str
    email: str
    names: tuple[str, ...] = ()
    houses: frozenset[str] = frozenset()
    reps: frozenset[str] = frozenset()

    def speaks_of(self, text: str) -> bool:
        """Whether a text has this person's id or address in it."""
        return self.id in text or self.email in text.lower()


def names_of(person: Person) -> tuple[str, ...]:
    """How texts name somebody: in full, or by the family name with a title; the longest first."""
    family, given = person.family_name, person.given_name
    full = [f"{family} {given}", f"{family}\u3000{given}", f"{family}{given}"] if given else []
    titled = [f"{family}{blank}{title}" for title in _TITLES for blank in ("", " ")]
    return tuple(sorted({*full, *titled, *([person.kana] if len(person.kana) > 3 else [])}, key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Table → ids that go, and rows as they are from now on."""

    gone: Mapping[str, frozenset[str]]
    changed: Mapping[str, tuple[Row, ...]]


def decide(tables: Mapping[str, Iterable[Row]], who: Subject) -> Outcome:
    """What becomes of all rows that could speak of somebody; columns as a database holds them.

    Args:
        tables: rows by table; more than needed does no harm.
        who: who is erased.
    """
    rows = {name: list(found) for name, found in tables.items()}
    gone: dict[str, set[str]] = {name: set() for name in rows}
    gone["person"] = {who.id}
    for name in GOES_WITH:
        gone[name] = {row["id"] for row in rows.get(name, ()) if row["person_id"] == who.id}
    gone["inbound"] |= {r["id"] for r in rows.get("inbound", ()) if r["from_address"].lower() == who.email}
    gone["dispatch"] |= {r["id"] for r in rows.get("dispatch", ()) if r["to_address"].lower() == who.email}
    gone["task"] |= {
        r["id"]
        for r in rows.get("task", ())
        if r["message_id"] in gone["message"] or r["enrollment_id"] in gone["enrollment"]
    }
    gone["suppression"] = {
        r["id"]
        for r in rows.get("suppression", ())
        if r["value"] == who.email or r["value"].startswith(f"{who.email}#")
    }
    for name in TELLS:
        gone[name] = {
            r["id"] for r in rows.get(name, ()) if any(who.speaks_of(x) for x in r.values() if isinstance(x, str))
        }
    gone["message_body"], gone["person_words"] = gone["message"], gone["person"]
    meetings = {r["id"] for r in rows.get("meeting", ()) if _is_theirs(r, who) or who.id in r["attendees"]}
    changed: dict[str, tuple[Row, ...]] = {}
    for name, found in rows.items():
        if name == "journal":
            continue
        stay = [row for row in found if row["id"] not in gone.get(name, ())]
        after = [_without(name, row, who, gone, meetings) for row in stay]
        changed[name] = tuple(new for new, old in zip(after, stay, strict=True) if new != old)
    return Outcome({name: frozenset(ids) for name, ids in gone.items() if ids}, changed)


def _is_theirs(row: Row, who: Subject) -> bool:
    return row.get("organisation_id") in who.houses or row.get("rep_id") in who.reps


def _without(table: str, row: Row, who: Subject, gone: Mapping[str, set[str]], meetings: set[str]) -> Row:
    """A row of somebody else's, without this person."""
    new = dict(row)
    for column, target in (
        ("successor_id", "person"),
        ("fulfilled_by", "message"),
        ("message_id", "message"),
        ("enrollment_id", "enrollment"),
    ):
        if new.get(column) in gone.get(target, ()):
            new[column] = None
    if who.id in new.get("attendees", ""):
        there = [each for each in json.loads(new["attendees"]) if each.get("person_id") != who.id]
        new["attendees"] = json.dumps(there, ensure_ascii=False, separators=(",", ":"))
    theirs = (
        _is_theirs(row, who)
        or (table == "organisation" and row["id"] in who.houses)
        or (table == "meeting" and row["id"] in meetings)
        or row.get("meeting_id") in meetings
        or row.get("of_theirs", False)
    )
    for column, value in row.items():
        if isinstance(value, str) and column not in KEPT and not column.endswith("_id"):
            named = theirs and (table, column) != ("message", "to_name")
            named = named and (table != "person" or column == "private_note")
            new[column] = blotted(value, who.email, who.names if named else ())
    if new != row and "version" in new:
        new["version"] = row["version"] + 1
    return new


def blotted(text: str, email: str, names: Iterable[str]) -> str:
    """A text without an address, in whatever case, and without these names."""
    if email and email in text.lower():
        text = re.sub(rf"(?<![\w.+-]){re.escape(email)}(?![\w-])", BLOT, text, flags=re.IGNORECASE)
    for name in names:
        text = text.replace(name, BLOT)
    return text


def redacted(entry: Entry, leaf: bytes, who: Subject) -> Entry | None:
    """A line of the journal without the person: words of our own vocabulary stay, and the digest that it had.

    None where nothing is to be taken out, or was before.
    """
    if ERASED in entry.data:
        return None
    own = entry.person_id == who.id
    if not own and entry.organisation_id not in who.houses:
        who = replace(who, names=())
    kept = {name: x for name, x in entry.data.items() if _may_stay(x, who, own)}
    actor = "" if entry.actor.lower() == who.email else entry.actor
    if actor == entry.actor and len(kept) == len(entry.data):
        return None
    return type(entry)(
        at=entry.at,
        kind=entry.kind,
        actor=actor or "erased",
        data={**kept, ERASED: leaf.hex()},
        person_id=entry.person_id,
        organisation_id=entry.organisation_id,
        deal_id=entry.deal_id,
        enrollment_id=entry.enrollment_id,
        message_id=entry.message_id,
        seq=entry.seq,
    )


def _may_stay(value: object, who: Subject, own: bool) -> bool:
    if isinstance(value, str):
        low = value.lower()
        if who.email in low or any(name in value for name in who.names):
            return False
        return not own or (_CODE.fullmatch(value) is not None and "@" not in value)
    if isinstance(value, list | tuple):
        return all(_may_stay(each, who, own) for each in value)
    if isinstance(value, dict):
        return all(_may_stay(each, who, own) for each in value.values())
    return True
