"""The real daemon, a database file, a real mail server, a clock moved by hand, and three days without a daemon."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture import wiring
from nurture.clock import SeededChance, SimulatedClock
from nurture.core.change import Change, ScenarioText, Setting
from nurture.core.halts import read
from nurture.core.ids import EnrollmentId, OrganisationId, PersonId, RepId, ScenarioHash
from nurture.core.messages import Enrollment, Entry, Message, MessageState
from nurture.core.people import Basis, LegalBasis, Organisation, Person
from nurture.files import config, shipped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nurture.core.limits import Rate
    from nurture.ports import Doors
    from tests.acceptance.post import Post

TOKYO: Final = ZoneInfo("Asia/Tokyo")
MONDAY: Final = datetime(2027, 6, 7, 8, 0, tzinfo=TOKYO)
PEOPLE: Final = 60
CONFIG: Final = """
[company]
name = "株式会社ミナト医療システム"
postal_code = "105-0000"
address = "東京都港区架空1-2-3"
phone = "03-0000-0000"
mail = "contact@maker.example"

[web]
port = 0

[work]
beat_seconds = 3600

[[mailboxes]]
id = "tanaka"
address = "tanaka@maker.example"
name = "株式会社ミナト医療システム 田中 一郎"
smtp = {{host = "127.0.0.1", port = {port}, security = "none"}}
[mailboxes.limits]
per_minute = 3
per_hour = 25
per_day = 90
jitter_seconds = 20
warmup_days = 0

[limits.domain]
per_minute = 2
per_hour = 4
per_day = 20

[[representatives]]
id = "tanaka"
name = "田中 一郎"
email = "tanaka@maker.example"
access = ["rep", "administrator"]
"""
SCENARIO: Final = """
id: series
name: {ja: 続きもの, en: Series}
anchor: enrolled_at
timezone: Asia/Tokyo
calendars: []
pace: {min_gap: 1d}
windows:
  default: {days: mon-fri, hours: ["09:30-11:30", "13:30-16:30"]}
steps:
  - {id: one, day: 2, mail: note, approve: none}
  - {id: two, day: 3, mail: note, approve: none}
  - {id: three, day: 4, mail: note, approve: none}
"""
TEMPLATE: Final = """---
id: note
purpose: {ja: 短いお知らせ, en: A short note}
subject: "お知らせ"
---
{{ opening }}

お知らせが一つございます。お読みいただくだけで結構です。

