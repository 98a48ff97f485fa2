"""The main job, with the real daemon in a subprocess: a meeting, a mail, an answer; and what a crash may do."""

from __future__ import annotations

import re
import shutil
import signal
import time
from datetime import datetime, timedelta
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from nurture.mail.text import width
from tests.acceptance.program import ATTENDEE, MEETING, Program

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from tests.acceptance.post import Post
    from tests.servers.dovecot import Dovecot

SATO = "sato@aoba-hp.example"
SUZUKI = "suzuki@aoba-hp.example"
HEIR = "takahashi@aoba-hp.example"
TOKYO = ZoneInfo("Asia/Tokyo")
BOTH = pytest.mark.parametrize("program", ["sqlite", "postgresql"], indirect=True)


def record(program: Program, *attendees: str) -> list[dict[str, Any]]:
    """Record a meeting that has just ended, and return what waits."""
    now = datetime.now(TOKYO).replace(microsecond=0)
    text = MEETING.format(ended_at=now.isoformat(), due=now.date() + timedelta(days=5), scenario="warm-lead-30d")
    for email in attendees:
        text += ATTENDEE.format(email=email, name=email.partition("@")[0], today=now.date())
    (program.folder / "meeting.yaml").write_text(text, encoding="utf-8")
    program.run("record", "--file", "meeting.yaml")
    waiting: list[dict[str, Any]] = program.json("queue", "list")
    return waiting


def approve(program: Program, mail: dict[str, Any]) -> None:
    """Approve what was listed."""
    program.run("queue", "approve", mail["id"], "--yes", mail["fingerprint"])


def state_of(program: Program, key: str) -> str:
    """The state of a mail, as the command line shows it."""
    return str(program.json("queue", "show", key)["state"])


def reply(mail: EmailMessage, text: str) -> bytes:
    """An answer as a mail program would write it."""
    quoted = "\n".join(f"> {line}" for line in mail.get_content().splitlines())
    lines = [
        f"From: =?utf-8?b?5L2Q6Jek?= <{SATO}>",
        f"To: {mail['From'].addresses[0].addr_spec}",
        f"Subject: Re: {mail['Subject']}".encode().decode("utf-8"),
        f"Date: {formatdate(localtime=True)}",
        f"Message-ID: <reply-{time.monotonic_ns()}@aoba-hp.example>",
        f"In-Reply-To: {mail['Message-ID']}",
        f"References: {mail['Message-ID']}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        text,
        "",
        quoted,
        "",
    ]
    return "\r\n".join(lines).encode()


@BOTH
def test_a_meeting_a_mail_an_answer(program: Program, post: Post, dovecot: Dovecot, user: str) -> None:
    """The thank-you is drafted at once and leaves when approved; a reply pauses, and holds a colleague's mail."""
    waiting = record(program, SATO, SUZUKI)
    assert {SATO, SUZUKI} == {mail["to"]["email"] for mail in waiting}
    assert {"thanks"} == {mail["step"] for mail in waiting}
    assert [] == post.recorder.mails  # nothing leaves without approval

    with program.daemon():
        first = next(m for m in waiting if m["to"]["email"] == SATO)
        asked = time.monotonic()
        approve(program, first)
        (mail,) = post.wait_for(SATO)
        print(f"approved to arrived, with the command's own start: {time.monotonic() - asked:.2f} s")
        program.wait_for("the row says sent", lambda: state_of(program, first["id"]) == "sent")
        body = mail.get_content()
        assert "読影端末2台で試行する" in body
        assert "よろしいでしょうか" in body
        assert "配信停止" in body
        assert max(width(line) for line in body.splitlines()) <= 76

        dovecot.deliver(user, reply(mail, "ご連絡ありがとうございます。その通りです。"))
        told = program.wait_for(
            "the reply is in the journal", lambda: [e for e in program.journal() if e["kind"] == "inbound.reply"]
        )
        assert ["agreement"] == told[0]["data"]["intents"]
        why = program.run("why", SATO).stdout
        assert re.search("paused", why)
        second = next(m for m in waiting if m["to"]["email"] == SUZUKI)
        held = program.json("queue", "show", second["id"])
        assert ("waiting", "colleague_replied") == (held["state"], held["reason"])

    assert 1 == len(post.to(SATO))
    assert [] == post.to(SUZUKI)


