"""What a program may change, once, and only as the desk would."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from nurture.api import forms
from nurture.core.change import Change
from nurture.core.deals import Meeting
from nurture.core.keys import KEPT, Answered, key_id
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Message, MessageState, Suppression
from nurture.core.people import Person
from nurture.core.tokens import ApiToken
from nurture.files import meeting
from tests.web.world import ADMIN, CASE_MAIL, KOBAYASHI, MORI, NOW, SATO, TAKAHASHI, TANAKA, THANK_YOU

if TYPE_CHECKING:
    import httpx
    from pydantic import BaseModel

    from nurture.ports import Store
    from tests.api.conftest import Site

MEETING: dict[str, Any] = {
    "organisation": "北丘総合病院",
    "ended_at": "2026-11-26T15:00:00+09:00",
    "subject": "画像連携のご説明",
    "attendees": [
        {
            "email": "m.inoue@kitaoka.example",
            "family_name": "井上",
            "role": "nursing",
            "stance": "sceptical",
            "legal_basis": {"kind": "business_card", "on": "2026-11-26", "evidence": "名刺交換"},
        }
    ],
    "agreements": ["1月に試行を始める"],
    "promises": [{"text": "手順書をお送りする", "due": "2026-12-03"}],
    "confirmation_question": "1月からでよろしいでしょうか。",
    "private_note": "院長は前向き",
}


def keyed(key: str) -> dict[str, str]:
    """The header of a key."""
    return {"Idempotency-Key": key}


async def test_a_meeting_is_recorded(kept: Site) -> None:
    """Meeting, person, enrollment and draft are there at once; the private note is in no answer."""
    async with kept.acting(SATO) as client:
        answer = await client.post("/meetings", json=MEETING, headers=keyed("k1"))
        said = answer.json()
        shown = await client.get(answer.headers["location"].removeprefix("/api/v1"))

    assert answer.status_code == 201
    assert (said["meeting"]["rep_id"], len(said["enrollments"]), len(said["messages"])) == ("sato", 1, 1)
    assert shown.json() == said["meeting"]
    assert "院長は前向き" not in answer.text
    (entry,) = await kept.world.store.find(Entry, {"kind": "meeting.recorded"})
    assert (entry.actor, entry.data["token"]) == ("sato", "of-sato")


async def test_the_same_key_records_once(kept: Site) -> None:
    """The same request under the same key is answered as before; quotes around the key are no matter."""
    async with kept.acting(SATO) as client:
        first = await client.post("/meetings", json=MEETING, headers=keyed("k1"))
        again = await client.post("/meetings", json=MEETING, headers=keyed('"k1"'))

    assert (first.text, first.status_code) == (again.text, again.status_code)
    assert (first.headers["location"], "true") == (
        again.headers["location"],
        again.headers["idempotency-replayed"],
    )
    assert await kept.world.store.count(Meeting) == 1


async def test_another_request_under_the_key_is_refused(kept: Site) -> None:
    """422, and nothing is written; another token's keys are its own."""
    async with kept.acting(SATO) as client, kept.acting(TANAKA) as other:
        await client.post("/meetings", json=MEETING, headers=keyed("k1"))
        refused = await client.post("/meetings", json=MEETING | {"place": "会議室"}, headers=keyed("k1"))
        mail = "someone@kitaoka.example"
        fine = await other.post("/people", json={"email": mail, "family_name": "原"}, headers=keyed("k1"))

    assert (refused.status_code, refused.json()["type"]) == (422, "/api/v1/problems/key-reused")
    assert fine.status_code == 200
    assert await kept.world.store.count(Meeting) == 1


async def test_many_at_once_record_once(kept: Site) -> None:
    """Whoever comes while the first is being worked on is told so, or gets its answer."""
    async with kept.acting(SATO) as client:
        answers = await asyncio.gather(
            *(client.post("/meetings", json=MEETING, headers=keyed("k1")) for _ in range(8))
        )

    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.json()["meeting"]["id"] for a in answers if a.status_code == 201}) == 1
    assert await kept.world.store.count(Meeting) == 1


