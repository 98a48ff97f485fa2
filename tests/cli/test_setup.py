"""init, check, import, preview, graph: before the first mail."""

from __future__ import annotations

import email
import email.policy
import re
from typing import TYPE_CHECKING

import pytest

from nurture.core import states
from nurture.core.people import ROLES
from tests.cli.conftest import PEOPLE

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


def test_a_fresh_folder_is_right(shell: Shell) -> None:
    """What `init` writes passes `check`; only the password is still to be set."""
    text = shell.ok("init", "fresh")
    assert "cd fresh" in text
    result = shell.run("check", "fresh")
    assert result.exit_code == 0, result.output
    assert "Everything is right" in result.stdout
    assert "NURTURE_MAIL_PASSWORD" in result.stderr
    assert "company.name" in result.stderr  # nobody sends mails in the example's name by mistake
    assert shell.run("init", "fresh").exit_code == 1


def test_check_shows_everything_with_its_place(shell: Shell) -> None:
    """Configuration, scenario, template, calendar and content: one run, each with file and line."""
    shell.write("config.toml", (shell.folder / "config.toml").read_text("utf-8").replace("phone", "fone"))
    scenario = shell.folder / "scenarios" / "warm.yaml"
    text = scenario.read_text("utf-8").replace("mail: case-study", "mail: case-studdy")
    text = text.replace("kind: case_study", "kind: case_studdy").replace("[jp-holidays]", "[jp-holidayz]")
    scenario.write_text(text, "utf-8")
    (shell.folder / "templates" / "column.j2").write_text("---\nid: column\n---\n{{ person.nme }}\n", "utf-8")
    (shell.folder / "calendars" / "mine.yaml").write_text(
        "id: mine\nentries:\n  - {id: x, efect: holiday}\n", "utf-8"
    )
    (shell.folder / "templates" / "content" / "mine.yaml").write_text("items: [{id: x}]\n", "utf-8")
    result = shell.run("check")
    assert result.exit_code == 1
    for place in (
        r"config\.toml:\d+:1: company\.fone",
        r"scenarios/warm\.yaml:5:13: calendars\[0\]",
        r"scenarios/warm\.yaml:\d+:\d+: steps\[1\]\.mail",
        r"scenarios/warm\.yaml:\d+:\d+: steps\[1\]\.content\.kind|content/mine\.yaml",
        r"templates/column\.j2",
        r"calendars/mine\.yaml:3:\d+",
        r"templates/content/mine\.yaml:1:\d+",
    ):
        assert re.search(place, result.stderr), f"{place}\n{result.stderr}"
    assert "did you mean case-study?" in result.stderr


def test_a_template_without_a_head_hides_nothing_else(shell: Shell) -> None:
    """It is told at its place, and so is everything else that is wrong."""
    (shell.folder / "templates" / "column.j2").write_text("{{ opening }}\n", "utf-8")
    scenario = shell.folder / "scenarios" / "warm.yaml"
    scenario.write_text(
        scenario.read_text("utf-8").replace("[jp-holidays]", "[jp-holidayz]")
        + "  - {id: column, day: 20, mail: column}\n",
        "utf-8",
    )
    said = shell.run("check").stderr

    assert "templates/column.j2:1" in said
    assert "there is no calendar jp-holidayz" in said


def test_check_as_data(shell: Shell) -> None:
    """The same as JSON: files, lines, counts."""
    found = shell.json("check")
    assert found["errors"] == []
    assert found["looked_at"]["scenarios"] == 1


def test_two_scenarios_of_one_id_are_an_error(shell: Shell) -> None:
    """The second one is at fault and names the first."""
    text = (shell.folder / "scenarios" / "warm.yaml").read_text("utf-8")
    (shell.folder / "scenarios" / "z.yaml").write_text(text, "utf-8")
    result = shell.run("check")
    assert result.exit_code == 1
    assert "scenarios/z.yaml:1" in result.stderr


def test_import_infers_what_is_beyond_doubt(shell: Shell) -> None:
    """A list with professions or titles alone still addresses everybody rightly, in the wording of their role."""
    rows = ["氏名,メール,役職,職種", "山田 太郎,a@x.example,部長,医師", "鈴木 花子,b@x.example,師長,看護師"]
    rows += ["潮田 泰三,c@x.example,院長,", "浜名 恵,d@x.example,事務長,"]
    shell.ok("import", shell.write("people.csv", "\n".join(rows)))
    found = {p["name"]: (p["role"], "先生" in shell.ok("why", p["email"])) for p in shell.json("people")}

    assert {
        "山田 太郎": ("clinician", True),
        "鈴木 花子": ("nursing", False),
        "潮田 泰三": ("executive", True),
        "浜名 恵": (None, False),
    } == found


def test_import_once_is_import_twice(shell: Shell) -> None:
    """New people come in; a second time nothing changes; nothing is written by a dry run."""
    file = shell.write("people.csv", PEOPLE)
    assert "Would be done: 2 new" in shell.ok("import", file, "--dry-run")
    assert shell.json("people") == []
    assert "Done: 2 new, 0 changed, 0 as before" in shell.ok("import", file)
    assert "Done: 0 new, 0 changed, 2 as before" in shell.ok("import", file)
    listed = shell.json("people")
    assert {p["email"]: (p["organisation"], p["role"], p["rep"], p["may_be_written_to"]) for p in listed} == {
        "yamada@aoba-hospital.example": ("青葉総合病院", "clinician", "tanaka", True),
        "suzuki@aoba-hospital.example": ("青葉総合病院", "nursing", "tanaka", True),
    }


