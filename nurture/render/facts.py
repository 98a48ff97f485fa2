"""A brief as plain dicts: the only thing that a template ever sees.

Each field is copied by name; no domain object gets in, so there is no way from a template to a private note
or a stance. An empty value becomes a *hole*: false when asked, an error when printed.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Undefined, UndefinedError

from nurture.core.deals import Attendee, Concern, PagePointer, Promise, Stance
from nurture.mail.text import one_line
from nurture.render.fields import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nurture.config import Company
    from nurture.core.content import ContentItem
    from nurture.core.draft import Brief
    from nurture.core.people import Person

_HONORIFICS: Final = re.compile(r"\s*(先生|様|さん|さま|殿|氏)$")
_TITLED: Final = re.compile(r"(先生|様|さん|殿|氏|長|御中|担当|係|者)$")
_REPORTED: Final = re.compile(r"(との(お話|ご指摘|ご意見|ご要望|お言葉|こと)(でした|です)?)?[。.\s]*$")
_GUEST_KINDS: Final = frozenset({"health_check_center", "care_facility"})


class EmptyField(UndefinedError):
    """A template printed a field that is empty for this mail. The message is the field's path."""


class Hole(Undefined):
    """An empty field: false, without items, equal to no text; printing it raises ``EmptyField``."""

    __slots__ = ()

    def __init__(self, path: str) -> None:
        super().__init__(hint=path, name=path, exc=EmptyField)

    def __str__(self) -> str:
        raise EmptyField(self._undefined_name)

    def __getitem__(self, _: object) -> Hole:  # type: ignore[override]  # a slice of nothing is nothing
        return self


class Facts(dict[str, Any]):
    """A record of fields; false when every one of them is a hole."""

    def __bool__(self) -> bool:
        return any(not isinstance(value, Hole) and value is not False and value != "" for value in self.values())


class OpenFacts(Facts):
    """A record with any keys; one that is not there is a hole."""

    def __missing__(self, key: str) -> Hole:
        return Hole(f"extra.{key}")


def facts(brief: Brief, company: Company) -> Facts:
    """All fields of the vocabulary for one mail."""
    topics = reader_topics(brief)
    language = brief.person.language
    pages = _by_topics(brief.content.pointers if brief.content else (), topics)
    concerns = _concerns(brief, language)
    known = _holed(
        {
            "opening": opening(brief, company),
            "person": _person(brief.person),
            "organisation": _organisation(brief),
            "rep": {
                "name": brief.rep.name,
                "family_name": family_name(brief.rep.name),
                "kana": brief.rep.kana,
                "department": brief.rep.department,
                "title": brief.rep.title,
                "phone": brief.rep.phone,
                "email": brief.rep.email,
            },
            "company": {
                "name": company.name,
                "name_en": company.name_en,
                "phone": company.phone,
                "mail": company.mail,
                "url": company.url,
            },
            "deal": {
                "product": brief.deal.product if brief.deal else None,
                "contract_end": brief.deal.contract_end if brief.deal else None,
            },
            "meeting": _meeting(brief, concerns),
            "next_actions": [_promise(brief, p) for p in brief.promises if p.done_at is None],
            "promises": [_promise(brief, p) for p in brief.promises],
            "attendees": [_colleague(p) for p in brief.attendees],
            "predecessor": _colleague(brief.beside.predecessor),
            "successor": _colleague(brief.beside.successor),
            "concern": _main_concern(concerns, topics, language, brief.content),
            "content": _content(brief.content, pages, topics),
            "proposed": list(brief.proposed),
            "send_on": brief.send_on,
            "concern_first": _stance(brief) is Stance.SCEPTICAL and bool(concerns),
        }
    )
    return Facts({**known, "extra": OpenFacts(_holed(brief.extra, "extra."))})


def called(person: Person) -> str:
    """How a person is spoken to: 佐藤先生, 鈴木様; ご担当者様 where no name is known."""
    family = _HONORIFICS.sub("", one_line(person.family_name))
    if person.language == "en":
        title = "Dr. " if person.honorific == "先生" else ""
        return f"{title}{family}" if family else "Sir or Madam"
    return f"{family}{person.honorific}" if family else "ご担当者様"