class Dies:
    """A store that breaks after the first commit with a meeting in it: as if the process were killed there."""

    def __init__(self, store: Store, *, before: bool) -> None:
        self._store = store
        self._before = before
        self.dead = False

    async def commit(self, change: Change) -> None:
        """Write it, or not, and die."""
        if not any(isinstance(put, Meeting) for put in change.puts) or self.dead:
            if self.dead:
                raise OSError("killed")
            await self._store.commit(change)
            return
        if not self._before:
            await self._store.commit(change)
        self.dead = True
        raise OSError("killed")

    def __getattr__(self, name: str) -> Any:
        """Everything else is the store's."""
        return getattr(self._store, name)


@pytest.mark.parametrize("before", [True, False])
async def test_a_kill_doubles_no_meeting(kept: Site, before: bool) -> None:
    """Killed just before the commit or just after: the next try records it once, and answers."""
    from tests.api.conftest import serving

    world = kept.world
    doors = replace(world.doors, store=cast("Store", Dies(world.store, before=before)))
    secret = await kept.token(SATO)
    async with serving(replace(world, doors=doors)) as dying, dying.program(secret) as client:
        assert (await client.post("/meetings", json=MEETING, headers=keyed("k1"))).status_code == 500
    async with kept.program(secret) as client:
        answer = await client.post("/meetings", json=MEETING, headers=keyed("k1"))

    assert answer.status_code == 201
    assert answer.json()["meeting"]["subject"] == MEETING["subject"]
    assert await world.store.count(Meeting) == 1
    assert await world.store.count(Enrollment, {"meeting_id": answer.json()["meeting"]["id"]}) == 1


async def test_another_daemon_has_the_key(kept: Site) -> None:
    """Two daemons on one database cannot both write under one key: the second is told to come again."""
    async with kept.acting(SATO) as client:
        (token,) = await kept.world.store.find(ApiToken)
        row = Answered(key_id(token.id, "k1"), NOW, "other", "m")

        class Late:
            """Writes the other daemon's row just before ours."""

            async def commit(self, change: Change) -> None:
                """First theirs."""
                if any(isinstance(put, Answered) for put in change.puts):
                    await kept.world.store.commit(Change((row,)))
                await kept.world.store.commit(change)

            def __getattr__(self, name: str) -> Any:
                """Everything else is the store's."""
                return getattr(kept.world.store, name)

        from tests.api.conftest import serving

        doors = replace(kept.world.doors, store=cast("Store", Late()))
        async with serving(replace(kept.world, doors=doors)) as second:
            client.base_url = f"{second.url}/api/v1"
            answer = await client.post("/meetings", json=MEETING, headers=keyed("k1"))

    assert (answer.status_code, answer.json()["type"]) == (409, "/api/v1/problems/in-progress")
    assert await kept.world.store.count(Meeting) == 0


async def test_keys_are_kept_for_days(kept: Site) -> None:
    """At least a day; then the row may go."""
    async with kept.acting(SATO) as client:
        await client.post("/meetings", json=MEETING, headers=keyed("k1"))

    assert timedelta(days=1) < KEPT
    assert await kept.world.store.forget(NOW) == 0
    assert await kept.world.store.forget(NOW + timedelta(seconds=1)) == 1


async def test_what_a_rule_forbids_is_not_kept(site: Site) -> None:
    """A refused record says all that is missing, writes nothing, and its key may be used for the mended one."""
    broken = MEETING | {"attendees": [{"email": "no-address"}, {"email": "new@kitaoka.example"}]}
    async with site.acting(SATO) as client:
        refused = await client.post("/meetings", json=broken, headers=keyed("k1"))
        fine = await client.post("/meetings", json=MEETING, headers=keyed("k1"))

    assert (refused.status_code, refused.json()["type"]) == (422, "/api/v1/problems/refused")
    assert fine.status_code == 201


