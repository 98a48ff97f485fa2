"""The desk on a real port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from nurture.config import Web
from nurture.errors import UserError
from nurture.web import server

if TYPE_CHECKING:
    from starlette.applications import Starlette


async def test_the_desk_answers_until_it_is_stopped(app: Starlette) -> None:
    """It listens on loopback, answers, names no software, and ends when told to."""
    listening = server.bind(Web(port=0))
    host, port = listening.getsockname()[:2]
    assert host == "127.0.0.1"
    stop = asyncio.Event()
    running = asyncio.create_task(server.serve(app, listening, stop))
    async with asyncio.timeout(20), httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client:
        answer = await client.get("/healthz")
        assert answer.json() == {"status": "ok"}
        assert "server" not in answer.headers
        stop.set()
        await running
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(f"http://{host}:{port}/healthz")


def test_a_taken_port_is_told_in_words() -> None:
    """The second desk on a port is refused with what to do about it."""
    first = server.bind(Web(port=0))
    try:
        with pytest.raises(UserError, match="cannot listen") as caught:
            server.bind(Web(port=first.getsockname()[1]))
        assert caught.value.hint
    finally:
        first.close()


def test_an_address_of_another_machine_is_told_in_words() -> None:
    """A host that is not ours is a mistake of the settings."""
    with pytest.raises(UserError, match="cannot listen"):
        server.bind(Web(host="192.0.2.1", port=0))
