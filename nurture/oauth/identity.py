"""Who somebody is, as a provider of identities says (OpenID Connect Core 1.0, code flow with PKCE).

Theory of operation
-------------------
What the provider says of itself (addresses, keys) is fetched from the issuer and kept for an hour. The code that a
browser brings is changed for an ID token over our own encrypted line, and the token is believed only when all of
it holds: signed by one of the provider's keys with a public-key algorithm, from this issuer, for this client, for
this question (nonce), now. A key that is not known is looked for once more, for providers change theirs.

Which address counts is the configuration's ``claim``. An ``email`` must be one that the provider has verified, for
elsewhere anybody can write anything there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from nurture.errors import PermanentFailure, TemporaryFailure, UserError
from nurture.wire import is_loopback, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nurture.config import Oidc, Secret
    from nurture.ports import Clock, Question

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Public-key signatures only: neither ``none`` nor a shared secret, with which a public key could be misused."""
KEPT: Final = 3600.0
"""Seconds for which what a provider says of itself is believed."""
SECONDS: Final = 10.0
"""Seconds that it has for an answer."""
LEEWAY: Final = 60
"""Seconds by which clocks may differ."""
LARGEST: Final = 500_000
"""Bytes of an answer."""
AGAIN: Final = 30.0
"""Seconds after which keys may be looked for once more."""


@dataclass(frozen=True, slots=True)
class _Provider:
    """What it says of itself (OpenID Connect Discovery 1.0)."""

    authorize: str
    token: str
    keys: str
    by_form: bool  # the secret goes into the form; else into the header
    at: float


class WebIdentity:
    """``ports.Identity`` over HTTPS.

    Args:
        settings: the provider, and who we are to it.
        resolve: gives the client's secret.
        clock: the time that tokens are compared with.
        ticks: seconds that go on evenly.
    """

    def __init__(
        self,
        settings: Oidc,
        resolve: Callable[[Secret], str],
        clock: Clock,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._resolve = resolve
        self._clock = clock
        self._ticks = ticks
        self._provider: _Provider | None = None
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    async def ask(self, question: Question) -> str:
        """See ``ports.Identity``."""
        provider = await self._known()
        address: str = prepare_grant_uri(
            provider.authorize,
            self._settings.client_id,
            "code",
            question.redirect,
            "openid email profile",
            question.state,
            nonce=question.nonce,
            code_challenge=create_s256_code_challenge(question.verifier),
            code_challenge_method="S256",
        )
        return address

    async def answer(self, question: Question, code: str) -> str:
        """See ``ports.Identity``."""
        provider = await self._known()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": question.redirect,
            "code_verifier": question.verifier,
            "client_id": self._settings.client_id,
        }
        secret = self._resolve(self._settings.client_secret) if self._settings.client_secret else ""
        basic = (self._settings.client_id, secret) if secret and not provider.by_form else None
        if secret and provider.by_form:
            form["client_secret"] = secret
        said = await self._fetch(provider.token, form, basic)
        if "error" in said or not isinstance(said.get("id_token"), str):
            raise UserError("the provider takes no such answer ({error})", error=_word(said.get("error")))
        return self._address(await self._claims(provider, said["id_token"], question.nonce))

    def _address(self, claims: Mapping[str, Any]) -> str:
        claim = self._settings.claim
        address = claims.get(claim)
        if not isinstance(address, str) or "@" not in address:
            raise UserError("the provider names no address ({claim})", claim=claim)
        if claim == "email" and str(claims.get("email_verified")).lower() != "true":
            raise UserError("the provider has not verified the address {address}", address=one_line(address, 254))
        return address

    async def _claims(self, provider: _Provider, token: str, nonce: str) -> Mapping[str, Any]:
        """What the token says, all of it believed.

        Raises:
            UserError: it does not hold.
        """
        try:
            claims = await self._signed(provider, token)
            own = self._settings.client_id
            jwt.JWTClaimsRegistry(
                now=int(self._clock.now().timestamp()),
                leeway=LEEWAY,
                iss={"essential": True, "value": self._settings.issuer},
                aud={"essential": True, "value": own},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
            several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
            if claims.get("azp", None if several else own) != own:  # Core 3.1.3.7, 4 and 5
                raise UserError("what the provider says does not hold ({error})", error="azp")
        except (JoseError, ValueError, TypeError) as error:
            raise UserError(
                "what the provider says does not hold ({error})", error=one_line(type(error).__name__, 60)
            ) from None
        return claims

    async def _signed(self, provider: _Provider, token: str) -> dict[str, Any]:
        for last in (False, True):
            keys = await self._keyring(provider, fresh=last)
            try:
                return jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
            except (JoseError, ValueError):
                if last or self._ticks() - self._keys_at < AGAIN:
                    raise
        raise AssertionError

    async def _keyring(self, provider: _Provider, *, fresh: bool) -> KeySet:
        if self._keys is None or fresh or self._ticks() - self._keys_at > KEPT:
            said = await self._fetch(provider.keys)
            try:
                self._keys = KeySet.import_key_set({"keys": [k for k in said["keys"] if k.get("kty") != "oct"]})
            except (JoseError, KeyError, TypeError, AttributeError, ValueError):
                raise PermanentFailure("{issuer} shows no keys", issuer=self._settings.issuer) from None
            self._keys_at = self._ticks()
        return self._keys

    async def _known(self) -> _Provider:
        if self._provider is not None and self._ticks() - self._provider.at < KEPT:
            return self._provider
        issuer = self._settings.issuer
        said = await self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        places = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if said.get("issuer") != issuer or not all(isinstance(p, str) and _is_safe(p) for p in places):
            raise PermanentFailure("{issuer} does not say of itself what it must", issuer=issuer)
        authorize, token, keys = (str(place) for place in places)
        methods = said.get("token_endpoint_auth_methods_supported")
        by_form = isinstance(methods, list) and "client_secret_basic" not in methods
        self._provider = _Provider(authorize, token, keys, by_form, self._ticks())
        return self._provider

    async def _fetch(
        self, url: str, form: Mapping[str, str] | None = None, basic: tuple[str, str] | None = None
    ) -> Mapping[str, Any]:
        """A JSON object; of an answer that is none, nothing is said but its number.

        Raises:
            TemporaryFailure: there is no answer, or one that is no use.
        """
        accept = {"Accept": "application/json"}
        try:
            async with httpx.AsyncClient(timeout=SECONDS, trust_env=False, follow_redirects=False) as client:
                if form is None:
                    answer = await client.get(url, headers=accept)
                elif basic is None:
                    answer = await client.post(url, data=dict(form), headers=accept)
                else:
                    auth = httpx.BasicAuth(*(quote(one, safe="") for one in basic))  # RFC 6749, 2.3.1
                    answer = await client.post(url, data=dict(form), auth=auth, headers=accept)
            found = answer.json() if len(answer.content) <= LARGEST else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
            raise self._away(type(problem).__name__) from None
        if not isinstance(found, dict) or (answer.status_code != 200 and "error" not in found):
            raise self._away(f"HTTP {answer.status_code}")
        return found

    def _away(self, reason: str) -> TemporaryFailure:
        host = urlsplit(self._settings.issuer).hostname or "?"
        return TemporaryFailure("{host} cannot be asked at the moment ({reason})", host=host, reason=reason)


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _word(said: object) -> str:
    return one_line(said, 60) if isinstance(said, str) else "?"
