"""Subscriptions over real HTTP on loopback: copies, comparisons, redirects, limits, and hostile servers."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.core.feeds import FeedState, Subscription, due
from nurture.errors import UserError
from nurture.feeds import WebFeeds
from nurture.ports import Feeds
from tests.servers.authority import client_tls, server_tls
from tests.servers.web import Reply, Request, Site, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TEXT = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def accept(data: bytes) -> None:
    """What begins as a calendar is one."""
    if not data.startswith(b"BEGIN:VCALENDAR"):
        raise UserError("this is no iCalendar text")


@pytest.fixture
def site() -> Iterator[Site]:
    """A server in the clear."""
    with serving() as found:
        yield found


def feeds(folder: Path, patience: float = 20.0) -> WebFeeds:
    """Copies in a folder of the test."""
    return WebFeeds(folder / "feeds", accept, trust=client_tls(), patience=patience)


def copy(folder: Path, subscription: Subscription) -> bytes | None:
    """What lies there of a subscription."""
    path = folder / "feeds" / f"{subscription.stored}.ics"
    return path.read_bytes() if path.exists() else None


async def test_a_copy_is_kept_beside_how_the_look_went(tmp_path: Path, site: Site) -> None:
    """Both are the owner's alone."""
    site.answers["/c.ics"] = lambda _: Reply(body=TEXT, headers={"ETag": '"1"'})
    it: Feeds = feeds(tmp_path)
    subscription = Subscription("c", site.url())
    assert it.state(subscription) is None
    state = await it.refresh(subscription, NOW)

    assert FeedState(NOW, NOW, NOW, '"1"') == state == it.state(subscription)
    assert TEXT == copy(tmp_path, subscription)
    assert {0o600} == {path.stat().st_mode & 0o777 for path in (tmp_path / "feeds").iterdir()}
    assert 0o700 == (tmp_path / "feeds").stat().st_mode & 0o777


async def test_the_server_is_asked_only_for_what_is_new(tmp_path: Path, site: Site) -> None:
    """With ETag and Last-Modified; 304 keeps the copy and says that it is good."""

    def answer(request: Request) -> Reply:
        """What the server says."""
        if (
            request.headers.get("if-none-match") == '"1"'
            and request.headers.get("if-modified-since") == "yesterday"
        ):
            return Reply(304)
        return Reply(body=TEXT, headers={"ETag": '"1"', "Last-Modified": "yesterday"})

    site.answers["/c.ics"] = answer
    it, subscription, later = feeds(tmp_path), Subscription("c", site.url()), NOW + timedelta(hours=6)
    await it.refresh(subscription, NOW)
    state = await it.refresh(subscription, later)

    assert (later, NOW, "") == (state.good_at, state.changed_at, state.error)
    assert "if-none-match" not in site.asked[0].headers
    (tmp_path / "feeds" / f"{subscription.stored}.ics").unlink()
    await it.refresh(subscription, later)
    assert TEXT == copy(tmp_path, subscription)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(500), "the server answered {status}"),
        (Reply(404), "the server answered {status}"),
        (Reply(body=b"<html>Please sign in</html>"), "this is no iCalendar text"),
        (Reply(body=TEXT, headers={"Content-Encoding": "gzip"}), "packed"),
        (Reply(302), "redirects to nowhere"),
        (Reply(302, {"Location": "http://society.example/c.ics"}), "without encryption"),
        (Reply(302, {"Location": "file:///etc/passwd"}), "redirects to"),
        (Reply(302, {"Location": "https://[::1]:1/c.ics"}), "redirects to a private address"),
        (Reply(302, {"Location": "https://localhost:1/c.ics"}), "redirects to a private address"),
        (Reply(302, {"Location": "https://169.254.169.254/latest"}), "redirects to a private address"),
        (Reply(302, {"Location": "https://10.0.0.1/c.ics"}), "redirects to a private address"),
        (Reply(302, {"Location": "https://a:b@127.0.0.1/"}), "with a password"),
        (Reply(302, {"Location": "/c.ics"}), "more than {limit} redirects"),
    ],
)
async def test_what_goes_wrong_leaves_the_last_good_copy(
    tmp_path: Path, site: Site, reply: Reply, said: str
) -> None:
    """The error is kept until the next look goes well."""
    it, subscription, later = feeds(tmp_path), Subscription("c", site.url()), NOW + timedelta(hours=6)
    site.answers["/c.ics"] = lambda _: Reply(body=TEXT)
    await it.refresh(subscription, NOW)
    site.answers["/c.ics"] = lambda _: reply
    await it.refresh(subscription, later)
    state = await it.refresh(subscription, later)

    assert said in state.error
    assert state.error.format(**state.values)
    assert (2, NOW, later) == (state.failures, state.good_at, state.tried_at)
    assert TEXT == copy(tmp_path, subscription)
    site.answers["/c.ics"] = lambda _: Reply(body=TEXT)
    assert ("", 0) == ((again := await it.refresh(subscription, later)).error, again.failures)


