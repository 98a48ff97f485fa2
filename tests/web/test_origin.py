"""Where a mail's words come from: its template, its fields, and what a person changed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.messages import Message
from nurture.files.shelf import FileShelf
from nurture.files.shipped import shipped
from nurture.render import TemplateWriter
from nurture.web import differences
from nurture.web.app import build
from tests.web.browser import browser, send, sign_in
from tests.web.meetings import WRITTEN, at_work, begin, press, remember
from tests.web.world import CASE_MAIL, SATO, SECRET, TANAKA

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette

    from tests.web.world import World


@pytest.fixture
async def desk_world(desk_world: World) -> World:
    """The world with the files that ship, whose fields are known."""
    await remember(desk_world.store)
    there = at_work(desk_world)
    writer = TemplateWriter(shipped() / "templates", there.doors.settings.company)
    library = there.doors.library
    shelf = FileShelf(library, shipped(), "JP", lambda _: None, fields=writer.filled)  # type: ignore[arg-type]
    return replace(there, doors=replace(there.doors, writer=writer, shelf=shelf))


@pytest.fixture
async def thanks(sato: httpx.AsyncClient, desk_world: World) -> Message:
    """A thank-you that was just drafted."""
    path = await begin(sato)
    await press(sato, path, "person:ogawa")
    await press(sato, path, "record", **WRITTEN)
    (mail,) = await desk_world.store.find(Message, {"step_id": "thanks", "person_id": "ogawa"})
    return mail


async def test_what_it_is_filled_with_and_that_nothing_was_changed(
    sato: httpx.AsyncClient, thanks: Message
) -> None:
    """Each field with its value and its source; the text stands as the template writes it."""
    assert f'href="/messages/{thanks.id}/origin"' in (await sato.get(f"/messages/{thanks.id}")).text
    page = (await sato.get(f"/messages/{thanks.id}/origin")).text

    assert "テンプレートのとおりです" in page
    assert "<ins>" not in page
    assert f"templates/{thanks.template}.j2" in page
    for path, value in (("meeting.agreements", "対象は外来の撮影に限る"), ("organisation.called", "貴院")):
        assert re.search(rf"<code>{re.escape(path)}</code>.*?{value}", page, re.DOTALL)
    assert WRITTEN["note"] not in page


async def test_what_a_person_changed_is_seen(sato: httpx.AsyncClient, desk_world: World, thanks: Message) -> None:
    """Before it is kept, and afterwards beside the template; who did it is said."""
    page = (await sato.get(f"/messages/{thanks.id}/edit")).text
    body = thanks.body.split("\n-- \n")[0].replace("対象は外来の撮影に限る", "対象は外来と病棟の撮影とする")
    edit = f"/messages/{thanks.id}/edit"
    shown = await send(sato, page, edit, subject=thanks.subject, body=body, do="preview")
    kept = await send(sato, page, edit, subject=thanks.subject, body=body, do="save")
    origin = (await sato.get(f"/messages/{thanks.id}/origin")).text

    assert 303 == kept.status_code
    for text in (shown.text, origin):
        assert re.search(r"<del>[^<]*外来の撮影に限る</del>", text)
        assert re.search(r"<ins>[^<]*外来と病棟の撮影とする</ins>", text)
        assert text.count("<ins>") == 1
    assert f"{SATO.name}" in origin
    assert (await desk_world.message(thanks.id)).body != thanks.body


async def test_what_cannot_be_written_again_is_said(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Its scenario is not the one that ships: the page says what is wrong, and nothing breaks. A mail that no
    template wrote has no such page.
    """
    path = f"/messages/{CASE_MAIL.id}/origin"
    assert 303 == (await sato.get(path)).status_code
    mail = await desk_world.message(CASE_MAIL.id)
    await desk_world.store.commit(Change((replace(mail, template="mail/case"),)))
    page = await sato.get(path)

    assert 200 == page.status_code
    assert 'class="alarm"' in page.text


async def test_it_is_for_who_sees_the_mail(desk_world: World, app: Starlette, thanks: Message) -> None:
    """Another's does not exist; one that has left has no such page any more."""
    async with browser(build(desk_world.doors, SECRET)) as client:
        await sign_in(client, desk_world, TANAKA)
        assert 404 == (await client.get(f"/messages/{thanks.id}/origin")).status_code
    async with browser(app) as client:
        await sign_in(client, desk_world, SATO)
        assert 303 == (await client.get("/messages/m-sent/origin")).status_code


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ("a\nb\nc", "a\nb\nc", []),
        ("a\nb\nc\nd\ne", "a\nb\nX\nd\ne", ["gap", "same", "out", "in", "same", "gap"]),
        ("a", "a\nb", ["same", "in"]),
        ("a\nb", "b", ["out", "same"]),
        ("", "a", ["in"]),
        ("a\nb\nc\nd\ne\nf\ng", "A\nb\nc\nd\ne\nf\nG", ["out", "in", "same", "gap", "same", "out", "in"]),
        ("a\n\n", "a", []),
    ],
)
def test_lines_that_differ(before: str, after: str, kinds: list[str]) -> None:
    """Changes with a line around them; what is left out between them is said."""
    assert kinds == [line.kind for line in differences.lines(before, after)]
