"""The only room that knows every other: settings in, open doors and a running daemon out."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from nurture import chores, runtime, systemd
from nurture.clock import SystemChance, SystemClock, told
from nurture.core.change import Change
from nurture.core.people import Representative
from nurture.core.plan import zone_of
from nurture.credentials import resolve
from nurture.errors import TemporaryFailure, UserError
from nurture.files.attachments import FileAttachments
from nurture.files.library import FileLibrary
from nurture.files.shelf import FileShelf
from nurture.files.shipped import shipped
from nurture.flows import again, audit, optout
from nurture.flows import feeds as flow
from nurture.flows.doubts import Place
from nurture.log import logger
from nurture.notify import MailNotifier
from nurture.ports import Doors
from nurture.render import TemplateWriter
from nurture.reports.references import Others, references
from nurture.smtp import SmtpSender
from nurture.standing import Standing
from nurture.store import daemon_lock, database_path, open_store
from nurture.trace import FileTrace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import timedelta

    from starlette.applications import Starlette

    from nurture.config import Settings
    from nurture.core.feeds import FeedState, Subscription
    from nurture.core.ids import MailboxId
    from nurture.core.problem import Problem
    from nurture.core.scenario import Scenario
    from nurture.core.sending import NoLine
    from nurture.daemon import Daemon
    from nurture.files.yaml import Document
    from nurture.oauth import Tokens
    from nurture.ports import Access, Chance, Chatter, Clock, Feeds, Herald, Identity, Sender, Store


@dataclass(frozen=True, slots=True)
class House:
    """The doors, and the sender behind the notifier, which the daemon uses for letters too."""

    doors: Doors
    sender: Sender
    tokens: Access | None = None


async def _mirror(store: Store, settings: Settings) -> None:
    """Representatives stand in config.toml; the store holds the same, and keeps those that left as inactive.

    Several programs may start at once with a changed config.toml: one of them is first.
    """
    known = {r.id: r for r in await store.find(Representative)}
    listed = {r.id: r for r in settings.representatives}
    puts: list[Representative] = []
    for key, rep in listed.items():
        fresh = replace(rep, version=known[key].version if key in known else 0)
        if known.get(key) != fresh:
            puts.append(fresh)
    puts += [replace(r, active=False) for key, r in known.items() if key not in listed and r.active]
    if puts:
        await store.commit(Change(tuple(puts)))


@asynccontextmanager
async def open_house(
    settings: Settings,
    *,
    clock: Clock | None = None,
    chance: Chance | None = None,
    told: Callable[[MailboxId, NoLine | None], None] = lambda _mailbox, _trouble: None,
) -> AsyncIterator[House]:
    """Open everything that flows need; closed again in the reverse order.

    Args:
        settings: what config.toml says.
        clock: else the system's.
        chance: else the system's.
        told: hears which mailboxes cannot send, and which can again.

    Raises:
        UserError: a file of the working folder is wrong, or the database cannot be opened.
    """
    clock = clock or SystemClock()
    chance = chance or SystemChance()
    async with AsyncExitStack() as stack:
        store = await open_store(settings.database_url)
        stack.push_async_callback(store.close)
        await again.decided(lambda: _mirror(store, settings))
        tokens = access_tokens(settings, clock)
        sender = SmtpSender({m.id: m for m in settings.mailboxes}, resolve, access=tokens, told=told)
        stack.push_async_callback(sender.close)
        library = FileLibrary(
            scenarios=settings.scenarios,
            calendars=settings.calendars,
            content=settings.templates / "content" if settings.templates else None,
            country=settings.country,
            timezone=settings.timezone,
            feeds=settings.feeds,
        )
        standard = shipped() / "templates"
        writer = TemplateWriter(settings.templates or standard, settings.company, standard)
        notifier = MailNotifier(settings, sender, clock, chance)
        attachments = FileAttachments(settings.attachments)
        key = await optout.key(store, chance)
        checks = partial(_references, settings, library, writer, clock)
        looked = partial(_looked, settings)
        shelf = FileShelf(library, settings.folder, settings.country, looked, checks, writer.filled)
        doors = Doors(
            settings,
            store,
            clock,
            chance,
            library,
            writer,
            notifier,
            attachments,
            key,
            notifier,
            shelf,
            _chatter(settings),
        )
        yield House(doors, sender, tokens)


@asynccontextmanager
async def open_doors(
    settings: Settings, *, clock: Clock | None = None, chance: Chance | None = None
) -> AsyncIterator[Doors]:
    """The doors alone, for a command that acts once; in the folder of a demo it acts at the demo's time."""
    async with open_house(settings, clock=clock or told(settings.demo_time), chance=chance) as house:
        yield house.doors