def bare_name(person: Person) -> str:
    """Family and given name without an honorific that slipped into the data."""
    return _HONORIFICS.sub("", one_line(person.name))


def family_name(name: str) -> str:
    """The part before the first space: Japanese names are written family name first."""
    return one_line(name).split(" ")[0]


def opening(brief: Brief, company: Company) -> str:
    """The greeting: 平素より… to doctors, いつも… to others; then who writes. No seasonal greeting."""
    writer = " ".join(part for part in (company.name, brief.rep.department) if part)
    if brief.person.language == "en":
        return f"This is {brief.rep.name} of {company.name_en or company.name}."
    greeting = (
        "平素より大変お世話になっております。"
        if brief.person.honorific == "先生"
        else "いつも大変お世話になっております。"
    )
    return f"{greeting}\n{writer}の{family_name(brief.rep.name)}でございます。"


def reader_topics(brief: Brief) -> tuple[str, ...]:
    """The reader's concerns as topics: the person's own first, then those of the meeting."""
    meeting = brief.meeting.concerns if brief.meeting else ()
    return tuple(dict.fromkeys([*brief.person.topics, *(c.topic for c in meeting if c.topic)]))


def _person(person: Person) -> dict[str, Any]:
    return {
        "name": bare_name(person),
        "family_name": _HONORIFICS.sub("", one_line(person.family_name)),
        "given_name": person.given_name,
        "called": called(person),
        "honorific": person.honorific,
        "role": person.role,
        "specialty": person.specialty,
        "profession": str(person.profession),
        "language": person.language,
        "department": person.department,
        "title": person.title,
        "topics": list(person.topics),
    }


def _colleague(person: Person | None) -> dict[str, Any]:
    if person is None:
        return dict.fromkeys(("name", "called", "department", "title"))
    return {"name": person.name, "called": called(person), "department": person.department, "title": person.title}


def _organisation(brief: Brief) -> dict[str, Any]:
    organisation = brief.organisation
    kind = organisation.kind if organisation else None
    polite = "貴施設" if kind in _GUEST_KINDS else "貴院"
    return {
        "name": organisation.name if organisation else None,
        "kind": kind,
        "called": polite
        if brief.person.language == "ja"
        else "your hospital"
        if polite == "貴院"
        else "your facility",
    }


def _attendee(brief: Brief) -> Attendee | None:
    attendees = brief.meeting.attendees if brief.meeting else ()
    return next((a for a in attendees if a.person_id == brief.person.id), None)


def _stance(brief: Brief) -> Stance:
    attendee = _attendee(brief)
    return attendee.stance if attendee else Stance.UNKNOWN


def _meeting(brief: Brief, concerns: list[dict[str, Any]]) -> dict[str, Any]:
    meeting, attendee = brief.meeting, _attendee(brief)
    if meeting is None:
        return dict.fromkeys(
            (
                "on",
                "subject",
                "place",
                "agreements",
                "concerns",
                "confirmation_question",
                "material",
                "pointers",
                "remark",
            )
        )
    return {
        "on": meeting.ended_at.astimezone(_zone(brief)).date(),
        "subject": meeting.subject,
        "place": meeting.place,
        "agreements": list(meeting.agreements),
        "concerns": concerns,
        "confirmation_question": meeting.confirmation_question,
        "material": meeting.material,
        "pointers": [_pointer(p) for p in meeting.pointers],
        "remark": _REPORTED.sub("", attendee.remark) if attendee else None,
    }


