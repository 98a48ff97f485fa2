"""The sender's quick look says yes only where planning anew would leave everything as it was approved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.core import last_look, outgoing, survey
from nurture.core.calendar import Calendar, CalendarEntry, Days, Effect
from nurture.core.content import ContentItem, Wanted
from nurture.core.dossier import Dossier, Touch
from nurture.core.glance import glance
from nurture.core.ids import MailboxId, MessageId, SuppressionId
from nurture.core.messages import (
    Approval,
    EnrollmentState,
    Message,
    MessageState,
    Suppression,
    SuppressionScope,
)
from nurture.core.plan import Request, Settled, StepOutcome, plan, stands
from nurture.core.scenario import Expiry, Hours, Pace, Scenario, Step, Windows
from tests.core.cases import request
from tests.samples import DOCTOR, ENROLLMENT, NOW, REP, TODAY, dossier, mail


def on_the_day(seed: int) -> tuple[Request, Step] | None:
    """A request as of the day of its first mail that is not settled, everything ahead of it being over."""
    asked = request(seed)
    found = {p.step_id: p for p in plan(asked).steps}
    ahead: list[Settled] = []
    known = {s.step_id: s for s in asked.settled}
    for step in asked.scenario.steps:
        if step.id in known:
            ahead.append(known[step.id])
            continue
        planned = found[step.id]
        if step.task is None and planned.planned_at is not None:
            at = planned.planned_at.astimezone(UTC) + timedelta(minutes=seed % 3 * 90)
            later = tuple(s for s in asked.settled if s.step_id not in {a.step_id for a in ahead})
            return replace(asked, now=max(at, asked.now), settled=(*ahead, *later)), step
        ahead.append(Settled(step.id, planned.planned_on))
    return None


@settings(max_examples=1500, deadline=None)
@given(st.integers(0, 10**9))
def test_what_stands_is_what_would_be_planned(seed: int) -> None:
    """On the day of a step, the quick answer and the plan say the same: it is today, or it is not."""
    case = on_the_day(seed)
    if case is None:
        return
    asked, step = case
    planned = next(p for p in plan(asked).steps if p.step_id == step.id)
    zone = ZoneInfo(asked.profile.timezone or asked.scenario.timezone)
    today = max(asked.now, asked.anchor).astimezone(zone).date()

    quick = stands(asked, step.id, today)

    fits = planned.outcome is StepOutcome.SEND and planned.planned_on == today
    assert quick == (fits and planned.nominal <= today) or (step.day <= 0 and not quick)


def test_most_letters_need_no_more() -> None:
    """The quick answer is worth having: of the steps whose day has come, nearly all are said yes to."""
    cases = [case for seed in range(400) if (case := on_the_day(seed)) is not None]
    quick = 0
    slow = 0
    for asked, step in cases:
        planned = next(p for p in plan(asked).steps if p.step_id == step.id)
        zone = ZoneInfo(asked.profile.timezone or asked.scenario.timezone)
        today = max(asked.now, asked.anchor).astimezone(zone).date()
        if planned.planned_on == today:
            quick, slow = (quick + 1, slow) if stands(asked, step.id, today) else (quick, slow + 1)

    assert quick > 100
    assert slow < quick / 10


def test_a_step_behind_one_that_is_not_over_is_for_the_search() -> None:
    """What is ahead of it might take this very date."""
    script = Scenario(
        "s", {}, "enrolled_at", "Asia/Tokyo", (Step("a", 1, mail="m"), Step("b", 1, mail="m")), windows=WINDOWS
    )
    asked = Request(script, survey.profile(DOCTOR, None), NOW, NOW, "key")

    assert stands(asked, "a", TODAY)
    assert not stands(asked, "b", TODAY)
    assert not stands(asked, "c", TODAY)


# --- with the whole dossier ---

WINDOWS = {"default": Windows(frozenset(range(5)), (Hours(time(9), time(18)),))}
WANTED = Wanted("seminar", ())
SEMINAR = ContentItem(id="sem", kind="seminar", title="勉強会", summary="内容", event_on=TODAY + timedelta(days=9))
OTHER = replace(SEMINAR, id="other", event_on=TODAY + timedelta(days=1))
BY_ID = {item.id: item for item in (SEMINAR, OTHER)}
NO_DAYS = Days((), survey.profile(DOCTOR, None))
BOXES = frozenset({MailboxId("tanaka")})


def script(*, content: bool, event: bool, twice: bool, gap: int | None) -> Scenario:
    """Three steps; the second is the one that leaves."""
    steps = (
        Step("thanks", 1, mail="m"),
        Step(
            "case",
            1,
            mail="m",
            content=WANTED if content else None,
            expires=Expiry(before_event="seminar_date", margin=3) if event else None,
        ),
        Step("column", 9, mail="m", content=WANTED if twice else None),
    )
    return Scenario("s", {}, "enrolled_at", "Asia/Tokyo", steps, windows=WINDOWS, pace=Pace(min_gap=gap))


def topic(name: str) -> Suppression:
    """The doctor wants no more mail about this."""
    return Suppression(
        SuppressionId(name), SuppressionScope.TOPIC, f"{DOCTOR.email}#{name}", "opted_out", "person", NOW
    )


def claimed(item: str | None, *, edited: bool) -> Message:
    """A claimed mail of the step ``case``, approved as it is."""
    row = replace(
        mail(MessageState.SENDING),
        planned_on=TODAY,
        content_id=item,
        edited_by=REP.id if edited else None,
        approvals=(),
    )
    return replace(row, approvals=(Approval(REP.id, NOW, row.fingerprint, leaves_at=NOW),))


@settings(max_examples=800, deadline=None)
@given(
    content=st.booleans(),
    event=st.booleans(),
    twice=st.booleans(),
    gap=st.sampled_from([None, 2]),
    item=st.sampled_from([None, "sem", "other", "gone"]),
    edited=st.booleans(),
    state=st.sampled_from(list(EnrollmentState)),
    blocked=st.booleans(),
    touched=st.sampled_from([None, 0, 1, 5]),
    thanked=st.sampled_from([MessageState.SENT, MessageState.SKIPPED, MessageState.WAITING]),
    hours=st.integers(0, 11),
    shown=st.sampled_from(["same", "body", "address", "holds", "box"]),
    tolerance=st.sampled_from([timedelta(days=1), timedelta(minutes=90), timedelta()]),
    refused=st.sampled_from([None, "seminar", "case_study"]),
)
def test_a_yes_is_what_the_full_check_says(
    *,
    content: bool,
    event: bool,
    twice: bool,
    gap: int | None,
    item: str | None,
    edited: bool,
    state: EnrollmentState,
    blocked: bool,
    touched: int | None,
    thanked: MessageState,
    hours: int,
    shown: str,
    tolerance: timedelta,
    refused: str | None,
) -> None:
    """Whatever has changed since the approval: the quick look never lets leave what the full check would not."""
    now = NOW + timedelta(hours=hours)
    scenario = script(content=content, event=event, twice=twice, gap=gap)
    message = claimed(item, edited=edited)
    message = {
        "same": message,
        "body": replace(message, body="another"),
        "address": replace(message, to_address="x@y.example"),
        "holds": message,
        "box": replace(message, mailbox_id=MailboxId("gone")),
    }[shown]
    enrollment = replace(ENROLLMENT, state=state, holds=1 if shown == "holds" else 0)
    first = replace(mail(thanked), id=MessageId("thanks"), step_id="thanks", planned_on=TODAY - timedelta(days=3))
    touches = (
        ()
        if touched is None
        else (
            Touch(MessageId("t"), DOCTOR.id, DOCTOR.organisation_id, None, TODAY - timedelta(touched), sent=True),
        )
    )
    topics = () if refused is None else (topic(refused),)
    seen: Dossier = dossier(message, first, enrollment=enrollment, touches=touches, suppressions=topics)
    entries = (CalendarEntry("b", Effect.BLACKOUT, start=TODAY),) if blocked else ()
    calendars, items = (Calendar("c", entries),), (SEMINAR, OTHER)

    seen_at_once = glance(seen, message.id)
    days = Days(calendars, survey.profile_of(seen))
    quick = last_look.may_leave(message, seen_at_once, scenario, days, BY_ID, now, BOXES, tolerance)

    full = survey.survey(seen, scenario, calendars, items, now, but=message.id)
    assert not quick or outgoing.check(message, seen, full, now, BOXES, tolerance) is None


@pytest.mark.parametrize("content", [True, False])
def test_an_ordinary_letter_is_said_yes_to(*, content: bool) -> None:
    """Nothing has changed since the approval: no plan is needed."""
    message = claimed("sem" if content else None, edited=False)
    first = replace(
        mail(MessageState.SENT), id=MessageId("thanks"), step_id="thanks", planned_on=TODAY - timedelta(days=3)
    )
    seen = dossier(message, first)
    scenario = script(content=content, event=content, twice=False, gap=2)

    assert last_look.may_leave(message, glance(seen, message.id), scenario, NO_DAYS, BY_ID, NOW, BOXES)


@pytest.mark.parametrize("name", ["case_study", "seminar"])
def test_any_suppression_is_for_the_closer_look(name: str) -> None:
    """Its reader refused to hear of something after the approval: of what, only the dossier says."""
    message = claimed("sem", edited=False)
    first = replace(
        mail(MessageState.SENT), id=MessageId("thanks"), step_id="thanks", planned_on=TODAY - timedelta(days=3)
    )
    scenario = script(content=True, event=True, twice=False, gap=2)
    seen = glance(dossier(message, first, suppressions=(topic(name),)), message.id)

    assert not last_look.may_leave(message, seen, scenario, NO_DAYS, BY_ID, NOW, BOXES)
    assert last_look.may_leave(message, seen._replace(suppressed=False), scenario, NO_DAYS, BY_ID, NOW, BOXES)


def test_letters_behind_it_do_not_count() -> None:
    """Two letters to one person were claimed together: the first may leave, the second may not on that date."""
    message = claimed("sem", edited=False)
    scenario = script(content=True, event=True, twice=False, gap=2)
    other = Touch(MessageId("other"), DOCTOR.id, DOCTOR.organisation_id, None, TODAY, sent=True)
    first = replace(
        mail(MessageState.SENT), id=MessageId("thanks"), step_id="thanks", planned_on=TODAY - timedelta(days=3)
    )
    seen = glance(dossier(message, first, touches=(other,)), message.id)

    assert not last_look.may_leave(message, seen, scenario, NO_DAYS, BY_ID, NOW, BOXES)
    assert last_look.may_leave(message, seen, scenario, NO_DAYS, BY_ID, NOW, BOXES, behind={MessageId("other")})
