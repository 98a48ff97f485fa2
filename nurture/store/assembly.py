"""Dossiers from the rows that both stores gather: one place says what belongs in which.

Gathering may bring more than is needed (a suppression of another topic, touches of a whole organisation);
assembling is exact.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeVar

from nurture.core.dossier import Dossier, Touch
from nurture.core.messages import Message
from nurture.core.messages import SuppressionScope as Scope
from nurture.core.states import LEFT, UNSENT
from nurture.core.suppressions import covering
from nurture.store.codecs import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nurture.core.deals import Deal, Meeting, Promise, Task
    from nurture.core.ids import OrganisationId
    from nurture.core.messages import Enrollment, Suppression
    from nurture.core.people import Organisation, Person, Representative

K = TypeVar("K")
V = TypeVar("V")

COUNTING: Final = LEFT | UNSENT
"""Messages that are touches: on their way, or gone."""

_BACK: Final = timedelta(days=41)  # 40 local days, wherever the recipient lives
_LAST: Final = datetime.max.replace(tzinfo=UTC)

_TOUCH_ORDER: Final = attrgetter("on", "message_id")


def since(now: datetime) -> date:
    """From which local date on an organisation's touches are gathered."""
    return (now - _BACK).date()


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read for a batch of enrollments."""

    enrollments: tuple[Enrollment, ...]
    people: Mapping[str, Person]
    reps: Mapping[str, Representative]
    organisations: Mapping[str, Organisation]
    deals: Mapping[str, Deal]
    meetings: Mapping[str, Meeting]
    promises: Iterable[Promise]
    messages: Iterable[Message]
    tasks: Iterable[Task]
    touches: Iterable[Touch]  # each once
    suppressions: Iterable[Suppression]  # in force
    replied: frozenset[str]  # ids of enrollments


def organisation_of(enrollment: Enrollment, person: Person) -> OrganisationId | None:
    """Whose organisation a dossier holds."""
    return enrollment.organisation_id or person.organisation_id


def silenced(enrollment: Enrollment, person: Person) -> frozenset[tuple[Scope, str]]:
    """The suppressions that would silence this person, topics apart."""
    organisations = (enrollment.organisation_id, person.organisation_id)
    return covering(person.email.lower(), organisations) | covering(fold(person.email), organisations)


def touch(message: Message) -> Touch | None:
    """The message as a mail that counts for pace, if it is one."""
    if message.planned_on is None or message.state not in COUNTING:
        return None
    return Touch(
        message_id=message.id,
        person_id=message.person_id,
        organisation_id=message.organisation_id,
        enrollment_id=message.enrollment_id,
        on=message.planned_on,
        sent=message.state in LEFT,
        content_id=message.content_id,
    )


def assemble(found: Gathered, now: datetime) -> tuple[Dossier, ...]:
    """One dossier for each enrollment, in their order; what they hold is in the order of its dates."""
    messages = _by(found.messages, lambda m: m.enrollment_id)
    tasks = _by(found.tasks, lambda t: t.enrollment_id)
    of_deal = _by(found.promises, lambda p: p.deal_id)
    of_meeting = _by(found.promises, lambda p: p.meeting_id)
    touches = _by(found.touches, lambda t: t.person_id)
    colleagues = _by(found.touches, lambda t: t.organisation_id)
    plain = _by(found.suppressions, lambda s: (s.scope, s.value))
    topics = _by(found.suppressions, _topic_address)
    start = since(now)

    def one(enrollment: Enrollment) -> Dossier:
        person = found.people[enrollment.person_id]
        organisation = organisation_of(enrollment, person)
        others = (
            (t for t in colleagues.get(organisation, ()) if t.on >= start and t.person_id != person.id)
            if organisation
            else ()
        )
        quiet = [s for key in silenced(enrollment, person) for s in plain.get(key, ())]
        quiet += [s for address in {fold(person.email), person.email.lower()} for s in topics.get(address, ())]
        promises = of_deal.get(enrollment.deal_id, ()) if enrollment.deal_id else ()
        if not enrollment.deal_id and enrollment.meeting_id:
            promises = of_meeting.get(enrollment.meeting_id, ())
        return Dossier(
            enrollment=enrollment,
            person=person,
            rep=found.reps[enrollment.rep_id],
            organisation=found.organisations.get(organisation) if organisation else None,
            deal=found.deals.get(enrollment.deal_id) if enrollment.deal_id else None,
            meeting=found.meetings.get(enrollment.meeting_id) if enrollment.meeting_id else None,
            promises=tuple(sorted(promises, key=lambda p: (p.due or date.max, p.id))),
            messages=tuple(sorted(messages.get(enrollment.id, ()), key=_message_order)),
            tasks=tuple(sorted(tasks.get(enrollment.id, ()), key=_task_order)),
            touches=tuple(sorted((*touches.get(person.id, ()), *others), key=_TOUCH_ORDER)),
            suppressions=tuple(sorted(quiet, key=lambda s: (s.at, s.id))),
            replied=enrollment.id in found.replied,
        )

    return tuple(one(enrollment) for enrollment in found.enrollments)


def _by(values: Iterable[V], key: Callable[[V], K]) -> dict[K, list[V]]:
    groups: defaultdict[K, list[V]] = defaultdict(list)
    for value in values:
        groups[key(value)].append(value)
    return dict(groups)


def _topic_address(suppression: Suppression) -> str | None:
    """The address before ``#topic``; a topic is a slug, so the last # is the one between."""
    return suppression.value.rpartition("#")[0] if suppression.scope is Scope.TOPIC else None


def _message_order(message: Message) -> tuple[date, str]:
    return (message.planned_on or message.nominal or date.max, message.id)


def _task_order(task: Task) -> tuple[datetime, str]:
    return (task.due_at or _LAST, task.id)
