"""What every store promises: the docstrings of ``ports.Store``, one by one."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, ClassVar

import pytest

from nurture.core.audit import Seal
from nurture.core.change import (
    Change,
    Cursor,
    Dispatch,
    Entity,
    LoginToken,
    MailboxState,
    MeetingDraft,
    ScenarioText,
    Setting,
    Told,
)
from nurture.core.content import Use
from nurture.core.deals import (
    Attendee,
    Concern,
    Deal,
    DealStatus,
    Meeting,
    PagePointer,
    Promise,
    Stance,
    Task,
    TaskState,
)
from nurture.core.glance import Glance, glance
from nurture.core.ids import (
    DealId,
    EnrollmentId,
    MailboxId,
    MeetingId,
    MessageId,
    OrganisationId,
    PersonId,
    PromiseId,
    RepId,
    TaskId,
)
from nurture.core.keys import Answered
from nurture.core.limits import DOMAIN_LIMIT, Asked, Left, Pending, PutOff, Refused, Taken
from nurture.core.messages import (
    Approval,
    Enrollment,
    EnrollmentState,
    Entry,
    Inbound,
    Message,
    MessageState,
    Move,
)
from nurture.core.people import (
    AccessRole,
    Away,
    Basis,
    Closure,
    LegalBasis,
    Organisation,
    Person,
    Profession,
    Representative,
)
from nurture.core.reading import Kind
from nurture.core.sending import Outcome, Verdict
from nurture.core.snoozing import Snooze
from nurture.core.standing import Running, Standing, StepCount
from nurture.core.states import LEFT, UNSENT
from nurture.core.tokens import ApiToken, Scope
from nurture.core.upshot import upshot
from nurture.errors import Impossible, StaleVersion
from nurture.ports import Holding, Span
from nurture.store.mapping import KINDS
from tests.store.world import (
    BOX,
    DEAL,
    HOSPITAL,
    MEETING,
    NOW,
    REP,
    SCRIPT,
    TODAY,
    enrollment,
    entry,
    inbound,
    message,
    person,
    populate,
    settle,
    suppression,
)

if TYPE_CHECKING:
    from nurture.ports import Store

HOUR = timedelta(hours=1)


class TestPuttingBack:
    """A value comes back as it was put."""

    async def test_every_field_of_every_kind_comes_back(self, store: Store) -> None:
        """A value with every field filled is read back equal, but for its version."""
        puts = (
            replace(
                HOSPITAL,
                region="kanto",
                timezone="Asia/Tokyo",
                closures=(
                    Closure(date(2027, 5, 1), date(2027, 5, 3), "病院機能評価", "holiday"),
                    Closure(date(2027, 6, 2), date(2027, 6, 8), "ご提案", "quiet", MessageId("m1")),
                ),
                private_note="気難しい",
                created_at=NOW,
            ),
            replace(REP, deputy_ids=(RepId("suzuki"),), access=(AccessRole.REP, AccessRole.MANAGER), active=False),
            SCRIPT,
            replace(DEAL, status=DealStatus.LOST, contract_end=date(2028, 3, 31), lost_at=NOW, rep_id=REP.id),
            replace(
                MEETING,
                agreements=("次回は4月", "見積もり"),
                concerns=(Concern("費用", "cost"), Concern("運用")),
                attendees=(Attendee(PersonId("p0"), Stance.SCEPTICAL, "使いにくそう"),),
                pointers=(PagePointer("cost", "5", "費用"),),
                dates=(("seminar_date", date(2027, 5, 10)), ("visit", date(2027, 6, 1))),
                recorded_at=NOW,
            ),
            person(
                "p0",
                profession=Profession.DOCTOR,
                legal_basis=LegalBasis(Basis.CONSENT, date(2027, 1, 4), "申込書"),
                topics=("cost", "security"),
                away=Away(date(2027, 4, 1), date(2027, 4, 10), date(2027, 4, 9), "自動応答"),
                successor_id=PersonId("p1"),
                created_at=NOW,
            ),
            person("p1", legal_basis=LegalBasis()),
            enrollment("e0", "p0", deal_id=DEAL.id, meeting_id=MEETING.id, variant="b", ended_at=NOW),
            message(
                "m0",
                "e0",
                "p0",
                moves=(
                    Move("blackout", "jp-medical/jrc-2027", date(2027, 4, 8), date(2027, 4, 13)),
                    Move("order"),
                ),
                approvals=(Approval(REP.id, NOW, "f" * 64, "mail"),),
                attachments=("ab" * 32,),
                references=("<a@x.example>", "<b@x.example>"),
                header_id="<m0@vendor.example>",
                unsubscribe_token="t0",
                body="佐藤先生\r\n\r\n…\u3000𠮷野家",
                deadline=NOW + 3 * HOUR,
                expires_on=TODAY,
                nominal=TODAY,
                attempts=2,
            ),
            Promise(
                PromiseId("pr"), MEETING.id, DEAL.id, "資料", due=TODAY, done_at=NOW, fulfilled_by=MessageId("m0")
            ),
            Task(TaskId("t"), "call", REP.id, "電話", TaskState.PLANNED, NOW, message_id=MessageId("m0")),
            inbound("i0", uid=2**32 - 1, intents=("agreement",), message_id=MessageId("m0"), handled_at=NOW),
            suppression("s0", "address", "x@aoba.example", lifted_at=NOW, lifted_evidence="再同意"),
            MailboxState(BOX, (Cursor("INBOX", 2**32 - 1, 7), Cursor("迷惑メール", 1, 0)), NOW, "x", NOW),
            LoginToken("d" * 64, REP.id, NOW, NOW + HOUR, NOW),
            Setting("calendars", "digest"),
            Dispatch("n0", "reply", "佐藤", "本文", NOW, NOW + HOUR, rep_id=REP.id, tries=2, link="/people/p0"),
            Seal("1", 1, 2, 2, "", "d" * 64, NOW),
            ApiToken("a" * 64, "crm", (Scope.PEOPLE_READ, Scope.TASKS_READ), NOW, REP.id, REP.id, NOW + HOUR),
            Answered("k0", NOW, "b" * 64, "p0", 201, '{"id": "p0"}'),
            Told("crm", 7, NOW, 2, NOW, None, "HTTP 503"),
            MeetingDraft("f0", REP.id, NOW, NOW, {"subject": "連携", "promises.0.text": ""}, "h0", NOW),
            Snooze("z0", REP.id, "m0", NOW + HOUR, NOW),
        )
        assert {type(put) for put in puts} == set(KINDS) - {Entry}
        await store.commit(Change(puts=puts))
        for put in puts:
            assert await store.get(type(put), put.id) == replace(put, version=1)

    async def test_old_keys_are_forgotten(self, store: Store) -> None:
        """Only those from before the moment that is given; the others stay as they are."""
        old, young = Answered("k0", NOW - HOUR, "b", "p0"), Answered("k1", NOW, "b", "p0")
        await store.commit(Change((old, young)))

        assert await store.forget(NOW) == 1
        assert await store.find(Answered) == (replace(young, version=1),)

    async def test_an_entry_comes_back_with_its_seq(self, store: Store) -> None:
        """The journal gives numbers that ascend in the order of the change, and keeps plain JSON."""
        data = {"to": "送信済", "n": 3, "list": [1, None, {"a": True}], "x": 1.5}
        await store.commit(Change(entries=(entry("message.sent", data=data), entry("message.bounced"))))
        await store.commit(Change(entries=(entry("enrollment.stopped", person_id=PersonId("gone")),)))
        entries = await store.find(Entry)
        assert [e.kind for e in entries] == ["message.sent", "message.bounced", "enrollment.stopped"]
        assert entries[0] == replace(entry("message.sent", data=data), seq=entries[0].seq)
        assert entries[0].seq < entries[1].seq < entries[2].seq
        assert await store.get(Entry, str(entries[1].seq)) == entries[1]
        assert await store.get(Entry, "x") is None
        assert await store.get(Entry, "9" * 40) is None

    async def test_instants_come_back_in_utc(self, store: Store) -> None:
        """An instant of another zone is the same instant, in UTC, to the microsecond."""
        tokyo = NOW.astimezone(timezone(9 * HOUR))
        await store.commit(Change(puts=(replace(SCRIPT, first_used_at=tokyo),)))
        found = await store.get(ScenarioText, SCRIPT.id)
        assert found is not None
        assert found.first_used_at == NOW
        assert found.first_used_at.tzinfo is UTC

    async def test_a_word_in_place_of_a_state_becomes_the_state(self, store: Store) -> None:
        """Enums come back as members, and a member kept as text comes back as text."""
        await settle(store, inbound("i0", kind=Kind.REPLY))
        found = await store.get(Inbound, "i0")
        assert found is not None
        assert type(found.kind) is str
        with pytest.raises(Impossible):
            await store.commit(Change(puts=(replace(DEAL, id=DealId("x"), status="maybe"),)))  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("anchor_at", datetime(2027, 4, 5)),  # noqa: DTZ001 (what must be refused)
            ("anchor_at", None),
            ("anchor_at", TODAY),
            ("shift_days", 2**63),
            ("shift_days", True),
            ("reason", None),
            ("reason", 5),
        ],
    )
    async def test_a_value_of_another_type_is_refused(self, store: Store, field: str, value: object) -> None:
        """What the type of a field does not allow is a fault of the program, and nothing is written."""
        with pytest.raises(Impossible, match=f"enrollment.{field}"):
            await settle(store, person("p0"), enrollment("e0", "p0", **{field: value}))
        assert await store.count(Representative) == 0

    @pytest.mark.parametrize("data", [{"at": NOW}, {"x": float("nan")}, {"x": object()}])
    async def test_what_is_not_json_is_refused(self, store: Store, data: dict[str, object]) -> None:
        """The journal holds plain JSON values."""
        with pytest.raises(Impossible):
            await store.commit(Change(entries=(entry("x.y", data=data),)))

    async def test_text_that_no_database_holds_is_mended(self, store: Store) -> None:
        """NUL and lone surrogates, which hostile mail brings, become U+FFFD everywhere, also when asked for."""
        await settle(store, inbound("i0", key="<\0@x>", text="a\ud800b\0", intents=("\udfff",)))
        await store.commit(Change(entries=(entry("x.y", data={"words": "\ud800"}),)))
        found = await store.get(Inbound, "i0")
        assert found is not None
        assert (found.text, found.intents) == ("a\ufffdb\ufffd", ("\ufffd",))
        assert (await store.find(Entry))[0].data == {"words": "\ufffd"}
        assert (await store.match(BOX, ["\0"], ["\ud800"], ["\ud800"], ["<\0@x>"])).known == {found.key}
        assert await store.count(Inbound, {"key": "<\0@x>"}) == 1
        assert await store.get(Inbound, "\ud800") is None


class TestCommit:
    """All or nothing, and nobody is overwritten."""

    async def test_versions_count_up(self, store: Store) -> None:
        """A new row has version 1, each write adds one."""
        await store.commit(Change(puts=(Setting("a", "1"),)))
        await store.commit(Change(puts=(Setting("a", "2", version=1),)))
        assert await store.get(Setting, "a") == Setting("a", "2", version=2)

    @pytest.mark.parametrize("version", [0, 1, 3, -1])
    async def test_another_version_is_stale(self, store: Store, version: int) -> None:
        """A put that does not build on the row's version is refused, and names the row."""
        await store.commit(Change(puts=(Setting("a", "1"),)))
        await store.commit(Change(puts=(Setting("a", "2", version=1),)))
        with pytest.raises(StaleVersion) as refused:
            await store.commit(Change(puts=(Setting("b", "new"), Setting("a", "3", version=version))))
        assert (refused.value.kind, refused.value.key) == ("setting", "a")
        assert await store.find(Setting) == (Setting("a", "2", version=2),)

    async def test_a_row_that_is_not_there_is_stale(self, store: Store) -> None:
        """An update of a row that does not exist is refused."""
        with pytest.raises(StaleVersion):
            await store.commit(Change(puts=(Setting("a", "1", version=1),)))

    async def test_the_stale_one_of_many_is_named(self, store: Store) -> None:
        """Of a batch of updates the one that failed is named, and none is written, no entry either."""
        await store.commit(Change(puts=tuple(Setting(f"{n:03}", "1") for n in range(100))))
        batch = [Setting(f"{n:03}", "2", version=1) for n in range(100)]
        batch[57] = replace(batch[57], version=2)
        with pytest.raises(StaleVersion, match="057"):
            await store.commit(Change(tuple(batch), (entry("x.y"),)))
        assert await store.count(Setting, {"value": "2"}) == 0
        assert await store.count(Entry) == 0

    async def test_one_row_twice_is_a_fault(self, store: Store) -> None:
        """A change with two values for one row cannot be meant."""
        with pytest.raises(Impossible):
            await store.commit(Change(puts=(Setting("a", "1"), Setting("a", "2"))))

    async def test_what_is_no_entity_is_refused(self, store: Store) -> None:
        """The store keeps entities only."""
        with pytest.raises(Impossible):
            await store.commit(Change(puts=(HOUR,)))  # type: ignore[arg-type]
        with pytest.raises(Impossible):
            await store.find(timedelta)

    async def test_the_order_of_rows_does_not_matter(self, store: Store) -> None:
        """References are checked when all is written: rows may stand before what they refer to, or in a ring."""
        a = person("a", successor_id=PersonId("b"))
        b = person("b", successor_id=PersonId("a"))
        await store.commit(
            Change(puts=(message("m", "e", "a"), enrollment("e", "a"), a, b, HOSPITAL, SCRIPT, REP))
        )
        assert await store.count(Message) == 1

    async def test_a_reference_to_nothing_is_refused(self, store: Store) -> None:
        """A row that refers to what is not there is a fault, and nothing is written."""
        with pytest.raises(Impossible):
            await settle(store, enrollment("e", "nobody"))
        assert await store.count(Representative) == 0
        await settle(store)

    async def test_stale_comes_before_a_reference_to_nothing(self, store: Store) -> None:
        """Of two reasons the one that reading again can mend is given."""
        await store.commit(Change(puts=(Setting("a", "1"),)))
        with pytest.raises(StaleVersion):
            await store.commit(Change(puts=(enrollment("e", "nobody"), Setting("a", "1"))))

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (person("a", email="Sato@Aoba.example"), person("b", email="sato@aoba.EXAMPLE")),
            (message("m", "e", "p", step_id="x"), message("n", "e", "p", step_id="x")),
            (message("m", "e", "p", header_id="<h>"), message("n", "e", "p", header_id="<h>")),
            (message("m", "e", "p", unsubscribe_token="t"), message("n", "e", "p", unsubscribe_token="t")),
            (inbound("i", key="<k>"), inbound("j", key="<k>")),
            (
                Task(TaskId("t"), "call", REP.id, "", enrollment_id=EnrollmentId("e"), step_id="x"),
                Task(TaskId("u"), "call", REP.id, "", enrollment_id=EnrollmentId("e"), step_id="x"),
            ),
        ],
    )
    async def test_what_happens_once_is_kept_once(self, store: Store, first: Person, second: Person) -> None:
        """A new row whose unique key is taken is stale, in the same change or in a later one."""
        await settle(store, person("p"), enrollment("e", "p"))
        with pytest.raises(StaleVersion) as refused:
            await store.commit(Change(puts=(first, second)))
        assert refused.value.key == second.id
        assert await store.get(type(first), first.id) is None
        await store.commit(Change(puts=(first,)))
        with pytest.raises(StaleVersion) as refused:
            await store.commit(Change(puts=(second,)))
        assert refused.value.key == second.id

    async def test_empty_keys_do_not_collide(self, store: Store) -> None:
        """Mails and tasks without a step, a Message-ID or a token are many."""
        await settle(store, person("p"), enrollment("e", "p"))
        bare = [message(f"m{n}", "e" if n % 2 else None, "p", step_id="") for n in range(4)]
        tasks = [Task(TaskId(f"t{n}"), "call", REP.id, "", enrollment_id=EnrollmentId("e")) for n in range(2)]
        same = [inbound(f"i{n}", key="<k>", mailbox_id=MailboxId(f"box{n}")) for n in range(2)]
        await store.commit(Change(puts=(*bare, *tasks, *same)))
        assert await store.count(Message) == 4

    async def test_a_key_that_was_let_go_can_be_taken(self, store: Store) -> None:
        """An address may pass on in one change: updates come before new rows."""
        await settle(store, person("a"))
        old = await store.get(Person, "a")
        assert old is not None
        successor = person("b", email="a@aoba.example")
        await store.commit(Change(puts=(successor, replace(old, email="gone@aoba.example"))))
        assert (await store.match(BOX, [], [], ["A@aoba.example"], [])).people == ("b",)
        with pytest.raises(StaleVersion):
            await store.commit(Change(puts=(person("c", email="gone@aoba.example"),)))

    async def test_an_update_may_not_take_a_key(self, store: Store) -> None:
        """A unique key is refused to an update too, and the row keeps what it had."""
        await settle(store, person("a"), person("b"))
        with pytest.raises(StaleVersion) as refused:
            await store.commit(Change(puts=(person("b", email="a@aoba.example", version=1),)))
        assert refused.value.key == "b"
        found = await store.get(Person, "b")
        assert found is not None
        assert found.email == "b@aoba.example"

    async def test_nothing_is_nothing(self, store: Store) -> None:
        """An empty change is no event."""
        event = store.changed()
        await store.commit(Change())
        assert not event.is_set()