async def test_words_of_a_patient_are_refused(site: Site) -> None:
    """As at the desk: what looks like a patient's data is kept nowhere, not even in a private note."""
    told = MEETING | {"private_note": "患者番号 1234567 の山田太郎様(72歳)の検査結果"}
    async with site.acting(SATO) as client:
        answer = await client.post("/meetings", json=told, headers=keyed("k1"))

    assert answer.status_code == 422
    assert await site.world.store.count(Meeting) == 0


async def test_the_installation_says_whose_meeting(site: Site) -> None:
    """It names the representative; a representative's token may name only those whose meetings they see."""
    async with site.acting(None) as crm, site.acting(SATO) as client, site.acting(MORI) as manager:
        silent = await crm.post("/meetings", json=MEETING, headers=keyed("a"))
        unknown = await crm.post("/meetings", json=MEETING | {"rep_id": "gone"}, headers=keyed("b"))
        other = await client.post("/meetings", json=MEETING | {"rep_id": "tanaka"}, headers=keyed("c"))
        fine = await crm.post("/meetings", json=MEETING | {"rep_id": "tanaka"}, headers=keyed("d"))
        team = MEETING | {"rep_id": "sato", "organisation": "南病院"}
        of_team = await manager.post("/meetings", json=team, headers=keyed("e"))

    assert [422, 422, 422, 201, 201] == [a.status_code for a in (silent, unknown, other, fine, of_team)]
    assert silent.json()["errors"][0]["pointer"] == "#/rep_id"


async def test_nobody_rewrites_anothers_person(site: Site) -> None:
    """Neither through a record nor through the list; that they attended may be said."""
    there = {"email": KOBAYASHI.email, "stance": "neutral"}
    async with site.acting(SATO) as client:
        described = MEETING | {"attendees": [there | {"title": "院長"}]}
        refused = await client.post("/meetings", json=described, headers=keyed("a"))
        person = {"email": KOBAYASHI.email.upper(), "title": "院長"}
        also = await client.post("/people", json=person, headers=keyed("b"))
        fine = await client.post("/meetings", json=MEETING | {"attendees": [there]}, headers=keyed("c"))
    kobayashi = await site.world.store.get(Person, KOBAYASHI.id)

    assert [403, 403, 201] == [a.status_code for a in (refused, also, fine)]
    assert kobayashi is not None
    assert kobayashi.title is None


async def test_people_are_added_and_completed(site: Site) -> None:
    """By address: new ones are added, known ones completed, and the same again changes nothing."""
    new = {"email": "h.mori@kitaoka.example", "family_name": "森", "organisation": "北丘総合病院", "title": "教授"}
    async with site.acting(SATO) as client:
        answers = [
            await client.post("/people", json=new, headers=keyed("a")),
            await client.post("/people", json=new, headers=keyed("b")),
            await client.post("/people", json=new | {"kana": "もり"}, headers=keyed("c")),
        ]

    assert ["created", "unchanged", "updated"] == [a.json()["outcome"] for a in answers]
    person = answers[2].json()["person"]
    assert (person["rep_id"], person["honorific"], person["organisation"]["name"]) == (
        "sato",
        "先生",
        "北丘総合病院",
    )


async def test_an_opt_out_in_the_crm_is_one_here(kept: Site) -> None:
    """At once, with its evidence; what ran stops; once more changes nothing; another's person is not there."""
    said = {"reason": "unsubscribe", "evidence": "CRM"}
    async with kept.acting(None) as crm, kept.acting(TANAKA) as other:
        strange = await other.post("/people/takahashi/suppress", json=said)
        sent = [await crm.post("/people/takahashi/suppress", json=said, headers=keyed(k)) for k in ("a", "a", "b")]
    (row,) = await kept.world.store.find(Suppression)
    (enrollment,) = await kept.world.store.find(Enrollment, {"person_id": "takahashi"})

    assert (strange.status_code, [a.json()["suppressed"] for a in sent]) == (404, [True] * 3)
    assert (row.value, row.source, row.evidence) == (TAKAHASHI.email, "api", "CRM")
    assert enrollment.state is EnrollmentState.STOPPED


