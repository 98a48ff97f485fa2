"""One look at mail servers, databases and web addresses: real ones, right and wrong."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from nurture import clock
from nurture.config import ImapSettings, MailboxSettings, Secret, SmtpSettings
from nurture.core.findings import Grade, worst
from nurture.core.ids import MailboxId
from nurture.errors import UserError
from nurture.imap import probe as imap_probe
from nurture.reach import reach
from nurture.reports.doctor import machine, servers
from nurture.smtp import probe as smtp_probe
from nurture.store import checkup, open_store
from tests.servers import scripted, web
from tests.servers.authority import client_tls, server_tls
from tests.servers.dovecot import PASSWORD as IMAP_PASSWORD
from tests.servers.recording import PASSWORD, USER, recording

if TYPE_CHECKING:
    from pathlib import Path

    from nurture.core.health import LineFacts
    from tests.servers.dovecot import Dovecot

NOW = datetime.now(UTC)


def box(port: int, security: str, **more: object) -> MailboxSettings:
    """A mailbox that sends there."""
    smtp = SmtpSettings("127.0.0.1", port, security, USER, Secret(env="X"), timeout=3.0)
    return MailboxSettings(MailboxId("tanaka"), USER, "", replace(smtp, **more))  # type: ignore[arg-type]


def grade(facts: LineFacts, now: datetime = NOW) -> Grade:
    """What is made of it."""
    return worst(servers.line("x", "tanaka", facts, now))


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_an_smtp_server_as_it_should_be(security: str) -> None:
    """Logged in over TLS, with the end of the certificate; no letter is sent."""
    async with recording(security=security) as server:
        facts = await smtp_probe.examine(box(server.port, security), lambda _: PASSWORD, tls=client_tls())

        assert (True, True, "TLSv1.3") == (facts.reached, facts.logged_in, facts.tls)
        assert facts.expires_at is not None
        assert facts.expires_at > NOW
        assert [] == server.letters
    assert Grade.PASS is grade(facts)
    assert Grade.WARN is grade(facts, facts.expires_at - timedelta(days=3))
    assert Grade.FAIL is grade(facts, facts.expires_at + timedelta(seconds=1))


async def test_an_smtp_login_that_is_refused() -> None:
    """Reached, not logged in; the password is nowhere in what is said."""
    async with recording() as server:
        facts = await smtp_probe.examine(box(server.port, "starttls"), lambda _: "wrong-secret", tls=client_tls())

    assert (True, False) == (facts.reached, facts.logged_in)
    assert "535" in str(facts.problem)
    assert "wrong-secret" not in repr(facts)


async def test_smtp_servers_that_are_none() -> None:
    """A closed port, a certificate of strangers, silence, nonsense: a failure in words, in time."""
    closed = await smtp_probe.examine(box(9, "none"), lambda _: PASSWORD)
    assert (False, Grade.FAIL) == (closed.reached, grade(closed))
    async with recording(security="tls") as server:
        stranger = await smtp_probe.examine(box(server.port, "tls"), lambda _: PASSWORD)
    assert "not trusted" in str(stranger.problem)
    for greeting in (scripted.SILENT, scripted.DROP, "999 nonsense", "554 go away"):
        async with scripted.serving(scripted.FaultySmtp({"greeting": greeting})) as port:
            facts = await smtp_probe.examine(box(port, "none", timeout=1.0), lambda _: PASSWORD)
        assert (False, Grade.FAIL) == (facts.logged_in, grade(facts)), greeting


async def test_without_its_password_nothing_is_tried() -> None:
    """A wrong login would bring a lock-out nearer; the problem is the secret's."""

    def gone(_: Secret) -> str:
        """No such variable."""
        raise UserError("the environment variable {name} is not set", name="X")

    async with recording() as server:
        smtp = await smtp_probe.examine(box(server.port, "starttls"), gone, tls=client_tls())
        assert set() == server.sessions
    imap = await imap_probe.examine(ImapSettings("127.0.0.1", 9, "none", "u", Secret(env="X")), gone)

    assert [(False, Grade.FAIL)] * 2 == [(facts.tried, grade(facts)) for facts in (smtp, imap)]