class TestFind:
    """Conditions over fields."""

    async def test_conditions(self, store: Store) -> None:
        """A value, None, any of, and spans with open ends; NULL is in no span."""
        await settle(
            store,
            person("a", role="nursing"),
            person("b", role=None),
            person("c", role="executive", created_at=NOW),
            person("d", role="it", created_at=NOW + HOUR),
        )

        async def ids(**where: object) -> str:
            """Whom these conditions find."""
            return "".join(p.id for p in await store.find(Person, where))

        assert await ids() == "abcd"
        assert await ids(role="nursing") == "a"
        assert await ids(role=None) == "b"
        assert await ids(role=("nursing", "it")) == "ad"
        assert await ids(role={"nursing", None}) == "ab"
        assert await ids(role=()) == ""
        assert await ids(role=[None]) == "b"
        assert await ids(role=Span("executive", "nursing")) == "cd"
        assert await ids(role=Span()) == "acd"
        assert await ids(created_at=NOW) == "c"
        assert await ids(created_at=[NOW.astimezone(timezone(9 * HOUR)), NOW + HOUR]) == "cd"
        assert await ids(created_at=Span(NOW, NOW + HOUR)) == "c"
        assert await ids(created_at=Span(high=NOW + HOUR)) == "c"
        assert await ids(created_at=Span(low=NOW + HOUR)) == "d"
        assert await ids(profession=Profession.OTHER, id=("a", "d")) == "ad"
        assert await ids(profession="other", version=[1], id=Span("b", "d")) == "bc"
        assert await store.count(Person, {"role": Span()}) == 3
        assert await ids(role=Holding("URS"), id=("a", "b", "d")) == "a"
        assert await ids(role=Holding("")) == "acd"
        assert await ids(role=Holding("%"), email=Holding("_")) == ""
        assert await store.count(Representative, {"active": True}) == 1
        assert await store.count(Representative, {"active": [False]}) == 0

    async def test_many_values(self, store: Store) -> None:
        """A collection may be as large as it likes."""
        await settle(store, person("a"))
        assert await store.count(Person, {"id": [str(n) for n in range(50_000)] + ["a"]}) == 1

    async def test_order(self, store: Store) -> None:
        """Fields in turn, descending with a dash, NULL first and last, ties by id; a limit counts from there."""
        await settle(
            store,
            person("a", role="it", title="部長"),
            person("b", role="it", title="あ"),
            person("c", role=None, title="𠮷"),
            person("d", role="it", title="部長"),
        )

        async def ids(*order: str, limit: int | None = None) -> str:
            """Everybody in this order."""
            return "".join(p.id for p in await store.find(Person, order=order, limit=limit))

        assert await ids() == "abcd"
        assert await ids("-id") == "dcba"
        assert await ids("role", "-title") == "cadb"
        assert await ids("-role", "title") == "badc"
        assert await ids("title") == "badc"
        assert await ids("-role", "title", limit=2) == "ba"
        assert await ids(limit=0) == ""

    async def test_steps_and_marks_are_found(self, store: Store) -> None:
        """Also by what has a unique key, empty or not."""
        await settle(store, person("p"), enrollment("e", "p"), message("m", "e", "p", header_id="<h>"))
        await store.commit(Change(puts=(message("n", None, "p", step_id=""),)))
        assert await store.count(Message, {"enrollment_id": "e", "step_id": "m"}) == 1
        assert await store.count(Message, {"header_id": "<h>"}) == 1
        assert await store.count(Message, {"header_id": ""}) == 1
        assert await store.count(Message, {"header_id": ("", "<h>")}) == 2
        assert await store.count(Message, {"header_id": ("<h>", "<i>")}) == 1

    @pytest.mark.parametrize("where", [{"nickname": "x"}, {"topics": ("a",)}, {"legal_basis": None}])
    async def test_what_cannot_be_asked_is_a_fault(self, store: Store, where: dict[str, object]) -> None:
        """A field that does not exist, or is nested, cannot stand in a condition or an order."""
        with pytest.raises(Impossible):
            await store.find(Person, where)
        with pytest.raises(Impossible):
            await store.count(Person, where)
        with pytest.raises(Impossible):
            await store.find(Person, order=[*where])

    @pytest.mark.parametrize(
        "where",
        [
            {"created_at": "2027"},
            {"created_at": TODAY},
            {"version": "1"},
            {"email": 3},
            {"version": Span("a")},
            {"version": Holding("a")},
        ],
    )
    async def test_a_condition_of_another_type_is_a_fault(self, store: Store, where: dict[str, object]) -> None:
        """A comparison that could never be true is a mistake."""
        with pytest.raises(Impossible):
            await store.find(Person, where)


