"""What a meeting's form says, as a meeting file would say it; and which field of the form a complaint is about."""

from __future__ import annotations

import json
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from nurture.core.deals import Concern
from nurture.core.people import Basis, profession_of
from nurture.core.plan import zone_of
from nurture.errors import UserError, UserErrors
from nurture.files import meeting
from nurture.flows import minutes
from nurture.i18n import mark
from nurture.mail import patients
from nurture.web.minutes import PLAIN, filled, free, row, rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from nurture.core.people import Person, Representative
    from nurture.core.scenario import Scenario
    from nurture.files.meeting import MeetingForm

NEW: Final = "new"
"""The choice of a deal that does not exist yet."""
CARD: Final = "面談時に名刺を受領"
"""What proves a card that was handed over there."""
_SOON: Final = timedelta(minutes=5)
_HERE: Final[Mapping[str, str]] = {
    "confirmation_question": "question",
    "private_note": "note",
    "next_actions": "promises",
    "ended_at": "ended_time",
    "organisation_kind": "kind",
    "family_name": "family",
    "given_name": "given",
    "owner_name": "who",
}
"""What a field is called elsewhere → here."""
_FIRST: Final = {"concerns": "concerns.0.text", "promises": "promises.0.text"}


@dataclass(slots=True)
class Understood:
    """What a form says. ``places``: for each key of a meeting file the field of the form."""

    answers: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    problems: dict[str, UserError] = field(default_factory=dict)
    form: MeetingForm | None = None  # none where there are problems

    def put(self, key: str, name: str, value: object) -> None:
        """A plain answer, unless nothing was said."""
        self.places[key] = name
        if value not in {None, ""}:
            self.answers[key] = value

    def lacks(self, name: str, text: str = mark("this is needed"), *, at: str = "") -> None:
        """Something is missing or wrong in a field."""
        self.problems.setdefault(name, UserError(text, at=at) if at else UserError(text))

    def complain(self, error: UserError, fields: Mapping[str, str]) -> None:
        """Put complaints where they belong; what belongs nowhere is the form's, under the empty name."""
        for one in error.errors if isinstance(error, UserErrors) else (error,):
            for name in self._placed(one, fields):
                self.problems.setdefault(name, one)

    def _placed(self, error: UserError, fields: Mapping[str, str]) -> Iterator[str]:
        key = error.where.key if error.where and error.where.key else ""
        while key and key not in self.places:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        said = str(error.values.get("field", ""))
        said = _HERE.get(said, said)
        sensitive = [n for n in free(fields) if _belongs(n, said) and patients.signs(fields[n])]
        if key:
            yield self.places[key]
        elif sensitive:
            yield from sensitive
        elif "email" in error.values and (name := _row_of(fields, str(error.values["email"]))):
            yield name
        elif said in PLAIN or said in _FIRST:
            yield _FIRST.get(said, said)
        else:
            yield "people" if "attend" in error.text else ""


def understood(
    fields: Mapping[str, str],
    people: Mapping[str, Person],
    rivals: Sequence[str],
    scenario: Scenario | None,
    now: datetime,
    by: Representative,
) -> Understood:
    """Read the form.

    Args:
        fields: the form.
        people: those of its rows who are known, by id.
        rivals: competitors, as they are written elsewhere.
        scenario: the chosen one; it says what the minutes need, and at which date it begins.
        now: aware.
        by: whose meeting it was.
    """
    here, found = now.astimezone(zone_of(by.timezone)), Understood()
    event = scenario.anchor if scenario and scenario.is_event else ""
    text = {name: fields.get(name, "").strip() for name in PLAIN}
    for key in ("organisation", "subject", "place", "material", "product", "contract_end", "scenario"):
        found.put(key, key, text[key])
    found.put("confirmation_question", "question", text["question"])
    found.put("private_note", "note", text["note"])
    found.put("organisation_kind", "kind", text["kind"])
    found.put("deal", "deal", "" if text["deal"] == NEW else text["deal"])
    found.put("phase", "phase", int(text["phase"]) if text["phase"] in {*"12345"} else None)
    rival = minutes.rival(text["competitor"], rivals)
    found.answers |= {} if rival is None else {"competitor": rival}
    found.answers["agreements"] = [line.strip() for line in text["agreements"].split("\n") if line.strip()]
    found.places |= {"competitor": "competitor", "agreements": "agreements", "dates": "event_on"}
    if event and text["event_on"]:
        found.answers["dates"] = {event: text["event_on"]}
    elif event:
        found.lacks("event_on")
    for name in ("organisation", "ended_time"):
        if not text[name]:
            found.lacks(name)
    ended = unicodedata.normalize("NFKC", f"{text['ended_on'] or here.date()} {text['ended_time']}")
    found.put("ended_at", "ended_time", ended.strip())
    _concerns(found, fields)
    _promises(found, fields)
    _people(found, fields, people, here.date())
    if scenario:
        for error in minutes.missing(_record(found.answers, by, now), scenario):
            found.complain(error, {})
    _judge(found, fields, here)
    return found


def _record(answers: Mapping[str, Any], by: Representative, now: datetime) -> minutes.MeetingRecord:
    """So much of the record as tells what is missing in it."""
    return minutes.MeetingRecord(
        organisation="",
        ended_at=now,
        rep_id=by.id,
        attendees=(),
        agreements=tuple(answers["agreements"]),
        concerns=tuple(Concern(concern["text"]) for concern in answers["concerns"]),
        promises=tuple(minutes.PromiseRecord(promise["text"]) for promise in answers["promises"]),
        confirmation_question=answers.get("confirmation_question", ""),
    )


