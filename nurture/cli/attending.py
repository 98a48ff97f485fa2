"""Who was at the meeting: people who are known by number, somebody new by what a mail to them needs."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from nurture import explain
from nurture.cli.questions import choices, day, line, number, something, until, yes
from nurture.core.deals import Stance
from nurture.core.people import ROLES, Basis, Person, Profession, profession_of
from nurture.core.positions import split
from nurture.errors import UserError
from nurture.i18n import mark
from nurture.mail.address import check_address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from nurture.cli.terminal import Terminal

FEELINGS = (Stance.SCEPTICAL, Stance.NEUTRAL, Stance.SUPPORTIVE, Stance.UNKNOWN)
ROLE_NAMES: Mapping[str, str] = {
    "clinician": mark("doctor"),
    "nursing": mark("nursing"),
    "executive": mark("management, administration"),
    "it": mark("IT, medical informatics"),
    "clinical_engineer": mark("clinical engineering"),
    "procurement": mark("procurement"),
    "radiographer": mark("radiography"),
    "laboratory": mark("laboratory"),
    "pharmacy": mark("pharmacy"),
}
BASES = (
    (Basis.CONSENT, mark("consent")),
    (Basis.RELATIONSHIP, mark("a running business relationship")),
    (Basis.PUBLISHED, mark("the organisation publishes the address")),
)
"""Why we may write where no card was handed over (特定電子メール法)."""


def attendees(t: Terminal, colleagues: tuple[Person, ...], today: date) -> list[dict[str, Any]]:
    """All who were there, as a meeting file says it."""
    for place, person in enumerate(colleagues, 1):
        t.echo(f"  {place}. {person.name} {person.title or ''} <{person.email}>")
    listed: list[dict[str, Any]] = []
    while True:
        text = (
            t.w("Number, address or name; Enter when that was all") if listed else t.w("Number, address or name")
        )
        said = line(text)
        if not said and listed:
            return listed
        try:
            attendee = _attendee(t, said, colleagues, today)
        except UserError as error:
            t.error(error)
            continue
        if any(other["email"].lower() == attendee["email"].lower() for other in listed):
            t.say(mark("  is on the list already"))
            continue
        listed.append({**attendee, **_feeling(t)})


def _attendee(t: Terminal, said: str, colleagues: tuple[Person, ...], today: date) -> dict[str, Any]:
    """Somebody known, or what is needed to know somebody new."""
    if said.isdigit() and 0 < int(said) <= len(colleagues):
        return _again(t, colleagues[int(said) - 1], today)
    fitting = [
        p
        for p in colleagues
        if said and (said == p.family_name or "".join(said.split()) in p.name.replace(" ", ""))
    ]
    if len(fitting) == 1:
        return _again(t, fitting[0], today)
    if fitting:
        raise UserError("several people are called {name}", hint="give the number or the address", name=said)
    if "@" not in said:
        raise UserError(
            "nobody here is called {name}", hint="for somebody new, give the mail address", name=said or "–"
        )
    email = check_address(unicodedata.normalize("NFKC", said))
    if found := next((p for p in colleagues if p.email == email.lower()), None):
        return _again(t, found, today)
    return {"email": email, **_new(t, today)}


def _again(t: Terminal, person: Person, today: date) -> dict[str, Any]:
    """Somebody known: only what would keep mail from this person is asked."""
    asked: dict[str, Any] = {"email": person.email}
    return asked if person.legal_basis.allows_mail else asked | _basis(t, today)


def _new(t: Terminal, today: date) -> dict[str, Any]:
    family, _, given = (
        until(t, t.w("  New. Family name and given name"), something).replace("　", " ").partition(" ")
    )
    asked: dict[str, Any] = {"family_name": family, "given_name": given.strip()} | _position(t)
    choices(t, [t.w(ROLE_NAMES[role]) for role in ROLES])
    role = until(t, t.w("  Field (number)"), _role)
    if role:
        asked["role"] = role
    if profession := _profession(t, role, asked.get("title", "")):
        asked["profession"] = profession.value
    return asked | _basis(t, today)


def _position(t: Terminal) -> dict[str, str]:
    """Where somebody works and as what, from one line; how it was understood is confirmed where it is in doubt."""
    found = split(line(t.w("  Department and position")))
    department, title = found.department, found.title
    if not found.certain:
        understood = t.w(
            "  Department {department}, position {title}. Is that right?",
            department=department or "–",
            title=title or "–",
        )
        if not yes(t, understood):
            department, title = line(t.w("  Department (Enter: none)")), line(t.w("  Position (Enter: none)"))
    return {name: said for name, said in (("department", department), ("title", title)) if said}


def _profession(t: Terminal, role: str | None, title: str) -> Profession | None:
    """What decides 先生 or 様: asked unless field and position leave no doubt."""
    certain = profession_of(role, title)
    if certain is not None:
        return certain
    if yes(t, t.w("  A doctor, dentist or professor (addressed as 先生)?"), default=False):
        return Profession.DOCTOR
    return None


def _basis(t: Terminal, today: date) -> dict[str, Any]:
    """Why we may write to this person, since when, and what proves it; without it nothing is sent."""
    if yes(t, t.w("  Did you get a business card from this person, today?")):
        return _documented(Basis.BUSINESS_CARD, str(today), t.w("business card handed over at the meeting"))
    choices(t, [t.w(text) for _, text in BASES])
    picked = number(t, t.w("  What else allows mail? (number; Enter: nothing, none is sent)"), 0, len(BASES), 0)
    if not picked:
        return {}
    on = until(t, t.w("  Since when? (2026-11-05, Enter: today)"), lambda said: _since(said, today))
    return _documented(BASES[picked - 1][0], on, until(t, t.w("  What proves it?"), something))


def _since(said: str, today: date) -> str:
    """A date that has come; today for nothing."""
    on = day(said, today, past=True) or str(today)
    if on > str(today):
        raise UserError("{at} has not come yet", at=on)
    return on


def _documented(kind: Basis, on: str, evidence: str) -> dict[str, Any]:
    return {"basis": {"kind": kind.value, "on": on, "evidence": evidence}}


def _role(said: str) -> str | None:
    if not said:
        return None
    if said in ROLES:
        return said
    if said.isdigit() and 0 < int(said) <= len(ROLES):
        return ROLES[int(said) - 1]
    raise UserError("found {found}, expected a number from {low} to {high}", found=said, low=1, high=len(ROLES))


def _feeling(t: Terminal) -> dict[str, str]:
    choices(t, [explain.stance(t.w, one) for one in FEELINGS])
    picked = number(t, t.w("  How did this person feel? (number)"), 1, len(FEELINGS), len(FEELINGS))
    remark = line(t.w("  What did this person say? (may be quoted back)"))
    return {"stance": FEELINGS[picked - 1].value} | ({"remark": remark} if remark else {})
