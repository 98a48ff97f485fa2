"""A meeting's form as its page shows it: what stands in a field, what is wrong with it, what is offered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture import explain
from nurture.core.deals import Stance
from nurture.core.people import ORGANISATION_KINDS, ROLES, Basis, Person, profession_of
from nurture.i18n import mark
from nurture.render.fields import TOPICS
from nurture.web import minutes
from nurture.web.understood import NEW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nurture.core.change import MeetingDraft
    from nurture.errors import UserError
    from nurture.i18n import Words
    from nurture.web.known import Offered

STANCES: Final = (Stance.SCEPTICAL, Stance.NEUTRAL, Stance.SUPPORTIVE, Stance.UNKNOWN)
CHIPS: Final = 12
"""So many people of the hospital are offered at one tap; others by a search."""
BASES: Final[Mapping[Basis, str]] = {
    Basis.BUSINESS_CARD: mark("a business card, handed over today"),
    Basis.CONSENT: mark("consent"),
    Basis.RELATIONSHIP: mark("a running business relationship"),
    Basis.PUBLISHED: mark("the organisation publishes the address"),
    Basis.NONE: mark("nothing yet: no mail is sent"),
}
KINDS: Final[Mapping[str, str]] = {
    "hospital": mark("hospital"),
    "university_hospital": mark("university hospital"),
    "clinic": mark("clinic"),
    "health_check_center": mark("health check centre"),
    "care_facility": mark("care facility"),
}


LABELS: Final[Mapping[str, str]] = {
    "organisation": mark("The hospital's name in full"),
    "ended_time": mark("Ended at"),
    "subject": mark("What was it about?"),
    "people": mark("Who was there"),
    "email": mark("Mail address"),
    "family": mark("Family name"),
    "basis": mark("Why may we write to this address?"),
    "evidence": mark("What proves it"),
    "on": mark("Since when"),
    "remark": mark("In their own words (may be quoted back)"),
    "agreements": mark("What was agreed?"),
    "concerns": mark("What worries them?"),
    "topic": mark("Topic"),
    "page": mark("Page"),
    "promises": mark("What was promised?"),
    "due": mark("By when"),
    "question": mark("The one question"),
    "note": mark("For yourself"),
    "scenario": mark("Scenario"),
    "event_on": mark("The event's date, where the scenario needs it"),
}
"""What a field is called in the list of what is wrong: the last part of its name, else the first."""
ELSEWHERE: Final = {"confirmation_question": "question", "next_actions": "promises", "private_note": "note"}
"""What a flow calls a field → what the form does."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the page asks for, field by field."""

    w: Words
    draft: MeetingDraft
    fields: Mapping[str, str]
    offered: Offered
    problems: Mapping[str, UserError]
    hand: str  # the page's own

    def value(self, name: str, default: str = "") -> str:
        """What stands in a field."""
        return self.fields.get(name, default)

    def wrong(self, name: str) -> str:
        """What is wrong with a field; empty when nothing is."""
        found = self.problems.get(name)
        if found is None:
            return ""
        values = {key: self._said(value) if key == "field" else value for key, value in found.values.items()}
        said = self.w(found.text, **values)
        return f"{said} {self.w('Hint: {text}', text=self.w(found.hint, **values))}" if found.hint else said

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        """What is wrong, in the order of the page: the field, what it is called, and what it is."""
        order = ("", "organisation", "ended_time", "subject", "people", "agreements", "concerns", "promises")

        def place(name: str) -> tuple[int, str]:
            group = name.partition(".")[0]
            return (order.index(group) if group in order else len(order)), name

        return [(name, self._called(name), self.wrong(name)) for name in sorted(self.problems, key=place)]

    def _said(self, field: object) -> str:
        """What a flow's field is called here."""
        name = str(field)
        return self.w(LABELS.get(ELSEWHERE.get(name, name), name))

    def _called(self, name: str) -> str:
        group, _, rest = name.partition(".")
        label = LABELS.get(rest.rpartition(".")[2] if rest else "", "") or LABELS.get(group, "")
        return self.w(label) if label else ""

    def rows(self, group: str) -> tuple[int, ...]:
        """The rows that are shown: one at least for concerns, promises, and where nobody is known, for people."""
        found = minutes.rows(self.fields, group)
        return found or (() if group == "people" and self.offered.people else (0,))

    @property
    def people_here(self) -> list[Person]:
        """Who can be added at one tap: whoever is known at the hospital and is not in the list."""
        there = set(self.offered.chosen)
        return [p for p in self.offered.people if p.id not in there][:CHIPS]

    def person(self, n: int) -> Person | None:
        """Who is known in a row."""
        return self.offered.chosen.get(self.value(f"people.{n}.person"))

    def called(self, n: int) -> str:
        """How somebody new will be addressed, as far as it is known by now."""
        said = minutes.row(self.fields, "people", n)
        if not said["family"]:
            return ""
        trained = profession_of(said["role"] or None, said["title"] or None)
        doctor = trained in {"doctor", "professor", "dentist"} or bool(said["doctor"] and trained is None)
        return f"{said['family']} {said['given']}".strip() + (" 先生" if doctor else " 様")

    def felt(self, person: Person) -> str:
        """How somebody felt at the last meeting; empty where nobody knows."""
        before = self.offered.felt.get(person.id, Stance.UNKNOWN)
        return "" if before is Stance.UNKNOWN else explain.stance(self.w, before)

    @property
    def stances(self) -> list[tuple[str, str]]:
        """The choices of how somebody felt."""
        return [(one.value, explain.stance(self.w, one)) for one in STANCES]

    @property
    def roles(self) -> list[tuple[str, str]]:
        """The choices of a field."""
        return [(role, explain.role(self.w, role)) for role in ROLES]

    @property
    def bases(self) -> list[tuple[str, str]]:
        """The choices of why we may write."""
        return [(basis.value, self.w(text)) for basis, text in BASES.items()]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """The choices of what a new organisation is."""
        return [(kind, self.w(KINDS[kind])) for kind in ORGANISATION_KINDS]

    @property
    def topics(self) -> list[tuple[str, str]]:
        """The choices of a topic."""
        return list(TOPICS[self.w.language].items())

    @property
    def deals(self) -> list[tuple[str, str]]:
        """The choices of a deal."""
        phases = explain.phases(self.w)
        known = [
            (d.name, f"{d.name} · {phases[min(max(d.phase, 1), len(phases)) - 1]}") for d in self.offered.deals
        ]
        return [*known, (NEW, self.w("a new deal"))]

    @property
    def phases(self) -> list[tuple[str, str]]:
        """The choices of how far it is."""
        return [(str(n), text) for n, text in enumerate(explain.phases(self.w), 1)]

    @property
    def scenarios(self) -> list[tuple[str, str]]:
        """The choices of what follows."""
        language = self.w.language
        return [(s.id, s.name.get(language) or next(iter(s.name.values()), s.id)) for s in self.offered.scenarios]

    @property
    def asks_event(self) -> bool:
        """Whether a scenario may begin at a date that only the record can tell."""
        return any(s.is_event for s in self.offered.scenarios)

    @property
    def deal_open(self) -> bool:
        """Whether what is folded in is to be seen: something is wrong there."""
        return bool({"deal", "product", "phase", "competitor", "contract_end"} & set(self.problems))
