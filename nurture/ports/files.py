"""The files of the working folder, read and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nurture.errors import UserError

if TYPE_CHECKING:
    from datetime import date, datetime

    from nurture.core.attachments import Attachment, Enclosed
    from nurture.core.books import Book, Rewritten, Script
    from nurture.core.calendar import Calendar, CalendarEntry
    from nurture.core.content import ContentItem, Wanted
    from nurture.core.draft import Brief, Draft, Filled
    from nurture.core.feeds import FeedState, Subscription
    from nurture.core.people import Organisation
    from nurture.core.scenario import Scenario


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