def test_a_reply_while_the_daemon_is_down_stops_the_next_mail(
    program: Program, post: Post, dovecot: Dovecot, user: str
) -> None:
    """A mail that was approved does not leave when a reply has come in between: the mailbox is read first."""
    waiting = record(program, SATO, SUZUKI)
    first, second = (next(m for m in waiting if m["to"]["email"] == who) for who in (SATO, SUZUKI))
    with program.daemon():
        approve(program, first)
        (mail,) = post.wait_for(SATO)
        program.wait_for("the row says sent", lambda: state_of(program, first["id"]) == "sent")
    approve(program, second)
    dovecot.deliver(user, reply(mail, "一度お電話をください。"))

    with program.daemon():
        program.wait_for(
            "the colleague's mail is held",
            lambda: program.json("queue", "show", second["id"])["reason"] == "colleague_replied",
        )

    assert [] == post.to(SUZUKI)


@BOTH
def test_a_killed_daemon_sends_nothing_twice(program: Program, post: Post) -> None:
    """SIGKILL after the final dot: in doubt, shown, not repeated; a person settles it."""
    (mail,) = record(program, SATO)
    post.recorder.delay = 3.0
    with program.daemon() as daemon:
        approve(program, mail)
        post.wait_for(SATO)
        daemon.send_signal(signal.SIGKILL)
        daemon.wait(10)
    assert "sending" == state_of(program, mail["id"])
    post.recorder.delay = 0.0

    with program.daemon():
        program.wait_for("it is in doubt", lambda: state_of(program, mail["id"]) == "in_doubt")
        time.sleep(2)  # time enough to send it again, if it would
        assert 1 == len(post.to(SATO))
        program.run("queue", "settle", mail["id"], "--sent", "--why", "it is in the server's log")
        assert "sent" == state_of(program, mail["id"])

    assert 1 == len(post.to(SATO))


def test_once_waits_out_the_pause_between_letters(program: Program, post: Post) -> None:
    """A call from cron sends all that is due, although letters of one mailbox leave some seconds apart."""
    for mail in record(program, SATO, SUZUKI):
        approve(program, mail)

    assert "handed to the mail server 2" in program.run("run", "--once").stdout
    assert (1, 1) == (len(post.to(SATO)), len(post.to(SUZUKI)))


@BOTH
def test_sigterm_finishes_the_letter_in_hand(program: Program, post: Post) -> None:
    """SIGTERM while the server thinks: the answer is waited for and recorded, and the daemon ends with 0."""
    (mail,) = record(program, SATO)
    post.recorder.delay = 2.0
    with program.daemon() as daemon:
        approve(program, mail)
        post.wait_for(SATO)
        daemon.send_signal(signal.SIGTERM)
        assert 0 == daemon.wait(20)

    assert "sent" == state_of(program, mail["id"])
    assert 1 == len(post.to(SATO))


def test_a_second_daemon_is_refused(program: Program) -> None:
    """One daemon on one SQLite file; the second says why and leaves the first alone."""
    with program.daemon() as daemon:
        second = program.run("run", ok=False)

        assert second.returncode != 0
        assert str(daemon.pid) in second.stderr + second.stdout
        assert "Traceback" not in second.stderr
        assert daemon.poll() is None


def waiting_for(program: Program, step: str) -> list[dict[str, Any]]:
    """The mails of this step that wait at the desk."""
    return [mail for mail in program.json("queue", "list") if mail["step"] == step]


