"""record, queue, why, log, status, enroll, pause, resume, stop: the work of each day."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from nurture.cli.log import moment
from nurture.clock import SystemClock
from nurture.core.ids import MailboxId
from nurture.core.sending import NoLine
from nurture.errors import UserError
from nurture.files import meeting
from nurture.files.config import load
from nurture.standing import Standing
from tests.cli.conftest import PEOPLE

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


def _queue(shell: Shell) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shell.json("queue")
    return found


def _thanks(shell: Shell) -> dict[str, Any]:
    """The thank-you of the sceptic."""
    return next(m for m in _queue(shell) if m["step"] == "thanks" and m["to"]["email"].startswith("m.yamada"))


def test_a_record_makes_its_drafts_at_once(recorded: Shell) -> None:
    """Two people, two thank-yous, with deadline, minutes and the way to approve them."""
    found = [m for m in _queue(recorded) if m["step"] == "thanks"]
    assert {m["state"] for m in found} == {"waiting"}
    assert all(m["deadline"] for m in found)
    text = recorded.ok("queue", "show", found[0]["id"][:8])
    assert "12月中に放射線科で試行を始める" in text
    assert "価格の話" not in text  # the private note


def test_questions_lead_to_the_same_record(shell: Shell) -> None:
    """Asked step by step: what cannot be used is asked again, skipping is skipping."""
    answers = [
        "あおば総合病院",
        "half past",  # not a time: asked again
        "00:00",
        "電子カルテ連携のご説明",
        "連携基盤",
        "6",  # no phase has this number: asked again
        "2",  # need
        "",  # no competitor
        "山田",  # not known, no address: asked again
        "m.yamada@aoba-hospital.example",
        "山田 美智子",
        "看護部 看護部長",
        "2",  # nursing
        "perhaps",  # neither yes nor no: asked again
        "y",  # a business card
        "1",  # sceptical
        "二重入力が心配",
        "",  # nobody else
        "",  # at least one agreement: asked again
        "12月に試行を始める",
        "",
        "院内ネットワークの安全性",
        "99",  # no topic has this number: asked again
        "5",  # security
        "",
        "ご提案資料 第2版",
        "12",  # the page on security
        "移行手順書をお送りする",
        "y",
        "+7",
        "",
        "外来から始める、でよろしいでしょうか。",
        "院長は前向き",
        "y",
    ]
    result = shell.run("record", answers="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    (person,) = shell.json("people")
    assert (person["name"], person["role"], person["title"]) == ("山田 美智子", "nursing", "看護部長")
    assert person["may_be_written_to"]
    text = shell.ok("queue", "show", _thanks(shell)["id"])
    assert "二重入力が心配" in text
    assert "資料「ご提案資料 第2版」 12ページ" in text
    assert "院長は前向き" not in text
    assert "山田 美智子 様" in text


NO_DEAL = ("", "", "")
"""Neither product nor phase nor competitor."""


def _met(*person: str, deal: tuple[str, ...] = NO_DEAL) -> str:
    """Answers about a meeting with one person."""
    about = ["あおば総合病院", "00:00", "", *deal, *person, ""]
    return "\n".join(
        [*about, "試行を始める", "", "", "", "資料を送る", "y", "", "", "でよろしいでしょうか。", "", "y", ""]
    )


@pytest.mark.parametrize(
    ("position", "field", "doctor", "honorific"),
    [
        ("院長", "3", [], "先生"),  # the head of a hospital is a doctor
        ("放射線科 部長", "1", [], "先生"),
        ("副院長", "3", ["y"], "先生"),  # doubtful: asked
        ("事務長", "3", [""], "様"),
        ("技師長", "7", ["n"], "様"),
        ("医療情報部 教授", "4", [], "先生"),
    ],
)
def test_the_honorific_is_asked_for_where_it_is_in_doubt(
    shell: Shell, position: str, field: str, doctor: list[str], honorific: str
) -> None:
    """先生 or 様 follows what somebody is, not where they work; a wrong one would spoil the first mail."""
    result = shell.run(
        "record", answers=_met("a@aoba.example", "潮田 泰三", position, field, *doctor, "y", "", "")
    )
    assert result.exit_code == 0, result.output

    assert f"潮田 泰三 {honorific}\n" in result.stdout


def test_without_a_card_another_basis_is_asked_for(shell: Shell) -> None:
    """Which, since when, and what proves it; a day to come is refused, a day of last year is understood."""
    answers = ["a@aoba.example", "潮田 泰三", "院長", "3", "n", "1", "2100-01-01", "12/31", "申込書", "", ""]
    result = shell.run("record", answers=_met(*answers))
    assert result.exit_code == 0, result.output
    assert "2100-01-01 has not come yet" in result.stderr
    (person,) = shell.json("people")

    assert ("consent", True) == (person["legal_basis"], person["may_be_written_to"])


def test_without_any_basis_nothing_is_sent_and_the_next_record_asks_again(shell: Shell) -> None:
    """Somebody known is only asked for what keeps mail from them."""
    result = shell.run("record", answers=_met("a@aoba.example", "潮田 泰三", "院長", "3", "n", "", "", ""))
    assert result.exit_code == 0, result.output
    assert "no legal basis" in result.stderr
    again = shell.run("record", answers=_met("1", "y", "", "", deal=("", *NO_DEAL)))
    assert again.exit_code == 0, again.output
    (person,) = shell.json("people")

    assert person["may_be_written_to"]


def test_a_file_needs_no_profession_for_a_doctor(shell: Shell) -> None:
    """The role is enough: the first mail to a physician must not say 様."""
    example = meeting.EXAMPLE.replace("role: nursing ", "role: clinician ").replace(
        "    profession: nurse  ", "    #"
    )
    text = shell.ok("record", "--file", shell.write("m.yaml", example))

    assert "山田 美智子 先生\n" in text


def test_questions_broken_off_save_nothing(shell: Shell) -> None:
    """The end of input in the middle is the end."""
    result = shell.run("record", answers="あおば総合病院\n")
    assert result.exit_code == 130
    assert shell.json("people") == []


def test_answers_that_cannot_be_saved_are_kept(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A scenario that is gone does not cost five minutes of typing."""
    answers = ["H", "00:00", "s", *NO_DEAL, "a@x.example", "A B", "", "", "", "y", "4", "", "", "one", "", "", ""]
    answers += ["p", "y", "", "", "Right?", "", "y"]
    result = shell.run("record", "--scenario", "gone", answers="\n".join(answers) + "\n")
    assert result.exit_code == 1
    assert "there is no scenario gone" in result.stderr
    kept = result.stderr.rpartition("--file ")[2].split()[0]
    assert "Recorded. People on the scenario from here on: 1." in shell.ok("record", "--file", kept)