def test_wrong_rows_are_left_out_and_end_with_1(shell: Shell) -> None:
    """The good rows come in; the bad ones are told with the header as it is spelled."""
    file = shell.write("people.csv", PEOPLE + "佐藤,sato@@x,青葉総合病院,,,,,\n高橋,t@x.example,青葉,,,,,nobody\n")
    result = shell.run("import", file)
    assert result.exit_code == 1
    assert "people.csv:4:2: メール" in result.stderr
    assert "people.csv:5" in result.stderr
    assert "2 new, 0 changed, 0 as before, 2 left out" in result.stdout


def test_a_list_takes_nobodys_representative_away(shell: Shell) -> None:
    """Rows that name none give new people to who imports, and leave known ones where they are."""
    file = shell.write("people.csv", PEOPLE)
    shell.ok("import", file)
    plain = shell.write("plain.csv", "email,name\nyamada@aoba-hospital.example,山田 太郎\nnew@x.example,A B\n")
    shell.ok("import", plain, "--rep", "sato")
    reps = {p["email"]: p["rep"] for p in shell.json("people")}
    assert reps["yamada@aoba-hospital.example"] == "tanaka"
    assert reps["new@x.example"] == "sato"


def test_preview_needs_no_database(shell: Shell) -> None:
    """A template for an invented meeting, worded by role; the footer is there."""
    doctor = shell.ok("preview", "thanks-minutes", "--role", "clinician")
    nurse = shell.ok("preview", "thanks-minutes", "--role", "nursing", "--stance", "sceptical")
    assert "先生" in doctor
    assert "鈴木" in nurse
    assert doctor != nurse
    assert "みほんシステム株式会社" in doctor
    assert not (shell.folder / "data" / "nurture.sqlite").exists()
    (shell.folder / "config.toml").unlink()
    assert "様" in shell.ok("preview", "thanks-minutes", "--role", "it")


@pytest.mark.parametrize("role", [*ROLES, "none"])
@pytest.mark.parametrize(
    "template", ["thanks-minutes", "case-study", "column", "seminar-invitation", "appointment"]
)
def test_every_template_can_be_previewed_for_every_role(shell: Shell, template: str, role: str) -> None:
    """No shipped text has a hole for anybody."""
    assert "〒100-0000" in shell.ok("preview", template, "--role", role)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("thanks-minutes", "今後の進め方を考えるうえで大切なご意見として承りました。"),
        ("thanks-minutes", "次のとおり整理いたしました。行き違いがないかご覧いただければ幸いです。"),
        ("case-study", "日々の業務と重ねてご覧ください。"),
        ("column", "日々の業務にお役立ていただける話題を"),
        ("seminar-invitation", "日々の業務にお役立ていただける、短いオンライン勉強会を"),
        ("appointment", "・運用の流れをまとめた図"),
    ],
)
def test_a_reader_without_a_role_is_written_to_in_words_for_everybody(
    shell: Shell, template: str, said: str
) -> None:
    """Neither field nor rank is presumed: 様, and what fits any work in a hospital."""
    text = shell.ok("preview", template, "--role", "none")

    assert "清水 和子 様\n" in text
    assert said in text.replace("\n", "")


def test_the_raw_message_is_a_message(shell: Shell) -> None:
    """Bytes as a server would get them: header, CRLF, unsubscribe."""
    result = shell.run("preview", "thanks-minutes", "--raw")
    found = email.message_from_bytes(result.stdout_bytes, policy=email.policy.default)
    assert found["To"] == "山田 太郎 <clinician@aoba-hospital.example>"
    assert found["List-Unsubscribe"]
    assert b"\r\n" in result.stdout_bytes
    assert not found.defects


def test_a_template_that_is_not_there_is_guessed_at(shell: Shell) -> None:
    """One error with what may have been meant."""
    result = shell.run("preview", "thanks-minuts")
    assert result.exit_code == 1
    assert "did you mean thanks-minutes?" in result.stderr


def test_diagrams_show_every_move_of_the_tables(shell: Shell) -> None:
    """What `graph` draws is what the program obeys."""
    drawn = shell.ok("graph", "message")
    for state, moves in states.MESSAGES.items():
        for event, after in moves.items():
            assert re.search(rf"{state.value} --> {after.value}: .*\b{event}\b", drawn)
    assert shell.ok("graph").count("```mermaid") == 3


def test_upgrade_says_that_there_is_nothing_to_do(recorded: Shell) -> None:
    """A database of this version stays as it is; a folder without one is told so."""
    assert "already" in recorded.ok("upgrade")


def test_upgrade_without_a_database(shell: Shell) -> None:
    """There is nothing to upgrade before the first run."""
    done = shell.run("upgrade")

    assert done.exit_code == 1
    assert "no database yet" in done.output
