"""``nurture pace``, as representatives call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.conftest import PEOPLE

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

YAMADA = "yamada@aoba-hospital.example"


def test_a_pace_is_set_shown_and_ended(shell: Shell) -> None:
    """In why, in the list of suppressions and as data; it silences nobody; off takes it back."""
    shell.ok("import", shell.write("people.csv", PEOPLE))
    shell.ok("enroll", YAMADA, "warm-lead-30d", "--anchor", "2027-06-01T15:00")
    said = shell.ok("pace", YAMADA, "62", "--evidence", "11月20日にお電話で")
    why, listed = shell.ok("why", YAMADA), shell.ok("suppression", "list")
    (data,) = shell.json("why", YAMADA)["enrollments"]
    shell.ok("pace", YAMADA, "off", "--evidence", "戻してよいとのこと")
    (after,) = shell.json("why", YAMADA)["enrollments"]

    assert "At most one mail in 62 days to 山田 太郎." in said
    assert "At most one mail in 62 days since" in why
    assert "less often" in listed
    assert (False, 62, "active") == (data["suppressed"], data["every_days"], data["state"])
    assert after["every_days"] is None


def test_what_is_no_pace(shell: Shell) -> None:
    """Neither words nor no days at all."""
    shell.ok("import", shell.write("people.csv", PEOPLE))
    for days, code in (("often", 2), ("0", 1), ("4000", 1)):
        assert code == shell.run("pace", YAMADA, days, "--evidence", "x").exit_code
