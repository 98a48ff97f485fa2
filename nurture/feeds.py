"""Calendars fetched from the addresses where others publish them (``ports.Feeds``).

Theory of operation
-------------------
One look at a subscription is one GET with what the last answer gave to compare (ETag, Last-Modified). What comes
is bounded in time, bytes and redirects, and is put in the place of the last good copy only after somebody who
understands it (``accept``) has read it to its end: a page that says "please sign in" replaces nothing. The copy
and how the look went lie side by side in the data folder, each written anew and moved into place, so that a
reader sees the old one or the new one.

Who writes an address into a calendar file means that server, wherever it stands, also in the house. A redirect
is somebody else's word: it is followed to public addresses only, or on the same host, and always encrypted.
Every connection goes to the very address that was looked at, so that a name cannot mean another one a moment
later.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import httpx

from nurture.core.feeds import FeedState
from nurture.errors import NurtureError, TemporaryFailure, UserErrors
from nurture.wire import addresses, is_loopback, is_public, one_line, trust

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from nurture.core.feeds import Subscription

LARGEST: Final = 10_000_000  # bytes of a copy
PATIENCE: Final = 60.0  # seconds for all of it
STEP: Final = 15.0  # seconds to connect, or between two pieces
REDIRECTS: Final = 5
MOVED: Final = frozenset({301, 302, 303, 307, 308})
AGENT: Final = "nurture (calendar subscription)"
LONGEST_MARK: Final = 500  # characters of an ETag or a Last-Modified that are kept


def read_state(folder: Path, subscription: Subscription) -> FeedState | None:
    """How the last look went, as it lies in the folder; None if there was none."""
    try:
        said = json.loads((folder / f"{subscription.stored}.json").read_text(encoding="utf-8"))
        return FeedState(
            tried_at=_instant(said["tried_at"]),
            good_at=_instant(said["good_at"]),
            changed_at=_instant(said["changed_at"]),
            etag=str(said["etag"]),
            modified=str(said["modified"]),
            error=str(said["error"]),
            values={str(name): str(value) for name, value in dict(said["values"]).items()},
            failures=int(said["failures"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


class WebFeeds:
    """Copies of subscriptions in a folder.

    Args:
        folder: where they lie; made when needed, mode 0700.
        accept: reads a copy to its end; raises NurtureError for one that is of no use.
        trust: whose certificates are believed; None: those of the system, and the usual public ones.
        patience: seconds for one look, redirects and all.
    """

    def __init__(
        self,
        folder: Path,
        accept: Callable[[bytes], object],
        *,
        trust: ssl.SSLContext | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._folder = folder
        self._accept = accept
        self._trust = trust
        self._patience = patience

    def state(self, subscription: Subscription) -> FeedState | None:
        """How the last look went; None if there was none."""
        return read_state(self._folder, subscription)

    async def refresh(self, subscription: Subscription, now: datetime) -> FeedState:
        """Look once; the copy and the state are written. Never raises for what a server says or does."""
        before = self.state(subscription) or FeedState()
        copy = self._folder / f"{subscription.stored}.ics"
        has_copy = copy.is_file()
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._fetch(subscription.url, before if has_copy else FeedState())
            if answer.data is not None:
                await asyncio.to_thread(self._accept, answer.data)
        except TimeoutError:
            state = _failed(
                before, now, TemporaryFailure("no complete answer within {limit} s", limit=self._patience)
            )
        except UserErrors as error:
            state = _failed(before, now, error.errors[0])
        except NurtureError as error:
            state = _failed(before, now, error)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as error:
            reason = str(error) or type(error).__name__
            state = _failed(before, now, TemporaryFailure("it cannot be reached: {reason}", reason=reason))
        else:
            state = replace(before, tried_at=now, good_at=now, error="", values={}, failures=0)
            if answer.data is not None:
                fresh = not has_copy or copy.read_bytes() != answer.data
                if fresh:
                    self._write(f"{subscription.stored}.ics", answer.data)
                state = replace(
                    state,
                    changed_at=now if fresh else before.changed_at,
                    etag=answer.etag,
                    modified=answer.modified,
                )
        self._write(f"{subscription.stored}.json", json.dumps(asdict(state), default=str).encode())
        return state

    async def _fetch(self, url: str, before: FeedState) -> _Answer:
        headers = {"User-Agent": AGENT, "Accept": "text/calendar, */*;q=0.1", "Accept-Encoding": "identity"}
        if before.etag:
            headers["If-None-Match"] = before.etag
        if before.modified:
            headers["If-Modified-Since"] = before.modified
        here = meant = httpx.URL(url)
        trusted = self._trust or trust()
        async with httpx.AsyncClient(
            verify=trusted, timeout=STEP, trust_env=False, follow_redirects=False
        ) as client:
            for _ in range(REDIRECTS + 1):
                answer = await _get(client, here, headers, anywhere=here.host == meant.host)
                if isinstance(answer, _Answer):
                    return answer
                here = _next(here, answer)
        raise TemporaryFailure("more than {limit} redirects", limit=REDIRECTS)

    def _write(self, name: str, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = self._folder / name
        half = self._folder / f"{name}.{os.getpid()}.part"
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        half.replace(target)


class _Answer:
    """A new copy, or (``data`` None) the word that the old one still holds."""

    def __init__(self, data: bytes | None, headers: httpx.Headers) -> None:
        self.data = data
        self.etag = _mark(headers.get("ETag", ""))
        self.modified = _mark(headers.get("Last-Modified", ""))


def _mark(text: str) -> str:
    """A header that is sent back as it came; nothing that would not fit into one."""
    return text if len(text) <= LONGEST_MARK and text.isascii() and text.isprintable() else ""


async def _get(
    client: httpx.AsyncClient, url: httpx.URL, headers: dict[str, str], *, anywhere: bool
) -> _Answer | str:
    """One request: the answer, or where it redirects to."""
    called = await _addresses(url, anywhere=anywhere)
    for number, address in enumerate(called, 1):
        request = client.build_request(
            "GET",
            url.copy_with(host=address),
            headers={**headers, "Host": url.netloc.decode("ascii")},
            # The certificate must be the name's, though we call the address.
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        try:
            response = await client.send(request, stream=True)
        except httpx.ConnectError:
            if number == len(called):
                raise
            continue
        try:
            return await _read(response)
        finally:
            await response.aclose()
    raise TemporaryFailure("the name {host} has no address", host=url.host)


async def _read(response: httpx.Response) -> _Answer | str:
    if response.status_code in MOVED:
        return str(response.headers.get("Location", ""))
    if response.status_code == httpx.codes.NOT_MODIFIED:
        return _Answer(None, response.headers)
    if response.status_code != httpx.codes.OK:
        raise TemporaryFailure("the server answered {status}", status=response.status_code)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise TemporaryFailure("the server sent it packed, though it was asked not to")
    data = bytearray()
    async for piece in response.aiter_raw():
        data += piece
        if len(data) > LARGEST:
            raise TemporaryFailure("it is longer than {limit} bytes", limit=LARGEST)
    return _Answer(bytes(data), response.headers)


def _next(here: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads: never out of encryption, never from one host to another in the clear."""
    there = here.join(location) if location else None
    if there is None or not there.host:
        raise TemporaryFailure("the server redirects to nowhere")
    if there.userinfo:
        raise TemporaryFailure("the server redirects to an address with a password")
    same = there.scheme == here.scheme == "http" and there.host == here.host
    if there.scheme != "https" and not same:
        raise TemporaryFailure("the server redirects to an address without encryption: {host}", host=there.host)
    return there


async def _addresses(url: httpx.URL, *, anywhere: bool) -> list[str]:
    """The addresses of a host, each seen to be one that may be called."""
    host = url.raw_host.decode("ascii").strip("[]")
    if url.scheme == "http" and not is_loopback(host):
        raise TemporaryFailure("without encryption only this machine may be asked, not {host}", host=host)
    listed = await addresses(host, url.port or (443 if url.scheme == "https" else 80))
    for address in listed:
        if not anywhere and not is_public(address):
            raise TemporaryFailure("the server redirects to a private address: {host}", host=host)
    return listed


def _failed(before: FeedState, now: datetime, error: NurtureError) -> FeedState:
    values = {name: one_line(str(value)) for name, value in error.values.items()}
    return replace(before, tried_at=now, error=error.text, values=values, failures=before.failures + 1)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