def test_a_wrong_record_writes_nothing(shell: Shell) -> None:
    """Minutes without agreements cannot be written: all that is missing is said, nothing is saved."""
    file = shell.write("m.yaml", "organisation: H\nended_at: 2026-11-20 15:00\nattendees: [a@x.example]\n")
    result = shell.run("record", "--file", file)
    assert result.exit_code == 1
    assert "agreements" in result.stderr
    assert "confirmation_question" in result.stderr
    assert shell.json("people") == []


def test_the_example_record_is_printed(shell: Shell) -> None:
    """Without a database, as YAML."""
    assert shell.ok("record", "--example").startswith("# ")


def test_approving_shows_the_text_and_asks(recorded: Shell) -> None:
    """No is no; yes lets exactly this text leave."""
    key = _thanks(recorded)["id"]
    assert recorded.run("queue", "approve", key[:6], answers="n\n").exit_code == 130
    assert _thanks(recorded)["state"] == "waiting"
    text = recorded.ok("queue", "approve", key[:6], answers="y\n")
    assert "12月中に放射線科で試行を始める" in text
    assert "Approved." in text
    assert _thanks(recorded)["state"] == "approved"


def test_approving_unseen_needs_the_fingerprint(recorded: Shell) -> None:
    """Without a look there is no approval; a short or old fingerprint is none."""
    mail = _thanks(recorded)
    for wrong in ("", mail["fingerprint"][:6], "0" * 12):
        assert recorded.run("queue", "approve", mail["id"], "--yes", wrong).exit_code == 1
    recorded.ok("queue", "approve", mail["id"], "--yes", mail["fingerprint"][:12])
    assert _thanks(recorded)["state"] == "approved"


def test_who_may_not_approve_is_told(recorded: Shell) -> None:
    """Nobody acts without saying who they are, and a stranger may not."""
    mail = _thanks(recorded)
    recorded.environ["NURTURE_BY"] = ""
    assert "who are you?" in recorded.run("queue", "approve", mail["id"]).stderr
    assert "nobody is known as x" in recorded.run("queue", "approve", mail["id"], "--by", "x").stderr


def test_rejecting_wants_a_reason(recorded: Shell) -> None:
    """The reason is asked for, and stands in the journal."""
    mail = _thanks(recorded)
    recorded.ok("queue", "reject", mail["id"], answers="too long\n")
    assert mail["id"] not in {m["id"] for m in _queue(recorded)}
    assert "too long" in recorded.ok("log", "--message", mail["id"])


def _editor(shell: Shell, script: str) -> None:
    file = shell.folder / "editor"
    file.write_text(f"#!/bin/sh\nset -e\n{script}\n", "utf-8")
    file.chmod(stat.S_IRWXU)
    shell.environ["EDITOR"] = str(file)
    shell.environ["VISUAL"] = str(file)