class TestDossiers:
    """Everything around an enrollment, read at once."""

    async def test_a_whole_dossier(self, store: Store) -> None:
        """It holds what belongs to it, in the order of dates, and nothing of others."""
        await settle(store, *(person(key) for key in "abz"))
        promises = [
            Promise(PromiseId(k), MEETING.id, DEAL.id, k, due=due) for k, due in (("x", None), ("y", TODAY))
        ]
        mine = enrollment("e", "a", deal_id=DEAL.id, meeting_id=MEETING.id)
        late = message("m1", "e", "a", planned_on=TODAY + timedelta(days=3))
        early = message("m2", "e", "a", planned_on=TODAY, state=MessageState.SENT, content_id="case")
        other = enrollment("f", "b")
        theirs = message("n", "f", "b", planned_on=TODAY)
        tasks = [
            Task(TaskId("t1"), "call", REP.id, "", due_at=None, enrollment_id=mine.id),
            Task(TaskId("t2"), "call", REP.id, "", due_at=NOW, enrollment_id=mine.id),
            Task(TaskId("t3"), "call", REP.id, "", due_at=NOW, enrollment_id=other.id),
        ]
        await store.commit(Change(puts=(mine, other, late, early, theirs, *tasks, *promises)))
        second, first = await store.dossiers([other.id, EnrollmentId("none"), mine.id, mine.id], NOW)
        assert (second.id, first.id) == ("f", "e")
        assert (first.person.id, first.rep.id) == ("a", REP.id)
        assert first.organisation == replace(HOSPITAL, version=1)
        assert first.deal == replace(DEAL, version=1)
        assert first.meeting == replace(MEETING, version=1)
        assert [p.id for p in first.promises] == ["y", "x"]
        assert [m.id for m in first.messages] == ["m2", "m1"]
        assert [t.id for t in first.tasks] == ["t2", "t1"]
        assert [(t.message_id, t.on, t.sent, t.content_id) for t in first.touches] == [
            ("m2", TODAY, True, "case"),
            ("n", TODAY, False, None),
            ("m1", TODAY + timedelta(days=3), False, None),
        ]
        assert (second.deal, second.meeting, second.promises) == (None, None, ())
        assert [t.id for t in second.tasks] == ["t3"]
        assert len(second.touches) == 3

    async def test_no_keys_no_dossiers(self, store: Store) -> None:
        """Nothing asked, nothing given."""
        assert await store.dossiers((), NOW) == ()

    async def test_a_meeting_without_a_deal_brings_its_own_promises(self, store: Store) -> None:
        """Promises are the deal's; without a deal those of the meeting."""
        other = Meeting(MeetingId("meet-2"), DEAL.id, HOSPITAL.id, REP.id, NOW)
        promises = [Promise(PromiseId(m.id), m.id, DEAL.id, "") for m in (MEETING, other)]
        a = enrollment("a", "p", meeting_id=other.id)
        b = enrollment("b", "p", meeting_id=other.id, deal_id=DEAL.id)
        await settle(store, person("p"), other, *promises, a, b)
        by_meeting, by_deal = await store.dossiers([a.id, b.id], NOW)
        assert [p.id for p in by_meeting.promises] == ["meet-2"]
        assert [p.id for p in by_deal.promises] == ["meet-1", "meet-2"]

    async def test_the_organisation_is_the_persons_where_the_enrollment_has_none(self, store: Store) -> None:
        """An enrollment without an organisation counts for that of its person; nobody's stays nobody's."""
        loner = person("q", organisation_id=None)
        await settle(store, person("p"), loner, enrollment("a", "p", organisation_id=None))
        await store.commit(Change(puts=(enrollment("b", "q", organisation_id=None),)))
        a, b = await store.dossiers([EnrollmentId("a"), EnrollmentId("b")], NOW)
        assert a.organisation is not None
        assert b.organisation is None

    @pytest.mark.parametrize("state", list(MessageState))
    async def test_touches_are_what_left_or_may_leave(self, store: Store, state: MessageState) -> None:
        """Mails that ended unsent do not count for pace; a mail without a date neither."""
        await settle(store, person("p"), enrollment("e", "p"), message("m", "e", "p", state=state))
        await store.commit(Change(puts=(message("n", "e", "p", state=state, planned_on=None),)))
        (dossier,) = await store.dossiers([EnrollmentId("e")], NOW)
        assert [t.sent for t in dossier.touches] == ([state in LEFT] if state in LEFT | UNSENT else [])

    async def test_touches_of_colleagues_go_back_forty_days(self, store: Store) -> None:
        """One's own mails count for ever, whatever the organisation then; colleagues' for 40 days at least."""
        elsewhere = Organisation(OrganisationId("hikari"), "光病院")
        await settle(store, elsewhere, person("p"), person("q"), enrollment("e", "p"), enrollment("f", "q"))

        def at(key: str, days: int, **fields: object) -> Message:
            """A colleague's mail, that many days ago."""
            return message(key, "f", "q", planned_on=TODAY - timedelta(days=days), **fields)

        own = message("own", "e", "p", planned_on=date(2020, 1, 1), organisation_id=elsewhere.id)
        kept = (at("today", 0), at("edge", 40), own)
        await store.commit(Change(puts=(*kept, at("old", 42), at("moved", 1, organisation_id=elsewhere.id))))
        (dossier,) = await store.dossiers([EnrollmentId("e")], NOW)
        assert {t.message_id for t in dossier.touches} == {m.id for m in kept}

    @pytest.mark.parametrize(
        ("scope", "value", "found"),
        [
            ("address", "p@aoba.example", True),
            ("address", "q@aoba.example", False),
            ("domain", "aoba.example", True),
            ("domain", "p@aoba.example", False),
            ("domain", "example", False),
            ("domain", "med.aoba.example", False),
            ("organisation", "aoba", True),
            ("organisation", "aoba.example", False),
            ("topic", "p@aoba.example#cost", True),
            ("topic", "p@aoba.example", False),
            ("topic", "p@aoba.example.example#cost", False),
            ("topic", "p@aoba.example#x#cost", False),
            ("topic", "q@aoba.example#cost", False),
        ],
    )
    async def test_suppressions_that_match(self, store: Store, scope: str, value: str, found: bool) -> None:
        """By address, domain, organisation or topic of the address, while they are not lifted."""
        who = person("p", email="P@Aoba.example")
        lifted = suppression("t", scope, value, lifted_at=NOW)
        await settle(store, who, enrollment("e", "p"), suppression("s", scope, value), lifted)
        (dossier,) = await store.dossiers([EnrollmentId("e")], NOW)
        assert [s.id for s in dossier.suppressions] == (["s"] if found else [])

    @pytest.mark.parametrize(
        ("fields", "replied"),
        [
            ({"enrollment_id": EnrollmentId("e"), "received_at": NOW - HOUR}, True),
            ({"person_id": PersonId("p"), "received_at": NOW + HOUR}, True),
            ({"person_id": PersonId("p"), "received_at": NOW}, False),
            ({"person_id": PersonId("q"), "received_at": NOW + HOUR}, False),
            ({"person_id": PersonId("p"), "received_at": NOW + HOUR, "kind": "out_of_office"}, False),
            ({"enrollment_id": EnrollmentId("e"), "kind": "bounce"}, False),
            ({}, False),
        ],
    )
    async def test_replied(self, store: Store, fields: dict[str, object], replied: bool) -> None:
        """A person's reply to this enrollment, or by this person since it began."""
        await settle(store, person("p"), person("q"), enrollment("e", "p"), inbound("i", **fields))
        (dossier,) = await store.dossiers([EnrollmentId("e")], NOW)
        assert dossier.replied is replied


