"""Hostile input: markup in every field, forms that are none, bodies without end."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from starlette.routing import Route

from nurture.core.attachments import Attachment
from nurture.core.change import Change, LoginToken, MailboxState, MeetingDraft, Setting
from nurture.core.deals import Deal, Meeting, Promise, Task
from nurture.core.ids import MessageId, TaskId
from nurture.core.messages import Enrollment, Entry, Inbound, Message, Suppression, SuppressionScope
from nurture.core.people import Organisation, Person, Representative
from nurture.mail import passes
from nurture.store import MemoryStore
from nurture.web.app import build, routes
from nurture.web.forms import BODY_BYTES
from nurture.web.minutes import GROUPS, PLAIN
from tests.web.browser import browser, form, sign_in
from tests.web.meetings import DEAL, LAST, remember
from tests.web.world import AOBA, CASE_MAIL, NOW, READ, SATO, SCENARIO, SECRET, World, furnish, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.web.world import World

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}</textarea></pre></title>\u202e"
TEXTS = {
    Message: ("subject", "body", "to_name", "from_name", "answer", "step_id"),
    Person: ("family_name", "given_name", "department", "title", "role", "private_note"),
    Organisation: ("name",),
    Representative: ("name",),
    Task: ("title", "detail", "kind"),
    Inbound: ("subject", "text", "from_name", "from_address"),
    Enrollment: ("scenario_id",),
    Meeting: ("subject", "place", "confirmation_question", "private_note", "material"),
    Deal: ("name", "product", "competitor", "lost_reason", "private_note"),
    Promise: ("text", "owner_name"),
}
PAGES = (
    "/",
    "/live",
    "/people/takahashi",
    "/people/nakamura",
    "/people/yamamoto",
    "/messages/m-case",
    "/messages/m-thanks",
    "/messages/m-doubt",
    "/messages/m-leaving",
    "/messages/m-two",
    "/messages/m-planned",
    "/messages/m-case/edit",
    "/?done=approved&mail=m-case",
    "/?later=messages:m-case",
    "/messages/m-case/date",
    "/people/takahashi/colleague",
    "/tasks/t-call/colleague",
    "/record",
    "/record?q=script",
    "/record/a-draft",
    "/record/a-draft?q=script",
    f"/meetings/{LAST.id}",
    "/people",
    "/people/nakamura/merge/takahashi",
    "/organisations",
    f"/organisations/{AOBA.id}",
    "/deals",
    f"/deals/{DEAL.id}",
    "/calendar/2026-12",
    "/reports",
    "/content",
    "/content/case-nursing",
    "/reports?by=scenario",
    "/calendar/closures",
    "/nothing-here",
)
A_DRAFT = MeetingDraft("a-draft", SATO.id, NOW, NOW, dict.fromkeys(("organisation", "deal", "note"), EVIL))


def _evil(value: Any) -> Any:
    names = TEXTS.get(type(value), ())
    changed = dict.fromkeys(names, EVIL)
    if "step_id" in changed:
        changed["step_id"] = f"{value.id}{EVIL}"  # unique within an enrollment
    return replace(value, **changed)


@pytest.fixture
async def evil(desk_world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A desk whose every text is markup."""
    store = desk_world.store
    await remember(store)
    fields = dict.fromkeys((*PLAIN, *(f"{group}.0.{name}" for group in GROUPS for name in GROUPS[group])), EVIL)
    await store.commit(Change((replace(A_DRAFT, fields=fields),)))
    kinds: tuple[type[Any], ...] = tuple(TEXTS)
    puts = [_evil(value) for kind in kinds for value in await store.find(kind)]
    person = await store.get(Person, "nakamura")
    assert person is not None
    silence = Suppression(
        "s-1",  # type: ignore[arg-type]
        SuppressionScope.ADDRESS,
        person.email,
        EVIL,
        "web",
        NOW,
    )
    entries = tuple(
        Entry(NOW, "message.rejected", EVIL, {"step": EVIL, "reason": EVIL}, person_id=person.id, message_id=m.id)
        for m in await store.find(Message)
    )
    puts = [replace(p, reason=EVIL) if isinstance(p, Enrollment | Message) else p for p in puts]
    await store.commit(Change((*puts, silence), entries))
    async with browser(build(desk_world.doors, SECRET)) as client:
        await sign_in(client, desk_world, SATO)
        yield client


