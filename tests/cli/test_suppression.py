"""``nurture suppression`` as an administrator uses it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.cli.conftest import PEOPLE

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

TODAY = datetime.now(ZoneInfo("Asia/Tokyo")).date().isoformat()
CONSENT = ("--consent-by", "山田 太郎", "--on", TODAY, "--wording", "案内の再開を希望", "--evidence", "議事録 12")


def test_add_cancels_and_lift_needs_a_consent(recorded: Shell) -> None:
    """From the draft that waits to silence, and back by a documented consent alone; all in the journal."""
    before = shell_names(recorded)
    assert before
    address = before[0]
    others = [one for one in before if one != address]
    assert others

    dry = recorded.json("suppression", "add", address, "--dry-run")
    assert (1, 1) == (len(dry["added"]), dry["stopped"])
    assert before == shell_names(recorded)
    recorded.ok("suppression", "add", address.upper(), "--evidence", "電話", "--reason", "unsubscribe")
    assert others == shell_names(recorded)
    assert "already" in recorded.ok("suppression", "add", address)
    assert "wants no more mail" in recorded.run("enroll", address, "warm-lead-30d").output

    assert recorded.run("suppression", "lift", address, *CONSENT[:-1], " ").exit_code == 1
    assert recorded.run("suppression", "lift", address, *CONSENT[:3], "2020-01-01", *CONSENT[4:]).exit_code == 1
    assert [address] == [row["value"] for row in recorded.json("suppression", "list")]
    recorded.ok("suppression", "lift", address, *CONSENT)
    assert [] == recorded.json("suppression", "list")
    (old,) = recorded.json("suppression", "list", "--all")
    assert "案内の再開を希望" in old["consent"]
    log = recorded.ok("log")
    assert "山田 太郎 agreed on" in log
    assert others == shell_names(recorded)
    assert recorded.run("suppression", "lift", address, *CONSENT).exit_code == 1


def shell_names(shell: Shell) -> list[str]:
    """The addresses of mails that wait."""
    rows: list[dict[str, Any]] = shell.json("queue", "list")
    return sorted(row["to"]["email"] for row in rows if row["state"] in {"waiting", "approved"})


def test_domain_organisation_and_topic(shell: Shell) -> None:
    """Told apart by what they look like; an organisation by its name."""
    shell.ok("import", shell.write("people.csv", PEOPLE))

    shell.ok("suppression", "add", "@aoba-hospital.example")
    shell.ok("suppression", "add", "青葉総合病院")
    shell.ok("suppression", "add", "x@y.example", "--topic", "seminar")

    found = {row["scope"]: row for row in shell.json("suppression", "list")}
    assert {"domain", "organisation", "topic"} == set(found)
    assert "青葉総合病院" == found["organisation"]["organisation"]
    assert "x@y.example#seminar" == found["topic"]["value"]
    assert ["domain"] == [r["scope"] for r in shell.json("suppression", "list", "--scope", "domain")]
    assert ["domain"] == [r["scope"] for r in shell.json("suppression", "list", "aoba-hospital.example")]
    assert "青葉総合病院" in shell.ok("suppression", "list")
    for wrong in ("co.jp", "知らない病院", "a@@b", "x@y.example#", "@"):
        result = shell.run("suppression", "add", wrong)
        assert 1 == result.exit_code
        assert "Traceback" not in result.output
    assert "2 want no more mail" in shell.ok("import", shell.write("people.csv", PEOPLE))


def test_import_dry_run_errors_and_again(shell: Shell) -> None:
    """cp932 from a spreadsheet: what would be, what is, what is wrong by line, and nothing the second time."""
    text = (
        "メールアドレス,停止日,備考\na@x.example,2026/11/1,電話\nbroken,,\nb@x.example,いつか,\nmidori.example,,\n"
    )
    (shell.folder / "out.csv").write_bytes(text.encode("cp932"))

    dry = shell.run("suppression", "import", "out.csv", "--dry-run")
    assert 1 == dry.exit_code
    assert "Would be done: 2 new, 0 as before, 2 left out." in dry.output
    assert "out.csv:3" in dry.output
    assert "out.csv:4" in dry.output
    assert [] == shell.json("suppression", "list")
    assert "Done: 2 new, 0 as before, 2 left out." in shell.run("suppression", "import", "out.csv").output
    assert "Done: 0 new, 2 as before, 2 left out." in shell.run("suppression", "import", "out.csv").output
    assert {"a@x.example", "midori.example"} == {row["value"] for row in shell.json("suppression", "list")}


def test_export_is_what_import_reads(shell: Shell) -> None:
    """To a file or to the output; another installation takes it as it is."""
    shell.ok("suppression", "add", "a@x.example", "--evidence", "=1+1")
    shell.ok("suppression", "add", "b@x.example")
    shell.ok("suppression", "lift", "b@x.example", *CONSENT)

    said = shell.run("suppression", "export").stdout_bytes.decode("utf-8-sig")
    shell.ok("suppression", "export", "all.csv", "--all", "--encoding", "cp932")

    assert "a@x.example" in said
    assert "b@x.example" not in said
    assert "'=1+1" in said
    assert "案内の再開を希望" in (shell.folder / "all.csv").read_bytes().decode("cp932")
    again = shell.ok("suppression", "import", "all.csv")
    assert "0 new, 1 as before, 0 left out" in again
    assert "1 rows say that a consent has lifted them" in again
