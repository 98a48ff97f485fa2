"""Servers whose every answer may be garbled: whatever is said, a fetch ends in time, as success or as one of our
failures, and what it gives out is sound.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from datetime import date
from random import Random

import pytest

from nurture.core.change import Again, Cursor
from nurture.errors import NurtureError
from tests.edges.test_imap_hostile import FOLDER, TEXT, Scripted, opened
from tests.servers.scripted import serving

TRIES = int(os.environ.get("NURTURE_GARBLED", "240"))
TOGETHER = 12
TIMEOUT = 0.4
ODD = (
    b"* BYE so long\r\n",
    b"* 1 EXPUNGE\r\n",
    b"* 7 EXISTS\r\n",
    b"* OK [ALERT] \xe3\x81\x82\r\n",
    b"* FLAGS (\\Seen)\r\n",
    b"* 1 FETCH (FLAGS (\\Seen))\r\n",
    b"* 1 FETCH (UID 11 BODY[] NIL)\r\n",
    b'* 1 FETCH (BODY[] "x" UID 11)\r\n',
    b"* SEARCH\r\n",
    b"* SEARCH 4294967295 0 11 11 99999999999999999999\r\n",
    b"* OK [UIDVALIDITY 0] x\r\n",
    b"* OK [UIDNEXT 4294967295] x\r\n",
    b'* LIST (\\Junk) "/" {3}\r\nabc\r\n',
    b'* LIST (\\Junk) NIL ""\r\n',
    b"+ go on\r\n",
    b"\r\n",
    b"{9}\r\n",
    b"\0\0\0\r\n",
    b"{tag} OK early\r\n",
    b"{tag} NO late\r\n",
    b"x" * 5000 + b"\r\n",
)
WORDS = ("CAPABILITY", "LOGIN", "LIST", "EXAMINE", "SEARCH", "FETCH", "greeting")
SOUND = {
    "EXAMINE": FOLDER,
    "LIST": b'* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\Junk) "/" Spam\r\n{tag} OK done\r\n',
    "SEARCH": b"* SEARCH 11\r\n{tag} OK done\r\n",
}


def garbled(answer: bytes, rnd: Random) -> bytes:
    """The same answer with one to three things wrong."""
    for _ in range(rnd.randint(1, 3)):
        at, to = sorted(rnd.randrange(len(answer) + 1) for _ in range(2))
        kind = rnd.randrange(7)
        if kind == 0:
            answer = answer[:at] + answer[min(to, at + 20) :]
        elif kind == 1:
            answer = answer[:to] + answer[at:]
        elif kind == 2:
            lines = answer.splitlines(keepends=True)
            lines.insert(rnd.randrange(len(lines) + 1), rnd.choice(ODD))
            answer = b"".join(lines)
        elif kind == 3:
            answer = answer.replace(b"\r\n", b"\n", rnd.randint(1, 3))
        elif kind == 4:
            answer = re.sub(
                rb"\d+", lambda m: b"%d" % (int(m[0]) + rnd.choice((-7, -1, 1, 10**6))), answer, count=2
            )
        elif kind == 5:
            answer = answer[:at] + rnd.randbytes(rnd.randint(1, 9)) + answer[at:]
        else:
            answer = answer[:to]
    return answer


async def once(seed: int) -> str:
    """One fetch from one garbled server, and one from the same server when it is sound again."""
    rnd = Random(seed)
    server = Scripted(SOUND)
    healthy, word = dict(server.answers), rnd.choice(WORDS)
    if word == "greeting":
        server.greeting = garbled(server.greeting, rnd)
    else:
        server.answers[word] = garbled(server.answers[word], rnd)
    cursors = (Cursor("INBOX", 7, 10, again=Again(3, date(2026, 11, 1)) if rnd.random() < 0.2 else None),)
    async with serving(server) as port:
        box = opened(port, timeout=TIMEOUT)
        began, outcome = time.perf_counter(), "read"
        try:
            fetched = await box.fetch(cursors, 10)
        except NurtureError as error:
            outcome = type(error).__name__
        else:
            here = next(c for c in fetched.cursors if c.folder == "INBOX")
            assert all(0 < mail.uid < 2**32 and len(mail.raw) <= 1024 * 1024 for mail in fetched.mails), seed
            assert here.uidvalidity >= 0, seed
        assert time.perf_counter() - began < 40 * TIMEOUT, seed
        await box.close()
        server.answers, server.greeting = healthy, b"* OK hello\r\n"
        again = opened(port, timeout=20)
        assert TEXT in [mail.raw for mail in (await again.fetch(cursors[:1], 10)).mails], seed
        await again.close()
    return outcome


@pytest.mark.parametrize("block", range(0, TRIES, TOGETHER))
async def test_whatever_a_server_says(block: int) -> None:
    """Success or a failure of ours, in time; a sound server is read as ever afterwards."""
    outcomes = await asyncio.gather(*(once(seed) for seed in range(block, block + TOGETHER)))

    assert {"read", "TemporaryFailure", "PermanentFailure"} >= set(outcomes)
