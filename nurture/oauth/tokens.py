"""Tokens in the data folder, one file for each mailbox, renewed before they run out.

A file has mode 0600 and is replaced whole. It is read again for each connection, so that a new consent counts at
once in a daemon that runs. No error and no log line cites a token or a server's answer that could hold one.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import stat
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import httpx

from nurture.errors import NurtureError, PermanentFailure, TemporaryFailure, UserError, Where
from nurture.oauth.providers import endpoints
from nurture.wire import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nurture.config import MailboxSettings, OAuth, Secret
    from nurture.core.ids import MailboxId
    from nurture.ports import Clock

EARLY: Final = timedelta(minutes=2)
"""Renewed so long before the end: the token must hold until the login."""

SECONDS: Final = 20.0
"""A token server has this long to answer."""

LASTING: Final = 3600
"""Seconds that a token is good for when the server does not say (RFC 6749, 5.1 recommends that it does)."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is kept for a mailbox. Its ``repr`` shows no token."""

    client_id: str
    access_token: str
    refresh_token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Held(client_id={self.client_id!r}, expires_at={self.expires_at!r})"


class No(Exception):
    """A provider's no (RFC 6749, 5.2), or no provider. Never its whole answer: a token could be in it."""

    def __init__(self, error: str, description: str = "") -> None:
        self.error = one_line(error, 60)
        self.said = one_line(f"{error}: {description}" if description else error, 200)
        super().__init__(self.said)


class Tokens:
    """The tokens of all mailboxes.

    Args:
        folder: made when it is needed, mode 0700.
        resolve_secret: gives the client's secret, where it has one.
        clock: the time.
    """

    def __init__(self, folder: Path, resolve_secret: Callable[[Secret], str], clock: Clock) -> None:
        self._folder = folder
        self._resolve = resolve_secret
        self._clock = clock
        self._locks: dict[MailboxId, asyncio.Lock] = {}
        self._refused: set[str] = set()

    async def access(self, box: MailboxSettings) -> str:
        """A token that a mail server takes now; renewed when the last one runs out.

        Raises:
            UserError: nobody has consented yet, or consent was given to another client.
            PermanentFailure: the provider gives no token any more: consent was withdrawn or has run out.
            TemporaryFailure: the provider cannot be reached.
        """
        oauth = box.oauth
        assert oauth is not None
        async with self._locks.setdefault(box.id, asyncio.Lock()):
            held = await asyncio.to_thread(self.read, box.id)
            if held is None or held.client_id != oauth.client_id:
                raise UserError(
                    "nobody has consented yet that {id} may be used; run: nurture mailbox login {id}", id=box.id
                )
            if self._good(held):
                return held.access_token
            with await asyncio.to_thread(self._alone, box.id):
                held = await asyncio.to_thread(self.read, box.id) or held  # another process may have been first
                if self._good(held):
                    return held.access_token
                fresh = await self._renewed(box, oauth, held)
                await asyncio.to_thread(self.keep, box.id, fresh)
            self._refused.discard(held.access_token)
            return fresh.access_token

    def _good(self, held: Held) -> bool:
        return held.expires_at - EARLY > self._clock.now() and held.access_token not in self._refused

    def _alone(self, mailbox_id: MailboxId) -> IO[str]:
        """A lock among processes, held until it is closed: renewing twice can look like theft."""
        file = self._path(mailbox_id).with_suffix(".lock").open("w", encoding="ascii")
        fcntl.flock(file, fcntl.LOCK_EX)
        return file

    def refused(self, token: str) -> None:
        """A mail server did not take this token: the next time another one is asked for."""
        self._refused.add(token)

    async def _renewed(self, box: MailboxSettings, oauth: OAuth, held: Held) -> Held:
        try:
            form = {"grant_type": "refresh_token", "refresh_token": held.refresh_token}
            return self.held(oauth, await self.ask(oauth, form), held)
        except No as no:
            raise _translated(box.id, no) from None

    async def ask(self, oauth: OAuth, form: Mapping[str, str], url: str = "") -> Mapping[str, Any]:
        """Ask the provider's token server, or another of its addresses (RFC 6749, 3.2).

        Raises:
            No: it says no, or something that is no answer, or nothing.
            UserError: the client's secret is not to be had.
        """
        said = {**form, "client_id": oauth.client_id}
        if oauth.client_secret is not None:
            said["client_secret"] = self._resolve(oauth.client_secret)
        try:
            async with httpx.AsyncClient(timeout=SECONDS, trust_env=False, follow_redirects=False) as client:
                answer = await client.post(
                    url or endpoints(oauth).token, data=said, headers={"Accept": "application/json"}
                )
            found = answer.json()
        except (httpx.HTTPError, ValueError) as problem:
            raise No(type(problem).__name__) from None
        if not isinstance(found, dict):
            raise No(f"HTTP {answer.status_code}")
        if "error" in found or answer.status_code != 200:
            raise No(
                str(found.get("error") or f"HTTP {answer.status_code}"), str(found.get("error_description", ""))
            )
        return found

    def held(self, oauth: OAuth, said: Mapping[str, Any], before: Held | None = None) -> Held:
        """What a token server has said, as it is kept. Without a new refresh token the old one stays good.

        Raises:
            No: there is no token in it.
            UserError: there is none that lasts.
        """
        seconds = str(said.get("expires_in", ""))  # a number, or one in quotes
        lasting = timedelta(seconds=int(seconds) if seconds.isdecimal() else LASTING)
        refresh = str(said.get("refresh_token") or (before.refresh_token if before else ""))
        if not refresh:
            raise UserError(
                "the provider gave no lasting consent (no refresh token)",
                hint="Remove the consent in the account's settings at the provider, then log in again.",
            )
        if not said.get("access_token"):
            raise No("no token in the answer")
        return Held(oauth.client_id, str(said["access_token"]), refresh, self._clock.now() + lasting)

    def read(self, mailbox_id: MailboxId) -> Held | None:
        """What is kept; None when there is nothing.

        Raises:
            UserError: others can read the file, or it is broken.
        """
        path = self._path(mailbox_id)
        where = Where(file=str(path))
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, encoding="utf-8") as file:
            mode = os.fstat(descriptor).st_mode
            if mode & 0o077:
                shown = f"{stat.S_IMODE(mode):04o}"
                raise UserError(
                    "others can read this secret (mode {mode})",
                    where=where,
                    hint="Run: chmod 600 {path}",
                    mode=shown,
                    path=path,
                )
            try:
                said = json.load(file)
                return replace(Held(**said), expires_at=datetime.fromisoformat(said["expires_at"]))
            except (ValueError, KeyError, TypeError):
                raise UserError(
                    "this is no token", where=where, hint="Run: nurture mailbox login {id}", id=mailbox_id
                ) from None

    def keep(self, mailbox_id: MailboxId, held: Held) -> None:
        """Write it, whole or not at all."""
        path = self._path(mailbox_id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(held), file, default=datetime.isoformat)
            file.flush()
            os.fsync(descriptor)
        fresh.replace(path)

    def _path(self, mailbox_id: MailboxId) -> Path:
        return self._folder / f"{mailbox_id}.json"


def _translated(mailbox_id: MailboxId, no: No) -> NurtureError:
    if no.error in {"invalid_grant", "unauthorized_client", "invalid_client"}:
        return PermanentFailure(
            "the provider gives no token for {id} any more ({error}); run: nurture mailbox login {id}",
            id=mailbox_id,
            error=no.error,
        )
    return TemporaryFailure("no token for {id} at the moment ({error})", id=mailbox_id, error=no.error)