def _looked(settings: Settings, subscription: Subscription) -> FeedState | None:
    """How the last look at a subscription went."""
    from nurture.feeds import read_state  # noqa: PLC0415 - few have one, and it speaks HTTP

    return read_state(settings.feeds, subscription)


def _references(
    settings: Settings,
    library: FileLibrary,
    writer: TemplateWriter,
    clock: Clock,
    scenario: Scenario,
    document: Document,
) -> tuple[Problem, ...]:
    """What a scenario says about other files, and is not so; where those are broken, nothing can be said."""
    try:
        others = Others(
            {one.id: one for one in library.scenarios()},
            frozenset(found.calendar.id for found in library.every_calendar()),
            library.content(),
            writer,
            clock.now().astimezone(zone_of(settings.timezone)).date(),
        )
    except UserError:
        return ()
    return tuple(references(scenario, document, others))


def access_tokens(settings: Settings, clock: Clock) -> Tokens | None:
    """The access tokens, where a mailbox has any."""
    if all(box.oauth is None for box in settings.mailboxes):
        return None
    from nurture.oauth import Tokens  # noqa: PLC0415 - few need a web client for their mail

    return Tokens(settings.tokens, resolve, clock)


def web_secret(settings: Settings, chance: Chance) -> bytes:
    """The key that signs sessions: made once, kept in the data folder with mode 0600."""
    folder = settings.data or settings.folder / "data"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "web.key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(chance.secret() + chance.secret())
    if path.stat().st_mode & 0o077:
        raise UserError("{path} can be read by others", hint="chmod 600 {path}", path=path)
    return path.read_bytes()


def site(doors: Doors, secret: bytes) -> Starlette:
    """The desk, and the API beside it."""
    from nurture.api import app as api  # noqa: PLC0415
    from nurture.web.app import build as build_desk  # noqa: PLC0415
    from nurture.web.names import EntryNames  # noqa: PLC0415

    names = EntryNames(doors.library)
    return build_desk(doors, secret, [api.Mounted(api.build(doors, secret, names.of))], _identity(doors))


def _identity(doors: Doors) -> Identity | None:
    """The provider through which people sign in, where there is one."""
    if doors.settings.web.oidc is None:
        return None
    from nurture.oauth.identity import WebIdentity  # noqa: PLC0415 - few have one

    return WebIdentity(doors.settings.web.oidc, resolve, doors.clock)


def _news(doors: Doors) -> asyncio.Event:
    """Set by each commit, and by what was there before."""
    event = doors.store.changed()
    event.set()
    return event


def open_feeds(settings: Settings) -> Feeds:
    """The copies of subscribed calendars, in the data folder."""
    # Loaded here: few commands speak HTTP.
    from nurture.feeds import WebFeeds  # noqa: PLC0415
    from nurture.files.ical import Defaults, parse_ical  # noqa: PLC0415

    zone = zone_of(settings.timezone)
    return WebFeeds(settings.feeds, lambda data: parse_ical(data, Defaults(), fallback=zone))


def _chatter(settings: Settings) -> Chatter | None:
    """Who speaks in chats, where there are any."""
    if not settings.chats:
        return None
    from nurture.webhooks import WebChatter  # noqa: PLC0415 - few commands speak HTTP

    return WebChatter(resolve)


def open_herald() -> Herald:
    """Who tells the endpoints of other programs."""
    from nurture.webhooks import WebHerald  # noqa: PLC0415 - few commands speak HTTP

    return WebHerald(resolve)


