"""Pages as a person uses them: forms are found and sent with what they carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx

from nurture.web import login

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from nurture.core.people import Representative
    from tests.web.world import World

BASE = "http://desk.example"


@dataclass
class Form:
    """A form: where it goes, and its fields as they stand."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """All forms of a page, with what a browser would send of them if no button were pressed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self._area: str | None = None
        self._select: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a form, or note a field."""
        a = {k: v or "" for k, v in attrs}
        if tag == "form":
            self._form = Form(a.get("action", ""), a.get("method", "get"))
            self.found.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and "name" in a:
            if a.get("type") not in {"radio", "checkbox"} or "checked" in a:
                self._form.fields[a["name"]] = a.get("value", "")
        elif tag == "textarea":
            self._area = a["name"]
            self._form.fields[self._area] = ""
        elif tag == "select":
            self._select = a["name"]
        elif tag == "option" and self._select and ("selected" in a or self._select not in self._form.fields):
            self._form.fields[self._select] = a.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """End a form, a text area, a choice."""
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        """The text of a text area; the first line end after the tag does not count (HTML)."""
        if self._form is not None and self._area is not None:
            fields = self._form.fields
            fields[self._area] += data if fields[self._area] else data.removeprefix("\n")


def form(html: str, action: str) -> Form:
    """The form that goes to ``action`` (its end)."""
    return next(f for f in Forms(html).found if f.action.endswith(action))


def browser(app: Starlette, base: str = BASE) -> httpx.AsyncClient:
    """A browser without a screen; it does not follow redirects by itself."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base)


async def sign_in(client: httpx.AsyncClient, world: World, who: Representative) -> None:
    """Sign in with a fresh link."""
    link = await login.issue(world.doors, who)
    answer = await client.post(link)
    assert answer.status_code == 303, answer.text


async def send(client: httpx.AsyncClient, html: str, action: str, **fields: str) -> httpx.Response:
    """Fill in a form and send it."""
    found = form(html, action)
    return await client.post(found.action, data=found.fields | fields)


async def csrf(client: httpx.AsyncClient) -> str:
    """The token of a session's forms."""
    return Forms((await client.get("/")).text).found[0].fields["csrf"]