def test_who_moves_is_thanked_and_who_follows_is_introduced(
    program: Program, post: Post, dovecot: Dovecot, user: str
) -> None:
    """A reply tells of a move and of the successor: thanks wait, and once there is a basis the introduction does.

    What was approved leaves, and nothing else (practice F27).
    """
    path = program.folder / "scenarios" / "contact-successor.yaml"
    at_once = "day: 1\n    within: 3h\n    windows: any\n    on_blocked: ignore"
    path.write_text(path.read_text(encoding="utf-8").replace("day: 2", at_once), encoding="utf-8")
    (mail,) = record(program, SATO)
    with program.daemon():
        approve(program, mail)
        (sent,) = post.wait_for(SATO)
        program.wait_for("the row says sent", lambda: state_of(program, mail["id"]) == "sent")
        moved = f"このたび異動いたしました。後任は高橋でございます。連絡先は {HEIR} です。"
        dovecot.deliver(user, reply(sent, moved))
        (thanks,) = program.wait_for("thanks are drafted", lambda: waiting_for(program, "gratitude"))
        assert (SATO, []) == (thanks["to"]["email"], waiting_for(program, "introduction"))
        assert "no legal basis" in program.run("why", HEIR).stdout
        program.run("basis", HEIR, "consent", "--evidence", "お電話でご了承")
        (hello,) = program.wait_for("it is drafted", lambda: waiting_for(program, "introduction"))
        assert (HEIR, []) == (hello["to"]["email"], post.to(HEIR))
        approve(program, hello)
        (arrived,) = post.wait_for(HEIR)

    assert "の後任としてご担当になられたと伺い" in arrived.get_content().replace("\n", "")
    assert (1, "waiting") == (len(post.to(SATO)), state_of(program, thanks["id"]))


def test_opting_out_by_reply_is_for_ever(program: Program, post: Post, dovecot: Dovecot, user: str) -> None:
    """配信停止 above our quoted footer: suppressed, stopped; confirmed once; a new meeting brings no mail back."""
    (mail,) = record(program, SATO)
    with program.daemon():
        approve(program, mail)
        (sent,) = post.wait_for(SATO)
        program.wait_for("the row says sent", lambda: state_of(program, mail["id"]) == "sent")
        dovecot.deliver(user, reply(sent, "配信停止してください。"))
        program.wait_for("suppressed", lambda: [e for e in program.journal() if e["kind"] == "person.suppressed"])
        program.wait_for("confirmed", lambda: [e for e in program.journal() if e["kind"] == "optout.confirmed"])
        again = record(program, SATO)
        assert [] == [m for m in again if m["to"]["email"] == SATO and m["state"] == "waiting"]

    first, confirmation = post.to(SATO)
    assert sent["Message-ID"] == first["Message-ID"]
    assert "配信停止を承りました" in str(confirmation["Subject"])
    assert "auto-replied" == confirmation["Auto-Submitted"]
    assert confirmation["In-Reply-To"].startswith("<reply-")


@pytest.mark.parametrize("program", ["postgresql"], indirect=True)
def test_daemons_share_a_server(program: Program, post: Post, tmp_path: Path) -> None:
    """Two daemons on one database, one killed: status names who works, the other reads the mailbox and goes on."""
    (mail,) = record(program, SATO)
    second = Program(tmp_path / "second", program.env)
    shutil.copytree(program.folder, second.folder)
    with program.daemon() as first, second.daemon():
        assert 2 == len(program.json("status")["daemon"]["names"])
        third = program.run("run", ok=False)
        assert str(first.pid) in third.stderr  # one daemon in one folder, there as well
        refused = program.run("upgrade", ok=False)
        assert "A daemon is working" in refused.stderr
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        approve(program, mail)
        post.wait_for(SATO)
        program.wait_for("the row says sent", lambda: state_of(program, mail["id"]) == "sent")
        assert 1 == len(program.json("status")["daemon"]["names"])

    assert 1 == len(post.to(SATO))
    assert "schema already" in program.run("upgrade").stdout
