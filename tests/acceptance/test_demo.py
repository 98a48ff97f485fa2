"""``nurture demo``: the whole product in one process, its world and its summary."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PARTS = {"question", "colleague", "away", "gone", "one_click", "opt_out", "congress", "claims", "appointment"}


def play(folder: Path, *args: str, code: int = 0) -> Any:
    """Run the demo without a screen, and read what it says."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "nurture", "demo", "--headless", "--json", *args],
        cwd=folder,
        env={**os.environ, "NURTURE_LANG": "en", "PYTHONUTF8": "1", "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=280,
        check=False,
    )
    assert done.returncode == code, f"{done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The summary of one whole run, shared by the tests that only read it."""
    folder = tmp_path_factory.mktemp("demo")
    summary = play(folder)
    assert list(folder.iterdir()) == [], "the working folder is gone afterwards"
    return summary


def story(told: Any, part: str) -> Any:
    """One person's part."""
    return next(person for person in told["people"] if person["part"] == part)


def sent(person: Any) -> dict[str, str]:
    """When each step left, by step."""
    return {step["step"]: step["sent"] for step in person["steps"] if step["sent"]}


def test_everything_comes_out_as_the_story_says(told: Any) -> None:
    """All parts are played, nothing differs."""
    assert told["differences"] == []
    assert told["expected"] is True


def test_who_opts_out_by_reply_is_told_once_that_it_is_done(told: Any) -> None:
    """One confirmation, which is none of the letters; who used the button gets none."""
    assert 1 == len(story(told, "opt_out")["confirmed"])
    assert [] == story(told, "one_click")["confirmed"]
    assert told["missed"] == []
    assert {person["part"] for person in told["people"]} == PARTS


def test_the_mailboxes_hold_what_the_journal_says(told: Any) -> None:
    """Every mail of the journal lies in a mailbox or came back, once, and no other does."""
    totals = told["totals"]
    assert totals["sent"] == totals["delivered"] + totals["returned"]
    for person in told["people"]:
        wire = sorted([mail["message_id"] for mail in person["received"]["mails"]] + person["returned"])
        assert wire == sorted(step["message_id"] for step in person["steps"] if step["sent"])
        assert len(wire) == len(set(wire))


def test_what_must_never_happen_did_not(told: Any) -> None:
    """No duplicate, nothing unapproved, nothing after an answer, nothing that only one side knows."""
    totals = told["totals"]
    assert [totals[name] for name in ("duplicates", "unapproved", "after_reply", "unaccounted")] == [0, 0, 0, 0]


def test_a_question_pauses_and_holds_the_colleagues_mail(told: Any) -> None:
    """A reply pauses its enrollment; the mail that was queued for the colleague waits for a fresh approval."""
    asker, colleague = story(told, "question"), story(told, "colleague")
    assert (asker["outcome"], asker["reason"]) == ("paused", "reply")
    assert set(sent(asker)) == {"thanks", "case"}
    assert any(pause["reason"] == "colleague_replied" for pause in colleague["pauses"])
    assert colleague["outcome"] in {"active", "completed"}


def test_silence_after_each_kind_of_opt_out(told: Any) -> None:
    """One click and one line of text both stop everything, at once."""
    for part in ("one_click", "opt_out"):
        person = story(told, part)
        assert (person["outcome"], person["reason"]) == ("stopped", "unsubscribe")
        assert person["received"]["count"] == 2


def test_a_dead_address_is_written_to_once(told: Any) -> None:
    """The mail that came back is the last one, and somebody is asked to look after it."""
    person = story(told, "gone")
    assert (person["outcome"], person["reason"]) == ("stopped", "bounce")
    assert len(person["returned"]) == 1
    assert [task["kind"] for task in person["tasks"] if task["state"] == "open"] == ["bounce"]


def test_the_congress_moves_two_steps_and_says_so(told: Any) -> None:
    """Both dates carry the calendar's entry as their reason."""
    moved = [
        step
        for step in story(told, "congress")["steps"]
        if any(move["entry"] == "company/jrc-2027" for move in step["moves"])
    ]
    assert len(moved) >= 2


def test_the_last_step_is_answered_with_an_appointment(told: Any) -> None:
    """Five mails, the last of them accepted; the enrollment ends there."""
    person = story(told, "appointment")
    assert (person["outcome"], person["reason"]) == ("stopped", "appointment")
    assert list(sent(person)) == ["thanks", "case", "seminar", "column", "appointment"]


def test_the_same_start_gives_the_same_story_and_a_folder_to_look_into(told: Any, tmp_path: Path) -> None:
    """Nothing hangs on the machine, its clock or its luck. --keep leaves configuration, database, mails and the
    daemon's log.
    """
    again = play(tmp_path, "--keep", "kept")
    kept = tmp_path / "kept"

    assert told == again
    assert (kept / "config.toml").is_file()
    assert (kept / "daemon.log").is_file()
    assert list(kept.glob("data/*.sqlite"))
    assert list(kept.glob("mails/*/*.eml"))


def test_any_day_can_be_the_first(tmp_path: Path) -> None:
    """A start in another season is played to its end, with nothing that must never happen."""
    told = play(tmp_path, "--start", "2026-12-21", "--days", "20")
    assert told["differences"] == []
    assert told["start"] == "2026-12-21"


def test_whoever_approves_may_do_it_on_the_command_line(tmp_path: Path) -> None:
    """With --hands-on time waits for commands in another terminal, and they act at the demo's time."""
    environ = {
        **os.environ,
        "NURTURE_LANG": "en",
        "NURTURE_BY": "kuroda",
        "PYTHONUTF8": "1",
        "TMPDIR": str(tmp_path),
    }
    program = [sys.executable, "-W", "error", "-m", "nurture"]

    def call(*args: str) -> str:
        return subprocess.run(
            [*program, "--config", "kept", *args],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        ).stdout

    def await_one(state: str) -> Any:
        until = time.monotonic() + 90
        while time.monotonic() < until:
            if found := [
                mail for mail in json.loads(call("queue", "list", "--json") or "[]") if mail["state"] == state
            ]:
                return found[0]
            time.sleep(0.2)
        raise AssertionError(f"no mail is {state}")

    asked = ["demo", "--hands-on", "--headless", "--json", "--keep", "kept"]
    with subprocess.Popen(
        [*program, *asked], cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True
    ) as demo:
        try:
            mail = await_one("waiting")
            assert "Approved." in call("queue", "approve", mail["id"], "--yes", mail["fingerprint"])
            until = time.monotonic() + 90
            while not (left := call("log", "--json", "--kind", "message.sent")) and time.monotonic() < until:
                time.sleep(0.2)
            demo.send_signal(signal.SIGINT)
            assert demo.wait(60) == 130
        finally:
            demo.kill()
    approval = json.loads(call("log", "--json", "--kind", "message.approved"))
    sent = json.loads(left.splitlines()[0])

    assert (mail["id"], mail["id"]) == (approval["message"], sent["message"])
    assert approval["at"] == sent["at"]
