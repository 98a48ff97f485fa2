"""A provider of identities on loopback (OpenID Connect Core 1.0, Discovery 1.0), as honest as a test wants."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.oauth import CLIENT, SECRET, Authority

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.applications import Starlette
    from starlette.requests import Request

KEY = RSAKey.generate_key(2048, {"kid": "first"})
OTHER = RSAKey.generate_key(2048, {"kid": "second"})


@dataclass
class Provider(Authority):
    """What it says of who signs in. Each field is one lie it can tell."""

    email: str = "sato@mirai-iryo.example"
    verified: object = True
    now: int = 0  # seconds; what it thinks the time is
    issuer: str = ""  # else its own address
    audience: object = CLIENT
    more: dict[str, Any] = field(default_factory=dict)  # claims besides, or instead
    without: tuple[str, ...] = ()  # claims that it leaves out
    key: RSAKey = field(default_factory=lambda: KEY)  # signs
    shown: tuple[RSAKey, ...] = field(default_factory=lambda: (KEY,))  # its public keys
    algorithm: str = "RS256"
    methods: tuple[str, ...] | None = None  # how clients may say their secret
    of_itself: dict[str, Any] = field(default_factory=dict)  # instead of what is true
    looked: dict[str, int] = field(default_factory=dict)  # how often its documents were fetched

    def app(self) -> Starlette:
        """The pages of an authority, and what makes it a provider."""
        app = super().app()
        app.routes.append(Route("/.well-known/openid-configuration", self._discovery))
        app.routes.append(Route("/keys", self._keys))
        return app

    async def _discovery(self, _: Request) -> Response:
        self.looked["discovery"] = self.looked.get("discovery", 0) + 1
        said: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }
        if self.methods is not None:
            said["token_endpoint_auth_methods_supported"] = list(self.methods)
        return JSONResponse({**said, **self.of_itself})

    async def _keys(self, _: Request) -> Response:
        self.looked["keys"] = self.looked.get("keys", 0) + 1
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.shown]})

    async def _token(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        self.forms.append(form)
        kind, _, said = request.headers.get("authorization", "").partition(" ")
        who = (
            base64.b64decode(said).decode().split(":") if kind == "Basic" else ["", form.get("client_secret", "")]
        )
        if form.get("client_id") != CLIENT or unquote(who[1]) != SECRET:
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = dict(self.codes.get(form["code"], {}))
        if self._bad_code(form):
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = {
            "iss": self.issuer or self.url,
            "aud": self.audience,
            "sub": "1234",
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": asked.get("nonce", ""),
            "email": self.email,
            "email_verified": self.verified,
            **self.more,
        }
        kept = {name: value for name, value in claims.items() if name not in self.without}
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": self._signed(kept)})

    def _signed(self, claims: Mapping[str, Any]) -> str:
        if self.algorithm == "none":
            body = jwt.encode({"alg": "HS256"}, dict(claims), _SHARED).split(".")[1]
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            return f"{head}.{body}."
        if self.algorithm == "HS256":  # with the public key for a shared secret
            return jwt.encode({"alg": "HS256"}, dict(claims), OctKey.import_key(self.key.as_pem(private=False)))
        return jwt.encode({"alg": self.algorithm, "kid": self.key.kid}, dict(claims), self.key)


_SHARED = OctKey.import_key("a secret that is shared by nobody at all")