def _places(settings: Settings, clock: Clock, tokens: Access | None) -> dict[MailboxId, list[Place]]:
    """Where copies of what each mailbox sent can be found: its own Sent folder, and its archive."""
    from nurture.imap import ImapMailbox  # noqa: PLC0415 - a command must not wait for a mail reader

    found: dict[MailboxId, list[Place]] = {}
    for box in settings.mailboxes:
        places = [Place("sent", ImapMailbox(box, resolve, clock, access=tokens))] if box.imap else []
        if box.archive is not None:
            kept = replace(box.archive, sent_folder=box.archive.folders[0])
            places.append(Place("archive", ImapMailbox(replace(box, imap=kept), resolve, clock, access=tokens)))
        found[box.id] = places
    return found


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon that has started: what a test or the demo may want to know about it."""

    daemon: Daemon
    doors: Doors
    url: str  # of the desk on this machine


@asynccontextmanager
async def start(
    settings: Settings, *, stop: asyncio.Event, clock: Clock | None = None, chance: Chance | None = None
) -> AsyncIterator[Running]:
    """A daemon ready to run: doors open, the desk bound to its port, the database locked for this process.

    Raises:
        UserError: another daemon runs on this database; the port is taken; a file is wrong.
    """
    # Loaded here: a command that approves one mail must not wait for a web server and a mail reader.
    from nurture.daemon import Daemon  # noqa: PLC0415
    from nurture.imap import ImapMailbox  # noqa: PLC0415
    from nurture.web import server  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        data = settings.data or settings.folder / "data"
        path = database_path(settings.database_url)
        # On a server several daemons share a database, each with a data folder of its own.
        stack.enter_context(daemon_lock(path or data / "daemon"))
        standing = Standing(settings.lines, clock or SystemClock())
        house = await stack.enter_async_context(
            open_house(settings, clock=clock, chance=chance, told=standing.told)
        )
        doors = house.doors
        name = f"{socket.gethostname()}:{os.getpid()}:{doors.chance.new_id()[-6:]}"
        await doors.store.join(name)
        watched = {
            box.id: (box, ImapMailbox(box, resolve, doors.clock, access=house.tokens))
            for box in settings.mailboxes
            if box.imap is not None
        }
        keepers = {
            key: ImapMailbox(box, resolve, doors.clock, access=house.tokens)
            for key, (box, _) in watched.items()
            if box.imap is not None and box.imap.sent_folder
        }
        for mailbox in (*(m for _, m in watched.values()), *keepers.values()):
            stack.push_async_callback(mailbox.close)
        places = _places(settings, doors.clock, house.tokens)
        for place in (place for found in places.values() for place in found):
            stack.push_async_callback(place.mailbox.close)
        changed = doors.store.changed()
        listening = server.bind(settings.web)
        stack.callback(listening.close)
        app = site(doors, web_secret(settings, doors.chance))
        trace = FileTrace(data / "on-the-wire")
        stack.callback(trace.close)
        seen = flow.Seen()
        with suppress(TemporaryFailure):  # the chore does it later
            await flow.notice(doors, seen)
        feeds, sealed = open_feeds(settings), audit.Seen()
        todo: dict[str, Callable[[], Awaitable[timedelta]]] = {
            "calendars": lambda: chores.calendars(doors, feeds, seen),
            "dispatches": lambda: chores.dispatches(doors),
            "not-sent": partial(chores.not_sent, doors, _news(doors), stop),
            "digests": lambda: chores.digests(doors),
            "prune": lambda: chores.prune(doors),
            "seal": partial(chores.seal, doors, sealed, _news(doors), stop),
            "doubts": lambda: chores.doubts(doors, places, changed, stop),
        }
        folders = {key: places[key][0].mailbox for key in keepers}
        if folders:
            todo["copies"] = lambda: chores.copies(doors, folders)
        for endpoint in settings.webhooks:
            todo[f"webhook-{endpoint.id}"] = partial(
                chores.webhook, doors, open_herald(), endpoint, doors.store.changed(), stop
            )
        if path is None:
            todo["recover"] = lambda: chores.recover(doors)
        daemon = Daemon(
            doors=doors,
            sender=house.sender,
            watched=watched,
            copies=keepers,
            name=name,
            stop=stop,
            trace=trace,
            chores=todo,
            sites=(lambda stopping: server.serve(app, listening, stopping),),
            alive=lambda: systemd.notify("WATCHDOG=1"),
        )
        host, port = listening.getsockname()[:2]
        yield Running(daemon, doors, f"http://{host}:{port}")


async def run(settings: Settings, *, ready: Callable[[Running], None] | None = None) -> None:
    """``nurture run``: until SIGTERM or SIGINT; the letter in hand is finished."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with start(settings, stop=stop) as running:
        logger().info("daemon ready", action="start", desk=running.url)
        runtime.settle()
        systemd.notify("READY=1")
        if ready is not None:
            ready(running)
        await running.daemon.run()
        systemd.notify("STOPPING=1")
    logger().info("daemon stopped", action="stop")
