"""The page behind each mail's unsubscribe link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nurture.core.messages import Enrollment, EnrollmentState, Entry, Message, MessageState, Suppression
from nurture.mail import links
from tests.web.browser import send
from tests.web.world import LINK_KEY, SENT, YAMAMOTO

if TYPE_CHECKING:
    import httpx

    from tests.web.world import World

LINK = "/u/token-of-m-case"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def test_the_link_shows_a_button_and_the_button_acts(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """GET asks, POST silences the address, stops the enrollment and cancels what had not left."""
    page = await stranger.get(LINK)
    assert page.status_code == 200
    assert "配信を停止する" in page.text
    assert "Unsubscribe" in page.text
    assert await desk_world.store.find(Suppression) == ()
    answer = await stranger.post(LINK)
    assert answer.status_code == 200
    assert "配信を停止しました" in answer.text
    (silence,) = await desk_world.store.find(Suppression)
    assert silence.value == YAMAMOTO.email
    assert silence.source == "web"
    enrollment = await desk_world.store.get(Enrollment, "en-yamamoto")
    assert enrollment is not None
    assert enrollment.state is EnrollmentState.STOPPED
    left = await desk_world.store.find(Message, {"person_id": YAMAMOTO.id})
    assert {m.state for m in left} == {MessageState.CANCELLED}


@pytest.mark.parametrize("as_form", [True, False])
async def test_one_click_needs_no_cookie_and_no_token(
    stranger: httpx.AsyncClient, desk_world: World, *, as_form: bool
) -> None:
    """A mail provider posts as RFC 8058 says, in either encoding, from another site: 200, no redirect."""
    headers = {"sec-fetch-site": "cross-site", "user-agent": "Provider/1.0"}
    if as_form:
        answer = await stranger.post(LINK, data=ONE_CLICK, headers=headers)
    else:
        answer = await stranger.post(LINK, files={"List-Unsubscribe": (None, "One-Click")}, headers=headers)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    (silence,) = await desk_world.store.find(Suppression)
    assert silence.source == "one_click"
    assert "RFC 8058" in silence.evidence
    assert "Provider/1.0" in silence.evidence


NO_TOKENS = ["unknown", "x" * 300, "x" * 500, "%00", "'", "日本", "<script>"]


@pytest.mark.parametrize("token", NO_TOKENS)
async def test_every_link_shows_the_same_button(stranger: httpx.AsyncClient, token: str) -> None:
    """GET looks nothing up: whose link it is cannot be told from its page."""
    known, unknown = await stranger.get(LINK), await stranger.get(f"/u/{token}")

    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)


async def test_a_link_of_ours_works_whatever_the_database_knows(
    stranger: httpx.AsyncClient, desk_world: World
) -> None:
    """The link of a mail that is not there any more says and does the same as any other."""
    lost = links.sealed(LINK_KEY, "nobody.known@aoba.example", "a mail of before the restore")
    known, unknown = await stranger.post(LINK, data=ONE_CLICK), await stranger.post(f"/u/{lost}", data=ONE_CLICK)

    assert (200, known.text) == (unknown.status_code, unknown.text)
    silent = {s.value for s in await desk_world.store.find(Suppression)}
    assert {YAMAMOTO.email, "nobody.known@aoba.example"} == silent


@pytest.mark.parametrize("token", NO_TOKENS)
async def test_a_link_that_does_nothing_says_so(
    stranger: httpx.AsyncClient, desk_world: World, token: str
) -> None:
    """One that lost its end on the way must not say that no more mail will come: it says how else to tell us."""
    answer = await stranger.post(f"/u/{token}")

    assert 404 == answer.status_code
    assert "配信は停止されていません" in answer.text
    assert "You are not unsubscribed yet" in answer.text
    assert "privacy@mirai-iryo.example" in answer.text
    assert "03-0000-0000" in answer.text
    assert 0 == await desk_world.store.count(Suppression)


async def test_pressing_twice_is_once(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """The second press says the same and writes nothing more."""
    texts = {(await stranger.post(LINK)).text for _ in range(3)}
    assert len(texts) == 1
    assert await desk_world.store.count(Suppression) == 1


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"--x\r\nbroken"])
@pytest.mark.parametrize(
    "kind", ["", "application/json", "multipart/form-data", "multipart/form-data; boundary=x"]
)
async def test_any_post_wants_silence(
    stranger: httpx.AsyncClient, desk_world: World, content: bytes, kind: str
) -> None:
    """A body that cannot be read does not keep anybody on the list."""
    answer = await stranger.post(LINK, content=content, headers={"content-type": kind})
    assert answer.status_code == 200
    assert await desk_world.store.count(Suppression) == 1


async def test_the_reader_of_a_sent_mail_is_silenced_too(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """The link works in mails that left long ago."""
    desk_world.later(days=200)
    await stranger.post(f"/u/{SENT.unsubscribe_token}")
    (silence,) = await desk_world.store.find(Suppression)
    assert silence.value == SENT.to_address


async def test_the_person_page_tells_of_the_silence(
    sato: httpx.AsyncClient, stranger: httpx.AsyncClient, desk_world: World
) -> None:
    """The representative sees that no mail goes there any more; approving such a mail is not offered."""
    page = await sato.get("/")
    await stranger.post(LINK)
    assert 'class="alarm"' in (await sato.get("/people/yamamoto")).text
    answer = await send(sato, page.text, "/messages/m-case/approve")
    assert answer.status_code == 409
    assert (await desk_world.message("m-case")).state is MessageState.CANCELLED


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("agent", ["Mozilla/5.0", "Proofpoint URL Defense", "GoogleImageProxy", "curl/8"])
async def test_only_a_post_acts(stranger: httpx.AsyncClient, desk_world: World, method: str, agent: str) -> None:
    """Gateways and previews fetch every link, with any method that is none: nobody is silenced by that."""
    headers = {"user-agent": agent, "purpose": "prefetch", "sec-purpose": "prefetch"}
    await stranger.request(method, LINK, headers=headers)
    await stranger.request(method, f"{LINK}?List-Unsubscribe=One-Click", headers=headers)

    assert await desk_world.store.count(Suppression) == 0
    assert (await desk_world.message("m-case")).state is MessageState.WAITING


@pytest.mark.parametrize("method", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
async def test_a_get_cannot_pretend(stranger: httpx.AsyncClient, desk_world: World, method: str) -> None:
    """No header makes a GET act."""
    await stranger.get(LINK, headers={method: "POST"}, params={"_method": "POST"})

    assert await desk_world.store.count(Suppression) == 0


def _forged(real: str) -> tuple[str, ...]:
    """Tokens that are nearly right, and things that are none."""
    bits = real[:-1] + chr(ord(real[-1]) ^ 1)
    return (
        bits, real[:-1], f"{real}x", f" {real}", f"{real}%20", real.upper(), real.swapcase(), f"{real}/",
        f"{real}%00", f"../u/{real}x", f"{real};drop", "m-case", YAMAMOTO.id, YAMAMOTO.email, "%25", "*", "_%", "",
        "null", "0", "true", "[]", "{'$ne': ''}", "' OR 1=1 --",
    )  # fmt: skip


async def test_forged_tokens_silence_nobody(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """Neither a bit more or less, nor the ids of the mail and its reader, nor a pattern."""
    for forged in _forged("token-of-m-case"):
        await stranger.post(f"/u/{forged}", data=ONE_CLICK)

    assert await desk_world.store.find(Suppression) == ()


async def test_a_token_silences_its_own_reader_alone(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """Whoever sends it, with whatever else: somebody else's address in the form changes nothing."""
    others = {**ONE_CLICK, "email": "takahashi@aoba.example", "token": "token-of-m-thanks", "person": "takahashi"}
    await stranger.post(LINK, data=others, params={"email": "takahashi@aoba.example"})

    assert [YAMAMOTO.email] == [s.value for s in await desk_world.store.find(Suppression)]
    running = await desk_world.store.find(Enrollment, {"state": EnrollmentState.ACTIVE})
    assert "yamamoto" not in {e.person_id for e in running}
    assert len(running) > 1