class TestDue:
    """What the beats ask."""

    async def test_due(self, store: Store) -> None:
        """Active enrollments whose time has come, the longest overdue first, ties by id."""
        await settle(
            store,
            person("p"),
            enrollment("b", "p", wake_at=NOW),
            enrollment("a", "p", wake_at=NOW),
            enrollment("c", "p", wake_at=NOW - HOUR),
            enrollment("d", "p", wake_at=NOW + timedelta(microseconds=1)),
            enrollment("f", "p", wake_at=None),
            *(enrollment(s, "p", state=s) for s in EnrollmentState if s is not EnrollmentState.ACTIVE),
        )
        assert [d.id for d in await store.due(NOW, 10)] == ["c", "a", "b"]
        assert [d.id for d in await store.due(NOW, 2)] == ["c", "a"]
        assert await store.due(NOW - 2 * HOUR, 10) == ()

    async def test_next_due(self, store: Store) -> None:
        """The earliest waking of an active enrollment, or leaving of an approved message."""
        assert await store.next_due() is None
        await settle(store, person("p"), enrollment("e", "p", wake_at=NOW + 5 * HOUR))
        await store.commit(Change(puts=(enrollment("x", "p", wake_at=NOW, state=EnrollmentState.PAUSED),)))
        assert await store.next_due() == NOW + 5 * HOUR
        waits = message("w", "e", "p", planned_at=NOW, state=MessageState.WAITING)
        undated = message("u", "e", "p", planned_at=None)
        retry = message("r", "e", "p", planned_at=NOW, not_before=NOW + 4 * HOUR)
        stray = message("s", None, "p", planned_at=NOW)
        await store.commit(Change(puts=(waits, undated, retry, stray)))
        assert await store.next_due() == NOW + 4 * HOUR
        ready = message("m", "e", "p", planned_at=NOW + 3 * HOUR, not_before=NOW)
        await store.commit(Change(puts=(ready,)))
        assert await store.next_due() == NOW + 3 * HOUR

    async def test_wake_all(self, store: Store) -> None:
        """Every active enrollment wakes now, or when it was to wake before; decisions made before are stale."""
        await settle(
            store,
            person("p"),
            enrollment("a", "p", wake_at=None),
            enrollment("b", "p", wake_at=NOW + HOUR),
            enrollment("c", "p", wake_at=NOW - HOUR),
            enrollment("d", "p", wake_at=None, state=EnrollmentState.STOPPED),
        )
        assert await store.wake_all(NOW) == 3
        rows = await store.find(Enrollment)
        assert [(e.wake_at, e.version) for e in rows] == [(NOW, 2), (NOW, 2), (NOW - HOUR, 2), (None, 1)]
        with pytest.raises(StaleVersion):
            await store.commit(Change(puts=(enrollment("b", "p", version=1),)))

    async def test_who_was_written_since(self, store: Store) -> None:
        """A commit that writes an enrollment is known at once; others, and what was refused, call nothing back."""
        await settle(store, person("p"), enrollment("a", "p"), enrollment("b", "p"))
        before = store.commits()

        await store.commit(Change((message("m", "a", "p"),)))
        assert before == store.commits()

        await store.commit(Change((enrollment("a", "p", version=1),)))
        keys = (EnrollmentId("a"), EnrollmentId("b"))
        assert [True, False] == [store.touched(key, before) for key in keys]
        assert not any(store.touched(key, store.commits()) for key in keys)


