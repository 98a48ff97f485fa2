"""``nurture doctor`` and ``nurture mailbox test`` as an administrator calls them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from nurture.cli import examining
from nurture.cli.examining import Check
from nurture.cli.tables import width
from nurture.core.findings import Finding, Grade, good
from nurture.errors import PermanentFailure, TemporaryFailure, UserError
from tests.servers import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Shell


@contextmanager
def dns() -> Iterator[names.Names]:
    """A DNS server in a thread: the command has a loop of its own."""
    ready, stop, made = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        """Until the end of the block."""
        async with names.serving() as server:
            made.append(server)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield made[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()


def test_a_folder_is_examined(shell: Shell) -> None:
    """All groups, aligned in both languages; failures end with 1; no secret, no traceback, nothing changed."""
    shell.environ["NURTURE_MAIL_PASSWORD"] = "do-not-show-me"
    with dns() as server:
        server.add("mihon.example", "MX", "10 mx.mihon.example.")
        server.add("mx.mihon.example", "A", "192.0.2.1")
        server.add("mihon.example", "TXT", "v=spf1 mx -all")
        shell.environ["NURTURE_DNS"] = f"127.0.0.1:{server.port}"
        before = sorted(path.name for path in shell.folder.rglob("*"))
        told = {language: shell.run("--lang", language, "doctor", "--timeout", "3") for language in ("ja", "en")}
        data = shell.run("doctor", "--json", "--timeout", "3")

    assert [1, 1, 1] == [r.exit_code for r in (*told.values(), data)]
    assert before == sorted(path.name for path in shell.folder.rglob("*"))
    for result in told.values():
        assert "do-not-show-me" not in result.output
        assert "Traceback" not in result.output
        rows = [line for line in result.output.splitlines() if line[2:3] in {"✓", "!", "✗"}]
        starts = {width(line[: line.index("mihon.example")]) for line in rows if "mihon.example" in line}
        assert 1 == len(starts), result.output
    assert "メールのドメイン" in told["ja"].output
    assert "Mail domains" in told["en"].output

    found = {(row["check"], row["subject"]): row for row in json.loads(data.stdout)}
    assert "pass" == found["mx", "mihon.example"]["result"]
    assert "fail" == found["dmarc", "mihon.example"]["result"]
    assert found["dmarc", "mihon.example"]["hint"]
    assert "fail" == found["smtp", "sales"]["result"]
    assert {"spf", "dkim", "ptr", "public_url", "clock", "disk", "database", "config", "scenarios"} <= {
        check for check, _ in found
    }


def test_the_domains_that_letters_name_besides_from(shell: Shell) -> None:
    """With ``verp`` elsewhere and a key of one's own: MX and SPF of the envelope's domain, alignment, the key."""
    made = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key = shell.folder / "dkim.pem"
    key.write_bytes(made.private_bytes(serialization.Encoding.PEM, *form))
    key.chmod(0o600)
    settings = shell.folder / "config.toml"
    box = 'name = "みほんシステム"\nsmtp = {host = "127.0.0.1", security = "none", port = 9}\n'
    more = """verp = "b+{token}@bounces.relay.example"
