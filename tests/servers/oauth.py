"""An authorization server on loopback (RFC 6749, 7636, 8628, 7662): it consents to everything, and remembers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

CLIENT = "nurture-client"
SECRET = "client-secret"
USER = "tanaka@maker.example"


@dataclass
class Authority:
    """What it was asked, and what it says."""

    port: int = 0
    lasting: int = 3600  # seconds that a token is good for
    denies: bool = False
    rotates: bool = True  # a refresh token is good once
    no_refresh: bool = False
    pending: int = 1  # so often a device is told to wait
    broken: str = ""  # answers this instead of a token
    asked: list[dict[str, str]] = field(default_factory=list)  # of the consent page
    forms: list[dict[str, str]] = field(default_factory=list)  # of the token address
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    good: set[str] = field(default_factory=set)  # access tokens
    refreshers: set[str] = field(default_factory=set)
    count: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def app(self) -> Starlette:
        """The pages."""
        return Starlette(
            routes=[
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/device", self._device, methods=["POST"]),
                Route("/introspect", self._introspect, methods=["GET", "POST"]),
            ]
        )

    async def _authorize(self, request: Request) -> Response:
        said = dict(request.query_params)
        self.asked.append(said)
        if self.denies:
            back = {"error": "access_denied", "error_description": "the owner said no", "state": said["state"]}
        else:
            self.count += 1
            code = f"code-{self.count}"
            self.codes[code] = said
            back = {"code": code, "state": said["state"]}
        return RedirectResponse(f"{said['redirect_uri']}?{urlencode(back)}", 302)

    async def _token(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        self.forms.append(form)
        if self.broken:
            return Response(self.broken, 200 if self.broken.startswith("{") else 500)
        if form.get("client_id") != CLIENT or form.get("client_secret", SECRET) != SECRET:
            return JSONResponse({"error": "invalid_client"}, 401)
        problem = {
            "authorization_code": self._bad_code,
            "refresh_token": self._bad_refresh,
            "urn:ietf:params:oauth:grant-type:device_code": self._bad_device,
        }[form["grant_type"]](form)
        if problem:
            return JSONResponse({"error": problem, "error_description": f"no: {problem}"}, 400)
        self.count += 1
        access, refresh = f"access-{self.count}", f"refresh-{self.count}"
        self.good.add(access)
        self.refreshers.add(refresh)
        said = {"access_token": access, "token_type": "Bearer", "expires_in": self.lasting}
        if not self.no_refresh:
            said["refresh_token"] = refresh
        return JSONResponse(said)

    def _bad_code(self, form: dict[str, str]) -> str:
        asked = self.codes.pop(form["code"], None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return "invalid_grant"
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        even = challenge == asked["code_challenge"] and asked["code_challenge_method"] == "S256"
        return "" if even and 43 <= len(form["code_verifier"]) <= 128 else "invalid_grant"

    def _bad_refresh(self, form: dict[str, str]) -> str:
        if form["refresh_token"] not in self.refreshers:
            return "invalid_grant"
        if self.rotates:
            self.refreshers.discard(form["refresh_token"])
        return ""

    def _bad_device(self, form: dict[str, str]) -> str:
        self.pending -= 1
        if self.pending >= 0:
            return "slow_down" if self.pending == 0 else "authorization_pending"
        return "access_denied" if self.denies else "" if form["device_code"] == "device-1" else "invalid_grant"

    async def _device(self, request: Request) -> Response:
        await request.form()
        said = {"device_code": "device-1", "user_code": "ABCD-EFGH", "verification_uri": f"{self.url}/code"}
        return JSONResponse({**said, "interval": 1, "expires_in": 60})

    async def _introspect(self, request: Request) -> Response:
        """RFC 7662: for a mail server that was shown a token."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = token or request.query_params.get("token", "") or str((await request.form()).get("token", ""))
        return JSONResponse({"active": token in self.good, "username": USER, "email": USER})


A = TypeVar("A", bound=Authority)


@asynccontextmanager
async def running(found: A) -> AsyncIterator[A]:
    """It answers on a free port, for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found.port = listening.getsockname()[1]
        config = uvicorn.Config(
            found.app(), log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listening])
        work = asyncio.create_task(server.main_loop())
        try:
            yield found
        finally:
            server.should_exit = True
            await work
            await server.shutdown(sockets=[listening])


@asynccontextmanager
async def authority() -> AsyncIterator[Authority]:
    """A running one, on a free port."""
    async with running(Authority()) as found:
        yield found