class TestTraffic:
    """What limits are counted from."""

    async def test_what_left(self, store: Store) -> None:
        """Letters that left since then; those on the wire count as now, those in doubt from their claim."""
        sent = {"state": MessageState.SENT, "to_address": "a@aoba.example"}
        await settle(
            store,
            person("p"),
            enrollment("e", "p"),
            message("sent", "e", "p", sent_at=NOW, **sent),
            message("bounced", "e", "p", sent_at=NOW, state=MessageState.BOUNCED, mailbox_id=None),
            message("before", "e", "p", sent_at=NOW - HOUR, **sent),
            message("wire", "e", "p", state=MessageState.SENDING, claimed_at=NOW - HOUR / 2),
            message("doubt", "e", "p", state=MessageState.IN_DOUBT, claimed_at=NOW - HOUR / 2),
            message("old doubt", "e", "p", state=MessageState.IN_DOUBT, claimed_at=NOW - 2 * HOUR),
            message("waits", "e", "p"),
        )
        found = await store.traffic(Asked(NOW + HOUR, TODAY, left_since=NOW - HOUR))
        assert Counter(
            [
                Left(BOX, "a@aoba.example", NOW),
                Left(None, "", NOW),
                Left(BOX, "", NOW + HOUR),
                Left(BOX, "", NOW - HOUR / 2),
            ]
        ) == Counter(found.left)
        assert () == (await store.traffic(Asked(NOW, TODAY))).left

    async def test_what_was_put_off(self, store: Store) -> None:
        """Letters that wait for room in their domain, and until when."""
        put_off = {"reason": DOMAIN_LIMIT, "not_before": NOW + HOUR, "to_address": "a@aoba.example"}
        await settle(
            store,
            person("p"),
            enrollment("e", "p"),
            message("m", "e", "p", **put_off),
            message("n", "e", "p", **{**put_off, "reason": "later"}),
            message("o", "e", "p", state=MessageState.WAITING, **put_off),
        )
        found = await store.traffic(Asked(NOW, TODAY, promised=True))
        assert (PutOff("a@aoba.example", NOW + HOUR),) == found.promised
        assert () == (await store.traffic(Asked(NOW, TODAY))).promised

    async def test_what_was_refused(self, store: Store) -> None:
        """Refusals and bounces since then, with mailbox and scenario."""
        await settle(store, person("p"), enrollment("e", "p"), message("m", "e", "p"), message("s", None, "p"))
        entries = (
            entry("message.failed", message_id=MessageId("m"), at=NOW - HOUR),
            entry("message.failed", message_id=MessageId("m")),
            entry("message.sent", message_id=MessageId("m")),
            entry("message.bounced", message_id=MessageId("s"), at=NOW + HOUR),
            entry("message.bounced", message_id=MessageId("gone")),
        )
        await store.commit(Change(entries=entries))
        found = await store.traffic(Asked(NOW, TODAY, refused_since=NOW - HOUR))
        assert {Refused(NOW, BOX, SCRIPT.scenario_id), Refused(NOW + HOUR, BOX, None)} == set(found.refused)
        assert 2 == len(found.refused)

    async def test_what_is_due(self, store: Store) -> None:
        """By mailbox: how many may be claimed, since when the first waits, and how many are new to the valve."""
        other = MailboxId("other")
        await settle(
            store,
            person("p"),
            enrollment("e", "p"),
            enrollment("f", "p", scenario_id="stopped"),
            message("a", "e", "p", planned_at=NOW - 2 * HOUR),
            message("b", "e", "p", planned_at=NOW - HOUR, planned_on=TODAY - timedelta(days=1)),
            message("c", "e", "p", planned_at=NOW - HOUR / 2),
            message("d", "e", "p", planned_at=NOW - HOUR / 2, mailbox_id=other),
            message("held", "e", "p", planned_at=NOW - 3 * HOUR),
            message("of the stopped", "f", "p"),
            message("early", "e", "p", planned_at=NOW + HOUR),
            message("retry", "e", "p", not_before=NOW + HOUR),
            message("no mailbox", "e", "p", mailbox_id=None),
        )
        asked = Asked(
            NOW,
            TODAY,
            after=NOW - 3 * HOUR,
            without=frozenset({"stopped"}),
            counted_after=NOW - HOUR,
        )
        found = await store.traffic(asked)
        assert (
            Pending(other, 1, NOW - HOUR / 2, 1),
            Pending(BOX, 3, NOW - 2 * HOUR, 1),
        ) == found.pending
        everything = await store.traffic(Asked(NOW, TODAY))
        assert [1, 5] == [each.count for each in everything.pending]
        assert [1, 4] == [each.fresh for each in everything.pending]

    async def test_how_often_content_left(self, store: Store) -> None:
        """What left counts, also where it came back; the last time is told; what never left is not there."""
        await settle(
            store,
            person("p"),
            message("m", None, "p", content_id="case-1", sent_at=NOW, state=MessageState.SENT),
            message("n", None, "p", content_id="case-1", sent_at=NOW - HOUR, state=MessageState.BOUNCED),
            message("o", None, "p", sent_at=NOW, state=MessageState.SENT),
            message("waits", None, "p", content_id="case-2"),
        )
        assert {"case-1": Use(2, NOW)} == await store.uses()

    async def test_what_was_taken(self, store: Store) -> None:
        """Letters that servers took since then, by mailbox and scenario."""
        left = {"sent_at": NOW, "state": MessageState.SENT}
        await settle(
            store,
            person("p"),
            enrollment("e", "p"),
            message("m", "e", "p", **left),
            message("n", "e", "p", **left),
            message("o", None, "p", **left),
            message("before", "e", "p", state=MessageState.SENT, sent_at=NOW - HOUR),
            message("waits", "e", "p"),
        )
        assert {Taken(BOX, SCRIPT.scenario_id, 2), Taken(BOX, None, 1)} == set(await store.taken(NOW - HOUR))


def in_order(seen: Glance) -> Glance:
    """A glance whose lists stand in the order of ids."""
    return seen._replace(
        others=tuple(sorted(seen.others, key=lambda other: other.id)),
        near=tuple(sorted(seen.near, key=lambda mail: mail.id)),
    )


BARE = Glance(
    EnrollmentId("e"),
    EnrollmentState.ACTIVE,
    0,
    SCRIPT.scenario_id,
    SCRIPT.id,
    None,
    enrollment("e", "p").anchor_at,
    0,
    person("p").email,
    "clinician",
    None,
    None,
    HOSPITAL.region,
    HOSPITAL.name,
    HOSPITAL.kind,
    "Asia/Tokyo",
    person("p").legal_basis.allows_mail,
    REP.mailbox_id,
    special=False,
    suppressed=False,
    replied=False,
    others=(),
    tasks=(),
    near=(),
)
"""What is seen of ``m`` when nothing else is there."""


