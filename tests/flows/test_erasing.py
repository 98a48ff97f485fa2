"""Somebody is erased: no trace in any table, seals that can be checked, an address that no list brings back."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from nurture.core.audit import leaf
from nurture.core.change import Change, Dispatch, MeetingDraft, Setting
from nurture.core.deals import Attendee, Deal, Meeting, Promise, Stance, Task
from nurture.core.ids import (
    DealId,
    EnrollmentId,
    InboundId,
    MeetingId,
    MessageId,
    OrganisationId,
    PersonId,
    PromiseId,
    SuppressionId,
    TaskId,
)
from nurture.core.keys import Answered
from nurture.core.messages import Entry, Inbound, Message, MessageState, Suppression, SuppressionScope
from nurture.core.people import Closure, Organisation, Person
from nurture.errors import UserError
from nurture.flows import audit, erasing
from nurture.flows.people import PersonRow, import_people
from nurture.store import MemoryStore, SqlStore
from nurture.store.erasing import NOT_READ
from nurture.store.mapping import KINDS, shape
from tests.web.world import ADMIN, AOBA, MAILBOX, MORI, NOW, SATO, enrollment, furnish, mail, person, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nurture.ports import Store
    from tests.web.world import World

MARK = "zeta-mark@aobadai.example"
NAME = "消田 印子"
TRACES = (MARK, NAME, "消田印子", "消田様", "キエタシルシコ", "secret-words-of-zeta")
WORDS = f"{NAME}様（{MARK.upper()}）より secret-words-of-zeta"
TOLD = f"{NAME}様（{MARK}）と 消田様 の件、消田印子"
WHO = replace(
    person("zeta", "消田", "印子", AOBA, SATO),
    email=MARK,
    kana="キエタシルシコ",
    private_note=WORDS,
    department="secret-words-of-zeta",
)
OTHER = replace(person("omega", "小田", "次郎", AOBA, SATO), private_note=TOLD, successor_id=WHO.id)
FAR = Organisation(OrganisationId("far"), "遠方病院", domains=("far.example",))
ALIKE = person("alike", "消田", "印子", FAR, SATO)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def there(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """The invented world, and in every table something that speaks of one person."""
    store: Store
    if request.param == "memory":
        store = MemoryStore()
    elif request.param == "sqlite":
        store = await SqlStore.open(tmp_path / "n.sqlite")
    else:
        store = await SqlStore.open(request.getfixturevalue("database"))
    await furnish(store)
    await seed(store)
    yield world(store)
    await store.close()


async def seed(store: Store) -> None:
    """Rows of the person's, and of others that name the person."""
    run = enrollment(WHO, SATO)
    deal = Deal(DealId("zd"), AOBA.id, TOLD, product=TOLD, private_note=TOLD, rep_id=SATO.id, lost_reason=TOLD)
    there = (Attendee(WHO.id, Stance.SCEPTICAL, WORDS), Attendee(OTHER.id))
    meeting = Meeting(MeetingId("zm"), deal.id, AOBA.id, SATO.id, NOW, TOLD, agreements=(TOLD,), attendees=there)
    mine = mail("zl", WHO, SATO, "case", subject=WORDS, body=WORDS, to_name=NAME, header_id="<zl@x.example>")
    sent = replace(mine, id=MessageId("zs"), step_id="thanks", state=MessageState.SENT, sent_at=NOW)
    sent = replace(sent, header_id="<zs@x.example>", unsubscribe_token="zs")
    others = mail("zo", OTHER, SATO, "case", subject=TOLD, body=TOLD, header_id="<zo@x.example>")
    came = Inbound(InboundId("zi"), MAILBOX, "<zi>", "INBOX", 9, NOW, "reply", MARK, NAME, WORDS, WORDS)
    came = replace(
        came, reading=json.dumps({"t": WORDS}, ensure_ascii=False), person_id=WHO.id, message_id=sent.id
    )
    stray = replace(came, id=InboundId("zj"), key="<zj>", person_id=None, message_id=None)
    about = replace(came, id=InboundId("zk"), key="<zk>", person_id=OTHER.id, organisation_id=AOBA.id)
    about = replace(about, from_address=OTHER.email, from_name=OTHER.name, subject=TOLD, text=TOLD, reading="{}")
    silences = (
        Suppression(SuppressionId("z1"), SuppressionScope.ADDRESS, MARK, "unsubscribe", "web", NOW, WORDS),
        Suppression(SuppressionId("z2"), SuppressionScope.TOPIC, f"{MARK}#seminar", "person", "web", NOW, WORDS),
    )
    house = await store.get(Organisation, AOBA.id)
    assert house is not None
    shut = (Closure(date(2027, 1, 1), date(2027, 1, 2), TOLD),)
    puts = (
        replace(house, private_note=TOLD, closures=shut),
        FAR,
        WHO,
        OTHER,
        ALIKE,
        deal,
        meeting,
        Promise(PromiseId("zp"), meeting.id, deal.id, TOLD, owner_name=NAME, fulfilled_by=sent.id),
        run,
        enrollment(OTHER, SATO),
        mine,
        sent,
        others,
        came,
        stray,
        about,
        *silences,
        Task(TaskId("zt"), "reply", SATO.id, NAME, detail=WORDS, person_id=WHO.id, created_at=NOW),
        Task(TaskId("zu"), "bounce", SATO.id, NAME, detail=WORDS, message_id=sent.id, created_at=NOW),
        Task(TaskId("zv"), "call", SATO.id, TOLD, organisation_id=AOBA.id, created_at=NOW),
        Dispatch("zd1", "optout", WORDS, WORDS, NOW, NOW, person_id=WHO.id, to_address=MARK, to_name=NAME),
        Dispatch("zd2", "reply", TOLD, TOLD, NOW, NOW, rep_id=SATO.id),
        Answered("za", NOW, "x", "zeta", 200, json.dumps({"email": MARK, "name": NAME})),
        MeetingDraft("zf", SATO.id, NOW, NOW, {"people.0.email": MARK, "note": WORDS}),
        Setting("zset", MARK),
    )
    lines = (
        Entry(NOW, "person.created", "sato", {"source": "import"}, WHO.id),
        Entry(NOW, "inbound.reply", MARK, {"subject": WORDS, "intents": ["agreement"]}, WHO.id, AOBA.id),
        Entry(NOW, "message.planned", "nurture", {"step": "case", "on": "2026-12-01"}, WHO.id),
        Entry(NOW, "suppression.added", "sato", {"value": MARK, "reason": "unsubscribe"}),
        Entry(NOW, "person.succeeded", "sato", {"name": NAME, "successor": WHO.id}, OTHER.id, AOBA.id),
        Entry(NOW, "meeting.recorded", "sato", {"subject": TOLD}, organisation_id=AOBA.id, deal_id=deal.id),
        Entry(NOW, "person.succeeded", "sato", {"name": NAME}, OTHER.id, FAR.id),
    )
    await store.commit(Change(puts, lines))


