"""Approving together, and taking back: what a browser cannot be made to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.core.messages import MessageState
from tests.web.browser import csrf
from tests.web.world import CASE_MAIL, OTHERS, SENT

if TYPE_CHECKING:
    import httpx

    from tests.web.world import World


async def test_somebody_elses_mail_is_none_of_mine(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Ticked by hand in a forged form, it is not found; nothing of the form is done after it."""
    fields = {"csrf": await csrf(sato), f"m-{OTHERS.id}": OTHERS.fingerprint, f"m-{CASE_MAIL.id}": "x"}
    approved = await sato.post("/together/case", data=fields)
    back = await sato.post("/together/take-back", data={"csrf": fields["csrf"], "mails": OTHERS.id})

    assert (404, 404) == (approved.status_code, back.status_code)
    assert MessageState.WAITING is (await desk_world.message(OTHERS.id)).state


async def test_a_text_that_was_not_shown_is_not_approved(sato: httpx.AsyncClient, desk_world: World) -> None:
    """The tick carries the fingerprint of what was shown."""
    found = await sato.post("/together/case", data={"csrf": await csrf(sato), f"m-{CASE_MAIL.id}": "0" * 64})

    assert "/together/case?left=1" == found.headers["location"]
    assert MessageState.WAITING is (await desk_world.message(CASE_MAIL.id)).state


async def test_what_has_left_cannot_be_taken_back(sato: httpx.AsyncClient, desk_world: World) -> None:
    """The page says what it is meanwhile."""
    found = await sato.post(f"/messages/{SENT.id}/take-back", data={"csrf": await csrf(sato)})

    assert 409 == found.status_code
    assert SENT.state is (await desk_world.message(SENT.id)).state


async def test_without_the_sessions_token_nothing_happens(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Neither of the three."""
    paths = ("/together/case", "/together/take-back", f"/messages/{CASE_MAIL.id}/take-back")
    found = [
        (await sato.post(path, data={f"m-{CASE_MAIL.id}": CASE_MAIL.fingerprint})).status_code for path in paths
    ]

    assert [403, 403, 403] == found
    assert MessageState.WAITING is (await desk_world.message(CASE_MAIL.id)).state


async def test_addresses_made_up_by_hand_are_harmless(sato: httpx.AsyncClient) -> None:
    """Odd numbers, steps that do not exist, ids of nobody: a page all the same."""
    for path in ("/together/nosuch", "/together/case?left=²", "/together/case?left=-1", "/?together=a,b,,<x>"):
        assert 200 == (await sato.get(path)).status_code