reply_to = "sales+{token}@answers.example"
dkim = {domain = "mihon.example", selector = "s1", key = {file = "dkim.pem"}}
"""
    settings.write_text(settings.read_text(encoding="utf-8").replace(box, box + more), encoding="utf-8")

    told_all: list[dict[str, str]] = []

    def looked() -> dict[tuple[str, str], dict[str, str]]:
        """By check and subject; of several findings the last."""
        only = [part for name in ("mx", "spf", "dkim", "dmarc", "secret") for part in ("--only", name)]
        told_all[:] = json.loads(shell.run("doctor", "--json", "--timeout", "3", *only).stdout)
        return {(row["check"], row["subject"]): row for row in told_all}

    with dns() as server:
        server.add("mihon.example", "MX", "10 mx.mihon.example.")
        server.add("mx.mihon.example", "A", "192.0.2.1")
        server.add("_dmarc.mihon.example", "TXT", "v=DMARC1; p=reject; rua=mailto:d@mihon.example")
        shell.environ["NURTURE_DNS"] = f"127.0.0.1:{server.port}"
        before = looked()
        record = before["dkim", "s1._domainkey.mihon.example"]["hint"].partition("record: ")[2]
        server.add("s1._domainkey.mihon.example", "TXT", record)
        after = looked()

    expected = {
        ("mx", "mihon.example"): "pass",
        ("mx", "bounces.relay.example"): "fail",
        ("mx", "answers.example"): "fail",
        ("spf", "bounces.relay.example"): "fail",
        ("dkim", "s1._domainkey.mihon.example"): "fail",
        ("secret", "sales.dkim"): "pass",
    }
    assert expected == {subject: before[subject]["result"] for subject in expected}
    assert "pass" == after["dkim", "s1._domainkey.mihon.example"]["result"]
    assert ("spf", "mihon.example") not in before
    assert ["warn", "pass"] == [row["result"] for row in told_all if row["check"] == "dmarc"]
    key.chmod(0o644)
    unread = looked()
    assert ["fail", "fail"] == [
        unread[subject]["result"]
        for subject in (("dkim", "s1._domainkey.mihon.example"), ("secret", "sales.dkim"))
    ]


def test_some_checks_alone_and_a_pass(shell: Shell) -> None:
    """--only; exit code 0 when nothing fails."""
    shell.run("people")  # which makes the database
    result = shell.run("doctor", "--only", "disk", "--only", "clock", "--only", "database", "--json")

    assert 0 == result.exit_code, result.output
    assert '"spf"' not in result.output
    assert 2 == shell.run("doctor", "--only", "everything").exit_code


async def test_checks_run_together_each_within_its_limit() -> None:
    """One that hangs is a finding after its limit, and holds up no other."""

    async def hangs() -> list[Finding]:
        """For ever."""
        await asyncio.Event().wait()
        return []

    async def works() -> list[Finding]:
        """At once."""
        return [good("disk", "x", "fine")]

    checks = [Check("g", f"hang{n}", "x", hangs) for n in range(20)] + [Check("g", "disk", "x", works)]
    started = time.monotonic()
    found = await examining.examine(checks, 0.3)

    assert time.monotonic() - started < 2
    assert [Grade.FAIL] * 20 + [Grade.PASS] == [findings[0].grade for _, findings in found]


@pytest.mark.parametrize(
    ("error", "grade"),
    [
        (TemporaryFailure("the DNS is away"), Grade.WARN),
        (PermanentFailure("refused"), Grade.FAIL),
        (UserError("wrong", hint="mend it"), Grade.FAIL),
        (ValueError("password=hunter2"), Grade.FAIL),
        (RecursionError(), Grade.FAIL),
    ],
)
async def test_whatever_goes_wrong_is_a_finding(error: Exception, grade: Grade) -> None:
    """In words; of a fault of ours only its kind, for its text may hold anything."""

    async def fails() -> list[Finding]:
        """As told."""
        raise error

    ((_, (finding,)),) = await examining.examine([Check("g", "smtp", "x", fails)], 5)

    assert grade is finding.grade
    assert "hunter2" not in f"{finding.text} {dict(finding.values)}"


def test_a_mailbox_that_cannot_be_tried(shell: Shell) -> None:
    """An unknown one; one whose server is not there: words and 1."""
    unknown = shell.run("mailbox", "test", "nobody")
    assert 1 == unknown.exit_code
    assert "sales" in unknown.output
    result = shell.run("mailbox", "test", "sales", "--wait", "2")
    assert 1 == result.exit_code
    assert "nurture doctor" in result.output
    assert "Traceback" not in unknown.output + result.output
