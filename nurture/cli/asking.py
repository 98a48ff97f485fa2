"""The questions of ``nurture record``, one after the other, each asked again until its answer can be used."""

from __future__ import annotations

import re
import shutil
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from nurture.cli.tables import width
from nurture.core.deals import Stance
from nurture.core.people import ROLES, Basis
from nurture.errors import UserError
from nurture.i18n import mark
from nurture.mail.address import check_address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nurture.cli.terminal import Terminal
    from nurture.core.people import Person
    from nurture.ports import Doors

T = TypeVar("T")

FEELINGS = (
    (Stance.SCEPTICAL, mark("sceptical")),
    (Stance.NEUTRAL, mark("neutral")),
    (Stance.SUPPORTIVE, mark("supportive")),
    (Stance.UNKNOWN, mark("hard to say")),
)
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
PROFESSION_OF = {"clinician": "doctor", "nursing": "nurse", "pharmacy": "pharmacist"}
"""Roles that leave no doubt about the honorific."""


@dataclass(frozen=True, slots=True)
class Known:
    """Who is known already, so that nobody is typed twice."""

    now: datetime
    organisations: tuple[str, ...]
    people: Mapping[str, tuple[Person, ...]]  # by organisation


async def known(doors: Doors) -> Known:
    """Read what the questions offer."""
    from nurture.core.people import Organisation, Person  # noqa: PLC0415

    names = {o.id: o.name for o in await doors.store.find(Organisation)}
    people: dict[str, tuple[Person, ...]] = {}
    for person in await doors.store.find(Person, order=("family_name",)):
        name = names.get(person.organisation_id, "") if person.organisation_id else ""
        people[name] = (*people.get(name, ()), person)
    return Known(doors.clock.now(), tuple(sorted(names.values())), people)


def ask(t: Terminal, known_: Known, zone: str) -> dict[str, Any]:
    """All questions.

    Returns:
        What a meeting file would say (``files.meeting``).
    """
    here = known_.now.astimezone(ZoneInfo(zone))
    t.say(mark("Five minutes now save the deal. Enter alone skips what may be skipped; Ctrl-C saves nothing."))
    t.echo()
    organisation = _organisation(t, known_)
    answers: dict[str, Any] = {
        "organisation": organisation,
        "ended_at": _until(
            t,
            t.w("When did it end? (15:00, or 2026-11-05 15:00)"),
            lambda said: ended(said, here),
            default=f"{here:%H:%M}",
        ),
        "subject": _line(t.w("What was it about?")),
    }
    _heading(t, t.w("Who was there? Sceptics count most: they are written to first."))
    answers["attendees"] = _attendees(t, known_.people.get(organisation, ()), here.date())
    _heading(t, t.w("What was agreed? One line each."))
    answers["agreements"] = _lines(t, least=1)
    _heading(t, t.w("What worries them? One line each."))
    answers["concerns"] = _concerns(t)
    _heading(t, t.w("What was promised? Small promises are kept at once."))
    answers["promises"] = _promises(t, here.date())
    _heading(t, t.w("One question, answered with yes or no, that confirms the shared understanding:"))
    answers["confirmation_question"] = _until(t, "?", _something)
    note = _line(t.w("Private impressions (never in a mail)"))
    if note:
        answers["private_note"] = note
    t.echo()
    click.confirm(t.w("Save, and write the thank-you mails?"), default=True, abort=True)
    return answers


def _heading(t: Terminal, text: str) -> None:
    t.echo()
    t.echo(text)


def _line(text: str) -> str:
    said: str = click.prompt(text, default="", show_default=False, prompt_suffix=_suffix(text))
    return said.strip()


def _suffix(text: str, *, shown: bool = False) -> str:
    """What stands between question and answer: a question mark needs no colon after it."""
    return " " if text.endswith(("?", "？")) and not shown else ": "


def _until(t: Terminal, text: str, parse: Callable[[str], T], default: str | None = None) -> T:
    """Ask until the answer can be used; what is wrong with it is said."""
    while True:
        shown = default is not None
        said = click.prompt(
            text, default=default or "", show_default=shown, prompt_suffix=_suffix(text, shown=shown)
        )
        try:
            return parse(str(said).strip())
        except UserError as error:
            t.error(error)


def _something(said: str) -> str:
    if not said:
        raise UserError(
            "this is needed",
            hint="The thank-you is also the minutes: agreed points, next actions, one yes/no question",
        )
    return said


def _choices(t: Terminal, names: Sequence[str]) -> None:
    """Numbered choices in lines of the terminal's width; none of them is broken."""
    room, line = min(shutil.get_terminal_size().columns, 100) - 1, "   "
    for number, name in enumerate(names, 1):
        said = f" {number} {name} "
        if width(line + said) > room:
            t.echo(line.rstrip())
            line = "   "
        line += said
    t.echo(line.rstrip())


def _lines(t: Terminal, *, least: int) -> list[str]:
    """Lines until an empty one."""
    lines: list[str] = []
    while True:
        said = _line(f"  {len(lines) + 1}")
        if said:
            lines.append(said)
        elif len(lines) >= least:
            return lines
        else:
            t.say(mark("  at least {count} is needed"), count=least)


def ended(said: str, here: datetime) -> str:
    """When a meeting ended, as a meeting file says it; a time alone is today's.

    Raises:
        UserError: it is no time, or has not come yet.
    """
    plain = unicodedata.normalize("NFKC", said).replace("/", "-").strip()
    if found := re.fullmatch(r"(\d{1,2})[:時](\d{2})分?", plain):
        plain = f"{here:%Y-%m-%d} {int(found[1]):02d}:{found[2]}"
    try:
        at = datetime.fromisoformat(plain)
    except ValueError:
        raise UserError("found {found}, expected a time such as 15:00 or 2026-11-05 15:00", found=said) from None
    aware = at if at.tzinfo else at.replace(tzinfo=here.tzinfo)
    if aware > here + timedelta(minutes=5):
        raise UserError("{at} has not come yet", at=plain)
    return plain


