"""The vocabulary: every field that a template may name.

What is not here cannot be reached from a template (private notes, stances, addresses of others, competitors'
names, phases, prices); the static check and the context (``facts``) are both made from it. The table in
``docs/templates.md`` is checked against it by a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Kind:
    """The shape of a value.

    ``shape`` is text, code (a slug: to be compared, never printed), number, day, instant, flag, record,
    list, or open (a record with any keys, its values are texts).
    """

    shape: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    of: Kind | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record. ``optional``: it may be empty, so a template must ask before it prints it."""

    kind: Kind
    optional: bool = False
    note: str = ""


TEXT: Final = Kind("text")
CODE: Final = Kind("code")
NUMBER: Final = Kind("number")
DAY: Final = Kind("day")
INSTANT: Final = Kind("instant")
FLAG: Final = Kind("flag")
OPEN: Final = Kind("open")


def _record(**fields: Field) -> Kind:
    return Kind("record", fields)


def _list(of: Kind) -> Kind:
    return Kind("list", of=of)


def _some(kind: Kind, note: str) -> Field:
    return Field(kind, note=note)


def _maybe(kind: Kind, note: str) -> Field:
    return Field(kind, optional=True, note=note)


POINTER: Final = _record(
    topic=_some(CODE, "topic slug"),
    page=_some(TEXT, "5"),
    label=_maybe(TEXT, "what stands there"),
)
CONCERN: Final = _record(
    text=_maybe(TEXT, "what worried them, in words fit for the minutes"),
    topic=_maybe(CODE, "topic slug"),
    label=_maybe(TEXT, "the topic's name in the reader's language"),
    pages=_maybe(_list(POINTER), "pages of the material that answer it"),
)
PROMISE: Final = _record(
    text=_some(TEXT, "what is to be done"),
    owner=_some(CODE, "us or them"),
    by=_some(TEXT, "who does it, as it reads in a mail: 弊社 田中"),
    due=_maybe(DAY, "by when"),
    done=_some(FLAG, "whether it has been kept"),
)
COLLEAGUE: Final = _record(
    name=_some(TEXT, "family and given name"),
    called=_some(TEXT, "佐藤先生, 鈴木様"),
    department=_maybe(TEXT, ""),
    title=_maybe(TEXT, ""),
)

SOMEBODY: Final = _record(
    name=_maybe(TEXT, "family and given name"),
    called=_maybe(TEXT, "佐藤先生, 鈴木様"),
    department=_maybe(TEXT, ""),
    title=_maybe(TEXT, ""),
)

