"""The desk on its port, inside the daemon's event loop.

uvicorn's access log stays off: login and unsubscribe links are capabilities, and stand in the path.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn

from nurture.errors import UserError, Where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette

    from nurture.config import Web

GRACE_SECONDS: Final = 5
"""So long running requests may take once the daemon stops."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the daemon owns the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def bind(web: Web) -> socket.socket:
    """The listening socket; port 0 takes a free one (``getsockname`` tells which).

    Raises:
        UserError: the port is taken, or the address is not one of this machine.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(web.host, web.port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, proto)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(128)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise UserError(
            "The desk cannot listen on {host}:{port}: {answer}",
            where=Where(file="config.toml", key="web.port"),
            hint="choose another port, or stop the program that has it",
            host=web.host,
            port=web.port,
            answer=error.strerror or str(error),
        ) from error
    listening.setblocking(False)
    return listening


async def serve(app: Starlette, listening: socket.socket, stop: asyncio.Event) -> None:
    """Answer requests until ``stop`` is set, then let running ones end."""
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="off",
        ws="none",
        limit_concurrency=200,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)

    async def leave() -> None:
        """Hand the stop on."""
        await stop.wait()
        app.state.desk.fresh.close()  # streams have no end of their own
        server.should_exit = True

    leaving = asyncio.create_task(leave())
    try:
        await server.serve(sockets=[listening])
    finally:
        leaving.cancel()
        listening.close()