async def test_a_redirect_on_the_same_host_is_followed(tmp_path: Path, site: Site) -> None:
    """Also where that host stands in the house: somebody wrote it into the file."""
    site.answers["/c.ics"] = lambda _: Reply(301, {"Location": "/there.ics"})
    site.answers["/there.ics"] = lambda _: Reply(body=TEXT)
    state = await feeds(tmp_path).refresh(Subscription("c", site.url()), NOW)

    assert "" == state.error
    assert ["/c.ics", "/there.ics"] == [request.path for request in site.asked]


async def test_certificates_are_those_of_the_name(tmp_path: Path) -> None:
    """Though the address is called that was looked at."""
    with serving(server_tls()) as site:
        site.answers["/c.ics"] = lambda _: Reply(body=TEXT)
        good = await feeds(tmp_path).refresh(Subscription("c", site.url(host="localhost")), NOW)
        strangers = WebFeeds(tmp_path / "other", accept)
        bad = await strangers.refresh(Subscription("c", site.url(host="localhost")), NOW)

    assert "" == good.error
    assert f"localhost:{site.port}" == site.asked[0].headers["host"]
    assert "certificate" in bad.values["reason"]


async def test_a_server_without_end_is_left(tmp_path: Path, site: Site) -> None:
    """Neither bytes without end nor a drop now and then keep anybody."""

    def flood() -> Iterator[bytes]:
        """A body without end."""
        yield TEXT
        while True:
            yield b"X-A:" + b"x" * 100_000 + b"\r\n"

    def drops() -> Iterator[bytes]:
        """A body drop by drop."""
        while True:
            yield b"X"
            time.sleep(0.1)

    site.answers["/flood"] = lambda _: Reply(pieces=flood)
    site.answers["/drops"] = lambda _: Reply(pieces=drops)
    it = feeds(tmp_path, patience=1.0)
    before = time.monotonic()
    many = await WebFeeds(tmp_path / "feeds", accept).refresh(Subscription("c", site.url("/flood")), NOW)
    slow = await it.refresh(Subscription("c", site.url("/drops")), NOW)

    assert ("it is longer than {limit} bytes", "no complete answer within {limit} s") == (many.error, slow.error)
    assert time.monotonic() - before < 15


async def test_nobody_there_is_an_error_like_others(tmp_path: Path, site: Site) -> None:
    """A closed port, a name that does not exist, an address in the clear that is not this machine."""
    it = feeds(tmp_path)
    closed = await it.refresh(Subscription("c", "http://127.0.0.1:9/c.ics"), NOW)
    unknown = await it.refresh(Subscription("c", "https://society.invalid/c.ics"), NOW)
    clear = await it.refresh(Subscription("c", "http://society.example/c.ics"), NOW)

    assert all("cannot be reached" in state.error for state in (closed, unknown))
    assert "without encryption" in clear.error


def test_a_damaged_state_is_none(tmp_path: Path) -> None:
    """Then the subscription is simply looked at again."""
    subscription = Subscription("c", "https://society.example/c.ics")
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / f"{subscription.stored}.json").write_text('{"tried_at": 5}', encoding="utf-8")

    assert feeds(tmp_path).state(subscription) is None


def test_when_to_look_again() -> None:
    """At the usual rhythm; after a failure sooner, but never more often than that allows."""
    every = timedelta(hours=6)

    assert due(None, every) is None
    assert NOW + every == due(FeedState(NOW), every)
    waits = [(due(FeedState(NOW, failures=n), every) or NOW) - NOW for n in (1, 2, 3, 4, 99)]
    assert [timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), every, every] == waits


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://society.example/c.ics", "https://society.example/c.ics"),
        ("https://society.example/c.ics?key=secret", "https://society.example/c.ics?…"),
        ("https://calendar.example/ical/me/private-4711/basic.ics", "https://calendar.example/…/basic.ics"),
        ("https://society.example", "https://society.example/"),
    ],
)
def test_what_may_be_a_secret_in_an_address_is_not_shown(url: str, said: str) -> None:
    """Private calendars are addressed by a secret part of the path, or after the question mark."""
    assert said == Subscription("c", url).said