def _zone(brief: Brief) -> ZoneInfo:
    organisation = brief.organisation.timezone if brief.organisation else None
    try:
        return ZoneInfo(brief.person.timezone or organisation or brief.rep.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("Asia/Tokyo")


def _concerns(brief: Brief, language: str) -> list[dict[str, Any]]:
    meeting = brief.meeting
    return [_concern(c, meeting.pointers, language) for c in meeting.concerns] if meeting else []


def _concern(concern: Concern, pointers: Iterable[PagePointer], language: str) -> dict[str, Any]:
    return {
        "text": concern.text.rstrip("。. "),
        "topic": concern.topic,
        "label": _label(concern.topic, language),
        "pages": [_pointer(p) for p in pointers if concern.topic and p.topic == concern.topic],
    }


def _main_concern(
    concerns: list[dict[str, Any]], topics: tuple[str, ...], language: str, content: ContentItem | None
) -> dict[str, Any]:
    """The concern of the reader's first topic; else the meeting's first; else a topic without words.

    Beside content that names its topics, a concern that it does not answer is none: a mail must not offer a
    price list "concerning your worry about the workflow".
    """
    answers = content.topics if content else ()
    wanted = [topic for topic in topics if not answers or topic in answers]
    for topic in wanted:
        for concern in concerns:
            if concern["topic"] == topic:
                return concern
    if concerns and not answers:
        return concerns[0]
    first = wanted[0] if wanted else None
    return {"text": None, "topic": first, "label": _label(first, language), "pages": []}


def _label(topic: str | None, language: str) -> str | None:
    return TOPICS.get(language, TOPICS["ja"]).get(topic or "")


def _by_topics(pointers: Iterable[PagePointer], topics: tuple[str, ...]) -> list[PagePointer]:
    place = {topic: index for index, topic in enumerate(topics)}
    return sorted(pointers, key=lambda pointer: place.get(pointer.topic, len(place)))


def _pointer(pointer: PagePointer) -> dict[str, Any]:
    return {"topic": pointer.topic, "page": pointer.page, "label": pointer.label}


def _content(item: ContentItem | None, pages: list[PagePointer], topics: tuple[str, ...]) -> dict[str, Any]:
    guide = pages[0] if pages and pages[0].topic in topics else None
    return {
        "kind": item.kind if item else None,
        "title": item.title if item else None,
        "summary": item.summary if item else None,
        "url": item.url if item else None,
        "points": list(item.points) if item else None,
        "pages": [_pointer(p) for p in pages],
        "guide": _pointer(guide) if guide else {"topic": None, "page": None, "label": None},
        "event_on": item.event_on if item else None,
        "event_time": re.sub("[-–〜]", "～", item.event_time) if item else None,
        "event_minutes": _minutes(item.event_time) if item else None,
    }


def _minutes(span: str) -> str | None:
    """``18:00-18:40`` is 40 minutes; None for what is not two times."""
    found = re.fullmatch(r"(\d{1,2}):(\d{2})\s*[-–〜～]\s*(\d{1,2}):(\d{2})", span.strip())
    if found is None:
        return None
    begin_hour, begin, end_hour, end = (int(number) for number in found.groups())
    minutes = (end_hour - begin_hour) * 60 + end - begin
    return str(minutes) if minutes > 0 else None


def _promise(brief: Brief, promise: Promise) -> dict[str, Any]:
    return {
        "text": promise.text.rstrip("。. "),
        "owner": promise.owner,
        "by": _by(brief, promise),
        "due": promise.due,
        "done": promise.done_at is not None,
    }


def _by(brief: Brief, promise: Promise) -> str:
    """Who does it, as the reader would read it: 弊社 田中, 佐藤先生, 貴院 薬剤部長, 貴院."""
    said = one_line(promise.owner_name)
    english = brief.person.language == "en"
    if promise.owner == "us":
        name = family_name(said or brief.rep.name)
        return f"{name} (our side)" if english else f"弊社 {name}"
    before = (brief.beside.predecessor,) if brief.beside.predecessor else ()
    for person in (brief.person, *brief.attendees, *before):
        if said and person.family_name and said.startswith(person.family_name):
            return called(person)
    side = _organisation(brief)["called"]
    if not said or english:
        return said or side
    return f"{side} {said}" if _TITLED.search(said) else f"{side} {said}様"


def _holed(fields: Mapping[str, Any], prefix: str = "") -> Facts:
    return Facts({name: _value(value, f"{prefix}{name}") for name, value in fields.items()})


def _value(value: Any, path: str) -> Any:
    """Texts on one line and without control characters (the opening alone has two); empty ones as holes."""
    if isinstance(value, str):
        value = value if path == "opening" else one_line(value)
    if value is None or value in ("", []):
        return Hole(path)
    if isinstance(value, dict):
        return _holed(value, f"{path}.")
    if isinstance(value, list):
        return [_value(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, str | bool | date | datetime):
        return value
    return Hole(path)
