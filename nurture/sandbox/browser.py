"""A browser without a screen: pages, forms, cookies. How the demo's representatives use the desk.

The desk calls itself by its public https address. ``Proxy`` stands where a reverse proxy stands in
production: it takes the request for that address to the loopback port and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

import httpx

from nurture.sandbox.servers import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT: Final = 30.0  # real seconds for one page


class Proxy(httpx.AsyncBaseTransport):
    """Takes every request to one loopback port; the Host header and the client's cookies stay as they are."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass one request on."""
        headers = request.headers.copy()
        headers["X-Forwarded-Proto"] = request.url.scheme
        headers["X-Forwarded-For"] = HOST
        return await self._inner.handle_async_request(
            httpx.Request(
                request.method,
                request.url.copy_with(scheme="http", host=HOST, port=self._port),
                headers=headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def client(
    public_url: str, port: int, agent: str, *, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """An HTTP client for the desk behind its public address; knows no proxy of the environment."""
    return httpx.AsyncClient(
        base_url=public_url,
        transport=transport or Proxy(port),
        follow_redirects=True,
        timeout=TIMEOUT,
        trust_env=False,
        headers={"User-Agent": agent},
    )


@dataclass(slots=True)
class Form:
    """A form as the page offers it: what would be sent if nobody changed anything."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)  # name and value


@dataclass(frozen=True, slots=True)
class Page:
    """A page: where it was, what it links to, which forms it has."""

    url: str
    status: int
    text: str
    links: tuple[str, ...]
    forms: tuple[Form, ...]

    def form(self, ending: str) -> Form | None:
        """The form whose action ends like this."""
        return next((form for form in self.forms if form.action.partition("?")[0].endswith(ending)), None)


class _Reader(HTMLParser):
    """Collects links and forms."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        elif tag == "form":
            self._form = Form(said.get("action", ""), said.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, said)

    def _field(self, form: Form, tag: str, said: dict[str, str]) -> None:
        name, kind = said.get("name", ""), said.get("type", "text").lower()
        if tag == "button" or (tag == "input" and kind == "submit"):
            form.buttons.append((name, said.get("value", "")))
        elif tag == "input" and name and (kind not in {"checkbox", "radio"} or "checked" in said):
            form.fields[name] = said.get("value", "on" if kind == "checkbox" else "")
        elif tag == "textarea" and name:
            form.fields[name] = ""
            self._area = name
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and ("selected" in said or self._select not in form.fields):
            form.fields[self._select] = said.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._form is not None:
            self._form.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            if self._form is not None and self._area is not None:
                # a line break right after the tag is not part of the text (HTML, 13.2.6.4.7)
                self._form.fields[self._area] = self._form.fields[self._area].removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._select = None


class Browser:
    """One person's browser."""

    def __init__(
        self, public_url: str, port: int, agent: str, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._client = client(public_url, port, agent, transport=transport)

    async def open(self, path: str) -> Page:
        """GET a page, redirects followed."""
        return _page(await self._client.get(path))

    async def submit(self, page: Page, form: Form, changes: Mapping[str, str] | None = None) -> Page:
        """Send a form with some of its fields changed, redirects followed."""
        target = str(httpx.URL(page.url).join(form.action or page.url))
        fields = {**form.fields, **(changes or {})}
        if form.method == "get":
            return _page(await self._client.get(target, params=fields))
        return _page(await self._client.post(target, data=fields))

    async def close(self) -> None:
        """Close the window."""
        await self._client.aclose()


def _page(response: httpx.Response) -> Page:
    reader = _Reader()
    if response.headers.get("content-type", "").startswith("text/html"):
        reader.feed(response.text)
    return Page(str(response.url), response.status_code, response.text, tuple(reader.links), tuple(reader.forms))