今後ともよろしくお願い申し上げます。
"""


def crowded(times: list[datetime], rate: Rate) -> list[tuple[datetime, int, str]]:
    """The spans, wherever they begin, that hold more than the rate allows."""
    return [
        (first, count, name)
        for limit, span, name in rate.spans
        for first in times
        if (count := sum(first <= at < first + span for at in times)) > limit
    ]


@asynccontextmanager
async def running(folder: Path, clock: SimulatedClock, seed: int) -> AsyncIterator[wiring.Running]:
    """The daemon of this folder; stopped in order at the end."""
    stop = asyncio.Event()
    settings = config.load(folder / "config.toml")
    async with wiring.start(settings, stop=stop, clock=clock, chance=SeededChance(seed)) as made:
        task = asyncio.create_task(made.daemon.run())
        try:
            yield made
        finally:
            stop.set()
            await asyncio.wait_for(task, 60)


async def live(made: wiring.Running, clock: SimulatedClock, until: datetime) -> None:
    """Let everything happen up to then."""
    while True:
        await asyncio.wait_for(clock.settled(made.daemon.parties), 60)
        if clock.now() >= until:
            return
        clock.advance_to(min(clock.next_wake() or until, until))


async def enroll(doors: Doors) -> None:
    """People of thirty hospitals and of one provider that many use, all enrolled this morning."""
    scenario = doors.library.scenario("series")
    assert scenario.hash is not None
    basis = LegalBasis(Basis.BUSINESS_CARD, date(2027, 6, 1), "名刺交換")
    puts: list[Organisation | Person | Enrollment | ScenarioText] = [
        ScenarioText(ScenarioHash(scenario.hash), scenario.id, scenario.text, MONDAY)
    ]
    for n in range(PEOPLE):
        hospital = Organisation(OrganisationId(f"h{n:03}"), f"見本第{n}病院")
        domain = "mail.example" if n % 10 == 0 else f"hospital{n % 30}.example"
        person = Person(
            PersonId(f"p{n:03}"),
            f"person{n}@{domain}",
            "見本",
            organisation_id=hospital.id,
            legal_basis=basis,
            rep_id=RepId("tanaka"),
        )
        begun = Enrollment(
            EnrollmentId(f"e{n:03}"),
            person.id,
            hospital.id,
            scenario.id,
            ScenarioHash(scenario.hash),
            MONDAY,
            RepId("tanaka"),
            wake_at=MONDAY,
            enrolled_at=MONDAY,
        )
        puts += [hospital, person, begun]
    await doors.store.commit(Change(tuple(puts)))


async def test_after_three_days_without_the_daemon_nothing_floods(tmp_path: Path, post: Post) -> None:
    """Sixty people, three mails each, released by the scenario itself. The daemon is gone from Tuesday to Friday
    afternoon, when two hours are left in which mail may leave. No minute, hour or day then holds more than the
    limits allow; nothing leaves on a day that was not planned for it, nobody gets two mails on one day, nothing
    leaves twice, and all of it arrives.
    """
    shipped.write(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG.format(port=post.port), encoding="utf-8")
    (tmp_path / "scenarios" / "series.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "templates" / "note.j2").write_text(TEMPLATE, encoding="utf-8")
    clock = SimulatedClock(MONDAY)
    async with running(tmp_path, clock, 1) as made:
        await enroll(made.doors)
        await live(made, clock, MONDAY + timedelta(days=1, hours=4))
    before = len(post.recorder.mails)
    assert 0 < before < PEOPLE

    clock.advance_to(MONDAY + timedelta(days=4, hours=6, minutes=30))
    back = clock.now()
    async with running(tmp_path, clock, 2) as made:
        await live(made, clock, MONDAY + timedelta(days=11))
        doors = made.doors
        mails = await doors.store.find(Message)
        sent = await doors.store.find(Entry, {"kind": "message.sent"})
        gates = read(await doors.store.find(Setting))
        box, limits = doors.settings.mailboxes[0].limits, doors.settings.limits

    rows = {m.id: m for m in mails}
    times = [entry.at for entry in sent]
    first_hour = sum(back <= at < back + timedelta(hours=1) for at in times)
    by_day = Counter(at.astimezone(TOKYO).date() for at in times)
    print(f"before {before}, first hour back {first_hour}, by day {sorted(by_day.items())}")
    assert [] == crowded(times, box.rate)
    for domain in {m.to_address.partition("@")[2] for m in mails}:
        of = [e.at for e in sent if e.message_id and rows[e.message_id].to_address.endswith(f"@{domain}")]
        assert [] == crowded(of, limits.domain), domain
    assert 0 < first_hour <= 25
    for entry in sent:
        assert entry.message_id is not None
        assert rows[entry.message_id].planned_on == entry.at.astimezone(TOKYO).date()
    days = Counter((rows[e.message_id].person_id, e.at.astimezone(TOKYO).date()) for e in sent if e.message_id)
    assert {1} == set(days.values())
    assert None is gates.valve
    assert {MessageState.SENT} == {m.state for m in mails}
    assert Counter(m.header_id for m in mails) == Counter(
        line.split(b": ", 1)[1].decode()
        for _, data in post.recorder.mails
        for line in data.split(b"\r\n")
        if line.lower().startswith(b"message-id:")
    )
    assert 3 * PEOPLE == len(post.recorder.mails)
