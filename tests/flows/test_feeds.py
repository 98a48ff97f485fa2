"""Subscribed calendars: fetched when due, once for each address; what they change is planned anew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from nurture.core.feeds import FeedState, Subscription
from nurture.core.messages import Enrollment
from nurture.files.library import FileLibrary
from nurture.flows import feeds, tick
from tests.flows.conftest import SCENARIO, House

EVENT = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;VALUE=DATE:{day}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


@dataclass
class Publisher:
    """What is published; each look is noted (``ports.Feeds``)."""

    folder: Path
    text: str | None = None
    looks: list[str] = field(default_factory=list)
    states: dict[str, FeedState] = field(default_factory=dict)

    def state(self, subscription: Subscription) -> FeedState | None:
        """As the last look left it."""
        return self.states.get(subscription.stored)

    async def refresh(self, subscription: Subscription, now: datetime) -> FeedState:
        """Hand out the text, or fail."""
        self.looks.append(subscription.calendar_id)
        before = self.states.get(subscription.stored) or FeedState()
        if self.text is None:
            state = replace(before, tried_at=now, error="x", failures=before.failures + 1)
        else:
            self.folder.mkdir(exist_ok=True)
            (self.folder / f"{subscription.stored}.ics").write_text(self.text, encoding="utf-8")
            state = replace(before, tried_at=now, good_at=now, error="", failures=0)
        self.states[subscription.stored] = state
        return state


def subscribed(house: House, folder: Path) -> Publisher:
    """The house with a calendar at an address, which two files name and the scenario lists."""
    calendars = folder / "calendars"
    calendars.mkdir()
    for name in ("society", "again"):
        (calendars / f"{name}.yaml").write_text(
            f"id: {name}\nical: https://society.example/c.ics\n", encoding="utf-8"
        )
    text = SCENARIO.replace("[jp-holidays]", "[jp-holidays, society]")
    (folder / "scenarios" / "short.yaml").write_text(text, encoding="utf-8")
    library = FileLibrary(folder / "scenarios", calendars, feeds=folder / "feeds")
    house.doors = replace(house.doors, library=library)
    return Publisher(folder / "feeds")


async def test_one_address_is_fetched_once_and_again_after_some_hours(house: House, tmp_path: Path) -> None:
    """A failure comes again sooner."""
    publisher = subscribed(house, tmp_path)
    publisher.text = EVENT.format(day="20270513")
    for hours in (0, 1, 5, 6):
        house.clock.advance_to(house.clock.now().replace(hour=8, minute=0) + timedelta(hours=hours))
        await feeds.refresh(house.doors, publisher)
    assert 2 == len(publisher.looks)
    publisher.text = None
    house.clock.advance_to(house.clock.now() + timedelta(hours=6))
    await feeds.refresh(house.doors, publisher)
    house.clock.advance_to(house.clock.now() + timedelta(minutes=5))
    await feeds.refresh(house.doors, publisher)
    assert 4 == len(publisher.looks)
    await feeds.refresh(house.doors, publisher, anyway=True)
    assert 5 == len(publisher.looks)


async def test_what_a_subscription_changes_is_planned_anew(house: House, tmp_path: Path) -> None:
    """Planning goes on before the first copy comes; then the running enrollments wake, once."""
    publisher = subscribed(house, tmp_path)
    await feeds.notice(house.doors)
    await house.met()
    before = (await house.mail("case")).planned_on
    publisher.text = EVENT.format(day="20270513")
    await feeds.refresh(house.doors, publisher)
    changed = [await feeds.notice(house.doors), await feeds.notice(house.doors)]
    (enrollment,) = await house.store.find(Enrollment)
    await tick.tick(house.doors)

    assert [True, False] == changed
    assert house.clock.now() == enrollment.wake_at
    assert (date(2027, 5, 13), date(2027, 5, 14)) == (before, (await house.mail("case")).planned_on)