def test_editing_changes_the_text_and_keeps_the_footer(recorded: Shell) -> None:
    """Subject and text change; what the law asks stays; a fresh approval is needed."""
    mail = _thanks(recorded)
    recorded.ok("queue", "approve", mail["id"], answers="y\n")
    _editor(recorded, r"""printf 'Subject: \346\226\260\n\nHello.\n' > "$1" """)
    recorded.ok("queue", "edit", mail["id"])
    after = recorded.json("queue", "show", mail["id"])
    assert (after["subject"], after["state"]) == ("新", "waiting")
    assert after["body"].startswith("Hello.")
    assert "配信停止" in after["body"]


def test_editing_nothing_changes_nothing(recorded: Shell) -> None:
    """The same text is no edit."""
    mail = _thanks(recorded)
    _editor(recorded, "true")
    assert "Nothing changed" in recorded.ok("queue", "edit", mail["id"])
    assert _thanks(recorded)["fingerprint"] == mail["fingerprint"]


def test_an_edit_that_cannot_be_used_is_kept(recorded: Shell) -> None:
    """Without a subject line nothing is saved, and nothing is lost."""
    mail = _thanks(recorded)
    _editor(recorded, 'echo precious > "$1"')
    result = recorded.run("queue", "edit", mail["id"])
    assert result.exit_code == 1
    kept = result.stderr.partition("kept in ")[2].split()[0]
    with open(kept, encoding="utf-8") as file:  # noqa: PTH123 - a path of the program's output
        assert file.read() == "precious\n"
    assert _thanks(recorded)["fingerprint"] == mail["fingerprint"]


def test_ids_may_be_short_but_not_ambiguous(recorded: Shell) -> None:
    """A few characters do where they are unique; too few, or wildcards, find nothing."""
    key = _thanks(recorded)["id"]
    recorded.ok("queue", "show", key[:4].upper())
    for wrong in (key[:3], "%%%%", "zzzz", "' or 1=1"):
        assert recorded.run("queue", "show", wrong).exit_code == 1


def test_only_doubts_are_settled(recorded: Shell) -> None:
    """A waiting mail is not in doubt: an impossible move, in words."""
    result = recorded.run("queue", "settle", _thanks(recorded)["id"], "--sent", "--why", "seen")
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_why_explains_a_person_and_a_mail(recorded: Shell) -> None:
    """Each step with its date and reason; in Japanese and English; as data."""
    key = _thanks(recorded)["id"]
    text = recorded.ok("why", "美智子")
    assert "waiting for approval" in text
    assert "case" in text
    assert "承認待ち" in recorded.ok("--lang", "ja", "why", "m.yamada@aoba-hospital.example")
    assert "Why this date" in recorded.ok("why", key[:8]) or "names" in recorded.ok("why", key[:8])
    found = recorded.json("why", "山田 美智子")
    assert next(m["step"] for m in found["enrollments"][0]["messages"]) == "thanks"
    assert recorded.json("why", key)["state"] == "waiting"
    assert recorded.run("why", "nobody").exit_code == 1


def test_why_names_the_field_in_words(shell: Shell) -> None:
    """As everywhere else: no id of ours."""
    people = "氏名,メールアドレス,病院名,役割,診療科,根拠,根拠日,根拠詳細\n"
    people += "山田 太郎,t.yamada@aoba-hospital.example,青葉中央病院,医師,放射線科,名刺,2026-11-20,名刺交換\n"
    shell.ok("import", shell.write("people.csv", people))

    said = shell.ok("--lang", "ja", "why", "山田 太郎")
    assert "放射線科" in said
    assert "radiology" not in said


def test_the_journal_can_be_filtered(recorded: Shell) -> None:
    """By person, kind, time and number; as lines of JSON; the newest last."""
    lines = [json.loads(line) for line in recorded.ok("log", "--json").splitlines()]
    assert [entry["seq"] for entry in lines] == sorted(entry["seq"] for entry in lines)
    assert {e["kind"] for e in lines} >= {"meeting.recorded", "enrollment.started", "message.drafted"}
    only = [json.loads(line) for line in recorded.ok("log", "--json", "--kind", "message").splitlines()]
    assert {e["kind"].partition(".")[0] for e in only} == {"message"}
    assert len(recorded.ok("log", "--limit", "1").splitlines()) == 1
    assert recorded.ok("log", "--since", "2099-01-01") == ""
    assert "佐藤" not in recorded.ok("log", "--person", "美智子")
    assert "meeting recorded" in recorded.ok("log", "--since", "1h")
    assert "面談を記録" in recorded.ok("--lang", "ja", "log")


@pytest.mark.parametrize("said", ["yesterday", "3x", "2026-13-01", "", "99999999d"])
def test_what_is_no_moment_is_refused(said: str) -> None:
    """Words that name no time."""
    with pytest.raises(UserError):
        moment(said, SystemClock().now(), "Asia/Tokyo")