def account(dovecot: Dovecot, user: str, **more: object) -> ImapSettings:
    """An account there."""
    made = ImapSettings("127.0.0.1", dovecot.port, "none", user, Secret(env="X"), timeout=5.0)
    return replace(made, **more)  # type: ignore[arg-type]


async def test_an_imap_account(dovecot: Dovecot) -> None:
    """Folders that are there and that are not; the Sent folder, configured or found; TLS."""
    user = dovecot.user()
    with dovecot.client(user) as client:
        client.create("Sent")
    tls = account(dovecot, user, port=dovecot.tls_port, security="tls", folders=("INBOX", "Nowhere"))
    facts = await imap_probe.examine(tls, lambda _: IMAP_PASSWORD, tls=client_tls())

    assert (True, True, ("Nowhere",), "Sent") == (facts.reached, facts.logged_in, facts.missing, facts.sent)
    assert facts.tls.startswith("TLSv1.")
    assert facts.expires_at is not None
    assert Grade.FAIL is grade(facts)
    good = await imap_probe.examine(account(dovecot, user), lambda _: IMAP_PASSWORD)
    assert Grade.PASS is grade(good)
    assert Grade.PASS is servers.sent_folder("x", good, archive=False, configured=None).grade
    wrong = await imap_probe.examine(account(dovecot, user, sent_folder="Gone"), lambda _: IMAP_PASSWORD)
    assert Grade.FAIL is servers.sent_folder("x", wrong, archive=False, configured="Gone").grade
    none = await imap_probe.examine(account(dovecot, dovecot.user(), sent_folder="Sent"), lambda _: IMAP_PASSWORD)
    assert Grade.WARN is servers.sent_folder("x", none, archive=False, configured="Sent").grade  # it will be made


async def test_an_imap_account_without_a_sent_folder(dovecot: Dovecot) -> None:
    """Doubts would need a person, unless there is an archive."""
    facts = await imap_probe.examine(account(dovecot, dovecot.user()), lambda _: IMAP_PASSWORD)

    assert None is facts.sent
    assert Grade.WARN is servers.sent_folder("x", facts, archive=False, configured=None).grade
    assert Grade.PASS is servers.sent_folder("x", facts, archive=True, configured=None).grade


async def test_imap_logins_and_lines_that_fail(dovecot: Dovecot) -> None:
    """A wrong password, a closed port, a certificate of strangers."""
    user = dovecot.user()
    refused = await imap_probe.examine(account(dovecot, user), lambda _: "wrong-secret")
    closed = await imap_probe.examine(account(dovecot, user, port=9), lambda _: IMAP_PASSWORD)
    stranger = await imap_probe.examine(
        account(dovecot, user, port=dovecot.tls_port, security="tls"), lambda _: IMAP_PASSWORD
    )

    assert [(True, False), (False, False), (False, False)] == [
        (f.reached, f.logged_in) for f in (refused, closed, stranger)
    ]
    assert "wrong-secret" not in f"{refused} {refused.problem}"
    assert "not trusted" in str(stranger.problem)


# --- the database -----------------------------------------------------------------------------------------


async def test_a_database_as_it_should_be(tmp_path: Path) -> None:
    """Sound, of our version, to be written; and unchanged by the look."""
    url = f"sqlite:///{tmp_path / 'n.sqlite'}"
    assert not (await checkup.examine(url)).there
    assert [] == os.listdir(tmp_path)  # noqa: PTH208 - as short as it should be
    await (await open_store(url)).close()

    facts = await checkup.examine(url)

    assert (True, (), facts.head) == (facts.writable, facts.damage, facts.revision)
    assert Grade.PASS is worst(machine.database(facts))
    with sqlite3.connect(tmp_path / "n.sqlite") as connection:
        assert [] == connection.execute("SELECT * FROM sqlite_schema WHERE name = 'nurture_doctor'").fetchall()