FIELDS: Final = _record(
    opening=_some(TEXT, "the greeting and who writes, by profession"),
    person=_some(
        _record(
            name=_some(TEXT, "family and given name"),
            family_name=_some(TEXT, ""),
            given_name=_maybe(TEXT, ""),
            called=_some(TEXT, "佐藤先生, 鈴木様"),
            honorific=_some(TEXT, "先生 or 様"),
            role=_maybe(CODE, "clinician, nursing, executive, it, clinical_engineer, procurement …"),
            specialty=_maybe(CODE, "radiology …"),
            profession=_some(CODE, "doctor, nurse, technologist …"),
            language=_some(CODE, "ja or en"),
            department=_maybe(TEXT, ""),
            title=_maybe(TEXT, ""),
            topics=_maybe(_list(CODE), "concerns as topic slugs, the main one first"),
        ),
        "the reader",
    ),
    organisation=_some(
        _record(
            name=_maybe(TEXT, "in full"),
            kind=_maybe(CODE, "hospital, clinic …"),
            called=_some(TEXT, "貴院 or 貴施設"),
        ),
        "the reader's hospital",
    ),
    rep=_some(
        _record(
            name=_some(TEXT, ""),
            family_name=_some(TEXT, ""),
            kana=_maybe(TEXT, ""),
            department=_maybe(TEXT, ""),
            title=_maybe(TEXT, ""),
            phone=_maybe(TEXT, ""),
            email=_some(TEXT, ""),
        ),
        "who writes",
    ),
    company=_some(
        _record(
            name=_some(TEXT, ""),
            name_en=_maybe(TEXT, ""),
            phone=_maybe(TEXT, ""),
            mail=_maybe(TEXT, ""),
            url=_maybe(TEXT, ""),
        ),
        "the sender by law",
    ),
    deal=_maybe(
        _record(
            product=_maybe(TEXT, "what it is about"),
            contract_end=_maybe(DAY, "of the present contract"),
        ),
        "the deal",
    ),
    meeting=_maybe(
        _record(
            on=_maybe(DAY, "the day of the meeting, local to the reader"),
            subject=_maybe(TEXT, "what it was about"),
            place=_maybe(TEXT, ""),
            agreements=_maybe(_list(TEXT), "what was agreed"),
            concerns=_maybe(_list(CONCERN), "what worried them"),
            confirmation_question=_maybe(TEXT, "one yes/no question"),
            material=_maybe(TEXT, "the name of the material left there"),
            pointers=_maybe(_list(POINTER), "pages of that material"),
            remark=_maybe(TEXT, "what this reader said"),
        ),
        "the meeting's record",
    ),
    next_actions=_maybe(_list(PROMISE), "promises that are still open"),
    promises=_maybe(_list(PROMISE), "all promises of the meeting"),
    attendees=_maybe(_list(COLLEAGUE), "the others who were there"),
    predecessor=_maybe(SOMEBODY, "who was in charge before the reader, where the mail introduces us"),
    successor=_maybe(SOMEBODY, "who follows the reader, where the mail thanks for the time together"),
    concern=_maybe(CONCERN, "this reader's main concern; beside content, the one that it answers"),
    content=_maybe(
        _record(
            kind=_some(CODE, "case_study, seminar, column …"),
            title=_some(TEXT, ""),
            summary=_some(TEXT, "two to four sentences"),
            url=_maybe(TEXT, ""),
            points=_maybe(_list(TEXT), "what the reader takes away"),
            pages=_maybe(_list(POINTER), "page pointers, the reader's concerns first"),
            guide=_maybe(POINTER, "the page that answers this reader's main concern"),
            event_on=_maybe(DAY, "a seminar's day"),
            event_time=_maybe(TEXT, "18:00～18:40"),
            event_minutes=_maybe(TEXT, "40, from the time"),
        ),
        "the content item of this step",
    ),
    proposed=_maybe(_list(INSTANT), "times for an appointment, local to the reader"),
    send_on=_maybe(DAY, "the day on which the mail is planned to leave"),
    concern_first=_some(FLAG, "answer the concern before anything else"),
    extra=_maybe(OPEN, "texts that the flow adds"),
)

SHORT: Final = {
    name: f"meeting.{name}"
    for name in ("agreements", "concerns", "confirmation_question", "material", "pointers", "remark")
}
"""Names that ``requires`` may use for fields of the meeting."""

TOPICS: Final = {
    "ja": {
        "workload": "業務負担",
        "workflow": "業務の流れ",
        "safety": "医療安全",
        "integration": "既存システムとの連携",
        "security": "情報セキュリティ",
        "cost": "費用と効果",
        "training": "操作研修",
        "evidence": "効果の裏付け",
        "infection": "感染対策",
        "schedule": "導入の日程",
        "maintenance": "保守体制",
    },
    "en": {
        "workload": "workload",
        "workflow": "workflow",
        "safety": "patient safety",
        "integration": "integration with existing systems",
        "security": "information security",
        "cost": "cost and benefit",
        "training": "training",
        "evidence": "evidence",
        "infection": "infection control",
        "schedule": "schedule",
        "maintenance": "maintenance",
    },
}
"""What topic slugs are called; a slug that is not here has no label."""


def paths(kind: Kind = FIELDS, prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Every path of the vocabulary with its field; what a list holds is marked ``[]``."""
    for name, entry in kind.fields.items():
        path = f"{prefix}{name}"
        yield path, entry
        inner = entry.kind.of if entry.kind.shape == "list" and entry.kind.of else entry.kind
        yield from paths(inner, f"{path}[]." if entry.kind.shape == "list" else f"{path}.")


def find(path: str) -> Field | None:
    """The field at a dotted path that crosses no list, or None."""
    kind, found = FIELDS, None
    for name in path.split("."):
        if kind.shape == "open":
            return Field(TEXT, optional=True)
        found = kind.fields.get(name)
        if found is None:
            return None
        kind = found.kind
    return found


def wanted_path(required: str) -> str:
    """The path that a name in ``requires`` means: ``agreements`` is ``meeting.agreements``."""
    return SHORT.get(required, required)