async def test_somebody_is_enrolled(site: Site) -> None:
    """Once: a second time is refused by the rule that the desk has."""
    body = {"person_id": "takahashi", "scenario": "warm-lead-30d", "anchor_at": "2026-11-26T06:00:00Z"}
    async with site.acting(SATO) as client:
        running = await client.post("/enrollments", json=body, headers=keyed("a"))
        stopped = await client.post("/enrollments/en-takahashi/stop")
        started = await client.post("/enrollments", json=body, headers=keyed("b"))
        unknown = await client.post("/enrollments", json=body | {"scenario": "none"}, headers=keyed("c"))

    assert [422, 200, 201, 422] == [a.status_code for a in (running, stopped, started, unknown)]
    assert (stopped.json()["state"], started.json()["state"]) == ("stopped", "active")


async def test_an_enrollment_is_paused_and_resumed(site: Site) -> None:
    """By a person; what has moved on cannot be moved again."""
    async with site.acting(SATO) as client:
        states = [
            (await client.post(f"/enrollments/en-yamamoto/{verb}", json={})).json().get("state")
            for verb in ("pause", "resume", "stop")
        ]
        after = await client.post("/enrollments/en-yamamoto/resume")

    assert states == ["paused", "active", "stopped"]
    assert (after.status_code, after.json()["type"]) == (409, "/api/v1/problems/impossible")


async def _approve(client: httpx.AsyncClient, key: str, **headers: str) -> httpx.Response:
    tag = (await client.get(f"/messages/{key}")).headers["etag"]
    return await client.post(f"/messages/{key}/approve", headers={"If-Match": tag} | headers)


async def test_an_approval_names_what_it_saw(site: Site) -> None:
    """Without it 428, with another 412, with the right one the mail is approved by that person, via the API."""
    async with site.acting(SATO) as client:
        blind = await client.post("/messages/m-case/approve")
        star = await client.post("/messages/m-case/approve", headers={"If-Match": "*"})
        stale = await client.post("/messages/m-case/approve", headers={"If-Match": f'"7-{CASE_MAIL.fingerprint}"'})
        done = await _approve(client, "m-case")
    message = await site.world.message("m-case")

    assert [428, 412, 412, 200] == [a.status_code for a in (blind, star, stale, done)]
    assert stale.headers["etag"] == f'"1-{CASE_MAIL.fingerprint}"'
    assert done.headers["etag"] != stale.headers["etag"]
    assert (message.state, message.approvals[-1].by, message.approvals[-1].via) == (
        MessageState.APPROVED,
        "sato",
        "api",
    )


async def test_a_changed_text_is_not_approved(site: Site) -> None:
    """What was edited since it was looked at stays where it is."""
    async with site.acting(SATO) as client:
        tag = (await client.get("/messages/m-thanks")).headers["etag"]
        stored = await site.world.message("m-thanks")
        await site.world.store.commit(Change((replace(stored, subject="別の件名"),)))
        answer = await client.post("/messages/m-thanks/approve", headers={"If-Match": tag})

    assert answer.status_code == 412
    assert (await site.world.message("m-thanks")).state is THANK_YOU.state


async def test_two_people_approve_with_two_tokens(site: Site) -> None:
    """The first cannot be the second, whatever they ask with."""
    async with site.acting(SATO) as first, site.acting(MORI) as second:
        one = await _approve(first, "m-two")
        same = await _approve(first, "m-two")
        two = await _approve(second, "m-two")

    assert [200, 403, 200] == [a.status_code for a in (one, same, two)]
    assert ("waiting", "approved") == (one.json()["state"], two.json()["state"])


async def test_an_approval_that_is_sent_twice(site: Site) -> None:
    """Under one key it is one approval, and the same answer."""
    async with site.acting(SATO) as client:
        tag = (await client.get("/messages/m-case")).headers["etag"]
        sent = [
            await client.post("/messages/m-case/approve", headers={"If-Match": tag} | keyed("k")) for _ in range(2)
        ]

    assert sent[0].json() == sent[1].json()
    assert len((await site.world.message("m-case")).approvals) == 1