async def test_databases_that_are_wrong(tmp_path: Path) -> None:
    """Damaged, of another version, no database at all: in words, never an exception."""
    path = tmp_path / "n.sqlite"
    await (await open_store(f"sqlite:///{path}")).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    newer = await checkup.examine(f"sqlite:///{path}")
    assert ("9999", Grade.FAIL) == (newer.revision, worst(machine.database(newer)))

    (tmp_path / "text.sqlite").write_text("no database " * 1000)
    (tmp_path / "folder.sqlite").mkdir()
    data = bytearray(path.read_bytes())
    data[4096:60_000] = b"\xff" * (60_000 - 4096)
    (tmp_path / "hurt.sqlite").write_bytes(data)
    (tmp_path / "empty.sqlite").touch()
    for name, wanted in (
        ("text", Grade.FAIL), ("folder", Grade.FAIL), ("hurt", Grade.FAIL), ("empty", Grade.WARN)
    ):  # fmt: skip
        facts = await checkup.examine(f"sqlite:///{tmp_path / f'{name}.sqlite'}")
        assert wanted is worst(machine.database(facts)), name


async def test_a_database_server_that_is_not_there() -> None:
    """Within its time, without its password."""
    facts = await checkup.examine("postgresql://u:secret-word@127.0.0.1:9/n?connect_timeout=2")

    assert Grade.FAIL is worst(machine.database(facts))
    assert "secret-word" not in f"{facts} {facts.problem}"


# --- the web ----------------------------------------------------------------------------------------------

PAGE = b'<form method="post"><button>'


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (web.Reply(200, {}, PAGE), Grade.PASS),
        (web.Reply(200, {}, b"<html>Welcome"), Grade.FAIL),
        (web.Reply(302, {"Location": "https://elsewhere.example/login"}), Grade.FAIL),
        (web.Reply(401), Grade.FAIL),
        (web.Reply(404), Grade.FAIL),
        (web.Reply(502), Grade.WARN),
    ],
)
async def test_what_answers_at_the_public_address(reply: web.Reply, wanted: Grade) -> None:
    """The desk's page; something else; a redirect that one click does not follow; a desk that is down."""
    with web.serving(server_tls()) as site:
        site.answers["/u/doctor"] = lambda _: reply
        facts = await reach(site.url(""), "/u/doctor", 5.0, tls=client_tls())

    assert wanted is worst(servers.web(facts, NOW))
    assert facts.expires_at is not None
    assert facts.date is not None


async def test_nothing_answers_at_the_public_address() -> None:
    """A closed port, a name that is none, a certificate of strangers."""
    with web.serving(server_tls()) as site:
        stranger = await reach(site.url(""), "/u/doctor", 5.0)
    assert "not trusted" in str(stranger.problem)
    for url in ("https://127.0.0.1:9", "https://nowhere.invalid", "https://[", "https://"):
        facts = await reach(url, "/u/doctor", 5.0)
        assert Grade.FAIL is worst(servers.web(facts, NOW)), url


# --- the machine ------------------------------------------------------------------------------------------


def test_the_clock() -> None:
    """Put back, astray, kept by nobody; the kernel can be asked, or says that it cannot."""
    assert clock.synchronized() in {True, False, None}
    later, now = NOW + timedelta(minutes=2), NOW
    judged = machine.clock
    assert Grade.PASS is judged(now, synchronized=True, latest=now, others=None).grade
    assert Grade.PASS is judged(now, synchronized=None, latest=None, others=None).grade
    assert Grade.PASS is judged(now, synchronized=False, latest=None, others=now).grade
    assert Grade.WARN is judged(now, synchronized=False, latest=None, others=None).grade
    assert Grade.FAIL is judged(now, synchronized=True, latest=later, others=None).grade
    assert Grade.FAIL is judged(now, synchronized=True, latest=None, others=later).grade
    assert Grade.FAIL is judged(later, synchronized=True, latest=None, others=now).grade


@pytest.mark.parametrize(
    ("free", "wanted"),
    [(50 * 10**9, Grade.PASS), (9 * 10**8, Grade.WARN), (9 * 10**7, Grade.FAIL), (0, Grade.FAIL)],
)
def test_the_disk(free: int, wanted: Grade) -> None:
    """Less than a gigabyte is little; less than a tenth of it, nothing can be relied on."""
    assert wanted is machine.disk("/data", free, 10**11).grade


@pytest.mark.parametrize(
    ("mode", "wanted"), [(0o700, Grade.PASS), (0o600, Grade.PASS), (0o750, Grade.FAIL), (0o701, Grade.FAIL)]
)
def test_modes(mode: int, wanted: Grade) -> None:
    """Nobody else reads, enters or runs it."""
    assert wanted is machine.modes("secret", "data", mode).grade
