"""A web server on loopback whose answers a test says, in the clear or with a certificate of our own authority."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping


@dataclass
class Request:
    """What was asked."""

    path: str
    headers: Mapping[str, str]


@dataclass
class Reply:
    """What is answered: status, headers, and pieces of a body that are written one after the other."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    pieces: Callable[[], Iterator[bytes]] | None = None


@dataclass
class Site:
    """A running server: ``answers`` by path, and what was asked so far."""

    scheme: str = "http"
    port: int = 0
    answers: dict[str, Callable[[Request], Reply]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def url(self, path: str = "/c.ics", host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """A server on a free port, for as long as the block lasts."""
    site = Site("https" if tls else "http")

    class Handler(BaseHTTPRequestHandler):
        """Answers as the site says."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """One answer."""
            request = Request(self.path, {k.lower(): v for k, v in self.headers.items()})
            site.asked.append(request)
            answer: Callable[[Request], Reply] | None = site.answers.get(self.path)
            reply = answer(request) if answer else Reply(404)
            self.close_connection = True
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.pieces is None and reply.status not in {304}:
                self.send_header("Content-Length", str(len(reply.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                for piece in reply.pieces() if reply.pieces else [reply.body]:
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                pass  # the other side had enough

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