async def test_a_mail_is_rejected_with_a_reason(site: Site) -> None:
    """The reason is needed, and kept."""
    async with site.acting(SATO) as client:
        tag = {"If-Match": (await client.get("/messages/m-case")).headers["etag"]}
        silent = await client.post("/messages/m-case/reject", json={"reason": ""}, headers=tag)
        done = await client.post("/messages/m-case/reject", json={"reason": "時期が悪い"}, headers=tag)

    assert (silent.status_code, done.status_code, done.json()["state"]) == (422, 200, "rejected")


async def test_a_task_is_done(site: Site) -> None:
    """Once; then it has moved on."""
    async with site.acting(SATO) as client:
        done = await client.post("/tasks/t-call/done")
        again = await client.post("/tasks/t-call/done", json={})

    assert (done.json()["state"], again.status_code) == ("done", 409)


@pytest.mark.parametrize(
    "path",
    [
        "/messages/m-case/approve",
        "/messages/m-case/reject",
        "/enrollments/en-yamamoto/stop",
        "/enrollments/en-yamamoto/pause",
        "/enrollments/en-nakamura/resume",
        "/tasks/t-call/done",
    ],
)
async def test_the_installation_decides_nothing_that_a_person_must(site: Site, path: str) -> None:
    """Not even with every scope; and nothing is written."""
    before = await site.world.store.count(Entry)
    async with site.acting(None) as client:
        answer = await client.post(path, json={"reason": "x"}, headers={"If-Match": "*"})

    assert (answer.status_code, answer.json()["type"]) == (403, "/api/v1/problems/needs-representative")
    assert await site.world.store.count(Entry) == before + 1  # the token itself


async def test_an_administrator_may_do_everything(site: Site) -> None:
    """Their token is theirs."""
    async with site.acting(ADMIN) as client:
        assert (await _approve(client, "m-tanaka")).status_code == 200

    (row,) = await site.world.store.find(Message, {"id": "m-tanaka"})
    assert row.approvals[-1].by == ADMIN.id
    assert TAKAHASHI.rep_id == SATO.id


@pytest.mark.parametrize(
    ("sent", "written", "renamed"),
    [
        (forms.MeetingIn, meeting.MeetingForm, {"rep": "rep_id"}),
        (forms.AttendeeIn, meeting.AttendeeForm, {"basis": "legal_basis"}),
        (forms.ConcernIn, meeting.ConcernForm, {}),
        (forms.PromiseIn, meeting.PromiseForm, {}),
        (forms.PointerIn, meeting.PointerForm, {}),
        (forms.LegalIn, meeting.BasisForm, {}),
    ],
)
def test_a_meeting_is_asked_for_alike(
    sent: type[BaseModel], written: type[BaseModel], renamed: dict[str, str]
) -> None:
    """What the file and the desk can record, other programs can: the two differ in how values are written only."""
    assert {renamed.get(name, name) for name in written.model_fields} == set(sent.model_fields)


async def test_an_approval_may_name_another_date(site: Site) -> None:
    """A day on which nothing leaves is refused by a rule, a time of day needs its date; nothing is approved."""
    async with site.acting(SATO) as client:
        tag = {"If-Match": (await client.get("/messages/m-case")).headers["etag"]}
        saturday = await client.post("/messages/m-case/approve", headers=tag, json={"on": "2026-12-05"})
        timeless = await client.post("/messages/m-case/approve", headers=tag, json={"at": "10:00"})
        noon = await client.post("/messages/m-case/approve", headers=tag, json={"on": "2026-12-02", "at": "noon"})
    message = await site.world.message("m-case")

    assert [422, 422, 422] == [a.status_code for a in (saturday, timeless, noon)]
    assert "/api/v1/problems/refused" == saturday.json()["type"]
    assert (MessageState.WAITING, CASE_MAIL.planned_on) == (message.state, message.planned_on)