def begun(key: str, state: TaskState, step: str, due: datetime | None = None) -> Task:
    """A task of the enrollment."""
    return Task(TaskId(key), "call", REP.id, "call", state, due, enrollment_id=EnrollmentId("e"), step_id=step)


SOON = TODAY + timedelta(days=3)
WHO = person("p", timezone="Asia/Tokyo", region="", role="clinician")
AROUND: dict[str, tuple[Entity, ...]] = {
    "nothing": (message("w", "e", "p", state=MessageState.WAITING), message("x", "g", "q", planned_at=None)),
    "paused": (enrollment("e", "p", state=EnrollmentState.PAUSED, holds=2, variant="b", shift_days=3),),
    "away": (replace(WHO, away=Away(TODAY, SOON)),),
    "a basis": (replace(WHO, legal_basis=LegalBasis(Basis.BUSINESS_CARD, TODAY, "名刺")),),
    "closures": (replace(HOSPITAL, closures=(Closure(TODAY, TODAY, "創立記念日"),)),),
    "elsewhere": (
        replace(HOSPITAL, id=OrganisationId("other")),
        replace(WHO, organisation_id=OrganisationId("other")),
    ),
    "nowhere": (replace(WHO, organisation_id=None), enrollment("e", "p", organisation_id=None)),
    "a foreign address": (replace(WHO, email="Ünal@aoba.example"),),
    "no mailbox": (replace(REP, mailbox_id=None),),
    "address": (suppression("s", "address", WHO.email.lower()),),
    "domain": (suppression("s", "domain", WHO.email.partition("@")[2]),),
    "hospital": (suppression("s", "organisation", str(HOSPITAL.id)),),
    "topic": (suppression("s", "topic", f"{WHO.email.lower()}#seminar"),),
    "reply": (inbound("i", enrollment_id=EnrollmentId("e")),),
    "reply of the person": (inbound("i", person_id=PersonId("p"), received_at=NOW + HOUR),),
    "others": tuple(
        message(f"o{state}", "e", "p", state=state, sent_at=NOW if state in LEFT else None)
        for state in MessageState
        if state is not MessageState.APPROVED
    ),
    "tasks": (
        Task(
            TaskId("t"), "call", REP.id, "call", TaskState.OPEN, NOW, enrollment_id=EnrollmentId("e"), step_id="k"
        ),
        begun("u", TaskState.PLANNED, "l"),
        begun("v", TaskState.DONE, "n"),
    ),
    "near": (
        message("a", "f", "p", state=MessageState.SENT, planned_on=TODAY - timedelta(days=300)),
        message("b", None, "p", state=MessageState.IN_DOUBT, planned_on=TODAY),
        message("c", "g", "q", state=MessageState.SENDING, planned_on=TODAY),
        message("d", "g", "q", state=MessageState.BOUNCED, planned_on=TODAY - timedelta(days=300)),
        message("e", "g", "q", state=MessageState.SENT, planned_on=TODAY, organisation_id=None),
    ),
}
"""What may stand around the letter ``m`` of the enrollment ``e``, one thing at a time."""


class TestClaim:
    """Messages are taken once."""

    async def test_claim(self, store: Store) -> None:
        """What may leave is moved to SENDING and comes with a glance as of then, the earliest first."""
        await populate(store, 3)
        (first, seen), (second, _) = await store.claim(NOW + HOUR, 2, "daemon-1")
        assert (first.id, second.id) == ("m0-0", "m1-0")
        expected = message("m0-0", "e0", "p0", state=MessageState.SENDING, claimed_by="daemon-1", version=2)
        assert first == replace(expected, claimed_at=NOW + HOUR)
        assert (seen.enrollment_id, seen.email) == (first.enrollment_id, person("p0").email)
        assert await store.get(Message, first.id) == first
        assert [m.id for m, _ in await store.claim(NOW + HOUR, 9, "daemon-2")] == ["m2-0"]
        assert await store.claim(NOW + HOUR, 9, "daemon-2") == ()

    async def test_what_is_not_claimed(self, store: Store) -> None:
        """Not before its time, not without a time, not in another state, not without an enrollment."""
        await settle(
            store,
            person("p"),
            enrollment("e", "p"),
            message("early", "e", "p", planned_at=NOW + timedelta(microseconds=1)),
            message("retry", "e", "p", not_before=NOW + timedelta(microseconds=1)),
            message("undated", "e", "p", planned_at=None),
            message("stray", None, "p"),
            *(message(s, "e", "p", state=s) for s in MessageState if s is not MessageState.APPROVED),
        )
        assert await store.claim(NOW, 99, "x") == ()
        assert len(await store.claim(NOW + HOUR, 99, "x")) == 2

    async def test_only_of_these_mailboxes(self, store: Store) -> None:
        """With mailboxes named, only their messages are taken."""
        other = message("n", "e", "p", mailbox_id=MailboxId("other"))
        none = message("o", "e", "p", mailbox_id=None)
        await settle(store, person("p"), enrollment("e", "p"), message("m", "e", "p"), other, none)
        assert await store.claim(NOW, 9, "x", []) == ()
        assert [m.id for m, _ in await store.claim(NOW, 9, "x", [BOX, MailboxId("third")])] == ["m"]
        assert [m.id for m, _ in await store.claim(NOW, 9, "x")] == ["n", "o"]

    async def test_what_a_person_must_decide_is_passed_over(self, store: Store) -> None:
        """What was planned up to an instant, and what belongs to a stopped scenario, is not claimed."""
        other = enrollment("f", "p", scenario_id="other")
        later = NOW + timedelta(minutes=1)
        await settle(
            store,
            person("p"),
            enrollment("e", "p"),
            other,
            message("old", "e", "p"),
            message("new", "e", "p", planned_at=later),
            message("foreign", "f", "p", planned_at=later),
        )
        claimed = await store.claim(NOW + HOUR, 9, "x", after=NOW, without=("other", "third"))
        assert ["new"] == [m.id for m, _ in claimed]
        assert ["old", "foreign"] == [m.id for m, _ in await store.claim(NOW + HOUR, 9, "x")]

    async def test_two_of_one_enrollment(self, store: Store) -> None:
        """Two messages of one enrollment see each other on the way."""
        await populate(store, 1, each=2)
        (one, a), (other, b) = await store.claim(NOW, 9, "x")
        assert [(o.id, o.state) for o in a.others] == [(other.id, MessageState.SENDING)]
        assert [(o.id, o.state) for o in b.others] == [(one.id, MessageState.SENDING)]

    @pytest.mark.parametrize("what", sorted(AROUND))
    async def test_a_glance_is_what_the_dossier_says(self, store: Store, what: str) -> None:
        """Whatever stands around a letter: the glance is the one that its dossier of that moment gives."""
        who = person("p", timezone="Asia/Tokyo", region="", role="clinician")
        await settle(store, who, person("q"), enrollment("e", "p"), enrollment("f", "p"), enrollment("g", "q"))
        await store.commit(Change(puts=(message("m", "e", "p"), message("n", "g", "q", planned_at=None))))
        for put in AROUND[what]:
            known = await store.get(type(put), put.id)
            await store.commit(Change(puts=(replace(put, version=known.version if known else 0),)))

        ((claimed, seen),) = await store.claim(NOW, 9, "x")

        (dossier,) = await store.dossiers([EnrollmentId("e")], NOW)
        assert in_order(seen) == glance(dossier, claimed.id)
        assert (what == "nothing") == (seen == BARE)

    async def test_a_decision_made_before_a_claim_is_stale(self, store: Store) -> None:
        """While a letter may be on the wire nobody takes the row away (law 5)."""
        await populate(store, 1)
        before = await store.get(Message, "m0-0")
        assert before is not None
        await store.claim(NOW, 1, "x")
        with pytest.raises(StaleVersion):
            await store.commit(Change(puts=(replace(before, state=MessageState.CANCELLED),)))


