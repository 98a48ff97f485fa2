"""What becomes of recorded mails in a real Dovecot, where it is configured."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from nurture.errors import NurtureError, PermanentFailure, TemporaryFailure
from nurture.imap.syntax import folder_name, quoted
from nurture.ports import Place
from tests.edges.test_imap_dovecot import drain, mail, opened, user
from tests.servers.between import Fault, between
from tests.servers.scripted import cutting

if TYPE_CHECKING:
    from collections.abc import Callable

    from nurture.imap import ImapMailbox
    from nurture.ports import Fetched
    from tests.servers.dovecot import Dovecot

__all__ = ["opened", "user"]  # fixtures

MOVED = "処理済み/nurture"


def places(fetched: Fetched, *numbers: int) -> list[Place]:
    """Where the mails of a fetch lie; ``numbers``: only those."""
    validity = {cursor.folder: cursor.uidvalidity for cursor in fetched.cursors}
    mails = [fetched.mails[n] for n in numbers] if numbers else fetched.mails
    return [Place(m.folder, validity[m.folder], m.uid) for m in mails]


def bodies(dovecot: Dovecot, user: str, folder: str) -> list[bytes]:
    """The mails of a folder, as they lie there; none where there is no such folder."""
    with dovecot.client(user) as client:
        if client.select(quoted(folder_name(folder)), readonly=True)[0] != "OK":
            return []
        found = client.uid("fetch", "1:*", "(BODY.PEEK[])")[1]
    return [part[1] for part in found if isinstance(part, tuple)]


async def arrived(dovecot: Dovecot, user: str, box: ImapMailbox) -> Fetched:
    """Three mails that came after the first look, fetched."""
    start = await box.fetch((), 10)
    dovecot.deliver(user, mail(1), mail(2), mail(3))
    return await box.fetch(start.cursors, 10)


async def test_nothing_is_the_rule(dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]) -> None:
    """As long as nobody says otherwise no mail is touched."""
    box = opened()
    fetched = await arrived(dovecot, user, box)
    before = dovecot.flags(user)
    await box.put_away(places(fetched))

    assert before == dovecot.flags(user)


async def test_recorded_mails_are_marked_as_read(
    dovecot: Dovecot,
    user: str,
    opened: Callable[..., ImapMailbox],
) -> None:
    """Those and no others, twice like once; reading goes on after them."""
    box = opened(after="mark read")
    fetched = await arrived(dovecot, user, box)
    for _ in range(2):
        await box.put_away(places(fetched, 0, 2))
    dovecot.deliver(user, mail(4))
    again = await box.fetch(fetched.cursors, 10)

    assert [True, False, True, False] == ["Seen" in flags for flags in dovecot.flags(user)]
    assert [mail(4)] == [m.raw for m in again.mails]


@pytest.mark.parametrize("able", [True, False])
async def test_recorded_mails_are_moved(
    dovecot: Dovecot,
    user: str,
    opened: Callable[..., ImapMailbox],
    able: bool,
) -> None:
    """Into a folder that is made where it is missing, byte for byte; also by a server that has no MOVE.

    What others marked as deleted stays where it is.
    """
    box = opened(after=f"move to {MOVED}")
    fetched = await arrived(dovecot, user, box)
    with dovecot.client(user) as client:
        client.select("INBOX")
        client.store("2", "+FLAGS", "\\Deleted")
        client.unselect()
    if not able:
        assert box._line is not None
        box._line.protocol.capabilities.discard("MOVE")
    await box.put_away(places(fetched, 0, 2))
    dovecot.deliver(user, mail(4))
    again = await box.fetch(fetched.cursors, 10)

    assert [mail(1), mail(3)] == bodies(dovecot, user, MOVED)
    assert [mail(2), mail(4)] == bodies(dovecot, user, "INBOX")
    assert [mail(4)] == [m.raw for m in again.mails]


async def test_a_server_that_could_only_expunge_everything_moves_nothing(
    dovecot: Dovecot,
    user: str,
    opened: Callable[..., ImapMailbox],
) -> None:
    """Without MOVE and UIDPLUS the mails stay, and somebody is told."""
    box = opened(after=f"move to {MOVED}")
    fetched = await arrived(dovecot, user, box)
    assert box._line is not None
    box._line.protocol.capabilities.difference_update({"MOVE", "UIDPLUS"})
    with pytest.raises(PermanentFailure):
        await box.put_away(places(fetched))

    assert [mail(1), mail(2), mail(3)] == bodies(dovecot, user, "INBOX")


async def test_other_uids_are_not_touched(
    dovecot: Dovecot,
    user: str,
    opened: Callable[..., ImapMailbox],
) -> None:
    """After the server renewed its uids the old ones name other mails: these stay as they are."""
    box = opened(after=f"move to {MOVED}")
    fetched = await arrived(dovecot, user, box)
    await box.close()
    dovecot.renew_uids(user)
    await box.put_away(places(fetched))

    assert 3 == len(bodies(dovecot, user, "INBOX"))
    assert [] == bodies(dovecot, user, MOVED)


@pytest.mark.parametrize("after", [5, 60, 130, 250, 330, 450, 600])
async def test_a_line_cut_while_moving_loses_nothing(
    dovecot: Dovecot,
    user: str,
    opened: Callable[..., ImapMailbox],
    after: int,
) -> None:
    """Wherever the connection breaks: each mail lies in one of the two folders, and what is owed is done later."""
    fetched = await arrived(dovecot, user, opened())
    async with cutting(dovecot.port, after) as port:
        box = opened(port=port, after="move to Done")
        try:
            await box.put_away(places(fetched))
        except TemporaryFailure:
            here, there = bodies(dovecot, user, "INBOX"), bodies(dovecot, user, "Done")
            assert [mail(1), mail(2), mail(3)] == sorted([*here, *there])
    rest = opened(after="move to Done")
    await rest.put_away(places(fetched))

    assert [mail(1), mail(2), mail(3)] == sorted(bodies(dovecot, user, "Done"))
    assert [] == bodies(dovecot, user, "INBOX")


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.CUT_AFTER])
async def test_a_copy_that_was_cut_off_is_not_made_again(
    dovecot: Dovecot,
    user: str,
    opened: Callable[..., ImapMailbox],
    fault: Fault,
) -> None:
    """Without MOVE, wherever the line breaks: what lies there already is known, and lies there once."""
    at = 0
    while True:
        first = opened()
        fetched = await arrived(dovecot, user, first)
        await first.close()
        async with between(dovecot.port, fault=fault, hidden=(b"MOVE",)) as (stands, port):
            box = opened(port=port, after=f"move to Done{at}")
            await box.fetch(fetched.cursors, 10)
            stands.at = at + (begun := stands.said_so_far())
            with contextlib.suppress(TemporaryFailure):
                await box.put_away(places(fetched))
            for _ in range(2):
                await box.put_away(())
            over = not stands.met.is_set()
            await box.close()

        assert [mail(1), mail(2), mail(3)] == sorted(bodies(dovecot, user, f"Done{at}")), (
            at,
            stands.passed[begun:],
        )
        assert [] == bodies(dovecot, user, "INBOX")
        if over:
            break
        at += 1

    assert at > 8, "nothing was cut"


async def test_what_was_refused_is_done_with_the_next_call(
    dovecot: Dovecot,
    user: str,
    opened: Callable[..., ImapMailbox],
) -> None:
    """A mailbox object remembers what it owes when the server does not answer for a while."""
    box = opened(after="mark read")
    fetched = await arrived(dovecot, user, box)
    dovecot.kick()
    with pytest.raises(NurtureError):
        await box.put_away(places(fetched))
    await box.put_away(())

    assert 3 == str(dovecot.flags(user)).count("Seen")


async def test_the_listener_is_not_woken_by_a_move(
    dovecot: Dovecot,
    user: str,
    opened: Callable[..., ImapMailbox],
) -> None:
    """What we move away ourselves is no news; what comes then is."""
    box = opened(after=f"move to {MOVED}")
    fetched = await arrived(dovecot, user, box)
    await drain(box, fetched.cursors)
    async with box.listening() as new:
        await box.put_away(places(fetched))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(new.wait(), 0.5)
        dovecot.deliver(user, mail(4))
        await asyncio.wait_for(new.wait(), 5)
