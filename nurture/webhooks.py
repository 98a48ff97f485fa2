"""Events to the addresses of config.toml, signed as Standard Webhooks has it (``ports.Herald``).

Where a request may go is decided by address, not by name: each address of a host is looked at, and the one that
was looked at is called, so that a name cannot mean another one a moment later. Addresses of private networks, of
this machine and of the link itself (where clouds keep their secrets) are called only where the endpoint says
``private``. Redirects are somebody else's word and are not followed. What an endpoint answers is not read beyond
its status.

Source: the Standard Webhooks specification (headers, signature ``v1``, 410 and Retry-After).
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any, Final

import httpx
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from nurture.errors import NurtureError, TemporaryFailure, UserError
from nurture.ports import Heard
from nurture.wire import addresses, is_loopback, is_public, one_line, trust

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from nurture.config import Secret
    from nurture.config import Webhook as Endpoint

PATIENCE: Final = 20.0  # seconds for all of it
STEP: Final = 10.0  # seconds to connect, or to wait for an answer
AGENT: Final = "nurture (webhook)"
SHORTEST: Final = 24  # bytes of a secret (the specification asks for 24 to 64)
LONGEST_WAIT: Final = 24 * 3600


class WebHerald:
    """Tells endpoints by HTTP.

    Args:
        resolve: where secrets come from.
        trust: whose certificates are believed; None: those of the system, and the usual public ones.
        patience: seconds for one event.
    """

    def __init__(
        self, resolve: Callable[[Secret], str], *, trust: ssl.SSLContext | None = None, patience: float = PATIENCE
    ) -> None:
        self._resolve = resolve
        self._trust = trust
        self._patience = patience

    async def tell(self, endpoint: Endpoint, key: str, event: Mapping[str, Any], now: datetime) -> Heard:
        """See ``ports.Herald``."""
        try:
            content = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
            headers = self.sign(endpoint, key, content, now)
            async with asyncio.timeout(self._patience):
                return await self._post(endpoint, headers, content.encode())
        except TimeoutError:
            return Heard(error=f"no answer within {self._patience:g} s")
        except NurtureError as error:
            return Heard(error=one_line(str(error)))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as error:
            return Heard(error=one_line(str(error) or type(error).__name__))

    def sign(self, endpoint: Endpoint, key: str, content: str, now: datetime) -> dict[str, str]:
        """The headers that prove who sends it, and when.

        Raises:
            UserError: the secret is not there, or is none.
        """
        secrets = [endpoint.secret] + ([endpoint.old_secret] if endpoint.old_secret else [])
        signatures = [_signed(self._resolve(secret), key, content, now) for secret in secrets]
        return {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    async def _post(self, endpoint: Endpoint, headers: dict[str, str], content: bytes) -> Heard:
        url = httpx.URL(endpoint.url)
        called = await _addresses(url, private=endpoint.private)
        async with httpx.AsyncClient(
            verify=self._trust or trust(), timeout=STEP, trust_env=False, follow_redirects=False
        ) as client:
            for number, address in enumerate(called, 1):
                request = client.build_request(
                    "POST",
                    url.copy_with(host=address),
                    headers={**headers, "Host": url.netloc.decode("ascii")},
                    content=content,
                    # The certificate must be the name's, though we call the address.
                    extensions={"sni_hostname": url.raw_host.decode("ascii")},
                )
                try:
                    response = await client.send(request, stream=True)
                except httpx.ConnectError:
                    if number == len(called):
                        raise
                    continue
                await response.aclose()
                return _heard(response)
        raise TemporaryFailure("the name {host} has no address", host=url.host)


def _signed(secret: str, key: str, content: str, now: datetime) -> str:
    try:
        long_enough = len(b64decode(secret.removeprefix("whsec_") + "==")) >= SHORTEST
        if long_enough:
            return Webhook(secret).sign(key, now, content)
    except (ValueError, EmptyWebhookSecretError):
        pass
    raise UserError(
        "The secret of a webhook is whsec_ and at least 24 bytes in base64",
        hint="make one: echo whsec_$(head -c 32 /dev/urandom | base64)",
    )


def _heard(response: httpx.Response) -> Heard:
    if response.is_success:
        return Heard(taken=True)
    wait = response.headers.get("Retry-After", "")
    return Heard(
        gone=response.status_code == httpx.codes.GONE,
        wait=min(int(wait), LONGEST_WAIT) if wait.isascii() and wait.isdecimal() and len(wait) < 8 else 0,
        error=f"HTTP {response.status_code}",
    )


async def _addresses(url: httpx.URL, *, private: bool) -> list[str]:
    """The addresses of a host, each seen to be one that may be called."""
    host = url.raw_host.decode("ascii").strip("[]")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
        raise TemporaryFailure("without encryption only this machine may be asked, not {host}", host=host)
    listed = await addresses(host, url.port or (443 if url.scheme == "https" else 80))
    for address in listed:
        if not private and not is_public(address):
            raise TemporaryFailure(
                "{host} is an address of a private network; an endpoint there needs: private = true", host=host
            )
    return listed