@pytest.mark.parametrize("path", PAGES)
async def test_markup_in_every_field_stays_text(evil: httpx.AsyncClient, path: str) -> None:
    """Whatever a field holds is shown as letters: no page gains a tag, an attribute or an expression."""
    text = (await evil.get(path)).text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "49" not in re.findall(r">(49)<", text)
    assert "</textarea></pre>" not in text
    if path not in {"/nothing-here"}:
        assert "&lt;script&gt;" in text


@pytest.mark.parametrize("path", [*PAGES, "/login", "/login/x", "/u/x"])
async def test_no_page_has_inline_scripts_or_styles(sato: httpx.AsyncClient, path: str) -> None:
    """The policy forbids them, so no page relies on them."""
    text = (await sato.get(path)).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)


@pytest.mark.parametrize("path", [*PAGES, "/login", "/u/x", "/healthz", "/static/desk.css", "/static/none.css"])
async def test_every_answer_carries_the_safe_headers(sato: httpx.AsyncClient, path: str) -> None:
    """Policy, nosniff, no framing, no referrer: on pages, errors, files; pages are not cached."""
    headers = (await sato.get(path)).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    if "/static/desk" not in path:
        assert headers["cache-control"] == "no-store"


async def test_a_body_without_end_is_refused(sato: httpx.AsyncClient, desk_world: World) -> None:
    """More than a mail can be long is answered with 413, announced or not, and changes nothing."""
    csrf = form((await sato.get("/")).text, "/logout").fields["csrf"]
    big = f"csrf={csrf}&do=save&seen={CASE_MAIL.fingerprint}&subject=x&body=".encode() + b"x" * BODY_BYTES
    headers = {"content-type": "application/x-www-form-urlencoded"}

    async def drip() -> AsyncIterator[bytes]:
        """Piece by piece, without saying how long it will be."""
        for start in range(0, len(big), 65536):
            yield big[start : start + 65536]

    for content in (big, drip()):
        answer = await sato.post(f"/messages/{CASE_MAIL.id}/edit", content=content, headers=headers)
        assert answer.status_code == 413
    assert (await desk_world.message(CASE_MAIL.id)).body == CASE_MAIL.body


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"csrf": "x"}', "application/json", 415),
        (b"csrf=x", "text/plain", 415),
        (b"csrf=x", "", 415),
        (b"csrf=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe=x", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % n for n in range(60)), "application/x-www-form-urlencoded", 400),
    ],
)
async def test_what_is_no_form_is_refused(sato: httpx.AsyncClient, content: bytes, kind: str, status: int) -> None:
    """Other media types, broken encodings and floods of fields are refused in words."""
    answer = await sato.post("/messages/m-case/approve", content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert "<html" in answer.text


async def test_control_characters_do_not_come_in(sato: httpx.AsyncClient, desk_world: World) -> None:
    """A pasted text with other line ends and control characters is stored as plain lines."""
    csrf = form((await sato.get("/")).text, "/logout").fields["csrf"]
    body = "一行目\r\n二行目\x00\x07\r三行目\u2028"
    fields_ = {"csrf": csrf, "seen": CASE_MAIL.fingerprint, "subject": "件名", "body": body, "do": "save"}
    assert (await sato.post(f"/messages/{CASE_MAIL.id}/edit", data=fields_)).status_code == 303
    kept = (await desk_world.message(CASE_MAIL.id)).body
    assert kept.startswith("一行目\n二行目\n三行目\n")
    two_lines = fields_ | {"subject": "件名\r\nBcc: x@evil.example"}
    two_lines["seen"] = (await desk_world.message(CASE_MAIL.id)).fingerprint
    assert (await sato.post(f"/messages/{CASE_MAIL.id}/edit", data=two_lines)).status_code == 400
    assert (await desk_world.message(CASE_MAIL.id)).subject == "件名"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_other_methods_do_nothing(sato: httpx.AsyncClient, method: str) -> None:
    """Only GET, HEAD and POST mean something."""
    assert (await sato.request(method, "/messages/m-case/approve")).status_code == 405


async def test_a_failure_is_told_without_a_traceback() -> None:
    """When the database is gone the page says so, health says so, and nothing of the inside shows."""
    store = MemoryStore()
    await furnish(store)
    there = world(store)
    async with browser(build(there.doors, SECRET)) as client:
        await sign_in(client, there, SATO)
        await store.close()
        client._transport.raise_app_exceptions = False  # type: ignore[attr-defined]
        health = await client.get("/healthz")
        page = await client.get("/")
    assert health.status_code == 503
    assert page.status_code in {500, 503}
    assert "Traceback" not in page.text
    assert "store" not in page.text.lower()


def test_every_field_that_people_write_is_tried() -> None:
    """The list of evil fields names real fields."""
    for kind, names in TEXTS.items():
        assert set(names) <= {f.name for f in fields(kind)}


async def approval_link(world: World) -> str:
    """A link that would approve something, if looking did."""
    message, until = await world.message(CASE_MAIL.id), world.doors.clock.now() + timedelta(hours=1)
    return passes.issued(world.doors.link_key, SATO.id, message.id, message.fingerprint, until)


REAL: dict[str, tuple[str, ...]] = {
    "people": ("yamamoto", "nakamura"),
    "organisations": (AOBA.id,),
    "deals": (DEAL.id,),
    "tasks": ("t-times",),
    "record": (A_DRAFT.id,),
    "meetings": (LAST.id,),
    "calendar": ("2026-12",),
    "content": ("case-nursing",),
    "scenarios": (SCENARIO.id,),
}
"""What there is to look at, by the first word of the address."""


async def test_no_get_changes_anything(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Every GET route, with real ids, signed in: the store before is the store after. (The way to a provider of
    identities and back, which this desk has none of: ``test_provider``; a person's data, which those who lead
    look at: ``test_privacy``.)
    """
    spec = Attachment("spec.pdf", b"%PDF-1.7")
    desk_world.doors.attachments.keep(spec)
    mails = [await desk_world.message(MessageId(key)) for key in ("m-case", "m-doubt", "m-sent")]
    await desk_world.store.commit(Change(tuple(replace(mail, attachments=(spec.key,)) for mail in mails)))
    times = replace(READ, id=TaskId("t-times"), kind="appointment", detail="2026-12-10 13:00–14:00\nEVIL")
    await desk_world.store.commit(Change((times,)))
    await remember(desk_world.store)
    await desk_world.store.commit(Change((A_DRAFT,)))
    approve = await approval_link(desk_world)
    before = await _all(desk_world)
    for route in routes():
        if isinstance(route, Route) and "GET" in (route.methods or ()):
            for key in REAL.get(route.path.split("/")[1], ("m-case", "m-doubt", "m-sent")):
                token = approve if "approve" in route.path else f"token-of-{key}"
                path = route.path.replace("{id}", key).replace("{token}", token)
                path = (
                    path.replace("{month}", key)
                    .replace("{other}", "takahashi")
                    .replace("{secret}", "s" * 43)
                    .replace("{key}", spec.key)
                    .replace("{n}", "0.ics")
                )
                for query in ("", "?approve=1", "?List-Unsubscribe=One-Click", "?done=approved&mail=m-case"):
                    good = {404} if "/provider" in path or path.endswith("/data") else {200, 303}
                    assert (await sato.get(path + query)).status_code in good
                    await sato.head(path + query)
    assert await _all(desk_world) == before


async def _all(there: World) -> list[Any]:
    kinds: tuple[type[Any], ...] = (*TEXTS, Suppression, Entry, LoginToken, Setting, MailboxState, MeetingDraft)
    return [await there.store.find(kind) for kind in kinds]
