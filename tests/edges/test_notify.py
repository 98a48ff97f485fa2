"""Word to our own people."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from nurture.clock import SeededChance, SimulatedClock
from nurture.config import Company, MailboxSettings, Settings, SmtpSettings, Web
from nurture.core.change import Dispatch
from nurture.core.ids import MailboxId, RepId
from nurture.core.people import Representative
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.mail.text import width
from nurture.notify import MailNotifier, desk_url
from nurture.ports import Notice
from tests.wires import OneByOne

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
REP = Representative(RepId("tanaka"), "田中 美咲", "tanaka@maker.example")
COMPANY = Company("架空メーカー", "100-0001", "東京都", "03-0000-0000", "info@maker.example")
SMTP = SmtpSettings("localhost", 25, "none")
SETTINGS = Settings(
    Path("/nowhere"),
    COMPANY,
    (
        MailboxSettings(MailboxId("first"), "first@maker.example", "", SMTP),
        MailboxSettings(MailboxId("desk"), "desk@maker.example", "", SMTP),
    ),
    web=Web(login_mailbox=MailboxId("desk"), public_url="https://desk.maker.example/"),
)


class Kept(OneByOne):
    """A sender that keeps letters and gives one outcome."""

    def __init__(self, outcome: Outcome | None = None) -> None:
        self.letters: list[Letter] = []
        self.outcome = outcome or Outcome(Verdict.ACCEPTED)

    async def send(self, letter: Letter) -> Outcome:
        """Keep it."""
        self.letters.append(letter)
        return self.outcome


def notifier(sender: Kept, settings: Settings = SETTINGS) -> MailNotifier:
    """With simulated time and seeded chance."""
    return MailNotifier(settings, sender, SimulatedClock(NOW), SeededChance(1))


async def test_a_notice_is_a_short_automatic_mail() -> None:
    """It comes from the login mailbox, says what and where, and is marked so that nothing answers it."""
    sender = Kept()
    await notifier(sender).notify(REP, Notice("login", "ログイン", "こちらからどうぞ。", "/login/abc?next=%2F"))
    (sent,) = sender.letters
    mail = email.message_from_bytes(sent.data, policy=email.policy.default)
    assert (sent.mailbox_id, sent.sender, sent.recipient) == ("desk", "desk@maker.example", REP.email)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "ログイン"
    assert mail["Message-ID"] == sent.header_id
    assert (
        mail.get_content().splitlines()
        == "こちらからどうぞ。\n\nhttps://desk.maker.example/login/abc?next=%2F".splitlines()
    )
    assert sent.data.isascii()


async def test_long_sentences_are_broken_and_links_are_not() -> None:
    """Within 76 columns, as every mail of ours; a link stays whole."""
    sender = Kept()
    notice = Notice("login", "ログイン", "このリンクで承認デスクにログインできます。" * 4, "/login/" + "x" * 90)
    await notifier(sender).notify(REP, notice)
    (sent,) = sender.letters
    *said, _, link = email.message_from_bytes(sent.data, policy=email.policy.default).get_content().splitlines()

    assert max(width(line) for line in said) <= 76
    assert "https://desk.maker.example/login/" + "x" * 90 == link


@pytest.mark.parametrize("outcome", [Outcome(Verdict.REFUSED, "550 no"), Outcome(Verdict.LATER, "421")])
async def test_failure_is_logged_and_not_raised(outcome: Outcome) -> None:
    """A notice that does not leave is said in the log, without its text and link."""
    with capture_logs() as logs:
        await notifier(Kept(outcome)).notify(REP, Notice("login", "x", "private", "/login/secret-link"))
    assert [line["action"] for line in logs] == ["notice.failed"]
    assert "secret-link" not in str(logs)
    assert "private" not in str(logs)
    assert "tanaka@" not in str(logs)


async def test_without_a_mailbox_nothing_is_raised() -> None:
    """An installation without mailboxes cannot notify; it says so."""
    with capture_logs() as logs:
        await notifier(Kept(), replace(SETTINGS, mailboxes=())).notify(REP, Notice("x", "y", "z"))
    assert logs[0]["action"] == "notice.failed"


async def test_foreign_words_do_not_stop_a_notice() -> None:
    """A subject quoted from a reply may hold line breaks, NUL and half characters: the notice leaves."""
    sender = Kept()
    await notifier(sender).notify(REP, Notice("reply", "re:\r\nBcc: evil@x.example\0\ud83d", "text\0 \ud83d"))
    (sent,) = sender.letters
    assert email.message_from_bytes(sent.data)["Bcc"] is None


@pytest.mark.parametrize(
    ("web", "url"),
    [
        (Web(), "http://127.0.0.1:8025/queue"),
        (Web(host="::1"), "http://[::1]:8025/queue"),
        (Web(public_url="https://desk.example/base"), "https://desk.example/base/queue"),
    ],
)
def test_links_lead_to_the_desk(web: Web, url: str) -> None:
    """Under the public address where there is one, else to this machine."""
    assert desk_url(web, "/queue") == url


async def test_a_confirmation_leaves_from_where_it_was_asked_for() -> None:
    """In the thread, marked as an answer of a machine; the same one when it is tried again."""
    said = Dispatch(
        "d1",
        "opt_out_confirmed",
        "配信停止を承りました",
        "佐藤 花子 先生\n\n配信停止を承りました。",
        NOW,
        NOW,
        mailbox_id=MailboxId("first"),
        to_address="sato@aoba-hp.example",
        to_name="佐藤 花子",
        in_reply_to="<answer-1@aoba-hp.example>",
    )
    sender = Kept()
    taken = [await notifier(sender).confirm(said), await notifier(sender).confirm(said)]
    first, second = (email.message_from_bytes(x.data, policy=email.policy.default) for x in sender.letters)

    assert [True, True] == taken
    assert "first@maker.example" in first["From"]
    assert "<answer-1@aoba-hp.example>" == first["In-Reply-To"] == first["References"]
    assert "auto-replied" == first["Auto-Submitted"]
    assert first["Message-ID"] == second["Message-ID"]
    assert "List-Unsubscribe" not in first


async def test_whether_a_server_took_it_is_said() -> None:
    """And a mailbox that is gone takes nothing."""
    later = Kept(Outcome(Verdict.LATER, "451"))
    said = Dispatch(
        "d1", "opt_out_confirmed", "x", "y", NOW, NOW, mailbox_id=MailboxId("gone"), to_address="a@b.example"
    )

    assert not await notifier(later).notify(REP, Notice("reply", "x", "y"))
    assert await notifier(Kept()).notify(REP, Notice("reply", "x", "y"))
    assert not await notifier(Kept()).confirm(said)