def day(said: str, today: date) -> str | None:
    """A date, a day of this year, or in how many days; None for nothing.

    Raises:
        UserError: it is none of these.
    """
    plain = unicodedata.normalize("NFKC", said).replace("/", "-").strip()
    if not plain:
        return None
    try:
        if found := re.fullmatch(r"\+(\d{1,3})", plain):
            return str(today + timedelta(days=int(found[1])))
        if found := re.fullmatch(r"(\d{1,2})-(\d{1,2})", plain):
            this = date(today.year, int(found[1]), int(found[2]))
            return str(this if this >= today else this.replace(year=today.year + 1))
        return str(date.fromisoformat(plain))
    except ValueError:
        raise UserError("found {found}, expected a date such as 2026-11-05, 11/5 or +7", found=said) from None


def _organisation(t: Terminal, known_: Known) -> str:
    said = " ".join(_until(t, t.w("Which hospital? (name in full)"), _something).split())
    if said in known_.organisations:
        return said
    near = [name for name in known_.organisations if said in name]
    for name in near[:5]:
        if click.confirm(t.w("Do you mean {name}?", name=name), default=True):
            return name
    return said


def _attendees(t: Terminal, colleagues: tuple[Person, ...], today: date) -> list[dict[str, Any]]:
    for number, person in enumerate(colleagues, 1):
        t.echo(f"  {number}. {person.name} {person.title or ''} <{person.email}>")
    listed: list[dict[str, Any]] = []
    while True:
        text = (
            t.w("Number, address or name; Enter when that was all") if listed else t.w("Number, address or name")
        )
        said = _line(text)
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
        return {"email": colleagues[int(said) - 1].email}
    fitting = [
        p
        for p in colleagues
        if said and (said == p.family_name or "".join(said.split()) in p.name.replace(" ", ""))
    ]
    if len(fitting) == 1:
        return {"email": fitting[0].email}
    if fitting:
        raise UserError("several people are called {name}", hint="give the number or the address", name=said)
    if "@" not in said:
        raise UserError(
            "nobody here is called {name}", hint="for somebody new, give the mail address", name=said or "–"
        )
    email = check_address(unicodedata.normalize("NFKC", said))
    if any(p.email == email.lower() for p in colleagues):
        return {"email": email}
    return {"email": email, **_new(t, today)}


def _new(t: Terminal, today: date) -> dict[str, Any]:
    family, _, given = (
        _until(t, t.w("  New. Family name and given name"), _something).replace("　", " ").partition(" ")
    )
    asked: dict[str, Any] = {"family_name": family, "given_name": given.strip()}
    title = _line(t.w("  Department and position"))
    if title:
        department, _, position = title.replace("　", " ").rpartition(" ")
        asked |= {"title": position} | ({"department": department} if department else {})
    _choices(t, [t.w(ROLE_NAMES[role]) for role in ROLES])
    role = _until(t, t.w("  Field (number)"), _role)
    if role:
        asked["role"] = role
        if role in PROFESSION_OF:
            asked["profession"] = PROFESSION_OF[role]
    if click.confirm(t.w("  Did you get a business card from this person, today?"), default=True):
        asked["basis"] = {
            "kind": Basis.BUSINESS_CARD.value,
            "on": str(today),
            "evidence": t.w("business card handed over at the meeting"),
        }
    return asked


def _role(said: str) -> str | None:
    if not said:
        return None
    if said in ROLES:
        return said
    if said.isdigit() and 0 < int(said) <= len(ROLES):
        return ROLES[int(said) - 1]
    raise UserError("found {found}, expected a number from {low} to {high}", found=said, low=1, high=len(ROLES))


def _feeling(t: Terminal) -> dict[str, str]:
    _choices(t, [t.w(text) for _, text in FEELINGS])
    picked = click.prompt(
        t.w("  How did this person feel? (number)"),
        type=click.IntRange(1, len(FEELINGS)),
        default=len(FEELINGS),
        show_default=False,
    )
    remark = _line(t.w("  What did this person say? (may be quoted back)"))
    return {"stance": FEELINGS[picked - 1][0].value} | ({"remark": remark} if remark else {})


def _concerns(t: Terminal) -> list[dict[str, str]]:
    """What worries them, each with its topic: the mail answers it in words and on pages of that topic."""
    from nurture.render.fields import TOPICS  # noqa: PLC0415 - loads the template engine's room

    topics = TOPICS[t.language]
    named = list(topics)
    concerns: list[dict[str, str]] = []
    while said := _line(f"  {len(concerns) + 1}"):
        if not concerns:
            _choices(t, [topics[topic] for topic in named])
        picked = click.prompt(
            t.w("    Which topic is it? (number; 0: another)"),
            type=click.IntRange(0, len(named)),
            default=0,
            show_default=False,
        )
        concerns.append({"text": said} | ({"topic": named[picked - 1]} if picked else {}))
    return concerns


def _promises(t: Terminal, today: date) -> list[dict[str, Any]]:
    promises: list[dict[str, Any]] = []
    while True:
        said = _line(f"  {len(promises) + 1}")
        if not said:
            if promises:
                return promises
            t.say(mark("  at least {count} is needed"), count=1)
            continue
        ours = click.confirm(t.w("    Is it ours to do?"), default=True)
        due = _until(t, t.w("    By when? (2026-11-05, 11/5, +7; Enter: no date)"), lambda text: day(text, today))
        promises.append({"text": said, "owner": "us" if ours else "them"} | ({"due": due} if due else {}))
