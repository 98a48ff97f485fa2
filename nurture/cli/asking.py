"""The questions of ``nurture record``, one after the other, in the order of the five minutes after a meeting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from nurture.cli.attending import attendees
from nurture.cli.dealing import deal
from nurture.cli.questions import choices, day, ended, heading, line, lines, number, something, until, yes
from nurture.flows.minutes import rivals
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.cli.terminal import Terminal
    from nurture.core.deals import Deal
    from nurture.core.people import Person
    from nurture.ports import Doors


@dataclass(frozen=True, slots=True)
class Known:
    """Who is known already, so that nobody is typed twice."""

    now: datetime
    organisations: tuple[str, ...]
    people: Mapping[str, tuple[Person, ...]]  # by organisation
    deals: Mapping[str, tuple[Deal, ...]]  # by organisation, the last one first
    rivals: tuple[str, ...]  # competitors that deals, scenarios and content name


async def known(doors: Doors) -> Known:
    """Read what the questions offer."""
    from nurture.core.deals import Deal  # noqa: PLC0415
    from nurture.core.people import Organisation, Person  # noqa: PLC0415

    names = {o.id: o.name for o in await doors.store.find(Organisation)}
    people: dict[str, tuple[Person, ...]] = {}
    for person in await doors.store.find(Person, order=("family_name",)):
        name = names.get(person.organisation_id, "") if person.organisation_id else ""
        people[name] = (*people.get(name, ()), person)
    listed = await doors.store.find(Deal, order=("-created_at",))
    deals: dict[str, tuple[Deal, ...]] = {}
    for one in listed:
        name = names.get(one.organisation_id, "")
        deals[name] = (*deals.get(name, ()), one)
    return Known(doors.clock.now(), tuple(sorted(names.values())), people, deals, rivals(doors.library, listed))


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
        "ended_at": until(
            t,
            t.w("When did it end? (15:00, or 2026-11-05 15:00)"),
            lambda said: ended(said, here),
            default=f"{here:%H:%M}",
        ),
        "subject": line(t.w("What was it about?")),
    } | deal(t, known_.deals.get(organisation, ()), known_.rivals)
    heading(t, t.w("Who was there? Sceptics count most: they are written to first."))
    answers["attendees"] = attendees(t, known_.people.get(organisation, ()), here.date())
    heading(t, t.w("What was agreed? One line each."))
    answers["agreements"] = lines(t, least=1)
    heading(t, t.w("What worries them? One line each."))
    answers["concerns"] = _concerns(t)
    answers |= _material(t, answers["concerns"])
    heading(t, t.w("What was promised? Small promises are kept at once."))
    answers["promises"] = _promises(t, here.date())
    heading(t, t.w("One question, answered with yes or no, that confirms the shared understanding:"))
    answers["confirmation_question"] = until(t, "?", something)
    note = line(t.w("Private impressions (never in a mail)"))
    if note:
        answers["private_note"] = note
    t.echo()
    if not yes(t, t.w("Save, and write the thank-you mails?")):
        raise click.Abort
    return answers


def _organisation(t: Terminal, known_: Known) -> str:
    said = " ".join(until(t, t.w("Which hospital? (name in full)"), something).split())
    if said in known_.organisations:
        return said
    near = [name for name in known_.organisations if said in name]
    for name in near[:5]:
        if yes(t, t.w("Do you mean {name}?", name=name)):
            return name
    return said


def _concerns(t: Terminal) -> list[dict[str, str]]:
    """What worries them, each with its topic: the mail answers it in words and on pages of that topic."""
    from nurture.render.fields import TOPICS  # noqa: PLC0415 - loads the template engine's room

    topics = TOPICS[t.language]
    named = list(topics)
    concerns: list[dict[str, str]] = []
    while said := line(f"  {len(concerns) + 1}"):
        if not concerns:
            choices(t, [topics[topic] for topic in named])
        picked = number(t, t.w("    Which topic is it? (number; 0: another)"), 0, len(named), 0)
        concerns.append({"text": said} | ({"topic": named[picked - 1]} if picked else {}))
    return concerns


def _material(t: Terminal, concerns: list[dict[str, str]]) -> dict[str, Any]:
    """What was left there, and the pages that answer their concerns (B13): the mail names the page."""
    from nurture.render.fields import TOPICS  # noqa: PLC0415 - loads the template engine's room

    material = line(t.w("Which material did you leave there? (its name; Enter: none)"))
    if not material:
        return {}
    topics = dict.fromkeys(concern["topic"] for concern in concerns if "topic" in concern)
    pages = {topic: line(t.w("  On which page is {topic}?", topic=TOPICS[t.language][topic])) for topic in topics}
    return {"material": material, "pointers": [{"topic": t_, "page": page} for t_, page in pages.items() if page]}


def _promises(t: Terminal, today: date) -> list[dict[str, Any]]:
    promises: list[dict[str, Any]] = []
    while True:
        said = line(f"  {len(promises) + 1}")
        if not said:
            if promises:
                return promises
            t.say(mark("  at least {count} is needed"), count=1)
            continue
        ours = yes(t, t.w("    Is it ours to do?"))
        due = until(t, t.w("    By when? (2026-11-05, 11/5, +7; Enter: no date)"), lambda text: day(text, today))
        promises.append({"text": said, "owner": "us" if ours else "them"} | ({"due": due} if due else {}))