async def _all(store: Store) -> list[Any]:
    """Everything that the store gives out."""
    found: list[Any] = []
    for kind in KINDS:
        found += await store.find(kind)
    return found


def _spoken(text: str) -> list[str]:
    return [trace for trace in TRACES if trace.lower() in text.lower()]


async def test_no_trace_is_left(there: World, tmp_path: Path) -> None:
    """In no table, column or line of the journal; what is others' stays, without the name; a homonym stays."""
    assert list(TRACES) == _spoken("\n".join(map(repr, await _all(there.store))))
    await erasing.erase(there.doors, WHO.id, by=ADMIN.id)
    far = await there.store.find(Entry, {"organisation_id": FAR.id})
    kept = [v for v in await _all(there.store) if getattr(v, "id", "") != ALIKE.id and v not in far]
    text = "\n".join(map(repr, kept))

    assert [] == _spoken(text)
    assert [NAME] == [e.data["name"] for e in far]  # another of the same name, at another house
    alike, other = await there.store.get(Person, ALIKE.id), await there.store.get(Person, OTHER.id)
    assert alike is not None
    assert NAME == alike.name
    assert other is not None
    assert other.successor_id is None
    meeting = await there.store.get(Meeting, "zm")
    assert meeting is not None
    assert [OTHER.id] == [a.person_id for a in meeting.attendees]
    assert [11, 2, 4] == [await there.store.count(kind) for kind in (Message, Inbound, Task)]
    assert () == await there.store.search(Person, "zeta-mark", limit=9)
    if isinstance(there.store, SqlStore) and (tmp_path / "n.sqlite").exists():
        await there.store.close()
        assert [] == _spoken(_live_rows(tmp_path / "n.sqlite"))


