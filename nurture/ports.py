"""The doors. Flows reach the world through these and nothing else; each speaks verbs of the domain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from nurture.errors import UserError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import date, datetime

    from nurture.config import Chat, MailboxSettings, Settings, Webhook
    from nurture.core.attachments import Attachment, Enclosed
    from nurture.core.books import Book, Rewritten, Script
    from nurture.core.calendar import Calendar, CalendarEntry
    from nurture.core.change import Change, Cursor, Dispatch, Entity
    from nurture.core.chat import Said
    from nurture.core.content import ContentItem, Use, Wanted
    from nurture.core.dossier import Dossier
    from nurture.core.draft import Brief, Draft, Filled
    from nurture.core.erasure import Subject
    from nurture.core.feeds import FeedState, Subscription
    from nurture.core.glance import Glance
    from nurture.core.health import Arrived
    from nurture.core.ids import DealId, EnrollmentId, MailboxId, MessageId, OrganisationId, RepId
    from nurture.core.limits import Asked, Taken, Traffic
    from nurture.core.messages import Entry, Message
    from nurture.core.people import Organisation, Person, Representative
    from nurture.core.scenario import Scenario
    from nurture.core.sending import Letter, NoLine, Outcome
    from nurture.core.standing import Standing
    from nurture.core.upshot import Upshot

V = TypeVar("V")


class Clock(Protocol):
    """Time. The only way to know it and to wait for it."""

    def now(self) -> datetime:
        """The instant, aware, UTC."""
        ...

    async def sleep_until(self, instant: datetime, *wakes: asyncio.Event) -> None:
        """Return at ``instant`` or as soon as one of ``wakes`` is set (they are not cleared here)."""
        ...


class Chance(Protocol):
    """Names and secrets that nobody can guess. The only source of them."""

    def new_id(self) -> str:
        """A new opaque id, unique for ever (at most 40 characters of ``[0-9a-z-]``)."""
        ...

    def secret(self) -> str:
        """A URL-safe secret of at least 160 bits."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """A condition of ``Store.find``: ``low <= value < high``; an open end is None. NULL never matches."""

    low: object = None
    high: object = None


@dataclass(frozen=True, slots=True)
class Holding:
    """A condition of ``Store.find``: a text that has this in it, A to Z in either case. NULL never matches."""

    text: str


@dataclass(frozen=True, slots=True)
class Matches:
    """What the store knows about the marks that an incoming mail carries."""

    messages: tuple[Message, ...] = ()  # whose header_id, unsubscribe_token or id was asked for
    people: tuple[str, ...] = ()  # ids of people with one of the addresses
    known: frozenset[str] = frozenset()  # inbound keys of this mailbox that were handled before


class Store(Protocol):
    """What was, and what is to be. Many readers, one write.

    All instants are UTC. Reads return values as of one moment. Implementations: memory, SQL.
    """

    async def commit(self, change: Change) -> None:
        """Write all of it or nothing.

        Raises:
            StaleVersion: a row had another version, or a new row exists already (by id or by a unique
                key: enrollment and step, mailbox and inbound key, address of a person …).
        """
        ...

    async def get(self, kind: type[V], key: str) -> V | None:
        """The value with that id."""
        ...

    async def find(
        self,
        kind: type[V],
        where: Mapping[str, object] | None = None,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> tuple[V, ...]:
        """Values whose fields match. A condition is a value (None: is null), a collection (any of), a Span,
        or a Holding.

        ``order`` names fields, ``-field`` descending; ties are broken by id (the journal's by seq).
        """
        ...

    async def search(
        self,
        kind: type[V],
        said: str,
        *,
        reps: Collection[str] | None = None,
        limit: int,
        skip: int = 0,
    ) -> tuple[V, ...]:
        """People or organisations that have all parts of ``said`` in their names, reading, address or the name of
        their organisation, whatever the width, case and kana (``core.seeking``); with nothing said all.

        In order of their words; ``skip`` passes over the first. With ``reps`` only people of these
        representatives, and organisations at which one of them knows somebody, has a deal or had a meeting.

        Raises:
            Impossible: another kind.
        """
        ...

    async def count(self, kind: type[Entity] | type[Entry], where: Mapping[str, object] | None = None) -> int:
        """How many ``find`` would return."""
        ...

    async def due(self, now: datetime, limit: int) -> tuple[Dossier, ...]:
        """Dossiers of active enrollments whose ``wake_at`` has come, the longest overdue first."""
        ...

    async def next_due(self) -> datetime | None:
        """The earliest instant at which an enrollment wakes or an approved message may leave, or None."""
        ...

    async def dossiers(self, keys: Collection[EnrollmentId], now: datetime) -> tuple[Dossier, ...]:
        """The dossiers of these enrollments, in any state, in a fixed number of queries.

        In the order of ``keys``; unknown ones are left out. ``now`` is from where ``touches`` look back.
        """
        ...

    async def leaving(self, now: datetime) -> frozenset[MailboxId]:
        """The mailboxes from which something could be claimed now."""
        ...

    async def claim(
        self,
        now: datetime,
        limit: int,
        by: str,
        mailboxes: Collection[MailboxId] | None = None,
        *,
        after: datetime | None = None,
        without: Collection[str] = (),
    ) -> tuple[tuple[Message, Glance], ...]:
        """Take approved messages whose ``planned_at`` and ``not_before`` have come, earliest first.

        With ``mailboxes`` only messages of these are taken (those that were read up to now). With ``after``
        only those planned later than that (what the safety valve holds is passed over), and none of the
        scenarios in ``without`` (those that are stopped).

        Each is moved to SENDING (``claimed_by``, ``claimed_at``) in one committed change, and returned with a
        glance at what is around it as of that moment (``core.glance``; what is listed there stands in no order).
        No two callers get the same message. A message without an enrollment is never claimed.
        """
        ...

    async def traffic(self, asked: Asked) -> Traffic:
        """What left lately, what was put off and refused, and what is due, in a fixed number of queries.

        What is on the wire counts as leaving now, what is in doubt as having left when it was claimed.
        """
        ...

    async def taken(self, since: datetime) -> tuple[Taken, ...]:
        """How many letters servers have taken since then, by mailbox and scenario."""
        ...

    async def record(self, upshots: Sequence[Upshot]) -> tuple[int, ...]:
        """Write what became of claimed messages, each on its own, all in one go.

        Returns the positions of those that were refused, as ``commit`` would have with ``StaleVersion``; they are
        no matter of the others.

        Raises:
            Impossible: something that cannot be written; then nothing was.
        """
        ...

    async def match(
        self,
        mailbox: MailboxId,
        header_ids: Collection[str],
        tokens: Collection[str],
        addresses: Collection[str],
        keys: Collection[str],
        ids: Collection[str] = (),
    ) -> Matches:
        """Look up all marks of a batch of incoming mails at once. Addresses compare in lower case."""
        ...

    async def planned(
        self,
        first: date,
        last: date,
        *,
        reps: Collection[RepId] | None = None,
        organisation: OrganisationId | None = None,
    ) -> Mapping[date, int]:
        """How many mails are to leave on each day, both ends inclusive; days without are left out.

        With ``reps`` those of these representatives, with ``organisation`` those to its people.
        """
        ...

    async def uses(self) -> Mapping[str, Use]:
        """How often each item of content left, and when last; those that never did are left out."""
        ...

    async def standing(self, reps: Collection[RepId] | None = None) -> Standing:
        """How scenarios do: mails by step and state, answers, who is on the way; with ``reps`` of these alone."""
        ...

    async def houses(self, domains: Collection[str]) -> Mapping[str, OrganisationId]:
        """At which organisation people have their mail: of these domains those under which somebody who is known,
        and works somewhere, has an address. Lower case; one organisation of several, always the same.
        """
        ...

    async def last_about(self, deals: Collection[DealId]) -> Mapping[DealId, datetime]:
        """When something last went to or fro about each of these deals, as the journal says: a meeting, a mail
        that left or came, a task that was done. Those about which nothing did are left out.
        """
        ...

    async def twins(self, *, reps: Collection[RepId] | None = None, limit: int) -> tuple[Person, ...]:
        """People who share family and given name with another at the same organisation, by organisation and name;
        with ``reps`` among the people of these.
        """
        ...

    async def erase(self, who: Subject, told: Entry) -> tuple[str, ...]:
        """Let nothing stand any more that says who somebody was (``core.erasure``), all of it or nothing, and
        write down that it was done: ``told``, with the lines of the journal that were changed.

        Returns the keys of files that no letter names any more.

        Raises:
            TemporaryFailure: a letter to the person is on the wire.
        """
        ...

    async def wake_all(self, now: datetime) -> int:
        """Have every active enrollment looked at by the next beat; returns how many.

        Their versions move on, so that a decision made before cannot put the old ``wake_at`` back.
        """
        ...

    async def prune(self, ended_before: datetime) -> int:
        """Forget what was to be told by mail and ended before then (``core.change.Dispatch``); returns how many.
        What happened stands in the journal, which forgets nothing.
        """

    async def forget(self, before: datetime) -> int:
        """Let go of idempotency keys from before then (``core.keys``); returns how many."""
        ...

    def commits(self) -> int:
        """A number that grows with each commit of this process that writes an enrollment."""
        ...

    def touched(self, enrollment: EnrollmentId, since: int) -> bool:
        """Whether this process has written that enrollment since ``commits`` was ``since``. Costs nothing: no
        database is asked, and what other processes write is not known here.
        """
        ...

    def changed(self) -> asyncio.Event:
        """A new event that is set when something was committed, here or by another process.

        Each call returns the caller's own, held weakly: it works for as long as the caller keeps it.
        Ask for it once, then clear it *before* each read, so that no commit falls in between.
        """
        ...

    async def join(self, name: str) -> None:
        """Work under this name until closed: what is claimed by it is not abandoned while we live.

        A name is one life's: choose another at the next start.

        Raises:
            UserError: somebody else works under it.
            TemporaryFailure: the database is not to be had now.
        """
        ...

    def term(self) -> int:
        """The number of the time since which others know, without a break, that we live; 0 while they do not.

        What was claimed in one term may have been called in doubt by others in the next: ask before claiming,
        and do not send when the answer is another one.
        """
        ...

    async def gone(self, names: Collection[str]) -> frozenset[str]:
        """Those of these names (``claimed_by``) under which nobody works any more.

        On a server it takes some seconds until that is certain: ask again.

        Raises:
            TemporaryFailure: the database is not to be had now.
        """
        ...

    async def own(self, mailbox: MailboxId) -> bool:
        """Whether this mailbox is ours to read: of all daemons on one database one has it, until it is gone.

        Ask before each reading; once it is ours, that costs nothing.
        """
        ...

    async def daemons(self) -> tuple[str, ...]:
        """The daemons that work on the database now: their names, or the process on a SQLite file."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of the database."""
        ...


class Trace(Protocol):
    """What was on the wire, known even if this process is killed."""

    def begin(self, by: str) -> None:
        """Start anew, as the daemon of that name."""
        ...

    def leaving(self, header_ids: Iterable[str]) -> None:
        """Note letters before a server could deliver them.

        Raises:
            OSError: it cannot be noted; then they must not leave.
        """
        ...

    def accepted(self, header_id: str) -> None:
        """Note that a server took this letter: its answer to the final dot was yes. Never raises."""
        ...

    def settled(self) -> None:
        """Nothing is on the wire, and every outcome is written: what was noted may be forgotten."""
        ...

    def left(self, by: str) -> frozenset[str] | None:
        """The letters that the daemon of that name noted; None: nobody knows."""
        ...

    def taken(self, by: str) -> frozenset[str]:
        """Those of them that a server took for certain."""
        ...


class Sender(Protocol):
    """Letters out. Never raises for what a server says or does: that is the Outcome."""

    async def send(self, letter: Letter) -> Outcome:
        """Hand one letter to the server of its mailbox and wait for the answer to the final dot."""
        ...

    async def send_all(
        self,
        letters: Sequence[Letter],
        *,
        leaving: Callable[[Sequence[Letter]], None],
        done: Callable[[Letter, Outcome], None],
        stop: asyncio.Event | None = None,
        holds: Callable[[Letter], bool] | None = None,
    ) -> None:
        """Hand over letters of one mailbox, in order, over as many connections as are worth it.

        Args:
            letters: all of the same mailbox.
            leaving: called before the first byte is written after which a server could deliver one of those
                it is given. Must not raise.
            done: called exactly once for each letter, as its answer is known. A letter for which there was no
                line at all, or that was not begun when ``stop`` was set or the line went away, is
                ``UNTOUCHED``: its attempt does not count. Must not raise.
            stop: when set, the letters on the wire get their answers and no more is begun.
            holds: asked of each letter when its turn comes; where what was known of it does not hold any more,
                it is not begun, and ``UNTOUCHED``. Must not raise.
        """
        ...

    def no_line(self, mailbox_id: MailboxId) -> NoLine | None:
        """Why there is no connection for a mailbox, and when one is tried again; None when all seems well.

        Ask before claiming: until ``seconds`` are over, ``send_all`` answers ``UNTOUCHED`` to everything.
        """
        ...

    async def close(self) -> None:
        """Say goodbye on every connection."""
        ...


class Access(Protocol):
    """Access tokens for mail servers that take no password."""

    async def access(self, box: MailboxSettings) -> str:
        """A token that holds now.

        Raises:
            UserError: nobody has consented yet.
            PermanentFailure: there are no more; somebody must consent again.
            TemporaryFailure: the provider cannot be reached.
        """
        ...

    def refused(self, token: str) -> None:
        """A server did not take this one: give another the next time."""
        ...


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail as the server holds it."""

    folder: str
    uid: int
    raw: bytes
    received_at: datetime  # INTERNALDATE, UTC
    cut: bool = False  # longer than the cap: only its beginning is here
    junk: bool = False  # it lies among the spam


@dataclass(frozen=True, slots=True)
class Fetched:
    """Mails after a cursor, ascending by uid within a folder, and the cursors that stand after them."""

    mails: tuple[RawMail, ...]
    cursors: tuple[Cursor, ...]
    more: bool = False  # the limit was reached: fetch again before calling the mailbox read


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail lies; the uid counts only as long as the folder has this ``uidvalidity``."""

    folder: str
    uidvalidity: int
    uid: int


class Mailbox(Protocol):
    """One mailbox on an IMAP server. Nothing in it is deleted, moved or marked read, but by ``put_away``."""

    async def fetch(self, cursors: Sequence[Cursor], limit: int) -> Fetched:
        """New mails of all folders. Without a cursor for a folder, reading starts from now, or some days back.

        Raises:
            TemporaryFailure: no connection, or it broke; calling again connects anew.
            PermanentFailure: the server refuses the login or does not have the folder.
        """
        ...

    def listening(self) -> AbstractAsyncContextManager[asyncio.Event]:
        """While open, the event is set when the server says that something is new, or the line breaks."""
        ...

    async def put_away(self, places: Sequence[Place]) -> None:
        """Mark as read, or move, mails that are recorded, if that is configured; and what could not be before.

        Raises:
            TemporaryFailure, PermanentFailure: as ``fetch``; the rest is done with the next call.
        """
        ...

    async def keep_sent(self, data: bytes, at: datetime) -> None:
        """Append a copy to the Sent folder, if one is configured.

        Raises:
            TemporaryFailure, PermanentFailure: as ``fetch``.
        """
        ...

    async def sent(self, header_ids: Collection[str]) -> frozenset[str]:
        """Which of these Message-IDs lie in the Sent folder; none where the account has no such folder.

        Raises:
            TemporaryFailure, PermanentFailure: as ``fetch``.
        """
        ...

    async def close(self) -> None:
        """Log out."""
        ...


class Attachments(Protocol):
    """Files that go with letters, by ``Attachment.key``. What is kept never changes."""

    def keep(self, file: Attachment) -> str:
        """Keep a file; returns its key.

        Raises:
            UserError: it cannot be written.
        """
        ...

    def get(self, key: str) -> Attachment:
        """The file, whole.

        Raises:
            UserError: it is not there any more, or is not what was kept.
        """
        ...

    def look(self, key: str) -> Enclosed | None:
        """Name and size; None when it is not there."""
        ...

    def drop(self, key: str) -> None:
        """Keep a file no longer; one that is not there is none.

        Raises:
            UserError: it cannot be taken away.
        """
        ...


class NoAttachments:
    """A house without files."""

    def keep(self, file: Attachment) -> str:
        """There is no place."""
        raise UserError("Files cannot be kept here: {name}", name=file.name)

    def get(self, key: str) -> Attachment:
        """There is none."""
        raise UserError("Files cannot be kept here: {name}", name=key[:12])

    def look(self, key: str) -> Enclosed | None:  # noqa: ARG002
        """There is none."""
        return None

    def drop(self, key: str) -> None:
        """There is none."""


class Writer(Protocol):
    """Templates to texts."""

    def write(self, brief: Brief) -> Draft:
        """Render one mail.

        Raises:
            UserError: the template does not exist, or a field it needs is missing; names file, line and field.
        """
        ...

    def content(self, template: str) -> Wanted | None:
        """What content a template is written for, where the step of a scenario names none.

        Raises:
            UserError: the template does not exist or is broken.
        """
        ...


class Library(Protocol):
    """Scenarios, calendars and content as they stand in the working folder."""

    def scenario(self, scenario_id: str) -> Scenario:
        """The scenario as its file says now.

        Raises:
            UserError: there is none of that id.
        """
        ...

    def scenarios(self) -> tuple[Scenario, ...]:
        """All of them, by id."""
        ...

    def parse(self, text: str) -> Scenario:
        """A scenario from the text that an enrollment kept."""
        ...

    def calendars(self, scenario: Scenario, organisation: Organisation | None) -> tuple[Calendar, ...]:
        """The calendars that the scenario lists, and the organisation's closures as one more."""
        ...

    def content(self) -> tuple[ContentItem, ...]:
        """All content items, by id."""
        ...

    def digest(self) -> str:
        """Changes whenever a calendar changes: running enrollments are then planned again."""
        ...

    def subscriptions(self) -> tuple[Subscription, ...]:
        """The calendars that are fetched from an address."""
        ...


class Shelf(Protocol):
    """The files of the working folder as those see them who keep them. Nothing is written here."""

    def books(self) -> tuple[Book, ...]:
        """All calendars that count by default, each with its file and how it is; the country's holidays first.

        Raises:
            UserError, UserErrors: a file is broken.
        """
        ...

    def scripts(self) -> tuple[Script, ...]:
        """All scenario files, by name, each with everything that is wrong with it or may surprise."""
        ...

    def filled(self, brief: Brief) -> tuple[Filled, ...]:
        """The fields that a template reads, and what they are for one mail.

        Raises:
            UserError: there is no such template, or its file cannot be read.
        """
        ...

    def lines(self, entry: CalendarEntry) -> str:
        """A dated entry as it would be written beneath ``entries:`` of a calendar file."""
        ...

    def confirmed(self, named: str, start: date | None, end: date | None, source: str) -> Rewritten:
        """The file in which an entry (``jp-medical/jrc-2027``) is confirmed, before and after.

        None: the day that stands there; with a start alone the entry is that one day.

        Raises:
            UserError: there is no such entry, it is none that can be confirmed, or its days do not fit.
        """
        ...


class NoShelf:
    """A house without files."""

    def books(self) -> tuple[Book, ...]:
        """None."""
        return ()

    def scripts(self) -> tuple[Script, ...]:
        """None."""
        return ()

    def filled(self, brief: Brief) -> tuple[Filled, ...]:  # noqa: ARG002
        """None."""
        return ()

    def lines(self, entry: CalendarEntry) -> str:
        """No file could hold it."""
        raise UserError("there is no calendar {id}", id=entry.id)

    def confirmed(self, named: str, start: date | None, end: date | None, source: str) -> Rewritten:  # noqa: ARG002
        """No file has it."""
        raise UserError("there is no calendar {id}", id=named)


class Feeds(Protocol):
    """Calendars that others publish. What was fetched is what the library reads."""

    def state(self, subscription: Subscription) -> FeedState | None:
        """How the last look went; None if there was none."""
        ...

    async def refresh(self, subscription: Subscription, now: datetime) -> FeedState:
        """Look once, in bounded time. Never raises for what a server says or does: that is the state."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that one of us should know. ``link`` is a path of the desk."""

    kind: str
    subject: str
    text: str
    link: str = ""
    message_id: MessageId | None = None
    key: str = ""  # names the mail: tried again, it is the same one


class Notifier(Protocol):
    """Word to our own people; never to a customer."""

    async def notify(self, to: Representative, notice: Notice) -> bool | None:
        """Tell one of us, by mail; whether it was taken (None: unknown). Failure is logged, not raised."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of an event: taken, or not, and what is known about trying again."""

    taken: bool = False
    gone: bool = False  # the endpoint says that it will take no more
    wait: int = 0  # seconds that it asks for
    error: str = ""


class Herald(Protocol):
    """Word to other programs that something happened."""

    async def tell(self, endpoint: Webhook, key: str, event: Mapping[str, Any], now: datetime) -> Heard:
        """Send one event, signed. Never raises for what an endpoint says or does: that is the answer.

        Args:
            endpoint: where to.
            key: names the event: sent again, it is the same one.
            event: type, timestamp and data.
            now: when it is sent.
        """
        ...


class Chatter(Protocol):
    """Word to our own people in a chat."""

    async def say(self, chat: Chat, said: Said) -> Heard:
        """Say something there. Never raises for what the service says or does: that is the answer."""
        ...


class Replier(Protocol):
    """The one thing that is said to a customer by itself: an opt-out is confirmed, once."""

    async def confirm(self, said: Dispatch) -> bool:
        """Send it; whether a server took it. Failure is logged, not raised."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """What flows are handed: the store, time, chance, the working folder's files, and word to our people."""

    settings: Settings
    store: Store
    clock: Clock
    chance: Chance
    library: Library
    writer: Writer
    notifier: Notifier
    attachments: Attachments = field(default_factory=NoAttachments)
    link_key: bytes = field(default=b"", repr=False)  # seals the links of mails (``flows.optout.key``)
    replier: Replier | None = None  # None: no opt-out is confirmed
    shelf: Shelf = field(default_factory=NoShelf)
    chatter: Chatter | None = None  # None: there is no chat


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a provider of identities, with what binds the answer to it. Nobody can guess any of it."""

    redirect: str  # where the browser comes back to
    state: str
    nonce: str
    verifier: str = field(repr=False)  # 43 to 128 characters (RFC 7636, 4.1)


class Identity(Protocol):
    """A provider that says who somebody is (OpenID Connect Core 1.0, code flow)."""

    async def ask(self, question: Question) -> str:
        """The address of the provider's page.

        Raises:
            TemporaryFailure: the provider cannot be reached.
            PermanentFailure: what it says of itself is no use.
        """
        ...

    async def answer(self, question: Question, code: str) -> str:
        """The mail address of who came back with that code; in the case that the provider writes.

        Raises:
            UserError: the provider takes no such code, or what it says does not hold.
            TemporaryFailure, PermanentFailure: as ``ask``.
        """
        ...


class Resolver(Protocol):
    """The domain name system. An empty answer is an answer: there is no such record, or no such name."""

    async def texts(self, name: str) -> tuple[str, ...]:
        """TXT records, the pieces of each put together.

        Raises:
            TemporaryFailure: no server answers, or it says that it cannot.
        """
        ...

    async def addresses(self, name: str) -> tuple[str, ...]:
        """A and AAAA records.

        Raises:
            TemporaryFailure: as ``texts``.
        """
        ...

    async def exchangers(self, name: str) -> tuple[tuple[int, str], ...]:
        """MX records, the most preferred first; ``.`` is written as an empty name (RFC 7505).

        Raises:
            TemporaryFailure: as ``texts``.
        """
        ...

    async def names(self, address: str) -> tuple[str, ...]:
        """The names of an address (PTR).

        Raises:
            TemporaryFailure: as ``texts``.
        """
        ...


class Seeker(Protocol):
    """Looks for one mail in an account."""

    async def look(self, header_id: str) -> Arrived | None:
        """Where it lies; None as long as it lies nowhere.

        Raises:
            TemporaryFailure, PermanentFailure: the account cannot be looked into.
        """
        ...

    async def close(self) -> None:
        """Log out."""
        ...
