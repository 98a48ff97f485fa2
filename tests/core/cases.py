"""Planning requests by number: the same number gives the same request, and most rules meet in them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TypeVar

from dateutil.rrule import rrulestr

from nurture.core.calendar import AppliesTo, Calendar, CalendarEntry, Certainty, Effect, Profile
from nurture.core.plan import History, Request, Settled, Situation
from nurture.core.recurrence import Monthly, Rrule, Yearly
from nurture.core.scenario import END_OF_DAY, Expiry, Hours, Pace, Scenario, Step, When, Windows

T = TypeVar("T")

ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC")
ROLES = ("clinician", "nursing", "executive")
SPECIALTIES = ("radiology", "cardiology")
STANCES = ("sceptical", "supportive", "unknown")
RULES = (
    "FREQ=WEEKLY;BYDAY=TU,TH;COUNT=9",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYDAY=2SA",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=DAILY;INTERVAL=5;UNTIL=20270310",
    "FREQ=YEARLY",
)
FIRST = date(2026, 12, 1)


def maybe(rnd: Random, chance: float, value: T) -> T | None:
    """The value, with that chance."""
    return value if rnd.random() < chance else None


def some(rnd: Random, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """A list for ``applies_to``, or no key at all."""
    found = tuple(rnd.sample([*values, "all"], rnd.randint(1, 2)))
    return found if rnd.random() < 0.4 else None


def day(rnd: Random, span: int = 160) -> date:
    """A date near those of the scenario."""
    return FIRST + timedelta(days=rnd.randrange(span))


def entry(rnd: Random, place: int) -> CalendarEntry:
    """One calendar entry."""
    start = day(rnd)
    kind = rnd.random()
    every: Yearly | Monthly | Rrule | None = None
    if kind < 0.15:
        every = Monthly(rnd.randint(1, 31), rnd.randint(1, 31))
        if rnd.random() < 0.7:
            every = Monthly(every.from_, min(every.from_ + rnd.randint(0, 9), 31))
    elif kind < 0.3:
        every = Yearly(
            (rnd.choice((12, 1, 2, 3)), rnd.randint(1, 31)), (rnd.choice((12, 1, 2, 3)), rnd.randint(1, 31))
        )
    elif kind < 0.42:
        rule = rnd.choice(RULES)
        first = next(iter(rrulestr(rule, dtstart=datetime.combine(start, time()))), None)
        every, start = (Rrule(rule), first.date()) if first is not None else (None, start)
    dated = not isinstance(every, Yearly | Monthly)
    return CalendarEntry(
        id=f"e{place}",
        effect=rnd.choice(list(Effect)),
        start=start if dated else None,
        end=None if not dated else maybe(rnd, 0.7, start + timedelta(days=rnd.randrange(12))),
        every=every,
        applies_to=AppliesTo(
            roles=some(rnd, ROLES),
            specialties=some(rnd, SPECIALTIES),
            regions=some(rnd, ("kanto",)),
            departments=some(rnd, ("医事課",)) if rnd.random() < 0.3 else None,
            organisations=some(rnd, ("青葉中央病院",)) if rnd.random() < 0.3 else None,
            organisation_kinds=some(rnd, ("clinic", "hospital")) if rnd.random() < 0.3 else None,
        ),
        certainty=rnd.choice((Certainty.CONFIRMED, Certainty.CONFIRMED, Certainty.ANNOUNCED, Certainty.ESTIMATED)),
        reduce_days=rnd.choice((3, 7, 10)),
        before=rnd.choice((0, 0, 1, 3)),
        after=rnd.choice((0, 0, 1, 4)),
    )


def windows(rnd: Random) -> Windows:
    """One to three spans of hours."""
    clocks = sorted(rnd.sample(range(96), 2 * rnd.randint(1, 3)))
    hours = [
        Hours(time(a // 4, a % 4 * 15), time(b // 4, b % 4 * 15))
        for a, b in zip(clocks[::2], clocks[1::2], strict=True)
    ]
    if rnd.random() < 0.1:
        hours[-1] = Hours(hours[-1].start, END_OF_DAY)
    days = rnd.choice(
        (frozenset(range(5)), frozenset(range(5)), frozenset(range(7)), frozenset({1, 3}), frozenset({6}))
    )
    return Windows(days, tuple(hours))


def step(rnd: Random, place: int) -> Step:
    """One step; days mostly ascend."""
    task = rnd.random() < 0.2
    within = not task and rnd.random() < 0.25
    event = maybe(rnd, 0.4, "seminar_date")
    expires = Expiry(
        after=maybe(rnd, 0.6, rnd.randrange(12)),
        before_event=event,
        before_date=maybe(rnd, 0.3, day(rnd)) if event is None else None,  # ``before`` says one of the two
        margin=rnd.choice((0, 3)),
    )
    when = When(
        no_reply=rnd.choice((None, None, None, True, False)),
        roles=maybe(rnd, 0.1, ("clinician", "nursing")),
        deal_phase_at_least=maybe(rnd, 0.1, 3),
        stances=maybe(rnd, 0.2, tuple(rnd.sample(STANCES, 2))),
        competitors=maybe(rnd, 0.1, ("Aster",)),
    )
    return Step(
        id=f"s{place}",
        day=max(1, 1 + place * rnd.randint(0, 9) + rnd.randint(-2, 2)),
        mail=None if task else "m",
        task="call" if task else None,
        business_days=rnd.random() < 0.25,
        within_seconds=10_800 if within else None,
        on_blocked=rnd.choice(("postpone", "postpone", "advance", "skip", "ignore")),
        any_window=rnd.random() < (0.6 if within else 0.15),
        windows=maybe(rnd, 0.1, {"default": windows(rnd)}),
        expires=maybe(rnd, 0.3, expires),
        purpose=rnd.choice(("value", "value", "value", "appointment", "notice")),
        when=when if rnd.random() < 0.2 else When(),
        quiet_days=rnd.choice((0, 0, 0, 0, 3, 7)),
    )


def scenario(rnd: Random) -> Scenario:
    """One to six steps."""
    roles = rnd.sample(("default", *ROLES), rnd.randint(1, 3))
    cap = rnd.random() < 0.5
    return Scenario(
        id="s",
        name={},
        anchor="meeting_end",
        timezone=rnd.choice(ZONES),
        steps=tuple(step(rnd, place) for place in range(rnd.randint(1, 6))),
        pace=Pace(
            min_gap=rnd.choice((None, 0, 1, 2, 5)),
            cap=rnd.choice((1, 2, 3)) if cap else None,
            cap_days=rnd.choice((3, 7)) if cap else None,
        ),
        windows={role: windows(rnd) for role in {"default", *roles} if role != "default" or rnd.random() < 0.9},
    )


def request(seed: int) -> Request:
    """The request of that number."""
    rnd = Random(seed)
    script = scenario(rnd)
    anchor = datetime.combine(day(rnd, 110), time(rnd.randrange(24), rnd.randrange(60)), tzinfo=UTC)
    now = anchor + timedelta(minutes=rnd.choice((0, 0, 0, -3000, 400, 30_000, 90_000)))
    others = tuple(day(rnd) for _ in range(rnd.choice((0, 0, 3, 8))))
    own = tuple(d for d in others if rnd.random() < 0.4)
    settled = tuple(
        Settled(
            s.id, rnd.choice((None, anchor.date() + timedelta(days=rnd.randrange(9)))), rests=rnd.random() < 0.8
        )
        for s in script.steps[: rnd.choice((0, 0, 0, 1, 2))]
    )
    return Request(
        scenario=script,
        profile=Profile(
            role=rnd.choice((None, *ROLES)),
            specialty=rnd.choice((None, *SPECIALTIES)),
            region=rnd.choice((None, "kanto", "kansai")),
            department=rnd.choice((None, "医事課", "放射線科")),
            organisation=rnd.choice((None, "青葉中央病院")),
            organisation_kind=rnd.choice((None, "clinic", "university_hospital")),
            timezone=maybe(rnd, 0.3, rnd.choice(ZONES)),
        ),
        anchor=anchor,
        now=now,
        key=f"k{seed}",
        calendars=tuple(
            Calendar(f"c{n}", tuple(entry(rnd, place) for place in range(rnd.randrange(7)))) for n in range(2)
        ),
        history=History(own, others),
        situation=Situation(
            replied=rnd.random() < 0.2,
            deal_phase=rnd.choice((None, 2, 4)),
            stance=rnd.choice((None, *STANCES)),
            competitor=rnd.choice((None, "Aster", "Birke")),
        ),
        settled=settled,
        events={"seminar_date": day(rnd)} if rnd.random() < 0.7 else {},
        shift_days=rnd.choice((0, 0, 0, 5)),
        not_before=maybe(rnd, 0.1, day(rnd)),
        quiet=tuple((start, start + timedelta(days=7)) for start in (day(rnd), day(rnd)) if rnd.random() < 0.1),
    )
