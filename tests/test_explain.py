"""Codes as words: what a person reads says nothing in codes, in either language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nurture import explain
from nurture.core.messages import Entry
from nurture.core.reading import Intent, Kind
from nurture.core.rules import BOUNCES, INTENTS, Action, Happening, Rule, Trigger
from nurture.i18n import words

EN, JA = words("en"), words("ja")


@pytest.mark.parametrize("intent", Intent)
def test_every_intent_has_its_words(intent: Intent) -> None:
    """No intent is shown by a code with a dash in it, and in Japanese none in English."""
    assert "_" not in explain.intent(EN, intent)
    assert not explain.intent(JA, intent).isascii()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_mail_has_its_words(kind: Kind) -> None:
    """No kind is shown by its code where it has more than one word, and in Japanese none in English."""
    assert "_" not in explain.kind(EN, kind)
    assert not explain.kind(JA, kind).isascii()


@pytest.mark.parametrize(
    ("when", "english", "japanese"),
    [
        (Trigger(Happening.REPLY), "any reply", "返信（内容を問わず）"),
        (
            Trigger(Happening.REPLY, frozenset({Intent.DISAGREEMENT, Intent.QUESTION})),
            "reply: disagrees, asks something",
            "返信：異論、ご質問",
        ),
        (
            Trigger(Happening.REPLY, frozenset({Intent.REFUSAL}), step="thanks"),
            "reply: declined, step: thank-you and minutes",
            "返信：お断り、ステップ：お礼・議事",
        ),
        (Trigger(Happening.REPLY, step="thanks"), "any reply, step: thank-you and minutes", None),
        (Trigger(Happening.ABSENCE), "absence", "不在"),
        (Trigger(Happening.ABSENCE, days=30), "absence of 30 days or more", "30日以上の不在"),
        (Trigger(Happening.ABSENCE, step="ours"), "absence, step: ours", "不在、ステップ：ours"),
        (Trigger(Happening.BOUNCE), "a mail came back", "不達"),
        (Trigger(Happening.BOUNCE, bounce="permanent"), "a mail came back: for good", "不達：恒久的"),
        (
            Trigger(Happening.BOUNCE, bounce="temporary", step="ours"),
            "a mail came back: for now, step: ours",
            None,
        ),
        (Trigger(Happening.SILENCE, days=5), "no reply for 5 days", "5日間返信なし"),
        (
            Trigger(Happening.SILENCE, days=5, step="case"),
            "no reply for 5 days, step: case study",
            None,
        ),
    ],
)
def test_a_rule_of_a_scenario_in_words(when: Trigger, english: str, japanese: str | None) -> None:
    """What the journal keeps as a key is read as a sentence."""
    key = Rule(when, Action()).key

    assert english == explain.rule(EN, key)
    if japanese is not None:
        assert japanese == explain.rule(JA, key)


def test_no_rule_is_shown_by_its_key() -> None:
    """Whatever a scenario can write, nothing of it is shown as a code, in Japanese none of it in English."""
    rules = [Trigger(Happening.REPLY, frozenset({i})) for i in INTENTS]
    rules += [Trigger(Happening.BOUNCE, bounce=b) for b in BOUNCES]

    for when in rules:
        key = Rule(when, Action()).key
        assert key not in {explain.rule(EN, key), explain.rule(JA, key)}
        assert not any(c in explain.rule(JA, key) for c in "abcdefghijklmnopqrstuvwxyz_+/")


def test_a_rule_that_nobody_knows_any_more_is_shown_as_it_stands() -> None:
    """An old journal is never an error."""
    assert "opened/twice" == explain.rule(EN, "opened/twice")
    assert "reply: wishes" == explain.rule(EN, "reply/wishes")


def _line(what: str, **data: object) -> str:
    return explain.entry(JA, Entry(at=datetime(2026, 12, 2, tzinfo=UTC), kind=what, actor="nurture", data=data))


def test_the_journal_says_what_was_read() -> None:
    """A reply's line has what it says, a rule's what it waited for, a stray's what it is."""
    assert "返信：Re: お礼（お断り、ご質問）" == _line(
        "inbound.reply", subject="Re: お礼", intents=["refusal", "question"]
    )
    assert "返信：Re: お礼" == _line("inbound.reply", subject="Re: お礼", intents=[])
    assert "照合できないメール（不在通知）：休み" == _line("inbound.stray", subject="休み", kind="out_of_office")
    followed = _line("rule.followed", rule="reply/disagreement+question", do=["pause 30d", "task call"])
    assert "返信：異論、ご質問" in followed
