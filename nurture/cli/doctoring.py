"""What ``nurture doctor`` looks at: each thing by itself, at the same time, within a time limit.

A check gathers facts at an edge and has them judged in ``reports.doctor``. Whatever goes wrong in one is its own
finding: a server that is silent, a file that is not there, and a fault of this program too.
"""

from __future__ import annotations

import asyncio
import shutil
import stat
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from nurture import clock
from nurture.cli import checking
from nurture.cli.examining import Check
from nurture.cli.sender_domains import SenderDomains
from nurture.core.messages import Entry
from nurture.credentials import resolve
from nurture.dns import DnsResolver
from nurture.errors import NurtureError, UserError
from nurture.i18n import mark
from nurture.imap import probe as imap_probe
from nurture.imap.opening import by_token
from nurture.reach import reach
from nurture.reports.doctor import machine, servers
from nurture.smtp import probe as smtp_probe
from nurture.store import checkup, database_path, open_store
from nurture.wire import addresses, is_loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from nurture.config import Chat, ImapSettings, MailboxSettings, Secret, Settings
    from nurture.core.findings import Finding
    from nurture.core.health import WebFacts
    from nurture.ports import Access, Resolver

PAGE: Final = "/u/doctor"
"""A page that needs no login and whose token nobody has."""
DATABASE_SECONDS: Final = 60.0
"""A big file takes its time to be read through."""


GROUPS: Final[Mapping[str, str]] = {
    "domain": mark("Mail domains"),
    "servers": mark("Mail servers"),
    "web": mark("The desk"),
    "machine": mark("This machine"),
    "folder": mark("The working folder"),
}