class TestRecord:
    """Outcomes of claimed messages, many in one go."""

    async def test_outcomes(self, store: Store) -> None:
        """Each is written with its line at the version of the claim, and moves it on; nothing else changes."""
        await populate(store, 3)
        claimed = [m for m, _ in await store.claim(NOW + HOUR, 9, "x")]
        found = (
            Outcome(Verdict.ACCEPTED, "250 ok \0"),
            Outcome(Verdict.LATER, "451 später"),
            Outcome(Verdict.UNKNOWN, "切断"),
        )
        upshots = [upshot(m, each, NOW + HOUR) for m, each in zip(claimed, found, strict=True)]

        refused = await store.record(upshots)

        assert refused == ()
        rows = await store.find(Message, {"id": [m.id for m in claimed]})
        expected = [replace(u.row(m), version=3) for m, u in zip(claimed, upshots, strict=True)]
        expected[0] = replace(expected[0], answer="250 ok \ufffd")
        assert list(rows) == expected
        lines = [replace(e, seq=0) for e in await store.find(Entry, order=("seq",))][-3:]
        assert lines == [u.entry for u in upshots]

    async def test_one_that_was_touched_is_no_matter_of_the_others(self, store: Store) -> None:
        """The others are written; the one whose version has moved on is named, and left as it is."""
        await populate(store, 3)
        a, b, c = (m for m, _ in await store.claim(NOW + HOUR, 9, "x"))
        await store.commit(Change((replace(b, answer="touched"),)))

        refused = await store.record([upshot(m, Outcome(Verdict.ACCEPTED), NOW) for m in (a, b, c)])

        assert refused == (1,)
        states = {m.id: m.state for m in await store.find(Message)}
        assert states == {a.id: MessageState.SENT, b.id: MessageState.SENDING, c.id: MessageState.SENT}
        assert [e.message_id for e in await store.find(Entry, {"kind": "message.sent"})] == [a.id, c.id]
        assert await store.record([]) == ()

    async def test_it_is_heard(self, store: Store) -> None:
        """Who waits for changes hears of outcomes."""
        await populate(store, 1)
        ((claimed, _),) = await store.claim(NOW, 9, "x")
        heard = store.changed()
        heard.clear()

        await store.record([upshot(claimed, Outcome(Verdict.ACCEPTED), NOW)])

        await asyncio.wait_for(heard.wait(), 5)

    async def test_what_cannot_be_written_is_a_fault(self, store: Store) -> None:
        """A line about another message, or an instant without a zone: nothing of it is written."""
        await populate(store, 2)
        (a, _), (b, _) = await store.claim(NOW + HOUR, 9, "x")
        good = upshot(a, Outcome(Verdict.ACCEPTED), NOW)
        strange = upshot(b, Outcome(Verdict.ACCEPTED), NOW)
        for bad in (strange._replace(entry=good.entry), strange._replace(sent_at=NOW.replace(tzinfo=None))):
            with pytest.raises(Impossible):
                await store.record([good, bad])
        assert {m.state for m in await store.find(Message)} == {MessageState.SENDING}


class TestMatch:
    """The marks that an incoming mail carries."""

    async def test_match(self, store: Store) -> None:
        """Messages by Message-ID and token, people by address in any case, mails that were handled before."""
        await settle(store, person("p"), person("q", email="Q@Aoba.example"), enrollment("e", "p"))
        first = message("m", "e", "p", header_id="<h>", unsubscribe_token="t")
        second = message("n", "e", "p", header_id="<i>", unsubscribe_token="u")
        bare = message("o", "e", "p")
        read = (inbound("i", key="<k>"), inbound("j", key="<l>", mailbox_id=MailboxId("other")))
        await store.commit(Change(puts=(first, second, bare, *read)))
        found = await store.match(
            BOX, ["<i>", "<x>", ""], ["t", ""], ["q@AOBA.example", ""], ["<k>", "<l>", "<z>"]
        )
        assert [m.id for m in found.messages] == ["m", "n"]
        assert found.people == ("q",)
        assert found.known == {"<k>"}
        by_id = await store.match(BOX, [], [], [], [], ["o", "unknown", ""])
        assert [m.id for m in by_id.messages] == ["o"]

    async def test_planned_mails_by_day(self, store: Store) -> None:
        """What is still to leave, by local date: of some representatives, of one organisation, of some days."""

        def due(key: str, day: date, hour: int = 1, **more: object) -> Message:
            """A mail that is to leave on a day."""
            at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
            return message(key, None, "p", **{"planned_on": day, "planned_at": at, **more})

        first, last = date(2027, 4, 1), date(2027, 4, 3)
        other = replace(REP, id=RepId("suzuki"), email="suzuki@minato.example")
        await settle(
            store,
            person("p"),
            other,
            due("a", first),
            due("b", first, state=MessageState.APPROVED),
            due("c", last, 23, rep_id=other.id),
            due("late", last, planned_at=datetime(2027, 4, 4, 9, tzinfo=UTC)),  # far west of here
            due("elsewhere", last, organisation_id=None),
            due("before", date(2027, 3, 31)),
            due("after", date(2027, 4, 4)),
            due("gone", first, state=MessageState.SENT),
            due("paused", first, planned_at=None),
        )

        assert {first: 2, last: 3} == dict(await store.planned(first, last))
        assert {last: 1} == dict(await store.planned(first, last, reps=(other.id,)))
        assert {first: 2, last: 2} == dict(await store.planned(first, last, organisation=HOSPITAL.id))
        assert {} == dict(await store.planned(first, last, reps=()))

    async def test_how_scenarios_do(self, store: Store) -> None:
        """Mails by step and state, each answered one once, who is on the way with which text."""
        other = replace(REP, id=RepId("suzuki"), email="suzuki@minato.example")
        sent = {"state": MessageState.SENT, "sent_at": NOW, "step_id": "a"}
        await settle(
            store,
            person("p"),
            person("q"),
            other,
            enrollment("e", "p"),
            enrollment("f", "q", rep_id=other.id, state=EnrollmentState.PAUSED),
            enrollment("g", "q", state=EnrollmentState.STOPPED),
            enrollment("without", "q", state=EnrollmentState.STOPPED),
            message("m", "e", "p", **sent),
            message("n", "f", "q", rep_id=other.id, **sent),
            message("o", "g", "q", **sent),
            message("w", "e", "p", step_id="b"),
            message("alone", None, "p", **(sent | {"step_id": ""})),
            inbound("i", message_id=MessageId("m"), kind="reply"),
            inbound("j", message_id=MessageId("m"), kind="reply"),
            inbound("k", message_id=MessageId("n"), kind="out_of_office"),
        )
        script = SCRIPT.scenario_id
        mine = await store.standing((other.id,))

        assert (StepCount(script, "a", MessageState.SENT, 1, 0),) == mine.steps
        assert (Running(script, SCRIPT.id, 1),) == mine.running
        every = await store.standing()
        assert {("a", "sent", 3, 1), ("b", "approved", 1, 0)} == {
            (one.step_id, one.state.value, one.mails, one.answered) for one in every.steps
        }
        assert (Running(script, SCRIPT.id, 2),) == every.running
        assert Standing() == await store.standing(())

    async def test_namesakes(self, store: Store) -> None:
        """By organisation and name, in this order and no more than are asked for; a family name alone is none."""
        other = replace(REP, id=RepId("suzuki"), email="suzuki@minato.example")
        names = (
            ("a", "佐藤", "健", REP),
            ("b", "井上", "明", REP),
            ("c", "佐藤", "健", other),
            ("d", "井上", "明", REP),
            ("e", "井上", "明", other),
            ("f", "佐藤", "", REP),
            ("g", "佐藤", "", REP),
            ("h", "森", "翔", REP),
        )
        people = [person(k, family_name=f, given_name=g, rep_id=rep.id) for k, f, g, rep in names]
        stray = [person(k, family_name="森", given_name="翔", organisation_id=None) for k in ("x", "y")]
        await settle(store, other, *people, *stray)

        async def found(limit: int, *reps: RepId) -> list[str]:
            """Their ids."""
            return [p.id for p in await store.twins(reps=reps or None, limit=limit)]

        assert ["b", "d", "e", "a", "c"] == await found(9)
        assert ["b", "d"] == await found(9, REP.id)
        assert [] == await found(9, other.id)
        for limit in (1, 2, 4):
            assert ["b", "d", "e", "a", "c"][:limit] == await found(limit)

    async def test_houses(self, store: Store) -> None:
        """By the domain of an address, in any case; only whole domains, and of people who work somewhere."""
        await settle(
            store,
            Organisation(OrganisationId("o1"), "青葉"),
            Organisation(OrganisationId("o2"), "若葉"),
            person("p", email="P@Aoba.example", organisation_id=OrganisationId("o2")),
            person("q", email="q@aoba.example", organisation_id=OrganisationId("o1")),
            person("r", email="r@ward.aoba_x.example", organisation_id=OrganisationId("o1")),
            person("s", email="s@nowhere.example", organisation_id=None),
        )
        asked = ["AOBA.example", "ba.example", "aoba.exampl_", "aobaxx.example", "nowhere.example", "", "%"]

        assert {"aoba.example": "o1"} == dict(await store.houses(asked))
        assert {} == dict(await store.houses([]))

    async def test_prune(self, store: Store) -> None:
        """What ended before then is forgotten, once; what is still to be told, and what ended later, stays."""
        told = Dispatch("old", "reply", "佐藤", "", NOW, NOW, ended_at=NOW - HOUR, outcome="sent")
        ended = [told, replace(told, id="at", ended_at=NOW), replace(told, id="open", ended_at=None, outcome="")]
        await settle(store, *ended)

        assert 1 == await store.prune(NOW)
        assert ["at", "open"] == sorted(d.id for d in await store.find(Dispatch))
        assert 0 == await store.prune(NOW)

    async def test_no_marks_no_matches(self, store: Store) -> None:
        """An empty batch, or empty marks, match nothing."""
        await populate(store, 1)
        for found in (await store.match(BOX, [], [], [], []), await store.match(BOX, [""], [""], [""], [""])):
            assert (found.messages, found.people, found.known) == ((), (), frozenset())