def test_status_says_what_needs_a_person(recorded: Shell) -> None:
    """Counts, mailboxes, and no daemon."""
    text = recorded.ok("status")
    assert "not running" in text
    assert "sales@mihon.example" in text
    found = recorded.json("status")
    assert found["daemon"] == {"running": False, "names": []}
    assert found["messages"]["waiting"] >= 2
    assert found["enrollments"]["active"] == 2


def test_status_says_which_mailbox_cannot_send(shell: Shell) -> None:
    """What the server said and when it is tried again, on the page and for programs."""
    settings = load(shell.folder / "config.toml")
    Standing(settings.lines, SystemClock()).told(MailboxId("sales"), NoLine("554 5.7.1 go away", 2, 15.0))

    assert "554 5.7.1 go away" in shell.ok("status")
    sending = shell.json("status")["mailboxes"][0]["sending"]
    assert ("554 5.7.1 go away", 2) == (sending["error"], sending["failures"])


def test_an_enrollment_can_be_paused_resumed_and_stopped(shell: Shell) -> None:
    """The verbs act on a person's only enrollment; the second time there is none to act on."""
    shell.ok("import", shell.write("people.csv", PEOPLE))
    who = "yamada@aoba-hospital.example"
    assert "is enrolled in warm-lead-30d" in shell.ok(
        "enroll", who, "warm-lead-30d", "--anchor", "2026-11-20T15:00"
    )
    assert shell.run("enroll", who, "warm-lead-30d").exit_code == 1
    assert "did you mean" in shell.run("enroll", who, "warm-led-30d").stderr
    shell.ok("pause", who, "--reason", "vacation")
    assert shell.json("why", who)["enrollments"][0]["state"] == "paused"
    shell.ok("resume", "山田")
    assert shell.run("stop", who, answers="n\n").exit_code == 130
    shell.ok("stop", who, "--yes")
    assert shell.json("why", who)["enrollments"][0]["state"] == "stopped"
    assert shell.run("resume", who).exit_code == 1


def test_run_once_does_what_is_due(shell: Shell) -> None:
    """Plans who is new, sends nothing that nobody approved, ends."""
    shell.ok("import", shell.write("people.csv", PEOPLE))
    shell.ok("enroll", "yamada@aoba-hospital.example", "warm-lead-30d", "--anchor", "2026-11-20T15:00")
    text = shell.ok("run", "--once")
    assert "handed to the mail server 0" in text
    assert shell.json("status")["messages"]["planned"] + shell.json("status")["messages"]["waiting"] >= 1


def test_tables_are_plain_where_nobody_looks_on(recorded: Shell) -> None:
    """No rules and no colour in a pipe; columns in line."""
    text = recorded.ok("queue")
    assert "─" not in text
    assert "\x1b" not in text
    assert len(text.splitlines()) == len(_queue(recorded)) + 1


def test_a_hostile_name_cannot_paint_the_terminal(shell: Shell) -> None:
    """What others wrote is shown without escapes."""
    file = shell.write("people.csv", 'email,name\na@x.example,"A\x1b[2JB"\n')
    result = shell.run("import", file)
    assert result.exit_code == 1
    assert "\x1b" not in result.output


AT_A_KEYBOARD = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that puts us into the background ignores it
from nurture.__main__ import main
main()
"""


def test_following_the_journal_ends_with_ctrl_c(recorded: Shell) -> None:
    """What comes later is printed when it comes; an interrupt is the ordinary end."""
    environ = {**os.environ, **recorded.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", AT_A_KEYBOARD, "--config", str(recorded.folder), "log", "-f", "--limit", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
    ) as following:
        bound = threading.Timer(60, following.kill)  # a reader of pipes would wait for ever
        bound.start()
        assert following.stdout is not None
        following.stdout.readline()
        recorded.ok("queue", "reject", _thanks(recorded)["id"], "--reason", "seen while following")
        assert "seen while following" in following.stdout.readline()
        following.send_signal(signal.SIGINT)
        rest, errors = following.communicate()
        bound.cancel()
        assert (following.returncode, rest, errors) == (0, "", "")


def test_another_date_is_a_matter_of_the_rules(recorded: Shell) -> None:
    """A thank-you leaves at once and has no days to choose from; a time alone is no date."""
    mail = _thanks(recorded)
    assert recorded.json("queue", "dates", mail["id"]) == []
    words = ("queue", "approve", mail["id"], "--yes", mail["fingerprint"])
    assert "as soon as it is approved" in recorded.run(*words, "--on", "2027-04-13").stderr
    assert "a time needs a date" in recorded.run(*words, "--at", "09:40").stderr
    assert _thanks(recorded)["state"] == "waiting"