@dataclass(slots=True)
class Surgery:
    """Everything that the checks need.

    Args:
        settings: of the working folder.
        path: of config.toml.
        said: how to name a path.
        environ: where secrets are looked for.
        resolver: the DNS.
        tls: what servers' certificates are checked against; the system's authorities when None.
        access: access tokens, where mailboxes have any.
        seconds: limit of a check.
    """

    settings: Settings
    path: Path
    said: Callable[[Path], str]
    environ: Mapping[str, str]
    resolver: Resolver
    tls: ssl.SSLContext | None = None
    access: Access | None = None
    seconds: float = 10.0
    web: asyncio.Future[WebFacts | None] | None = None

    def resolve(self, secret: Secret) -> str:
        """A secret's value."""
        return resolve(secret, self.environ)

    def checks(self) -> list[Check]:
        """All that there is to look at."""
        return [*self._domains().checks(), *self._servers(), *self._web(), *self._machine(), *self._folder()]

    def _domains(self) -> SenderDomains:
        return SenderDomains(self.settings.mailboxes, self.resolver, self.resolve)

    # --- servers ----------------------------------------------------------------------------------------

    def _servers(self) -> Iterable[Check]:
        for box in self.settings.mailboxes:
            yield Check("servers", "smtp", box.id, partial(self._smtp, box))
            if box.imap is not None:
                yield Check("servers", "imap", box.id, partial(self._imap, box, box.imap))
            if box.archive is not None:
                yield Check("servers", "archive", box.id, partial(self._archive, box, box.archive))

        for chat in self.settings.chats:
            yield Check("servers", "chat", chat.id, partial(self._chat, chat))

    async def _chat(self, chat: Chat) -> Iterable[Finding]:
        """Whether its address is one, and its host has one; nothing is said there."""
        url = urlsplit(self.resolve(chat.url).strip())
        host = url.hostname or ""
        safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(host))
        there = bool(host) and safe and bool(await addresses(host, url.port or 443))
        return [machine.chat(chat.id, host if there else "")]

    async def _smtp(self, box: MailboxSettings) -> Iterable[Finding]:
        patient = replace(box, smtp=replace(box.smtp, timeout=min(box.smtp.timeout, self.seconds)))
        facts = await smtp_probe.examine(patient, self.resolve, tls=self.tls, access=self.access)
        return servers.line("smtp", box.id, facts, _now())

    async def _imap(self, box: MailboxSettings, imap: ImapSettings) -> Iterable[Finding]:
        facts = await imap_probe.examine(imap, self.resolve, tls=self.tls, tokens=by_token(box, self.access))
        unread = replace(facts, missing=tuple(f for f in facts.missing if f != imap.sent_folder))
        found = servers.line("imap", box.id, unread, _now())
        if not facts.logged_in:
            return found
        sent = servers.sent_folder(box.id, facts, archive=box.archive is not None, configured=imap.sent_folder)
        return chain(found, [sent])

    async def _archive(self, box: MailboxSettings, imap: ImapSettings) -> Iterable[Finding]:
        facts = await imap_probe.examine(imap, self.resolve, tls=self.tls, tokens=by_token(box, self.access))
        return servers.line("archive", box.id, facts, _now())

    # --- the desk ---------------------------------------------------------------------------------------

    def _web(self) -> Iterable[Check]:
        url = self.settings.web.public_url
        self.web = asyncio.get_running_loop().create_future()
        yield Check("web", "public_url", url or "–", partial(self._reach, url))

    async def _reach(self, url: str) -> Iterable[Finding]:
        assert self.web is not None
        try:
            facts = await reach(url, PAGE, self.seconds, tls=self.tls) if url else None
            self.web.set_result(facts)
        finally:
            if not self.web.done():
                self.web.set_result(None)
        return servers.web(facts, _now()) if facts else [servers.no_web()]

    # --- the machine ------------------------------------------------------------------------------------

    def _machine(self) -> Iterable[Check]:
        yield Check("machine", "clock", "–", self._clock)
        yield Check("machine", "disk", "–", self._disk)
        yield Check("machine", "database", "–", self._database, DATABASE_SECONDS)
        yield Check("machine", "secret", "–", self._secrets)

    async def _clock(self) -> Iterable[Finding]:
        """Beside the journal, and the clock of the machine that answered for the desk."""
        before = _now()
        other = await asyncio.shield(self.web) if self.web is not None else None
        now, synchronized = _now(), clock.synchronized()
        others = other.date if other is not None else None
        if others is not None and before - timedelta(seconds=1) <= others <= now:
            others = now  # while it was asked: a date has whole seconds
        return [machine.clock(now, synchronized=synchronized, latest=await self._latest(), others=others)]

    async def _latest(self) -> datetime | None:
        path = database_path(self.settings.database_url)
        if path is not None and not path.exists():
            return None
        try:
            store = await open_store(self.settings.database_url)
        except NurtureError:
            return None  # the database has a finding of its own
        try:
            found = await store.find(Entry, order=("-seq",), limit=1)
        finally:
            await store.close()
        return found[0].at if found else None

    async def _disk(self) -> Iterable[Finding]:
        folder = self.settings.data or self.settings.folder
        while not folder.exists():
            folder = folder.parent
        usage = await asyncio.to_thread(shutil.disk_usage, folder)
        return [machine.disk(self.said(folder), usage.free, usage.total)]

    async def _database(self) -> Iterable[Finding]:
        return machine.database(await checkup.examine(self.settings.database_url))

    async def _secrets(self) -> Iterable[Finding]:
        found: list[Finding] = []
        for box in self.settings.mailboxes:
            named = [
                ("smtp", box.smtp.password),
                ("imap", box.imap.password if box.imap else None),
                ("archive", box.archive.password if box.archive else None),
                ("dkim", box.dkim.key if box.dkim else None),
                ("oauth", box.oauth.client_secret if box.oauth else None),
            ]
            for name, secret in named:
                if secret is not None:
                    found.append(machine.secret(f"{box.id}.{name}", self._problem(secret)))
        oidc = self.settings.web.oidc
        if oidc is not None and oidc.client_secret is not None:
            found.append(machine.secret("web.oidc", self._problem(oidc.client_secret)))
        found += [machine.secret(f"chats.{chat.id}", self._problem(chat.url)) for chat in self.settings.chats]
        folder = self.settings.data or self.settings.folder / "data"
        for place, allowed in ((folder, 0o700), (folder / "web.key", 0o600)):
            if place.exists():
                mode = stat.S_IMODE(place.stat().st_mode)
                found.append(machine.modes("secret", self.said(place), mode, allowed=allowed))
        return found

    def _problem(self, secret: Secret) -> UserError | None:
        try:
            self.resolve(secret)
        except UserError as error:
            return error
        return None

    # --- the working folder -----------------------------------------------------------------------------

    def _folder(self) -> Iterable[Check]:
        yield Check("folder", "files", "–", self._files, DATABASE_SECONDS)

    async def _files(self) -> Iterable[Finding]:
        """What ``nurture check`` says, by the folder in which it stands."""
        today = _now().date()
        found = await asyncio.to_thread(checking.look, self.path, self.said, self.environ, today)
        places = {
            name: self.said(folder)
            for name in ("scenarios", "templates", "calendars")
            if (folder := getattr(self.settings, name)) is not None
        }
        listed: list[Finding] = []
        for name, place in places.items():
            errors = [e for e in found.errors if _stands_in(e, place)]
            warnings = [e for e in found.warnings if _stands_in(e, place)]
            listed.append(machine.files(name, errors, warnings, found.counts.get(name, 0)))
        rest = [e for e in found.errors if not any(_stands_in(e, place) for place in places.values())]
        own = [e for e in found.warnings if e.where and e.where.file == self.said(self.path) and not e.where.key]
        return [machine.files("config", rest, own, 1), *listed]


def _stands_in(error: UserError, place: str) -> bool:
    return error.where is not None and (error.where.file or "").startswith(place)


def _now() -> datetime:
    return clock.SystemClock().now()


def resolver(environ: Mapping[str, str], seconds: float) -> DnsResolver:
    """The DNS as the system asks it; NURTURE_DNS names another server, such as ``127.0.0.1:5353``."""
    said = environ.get("NURTURE_DNS", "")
    if not said:
        return DnsResolver(seconds)
    host, _, port = said.rpartition(":") if said.count(":") == 1 else (said, "", "")
    return DnsResolver(seconds, [host], int(port) if port.isdigit() else 53)