def _judge(found: Understood, fields: Mapping[str, str], here: datetime) -> None:
    """As a meeting file is judged; what has not ended yet cannot be thanked for."""
    with suppress(ValueError):
        ended = datetime.fromisoformat(found.answers["ended_at"]).replace(tzinfo=here.tzinfo)
        if ended > here + _SOON:
            found.lacks("ended_time", mark("{at} has not come yet"), at=f"{ended:%Y-%m-%d %H:%M}")
    try:
        form = meeting.parse(json.dumps(found.answers, ensure_ascii=False), "meeting")
    except UserError as error:
        found.complain(error, fields)
        return
    if not found.problems:
        found.form = form


def _concerns(found: Understood, fields: Mapping[str, str]) -> None:
    listed: list[dict[str, str]] = []
    pages: list[dict[str, str]] = []
    for n in filled(fields, "concerns"):
        said, name = row(fields, "concerns", n), f"concerns.{n}"
        if said["text"]:
            found.places[f"concerns[{len(listed)}]"] = f"{name}.text"
            listed.append({key: said[key] for key in ("text", "topic") if said[key]})
        else:
            found.lacks(f"{name}.text")
        if said["page"] and not said["topic"]:
            found.lacks(f"{name}.topic", mark("say which topic the page is about"))
        elif said["page"]:
            found.places[f"pointers[{len(pages)}]"] = f"{name}.page"
            pages.append({"topic": said["topic"], "page": said["page"]})
    found.answers |= {"concerns": listed, "pointers": pages}
    found.places["concerns"] = _FIRST["concerns"]


def _promises(found: Understood, fields: Mapping[str, str]) -> None:
    listed: list[dict[str, str]] = []
    for n in filled(fields, "promises"):
        said, name, at = row(fields, "promises", n), f"promises.{n}", f"promises[{len(listed)}]"
        if not said["text"]:
            found.lacks(f"{name}.text")
            continue
        found.places |= {at: f"{name}.text", f"{at}.due": f"{name}.due", f"{at}.owner_name": f"{name}.who"}
        answers = {"text": said["text"], "owner_name": said["who"], "due": said["due"]}
        owner = "them" if said["owner"] == "them" else "us"
        listed.append({"owner": owner} | {key: value for key, value in answers.items() if value})
    found.answers["promises"] = listed
    found.places["promises"] = _FIRST["promises"]


def _people(found: Understood, fields: Mapping[str, str], people: Mapping[str, Person], today: date) -> None:
    listed: list[dict[str, Any]] = []
    for n in filled(fields, "people"):
        said, name, at = row(fields, "people", n), f"people.{n}", f"attendees[{len(listed)}]"
        known = people.get(said["person"])
        found.places |= {at: f"{name}.email", f"{at}.basis": f"{name}.basis"}
        keys = ("email", "family_name", "given_name", "department", "title", "role", "remark", "stance")
        found.places |= {f"{at}.{key}": f"{name}.{_HERE.get(key, key)}" for key in keys}
        found.places |= {f"{at}.basis.{key}": f"{name}.{key}" for key in ("on", "evidence")}
        if said["person"] and known is None:
            found.lacks(name, mark("Nobody is known as {at}"), at=said["person"])
            continue
        answers: dict[str, Any] = {"email": known.email if known else said["email"]}
        answers |= {key: said[key] for key in ("stance", "remark") if said[key]}
        if known is None:
            answers |= _new(found, said, name)
        if known is None or not known.legal_basis.allows_mail:
            answers |= _basis(found, said, name, today, asked=known is None)
        listed.append(answers)
    if not filled(fields, "people"):
        found.lacks("people", mark("Nobody attended this meeting"))
    found.answers["attendees"] = listed
    found.places["attendees"] = "people"


def _new(found: Understood, said: Mapping[str, str], name: str) -> dict[str, Any]:
    """Somebody new: what a mail to this person needs."""
    for needed in ("family", "email"):
        if not said[needed]:
            found.lacks(f"{name}.{needed}")
    keys = {"family_name": "family", "given_name": "given"} | {k: k for k in ("department", "title", "role")}
    answers = {key: said[here] for key, here in keys.items() if said[here]}
    if said["doctor"] and profession_of(said["role"] or None, said["title"] or None) is None:
        answers["profession"] = "doctor"
    return answers


def _basis(found: Understood, said: Mapping[str, str], name: str, today: date, *, asked: bool) -> dict[str, Any]:
    """Why we may write; of somebody new it must be said, even that there is nothing."""
    if not said["basis"] and asked:
        found.lacks(f"{name}.basis", mark("say why we may write, or that we may not yet"))
    if said["basis"] not in {*Basis} or said["basis"] == Basis.NONE:
        return {}
    on, evidence = said["on"] or str(today), said["evidence"]
    if said["basis"] == Basis.BUSINESS_CARD:
        evidence = evidence or CARD
    elif not evidence:
        found.lacks(f"{name}.evidence", mark("say what proves it"))
    if on > str(today):
        found.lacks(f"{name}.on", mark("{at} has not come yet"), at=on)
    return {"basis": {"kind": said["basis"], "on": on, "evidence": evidence}}


def _belongs(name: str, said: str) -> bool:
    """Whether a field of the form is what a complaint calls ``said``."""
    return said in {name, name.partition(".")[0], name.rpartition(".")[2] if "." in name else name}


def _row_of(fields: Mapping[str, str], email: str) -> str:
    found = [n for n in rows(fields, "people") if row(fields, "people", n)["email"].lower() == email.lower()]
    return f"people.{found[-1]}.email" if found else ""