async def test_a_replay_years_later_changes_nothing(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """The first time is what is kept: when it was, and how."""
    await stranger.post(LINK, data=ONE_CLICK)
    first = await desk_world.store.find(Suppression)
    entries = await desk_world.store.find(Entry)
    desk_world.later(days=1000)
    for _ in range(3):
        assert (await stranger.post(LINK)).status_code == 200

    assert first == await desk_world.store.find(Suppression)
    assert entries == await desk_world.store.find(Entry)


async def test_sessions_and_cookies_play_no_part(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Who is signed in at the desk needs no form token here, gets no cookie here, and is told nothing more."""
    page = await sato.get(LINK)
    answer = await sato.post(LINK, data=ONE_CLICK, headers={"origin": "https://elsewhere.example"})

    assert (200, 200) == (page.status_code, answer.status_code)
    assert not {"set-cookie"} & (set(page.headers) | set(answer.headers))
    assert "csrf" not in page.text.lower()
    assert await desk_world.store.count(Suppression) == 1


async def test_evidence_is_one_bounded_line(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """What a client says of itself is kept, without what could break a list or a terminal."""
    agent = b"Evil\x1b[31m\x9b31m\xe2\x80\xae" + b"A" * 500
    await stranger.post(LINK, data=ONE_CLICK, headers={b"user-agent": agent})

    (silence,) = await desk_world.store.find(Suppression)
    assert len(silence.evidence) < 200
    assert silence.evidence.isprintable()
