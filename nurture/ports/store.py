"""What was, and what is to be: the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    from nurture.core.change import Change, Entity
    from nurture.core.content import Use
    from nurture.core.dossier import Dossier
    from nurture.core.erasure import Subject
    from nurture.core.glance import Glance
    from nurture.core.ids import DealId, EnrollmentId, MailboxId, OrganisationId, RepId
    from nurture.core.limits import Asked, Taken, Traffic
    from nurture.core.messages import Entry, Message
    from nurture.core.people import Person
    from nurture.core.standing import Standing
    from nurture.core.upshot import Upshot

V = TypeVar("V")


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
