"""The browser without a screen sends what a browser would send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from nurture.sandbox.browser import Browser

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PAGE = """<a href="/messages/1">one</a>
<form method="post" action="/save?from=here">
  <input type="hidden" name="csrf" value="t&amp;k">
  <textarea name="body">
first line
  second &lt;line&gt;</textarea>
  <input type="checkbox" name="no"><input type="checkbox" name="yes" checked>
  <select name="pick"><option value="a"><option value="b" selected></select>
  <button name="do" value="save">Save</button>
</form>"""


async def _page(_request: Request) -> Response:
    answer = HTMLResponse(PAGE)
    answer.set_cookie("__Host-it", "42", secure=True, httponly=True)
    return answer


async def _save(request: Request) -> Response:
    if request.cookies.get("__Host-it") != "42":
        return PlainTextResponse("who are you?", status_code=403)
    return RedirectResponse(f"/said?{(await request.body()).decode()}", status_code=303)


async def _said(request: Request) -> Response:
    return PlainTextResponse("\n".join(f"{k}={v}" for k, v in request.query_params.items()))


APP = Starlette(
    routes=[Route("/", _page), Route("/save", _save, methods=["POST"]), Route("/said", _said)],
)


async def test_a_form_is_sent_as_it_stands_but_for_what_was_changed() -> None:
    """Hidden fields, text areas, checked boxes and selections go along; secure cookies stay."""
    browser = Browser("https://desk.vendor.example", 1, "test", transport=httpx.ASGITransport(APP))
    page = await browser.open("/")
    assert page.links == ("/messages/1",)
    form = page.form("/save")
    assert form is not None
    assert form.buttons == [("do", "save")]
    answer = await browser.submit(page, form, {"do": "save"})
    await browser.close()
    assert answer.status == 200
    assert answer.text == "csrf=t&k\nbody=first line\n  second <line>\nyes=on\npick=b\ndo=save"


async def test_a_page_without_such_a_form_offers_none() -> None:
    """What the page does not offer cannot be pressed."""
    browser = Browser("https://desk.vendor.example", 1, "test", transport=httpx.ASGITransport(APP))
    page = await browser.open("/")
    await browser.close()
    assert page.form("/approve") is None
