"""Events on the wire: signed as the specification has it, and never to where they must not go."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from standardwebhooks.webhooks import Webhook as Receiver

from nurture.config import Chat, Secret, Webhook
from nurture.core.chat import Said
from nurture.ports import Heard
from nurture.webhooks import WebChatter, WebHerald
from nurture.wire import is_public

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
ENDPOINT = Webhook("crm", "http://127.0.0.1:1/hook", Secret(env="NEW"), private=True)
EVENT = {"type": "message.sent", "timestamp": "2026-11-26T07:10:00+00:00", "data": {"seq": 7}}


def resolve(secret: Secret) -> str:
    """The secrets of this world."""
    return {"NEW": SECRET, "OLD": OLD, "SHORT": "whsec_AAAA", "NONE": "日本"}[secret.env or ""]


@dataclass
class Ear:
    """A small server that keeps what it is told and answers as it is bidden."""

    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    meetings: set[asyncio.Task[None]] = field(default_factory=set)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task is not None
        self.meetings.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._hear(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        self.heard.append((headers, await reader.readexactly(int(headers.get("content-length", "0")))))
        writer.write(self.answer)
        await writer.drain()


@asynccontextmanager
async def listening(answer: bytes = Ear.answer) -> AsyncIterator[tuple[Ear, Webhook]]:
    """The server, and the endpoint that it is."""
    ear = Ear(answer)
    async with await asyncio.start_server(ear.meet, "127.0.0.1", 0) as server:
        ear.port = server.sockets[0].getsockname()[1]
        yield ear, replace(ENDPOINT, url=f"http://127.0.0.1:{ear.port}/hook?a=b")
        await asyncio.gather(*ear.meetings)


def test_the_signature_is_the_specifications() -> None:
    """Secret, id, time and content of the published example give the published signature."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = WebHerald(resolve).sign(ENDPOINT, "msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}', at)

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


async def test_a_receiver_can_check_it() -> None:
    """With the new secret and with the old one, by the reference library; the content is JSON in UTF-8."""
    async with listening() as (ear, endpoint):
        both = replace(endpoint, old_secret=Secret(env="OLD"))
        heard = await WebHerald(resolve).tell(both, "msg_1", EVENT | {"x": "日本"}, datetime.now(UTC))
    ((headers, body),) = ear.heard

    assert heard.taken
    assert json.loads(body) == Receiver(SECRET).verify(body, headers) == Receiver(OLD).verify(body, headers)
    assert (headers["webhook-id"], headers["content-type"]) == ("msg_1", "application/json")
    assert headers["host"] == f"127.0.0.1:{ear.port}"


@pytest.mark.parametrize(
    ("answer", "taken", "gone", "wait"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", True, False, 0),
        (b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", False, True, 0),
        (b"HTTP/1.1 429 Slow\r\nretry-after: 90\r\ncontent-length: 0\r\n\r\n", False, False, 90),
        (b"HTTP/1.1 503 No\r\nretry-after: 9999999\r\ncontent-length: 0\r\n\r\n", False, False, 86_400),
        (b"HTTP/1.1 503 No\r\nretry-after: Fri, 27 Nov 2026\r\ncontent-length: 0\r\n\r\n", False, False, 0),
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n", False, False, 0),
        (b"no http at all\r\n\r\n", False, False, 0),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n" + b"x" * 1000, True, False, 0),
    ],
)
async def test_what_an_endpoint_says(answer: bytes, taken: bool, gone: bool, wait: int) -> None:
    """Any 2xx is a yes; a redirect is not followed; a long answer is not read; nothing raises."""
    async with listening(answer) as (_, endpoint):
        heard = await WebHerald(resolve).tell(endpoint, "msg_1", EVENT, datetime.now(UTC))

    assert (taken, gone, wait) == (heard.taken, heard.gone, heard.wait)
    assert taken or heard.error


async def test_one_that_hangs_is_left() -> None:
    """After its patience is over; and one that is not there says so at once."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it never accepts
        endpoint = replace(ENDPOINT, url=f"http://127.0.0.1:{silent.getsockname()[1]}/")
        slow = await WebHerald(resolve, patience=0.2).tell(endpoint, "msg_1", EVENT, datetime.now(UTC))
    away = await WebHerald(resolve).tell(endpoint, "msg_1", EVENT, datetime.now(UTC))

    assert slow.error == "no answer within 0.2 s"
    assert away.error


@pytest.mark.parametrize("secret", ["SHORT", "NONE"])
async def test_a_secret_that_is_none_sends_nothing(secret: str) -> None:
    """It is told what is wrong, without the secret."""
    async with listening() as (ear, endpoint):
        heard = await WebHerald(resolve).tell(
            replace(endpoint, secret=Secret(env=secret)), "msg_1", EVENT, datetime.now(UTC)
        )

    assert (ear.heard, heard.taken, "AAAA" in heard.error) == ([], False, False)


async def test_private_addresses_are_called_only_where_that_is_said() -> None:
    """Not this machine, by name or by number, and nothing in the clear to elsewhere."""
    async with listening() as (ear, endpoint):
        errors = [
            (
                await WebHerald(resolve).tell(
                    replace(endpoint, private=False, url=url), "m", EVENT, datetime.now(UTC)
                )
            )
            for url in (
                endpoint.url,
                f"http://localhost:{ear.port}/",
                "http://192.0.2.1/",
                "https://169.254.169.254/",
            )
        ]

    assert ear.heard == []
    assert not any(heard.taken for heard in errors)
    assert all("private" in heard.error or "encryption" in heard.error for heard in errors)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to be refused
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:169.254.169.254", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    """Also those that hide in another: mapped, translated, tunnelled."""
    assert is_public(address) == public


async def test_word_in_a_chat() -> None:
    """JSON in UTF-8 to the address that is kept as a secret; taken with any 2xx."""
    async with listening(b"HTTP/1.1 202 Accepted\r\n\r\n") as (ear, endpoint):
        chat = Chat("sales", "line_works", Secret(env="X"), private=True)
        heard = await WebChatter(lambda _: f" {endpoint.url}\n").say(chat, Said("題", ("本文",)))
    ((headers, body),) = ear.heard

    assert Heard(taken=True) == heard
    assert {"title": "題", "body": {"text": "本文"}} == json.loads(body)
    assert "application/json" == headers["content-type"]
    assert not [name for name in headers if name.startswith("webhook-")]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404"),
        (b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "HTTP 307"),
        (b"nonsense\r\n\r\n", "RemoteProtocolError"),
    ],
    ids=["gone", "led on", "nonsense"],
)
async def test_what_a_chat_says_cites_no_address(
    answer: bytes, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The status, or what kind of trouble it was: whoever knows the address could write there."""
    async with listening(answer) as (_, endpoint):
        chat = Chat("sales", "slack", Secret(env="X"), private=True)
        heard = await WebChatter(lambda _: endpoint.url).say(chat, Said("x"))

    assert error == heard.error
    assert "/hook" not in caplog.text


@pytest.mark.parametrize(
    "address",
    ["http://chat.example/T0KEN", "ftp://127.0.0.1/T0KEN", "T0KEN", "https://10.0.0.1/T0KEN", "http://[/T0KEN"],
)
async def test_a_chat_that_must_not_be_called(address: str) -> None:
    """In the clear, in the house's own network, or no address at all: nothing is sent, and it is not shown."""
    heard = await WebChatter(lambda _: address).say(Chat("sales", "slack", Secret(env="X")), Said("x"))

    assert not heard.taken
    assert "T0KEN" not in heard.error