def _live_rows(path: Path) -> str:
    """All rows of all tables of a file, but for those of the homonym."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in names for row in connection.execute(f'SELECT * FROM "{name}"')]  # noqa: S608
    return "\n".join(repr(row) for row in rows if "alike" not in row and FAR.id not in row)


async def test_the_seals_still_hold(there: World) -> None:
    """Lines that were changed are counted as such, because a line tells of them; any other change is a fault."""
    seen = audit.Seen()
    await audit.seal(there.doors, seen)
    assert await audit.seal(there.doors, seen)
    await erasing.erase(there.doors, WHO.id, by=ADMIN.id)
    report = await audit.verify(there.doors)
    told = await there.store.find(Entry, {"kind": "person.erased"})

    assert [] == report.faults
    assert 4 == report.redacted
    assert [ADMIN.id] == [line.actor for line in told]
    assert 2 == told[0].data["message"]
    kept = await there.store.find(Entry, {"person_id": WHO.id}, order=("seq",))
    assert "message.planned" in [line.kind for line in kept]
    (answer,) = [line for line in kept if line.kind == "inbound.reply"]
    assert ("erased", ["agreement"]) == (answer.actor, list(answer.data["intents"]))  # type: ignore[call-overload]
    await erasing.erase(there.doors, OTHER.id, by=ADMIN.id)
    assert [] == (await audit.verify(there.doors)).faults


async def test_a_line_that_calls_itself_erased(tmp_path: Path) -> None:
    """Whoever rewrites a line and gives it the old digest is found out: no line tells of it."""
    store = await SqlStore.open(tmp_path / "n.sqlite")
    await furnish(store)
    there, seen = world(store), audit.Seen()
    await audit.seal(there.doors, seen)
    await audit.seal(there.doors, seen)
    (line,) = await store.find(Entry, order=("seq",), limit=1)
    data = json.dumps({"erased": leaf(line).hex()})
    await store.close()
    with closing(sqlite3.connect(tmp_path / "n.sqlite", isolation_level=None)) as connection:
        connection.execute("INSERT INTO journal_unlock VALUES ('x')")
        connection.execute("UPDATE journal SET data = ?, kind = 'x' WHERE seq = ?", (data, line.seq))
        connection.execute("DELETE FROM journal_unlock")
    store = await SqlStore.open(tmp_path / "n.sqlite")
    report = await audit.verify(replace(there.doors, store=store))
    await store.close()

    assert ["changed"] == [fault.problem for fault in report.faults]


async def test_an_erased_person_is_not_taken_in_again() -> None:
    """A list, a successor, a new address: refused, until the owner of the address asks for it."""
    store = MemoryStore()
    await furnish(store)
    await seed(store)
    doors = world(store).doors
    await erasing.erase(doors, WHO.id, by=ADMIN.id)
    row = PersonRow(2, MARK.upper(), family_name="消田")
    report = await import_people(doors, (row,), by=SATO.id, dry_run=False)

    assert [2] == [error.where.line for error in report.errors if error.where]
    assert () == await store.find(Person, {"email": MARK})
    with pytest.raises(UserError, match="may not decide"):
        await erasing.readmit(doors, MARK, by=SATO.id, evidence="x")
    await erasing.readmit(doors, MARK, by=MORI.id, evidence="2026-11-26 お電話")
    again = await import_people(doors, (row,), by=SATO.id, dry_run=False)
    assert (MARK,) == again.created
    with pytest.raises(UserError, match="Nobody"):
        await erasing.readmit(doors, MARK, by=MORI.id, evidence="x")


async def test_who_may() -> None:
    """A representative may not, nor who leads others; what is on the wire gets its answer first."""
    store = MemoryStore()
    await furnish(store)
    await seed(store)
    doors = world(store).doors
    for act in (erasing.erase, erasing.export):
        with pytest.raises(UserError, match="may not"):
            await act(doors, WHO.id, by=SATO.id)
    leaving = await store.get(Message, "zl")
    assert leaving is not None
    wire = replace(leaving, state=MessageState.SENDING, claimed_by="d", claimed_at=NOW + timedelta(0))
    await store.commit(Change((wire,)))
    with pytest.raises(UserError, match="leaving"):
        await erasing.erase(doors, WHO.id, by=MORI.id)
    assert await store.get(Person, WHO.id) is not None
    assert EnrollmentId("en-zeta")
    assert PersonId(WHO.id)


async def test_everything_is_handed_over() -> None:
    """One file with all that the store holds about the person; the journal says that it was taken."""
    store = MemoryStore()
    await furnish(store)
    await seed(store)
    packed = await erasing.export(world(store).doors, WHO.id, by=MORI.id)
    with zipfile.ZipFile(io.BytesIO(packed)) as found:
        names, data = found.namelist(), json.loads(found.read("person.json"))

    assert ["from/0001.txt", "person.json", "to/0001.txt", "to/0002.txt"] == sorted(names)
    assert {f.name for f in fields(Person)} == set(data["person"])
    counts = {name: len(value) for name, value in data.items() if isinstance(value, list)}
    expected: dict[str, Any] = {"enrollments": 1, "mails_to": 2, "mails_from": 1, "tasks": 1, "meetings": 1}
    assert expected | {"refusals": 2, "notices": 1, "journal": 3} == counts
    assert WORDS in data["mails_to"][0]["body"]
    assert 1 == await store.count(Entry, {"kind": "person.exported"})


def test_no_table_is_forgotten() -> None:
    """What is not read for traces holds no words about people outside."""
    kinds = {shape(kind).kind for kind in KINDS}
    assert {"journal", "journal_seal", "login_token", "api_token"} == NOT_READ & kinds
