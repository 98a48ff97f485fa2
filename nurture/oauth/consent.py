"""How a person lets us use a mailbox: a page of the provider, and an answer that comes back to this machine.

Three ways: the provider's page sends the browser back to a port of this machine (RFC 8252, with PKCE, RFC 7636);
the person copies the address it was sent to, when the browser runs on another machine; or a code that is typed in
on any device (RFC 8628).
"""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from nurture.errors import UserError
from nurture.oauth.providers import endpoints
from nurture.oauth.tokens import No
from nurture.wire import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nurture.config import MailboxSettings, OAuth
    from nurture.oauth.tokens import Held, Tokens
    from nurture.ports import Chance

PATIENCE: Final = 600.0
"""Seconds that a person has."""

LONGEST: Final = 16_384
"""Bytes of a request that is read."""

DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"

_SLOWER: Final = 5
"""Seconds more between two questions when the provider asks for it (RFC 8628, 3.5)."""


class Consent:
    """One question for consent, with its state and its PKCE verifier.

    Args:
        tokens: where the answer's token becomes one that can be kept.
        box: the mailbox; it has an ``oauth``.
        chance: the source of what nobody can guess.
        redirect: where the browser is sent with the answer.
    """

    def __init__(self, tokens: Tokens, box: MailboxSettings, chance: Chance, redirect: str) -> None:
        assert box.oauth is not None
        self._oauth: OAuth = box.oauth
        self._tokens = tokens
        self._state = chance.secret()
        self._verifier = chance.secret() + chance.secret()  # 43 to 128 characters (RFC 7636, 4.1)
        self._redirect = redirect
        ends = endpoints(self._oauth)
        self.url: str = prepare_grant_uri(
            ends.authorize,
            self._oauth.client_id,
            "code",
            redirect,
            ends.scope,
            self._state,
            code_challenge=create_s256_code_challenge(self._verifier),
            code_challenge_method="S256",
            login_hint=box.address,
            **ends.extra,
        )

    def answered_by(self, answer: str) -> bool:
        """Whether it is the answer to this question and no other (RFC 6749, 10.12)."""
        return hmac.compare_digest(_said(answer).get("state", "").encode(), self._state.encode())

    async def finish(self, answer: str) -> Held:
        """The token, from the address to which the browser was sent.

        Raises:
            UserError: consent was refused, the answer is not to our question, or the provider gives no token.
        """
        said = _said(answer)
        if not self.answered_by(answer):
            raise UserError(
                "this is not the answer to our question (state)", hint="Log in again, from the beginning."
            )
        if "code" not in said:
            error = one_line(said.get("error_description") or said.get("error") or "?", 200)
            raise UserError("consent was not given: {error}", error=error)
        form = {
            "grant_type": "authorization_code",
            "code": said["code"],
            "redirect_uri": self._redirect,
            "code_verifier": self._verifier,
        }
        try:
            return self._tokens.held(self._oauth, await self._tokens.ask(self._oauth, form))
        except No as no:
            raise _no_token(no) from None


def _said(answer: str) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(urlsplit(answer.strip()).query).items()}


def _no_token(no: No) -> UserError:
    return UserError("the provider gave no token: {error}", error=no.said)


def nowhere(box: MailboxSettings) -> str:
    """Where the browser is sent when nobody listens: the person copies the address."""
    assert box.oauth is not None
    return endpoints(box.oauth).redirect(8)


async def by_browser(
    tokens: Tokens,
    box: MailboxSettings,
    chance: Chance,
    show: Callable[[str], None],
    page: str,
    *,
    patience: float = PATIENCE,
) -> Held:
    """Listen on loopback, show the address of the provider's page, wait for the browser to come back.

    Args:
        tokens: as of ``Consent``.
        box: the mailbox.
        chance: as of ``Consent``.
        show: given the address that the person must open.
        page: what the browser shows at the end, in words.
        patience: seconds.

    Raises:
        UserError: as ``Consent.finish``; or nobody came.
    """
    assert box.oauth is not None
    answers: asyncio.Queue[str] = asyncio.Queue()
    questions: list[Consent] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            async with asyncio.timeout(10):
                head = await reader.readuntil(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode("ascii", "replace")
            wanted = any(one.answered_by(target) for one in questions)  # other pages know the port too
            status, body = ("200 OK", page) if wanted else ("404 Not Found", "")
            data = f'<!doctype html><meta charset="utf-8"><title>nurture</title><p>{body}</p>'.encode()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(data)}\r\n"
                "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n".encode()
                + data
            )
            await writer.drain()
            if wanted:
                answers.put_nowait(target)
        except (OSError, ValueError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever that was
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=LONGEST)
    async with server:
        port = server.sockets[0].getsockname()[1]
        consent = Consent(tokens, box, chance, endpoints(box.oauth).redirect(port))
        questions.append(consent)
        show(consent.url)
        try:
            async with asyncio.timeout(patience):
                return await consent.finish(await answers.get())
        except TimeoutError:
            raise UserError("nobody has consented in time", hint="Log in again.") from None


async def by_device(
    tokens: Tokens,
    box: MailboxSettings,
    show: Callable[[str, str], None],
    sleep: Callable[[float], Awaitable[object]],
) -> Held:
    """A code that is typed in on any device (RFC 8628).

    Args:
        tokens: as of ``Consent``.
        box: the mailbox.
        show: given the address of the page and the code.
        sleep: waits so many seconds.

    Raises:
        UserError: the provider has no such way, or gives no token; or nobody came.
    """
    assert box.oauth is not None
    ends = endpoints(box.oauth)
    if not ends.device:
        raise UserError("this provider gives no consent by code", hint="Leave --device out, or use --paste.")
    try:
        asked = await tokens.ask(box.oauth, {"scope": ends.scope}, ends.device)
        device = str(asked.get("device_code", ""))
        show(str(asked.get("verification_uri", "")), str(asked.get("user_code", "")))
        pause, left = float(asked.get("interval", 5)), float(asked.get("expires_in", PATIENCE))
        while left > 0:
            await sleep(pause)
            left -= max(pause, 0.1)
            try:
                said = await tokens.ask(box.oauth, {"grant_type": DEVICE, "device_code": device})
                return tokens.held(box.oauth, said)
            except No as no:
                if no.error == "slow_down":
                    pause += _SLOWER
                elif no.error != "authorization_pending":
                    raise
    except No as no:
        raise _no_token(no) from None
    raise UserError("nobody has consented in time", hint="Log in again.")
