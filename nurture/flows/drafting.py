"""From a decision to rows: texts are written here, between the one read and the one write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Final

from nurture.core import approval, progress, states, survey
from nurture.core.change import Change, ScenarioText
from nurture.core.deals import Task
from nurture.core.draft import Beside, Brief
from nurture.core.ids import TaskId, derived
from nurture.core.messages import MessageState
from nurture.core.plan import Request, plan
from nurture.core.scenario import Hours, Scenario, Step, Windows
from nurture.errors import UserError
from nurture.mail import compose, links
from nurture.mail.address import domain_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nurture.core.messages import Enrollment, Message
    from nurture.core.progress import Advance
    from nurture.core.survey import Survey
    from nurture.ports import Doors

MEETING_TIMES = {
    "clinician": (time(17, 30), time(12, 30), time(17, 30)),
    "default": (time(15), time(10, 30), time(16)),
}
"""When we offer to come: after clinics for doctors, office hours for others (facts: good hours)."""

NOBODY: Final = Beside()


@dataclass(frozen=True, slots=True)
class Scripts:
    """Scenarios as enrollments began with them, by hash; a text that cannot be read is an error when asked for."""

    read: Mapping[str, Scenario]
    broken: Mapping[str, UserError]

    def of_enrollment(self, enrollment: Enrollment) -> Scenario:
        """The scenario as this enrollment began with it, in its arm of a comparison.

        Raises:
            UserError: as ``of``.
        """
        return self.of(enrollment.scenario_hash).as_variant(enrollment.variant)

    def of(self, key: str) -> Scenario:
        """The scenario of that hash.

        Raises:
            UserError: its text is gone, or this version of the program cannot read it.
        """
        if key in self.broken:
            error = self.broken[key]
            raise UserError(error.text, where=error.where, hint=error.hint, **error.values)
        if key not in self.read:
            raise UserError("The scenario of this enrollment is not in the database any more")
        return self.read[key]


async def scripts(doors: Doors, hashes: Collection[str]) -> Scripts:
    """Scenarios in one query. ``Library.parse`` keeps what it parsed."""
    read: dict[str, Scenario] = {}
    broken: dict[str, UserError] = {}
    for row in await doors.store.find(ScenarioText, {"id": tuple(set(hashes))}):
        try:
            read[row.id] = with_content(doors, doors.library.parse(row.text))
        except UserError as error:
            broken[row.id] = error
        except Exception as error:  # one text must not be in the way of the others
            problem = f"{type(error).__name__}: {error}"
            broken[row.id] = UserError(
                "The scenario of this enrollment cannot be read: {problem}", problem=problem
            )
    return Scripts(read, broken)


def with_content(doors: Doors, scenario: Scenario) -> Scenario:
    """A step that names no content asks for what its template is written for."""

    def filled(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(_step_with_content(doors, step) for step in steps)

    variants = tuple(replace(variant, steps=filled(variant.steps)) for variant in scenario.variants)
    return replace(scenario, steps=filled(scenario.steps), variants=variants)


def _step_with_content(doors: Doors, step: Step) -> Step:
    if step.content is not None or step.mail is None:
        return step
    try:
        return replace(step, content=doors.writer.content(step.mail))
    except UserError:
        return step  # said when its text is written


def proposals(s: Survey, message: Message) -> tuple[datetime, ...]:
    """Three times to meet, on days that are free for appointments, from a week after the mail leaves.

    Found with the planning rules themselves: three steps of purpose ``appointment`` in office hours.
    """
    if message.planned_on is None:
        return ()
    zone = survey.zone_of(s.dossier, s.scenario)
    start = datetime.combine(message.planned_on, time(12), tzinfo=zone)
    office = Windows(days=frozenset({1, 2, 3}), hours=(Hours(time(9), time(19)),))
    steps = tuple(Step(id=f"meet-{day}", day=day, mail="-", purpose="appointment") for day in (8, 9, 14))
    asked = Scenario(
        id="meet", name={}, anchor="enrolled_at", timezone=str(zone), steps=steps, windows={"default": office}
    )
    request = Request(asked, s.request.profile, start, start, s.dossier.enrollment.id, s.request.calendars)
    days = [p.planned_on for p in plan(request).steps if p.planned_on]
    times = MEETING_TIMES.get(s.dossier.person.role or "", MEETING_TIMES["default"])
    return tuple(datetime.combine(day, at, tzinfo=zone) for day, at in zip(days, times, strict=False))


def brief(doors: Doors, s: Survey, message: Message, step: Step, beside: Beside) -> Brief:
    """What the writer is given for one mail."""
    d = s.dossier
    public = doors.settings.web.public_url
    mailbox = doors.settings.mailbox(message.mailbox_id)
    answered = d.message(step.thread) if step.thread else None
    return Brief(
        template=message.template,
        person=d.person,
        rep=d.rep,
        organisation=d.organisation,
        deal=d.deal,
        meeting=d.meeting,
        promises=d.promises,
        content=s.chosen.get(step.id),
        requires=step.requires,
        send_on=message.planned_on,
        proposed=proposals(s, message) if step.purpose == "appointment" else (),
        unsubscribe_url=f"{public.rstrip('/')}/u/{message.unsubscribe_token}"
        if public.startswith("https://")
        else None,
        unsubscribe_mail=mailbox.address if mailbox else d.rep.email,
        thread_subject=answered.subject if answered and answered.state in states.LEFT else None,
        beside=beside,
    )


def write(
    doors: Doors, s: Survey, message: Message, step: Step, now: datetime, beside: Beside = NOBODY
) -> Message:
    """One mail with its text, waiting or released.

    Raises:
        UserError: the template, or a field or content it needs, is missing; or what came of it cannot be sent.
    """
    item = s.chosen.get(step.id)
    if step.content is not None and item is None:
        raise UserError("No {kind} is left that fits {name}", kind=step.content.kind, name=s.dossier.person.name)
    mailbox = doors.settings.mailbox(s.dossier.rep.mailbox_id)
    if mailbox is None:
        raise UserError("{name} has no mailbox to send from", name=s.dossier.rep.name)
    answered = s.dossier.message(step.thread) if step.thread else None
    thread = answered if answered and answered.state in states.LEFT else None
    ready = replace(
        message,
        mailbox_id=mailbox.id,
        content_id=item.id if item else None,
        to_address=s.dossier.person.email,
        to_name=s.dossier.person.name,
        from_address=mailbox.address,
        from_name=mailbox.name,
        header_id=_header_id(message, mailbox.address),
        unsubscribe_token=_token(doors, message, s.dossier.person.email),
        in_reply_to=thread.header_id if thread else "",
        references=(*thread.references, thread.header_id) if thread else (),
        rendered_at=now,
    )
    draft = doors.writer.write(brief(doors, s, ready, step, beside))
    reason = "" if message.reason == progress.UNWRITABLE else message.reason  # why it needs a fresh look
    ready = replace(ready, subject=draft.subject, body=draft.body, reason=reason)
    compose.check(ready)  # what no server could be given is said now, not when it should leave
    # A file goes when a person has looked at it, and what a server put off for a whole day is a person's too.
    if step.approve == "none" and not ready.attachments and reason != progress.PUT_OFF:
        return approval.release(ready, now, s.dossier.enrollment.holds)
    return replace(ready, state=states.move(states.MESSAGES, ready.state, "draft"))


def _header_id(message: Message, address: str) -> str:
    """The Message-ID, fixed before the first attempt; made anew only where the mailbox moved to another domain."""
    if message.header_id and compose.own_id(message.header_id, address):
        return message.header_id
    return compose.header_id(message.id, domain_of(address))


def _token(doors: Doors, message: Message, address: str) -> str:
    """What its unsubscribe link carries: the same for each text of a mail, as long as it goes to that address."""
    if message.unsubscribe_token and links.opened(doors.link_key, message.unsubscribe_token) == address:
        return message.unsubscribe_token
    return links.sealed(doors.link_key, address, doors.chance.secret())


def _stuck(s: Survey, message: Message, error: UserError, now: datetime) -> Change:
    """A mail that cannot be written: said once, to the representative, with the reason."""
    task_id = TaskId(derived("task:draft", message.id))
    marked = replace(message, reason=progress.UNWRITABLE)
    if any(t.id == task_id for t in s.dossier.tasks) or message.reason == progress.UNWRITABLE:
        return Change((marked,))
    task = Task(
        id=task_id,
        kind="draft",
        rep_id=s.dossier.enrollment.rep_id,
        title=s.dossier.person.name,
        due_at=now,
        detail=error.with_place,
        person_id=s.dossier.person.id,
        organisation_id=s.dossier.person.organisation_id,
        deal_id=s.dossier.enrollment.deal_id,
        enrollment_id=s.dossier.enrollment.id,
        message_id=message.id,
        created_at=now,
    )
    said = progress.entry(s.dossier, "message.unwritable", now, message, problem=error.with_place)
    return Change((marked, task), (said,))


def written(
    doors: Doors, s: Survey, result: Advance, now: datetime, beside: Beside = NOBODY
) -> tuple[Change, Advance]:
    """The whole change of one beat for one enrollment, texts included."""
    rows = {m.id: m for m in result.messages}
    change = Change(result.tasks, result.entries)
    for message, step in result.drafts:
        try:
            done = write(doors, s, message, step, now, beside)
        except UserError as error:
            stuck = _stuck(s, message, error, now)
            rows[message.id] = next(p for p in stuck.puts if p.id == message.id)  # type: ignore[assignment]
            change += Change(tuple(p for p in stuck.puts if p.id != message.id), stuck.entries)
            continue
        rows[message.id] = done
        kind = "message.drafted" if done.state is MessageState.WAITING else "message.released"
        said = progress.entry(s.dossier, kind, now, done, on=str(done.planned_on), content=done.content_id)
        change += Change((), (said,))
    result = replace(result, messages=tuple(rows.values()))
    if result.complete:
        # The rows as this beat leaves them: what it has just opened or ended is not ended once more.
        after = replace(
            s.dossier,
            messages=tuple({m.id: m for m in (*s.dossier.messages, *rows.values())}.values()),
            tasks=tuple({t.id: t for t in (*s.dossier.tasks, *result.tasks)}.values()),
        )
        return change + Change(tuple(rows.values())) + progress.end(after, "complete", "", now), result
    # Always with the enrollment: what was decided for an active one must not be written to a stopped one.
    enrollment = s.dossier.enrollment
    reason = "" if enrollment.reason == progress.UNPLANNABLE else enrollment.reason
    woken = replace(enrollment, wake_at=result.wake_at, reason=reason)
    if woken == enrollment and not rows and not change:
        return change, result
    return change + Change((*rows.values(), woken)), result