class TestChanged:
    """Word of commits."""

    async def test_every_listener_hears(self, store: Store) -> None:
        """Each caller has an event of its own, set by each commit that wrote."""
        first, second = store.changed(), store.changed()
        assert not first.is_set()
        await store.commit(Change(puts=(Setting("a", "1"),)))
        assert first.is_set()
        assert second.is_set()
        first.clear()
        with pytest.raises(StaleVersion):
            await store.commit(Change(puts=(Setting("a", "1"),)))
        assert not first.is_set()

    async def test_claims_and_wakings_are_heard(self, store: Store) -> None:
        """Every write is a change."""
        await populate(store, 1)
        event = store.changed()
        await store.claim(NOW, 1, "x")
        assert event.is_set()
        event.clear()
        await store.wake_all(NOW)
        assert event.is_set()

    async def test_listeners_may_leave(self, store: Store) -> None:
        """An event that its caller let go is forgotten."""
        kept = store.changed()
        for _ in range(5):
            store.changed()
        gc.collect()
        assert len(store._events) == 1  # type: ignore[attr-defined]
        await store.commit(Change(puts=(Setting("a", "1"),)))
        assert kept.is_set()


class TestSearch:
    """Found by a part of what one is called."""

    FAR = Organisation(OrganisationId("hikari"), "医療法人 ひかり病院　１００％")
    OTHER = Representative(RepId("ito"), "伊藤 花", "ito@vendor.example", mailbox_id=BOX)

    async def _people(self, store: Store) -> None:
        await settle(
            store,
            self.FAR,
            self.OTHER,
            person("a", family_name="高橋", given_name="健一", kana="たかはし けんいち"),
            person("b", family_name="森", given_name="葵", kana="ﾓﾘ ｱｵｲ", organisation_id=self.FAR.id),
            person("c", family_name="Smith", given_name="Ann_Marie", organisation_id=None, rep_id=self.OTHER.id),
            person("d", family_name="髙橋", given_name="誠", kana="タカハシ　マコト", rep_id=self.OTHER.id),
        )

    FOUND: ClassVar = {
        "": "cadb",
        "森": "b",
        "たかはし": "ad",
        "ﾀｶﾊｼ": "ad",
        "タカハシ けん": "a",
        "健一　高橋": "a",
        "高橋健": "a",
        "髙橋": "ad",
        "葵 ひかり": "b",
        "ヒカリ": "b",
        "100%": "b",
        "青葉総合": "ad",
        "ＡＮＮ_m": "c",
        "n%e": "",
        "_": "c",
        "D@AOBA.example": "d",
        "高橋 葵": "",
        "\\": "",
        "\0": "",
    }

    async def test_people_by_any_part(self, store: Store) -> None:
        """Name, reading, address, organisation; in any width, case, kana and order; no character is special."""
        await self._people(store)
        found = {said: "".join(p.id for p in await store.search(Person, said, limit=9)) for said in self.FOUND}

        assert self.FOUND == found

    async def test_of_some_representatives(self, store: Store) -> None:
        """Only their people; organisations where one of them knows somebody, has a deal or had a meeting."""
        await self._people(store)
        mine = [p.id for p in await store.search(Person, "たかはし", reps=(self.OTHER.id,), limit=9)]
        houses = [o.id for o in await store.search(Organisation, "", reps=(self.OTHER.id,), limit=9)]
        met = [o.id for o in await store.search(Organisation, "総合", reps=(REP.id,), limit=9)]
        nobodys = await store.search(Organisation, "", reps=(), limit=9)

        assert (["d"], ["aoba"], ["aoba"], ()) == (mine, houses, met, nobodys)

    async def test_in_pages(self, store: Store) -> None:
        """The first are passed over, and so many follow."""
        await self._people(store)

        assert ["a", "d"] == [p.id for p in await store.search(Person, "", limit=2, skip=1)]

    async def test_what_changes_is_found_anew(self, store: Store) -> None:
        """A new name, another place, another representative; a hospital's new name goes for its people."""
        await self._people(store)
        before = await store.get(Person, "c")
        assert before is not None
        moved = replace(before, family_name="鈴木", organisation_id=self.FAR.id, rep_id=REP.id)
        far = await store.get(Organisation, self.FAR.id)
        assert far is not None
        await store.commit(Change((moved, replace(far, name="みどり医院"))))
        found = [p.id for p in await store.search(Person, "みどり", reps=(REP.id,), limit=9)]

        assert ["b", "c"] == sorted(found)
        assert () == await store.search(Person, "smith", limit=9)
        assert () == await store.search(Organisation, "ひかり", limit=9)

    async def test_other_kinds_are_not_searched(self, store: Store) -> None:
        """That is a fault of this program."""
        with pytest.raises(Impossible):
            await store.search(Deal, "x", limit=1)


async def test_when_a_deal_was_last_touched(store: Store) -> None:
    """A meeting, a mail either way, a task that was done: the last of them, by deal; nothing else counts."""
    await settle(store)
    lines = [
        entry("message.sent", at=NOW, deal_id=DEAL.id),
        entry("inbound.reply", at=NOW + HOUR, deal_id=DEAL.id),
        entry("message.planned", at=NOW + 2 * HOUR, deal_id=DEAL.id),
        entry("message.sent", at=NOW, deal_id="other"),
        entry("message.sent", at=NOW),
    ]
    await store.commit(Change((), tuple(lines)))

    assert {DEAL.id: NOW + HOUR} == await store.last_about((DEAL.id, DealId("none")))
    assert {} == await store.last_about(())


async def test_closed_is_closed(store: Store) -> None:
    """After closing, every question is a fault; closing again is not."""
    await store.close()
    await store.close()
    with pytest.raises(Impossible):
        await store.find(Person)
    with pytest.raises(Impossible):
        await store.commit(Change(puts=(Setting("a", "1"),)))
