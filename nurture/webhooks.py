"""Events to the addresses of config.toml, signed as Standard Webhooks has it (``ports.Herald``); word in chats.

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

from nurture.core.chat import payload
from nurture.errors import NurtureError, TemporaryFailure, UserError
from nurture.log import logger
from nurture.ports import Heard
from nurture.wire import addresses, is_loopback, is_public, one_line, trust

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from nurture.config import Chat, Secret
    from nurture.config import Webhook as Endpoint
    from nurture.core.chat import Said

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
                return await _post(endpoint.url, headers, content.encode(), endpoint.private, self._trust)
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


class WebChatter:
    """Speaks in chats by HTTP (``ports.Chatter``). Who knows a chat's address can write there: no error cites it.

    Args:
        resolve: where addresses come from.
        trust: whose certificates are believed; None: those of the system, and the usual public ones.
        patience: seconds for one message.
    """

    def __init__(
        self, resolve: Callable[[Secret], str], *, trust: ssl.SSLContext | None = None, patience: float = PATIENCE
    ) -> None:
        self._resolve = resolve
        self._trust = trust
        self._patience = patience

    async def say(self, chat: Chat, said: Said) -> Heard:
        """See ``ports.Chatter``."""
        content = json.dumps(payload(chat.service, said), ensure_ascii=False, separators=(",", ":"))
        headers = {"Content-Type": "application/json", "User-Agent": AGENT}
        log = logger(chat=chat.id)
        try:
            async with asyncio.timeout(self._patience):
                url = self._resolve(chat.url).strip()
                heard = await _post(url, headers, content.encode(), chat.private, self._trust)
        except TimeoutError:
            heard = Heard(error=f"no answer within {self._patience:g} s")
        except NurtureError as error:
            heard = Heard(error=one_line(str(error)))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as error:
            heard = Heard(error=type(error).__name__)  # their words may cite the address
        if heard.taken:
            log.info("said in a chat", action="chat.said")
        else:
            log.warning("not said in a chat", action="chat.failed", problem=heard.error)
        return heard


async def _post(
    address: str, headers: Mapping[str, str], content: bytes, private: bool, trusted: ssl.SSLContext | None
) -> Heard:
    url = httpx.URL(address)
    called = await _addresses(url, private=private)
    async with httpx.AsyncClient(
        verify=trusted or trust(), timeout=STEP, trust_env=False, follow_redirects=False
    ) as client:
        for number, place in enumerate(called, 1):
            request = client.build_request(
                "POST",
                url.copy_with(host=place),
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
