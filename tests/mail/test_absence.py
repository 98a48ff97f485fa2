"""Absences with their dates."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nurture.mail.absence import absence
from nurture.mail.reading import read

BASE = date(2026, 11, 24)

CASES = [
    (
        "ただいま学会出張のため不在にしております。12月5日(土)～12月9日(水)の間はメールの確認ができません。",
        "2026-12-05",
        "2026-12-09",
        "2026-12-10",
    ),
    ("現在不在のため、12月10日(木)以降に順次ご返信いたします。", None, "2026-12-09", "2026-12-10"),
    ("海外学会（RSNA）参加のため11/28～12/6は返信が遅れます。", "2026-11-28", "2026-12-06", "2026-12-07"),
    (
        "現在、長期出張中につきメールを確認できない状況です。12月14日（月）より通常どおり対応いたします。",
        None,
        "2026-12-13",
        "2026-12-14",
    ),
    ("本日は外来・手術日のため返信が遅くなることがございます。", "2026-11-24", "2026-11-24", "2026-11-25"),
    (
        "病院移転作業に伴い、5月1日～5月7日はメールがつながりにくくなります。",
        "2027-05-01",
        "2027-05-07",
        "2027-05-08",
    ),
    ("本日より12月9日まで不在にしております。", "2026-11-24", "2026-12-09", "2026-12-10"),
    ("明日から休暇をいただきます。12/7(月)に出社いたします。", "2026-11-25", "2026-12-06", "2026-12-07"),
    ("ただいま休暇中です。12月7日（月）に戻る予定です。", None, "2026-12-06", "2026-12-07"),
    ("申し訳ございませんが、11月25日は会議のため終日連絡がつきません。", "2026-11-25", "2026-11-25", "2026-11-26"),
    ("不在期間：2026年12月5日（土）～12日（土）", "2026-12-05", "2026-12-12", "2026-12-13"),
    ("I am out of office 5-9 December with limited access to email.", "2026-12-05", "2026-12-09", "2026-12-10"),
    ("I will be away from Dec. 5 through Dec. 9. Thank you.", "2026-12-05", "2026-12-09", "2026-12-10"),
    ("12月4日まで休みをいただいております。", None, "2026-12-04", "2026-12-05"),
    ("出張のため不在です。次回出勤日：12/7", None, "2026-12-06", "2026-12-07"),
    ("夏季休暇のため8月10日から8月16日まで休診いたします。", "2027-08-10", "2027-08-16", "2027-08-17"),
    (
        "I am out of the office from December 5 to December 9 and will return on December 10.",
        "2026-12-05",
        "2026-12-09",
        "2026-12-10",
    ),
    ("I am on annual leave until Friday, December 11.", None, "2026-12-11", "2026-12-12"),
    ("I will be back in the office on Monday, 14 December.", None, "2026-12-13", "2026-12-14"),
]


@pytest.mark.parametrize(("text", "first", "until", "back"), CASES)
def test_dates(text: str, first: str | None, until: str | None, back: str | None) -> None:
    """From, until and back are told apart by the words around them."""
    found = absence(text, BASE)
    assert found is not None
    assert found.away is not None
    days = (found.away.from_, found.away.until, found.away.back)
    assert tuple(day.isoformat() if day else None for day in days) == (first, until, back)
    assert not found.doubtful


def test_without_dates() -> None:
    """An absence without an end has no dates, and is still one."""
    found = absence("体調不良により当面の間お休みをいただいております。復帰日は未定です。", BASE)
    assert found is not None
    assert found.away is None


@pytest.mark.parametrize(
    "text",
    [
        "12/10(木) 13:00～14:00 か 12/11(金) 16時以降でいかがでしょうか。",
        "内容に相違ありません。",
        "お休みのところ失礼いたします。",
        "配信をお休みします。",
    ],
)
def test_no_absence(text: str) -> None:
    """Dates alone are no absence, nor is every お休み."""
    assert absence(text, BASE) is None


def test_contradictions() -> None:
    """A wrong weekday, or an end before the beginning, is doubtful."""
    for text in ("12月10日（水）まで不在にしております。", "12月20日より不在です。12月10日に復帰します。"):
        found = absence(text, BASE)
        assert found is not None
        assert found.doubtful


ABSENCES = tomllib.loads((Path(__file__).parent / "data" / "absences.toml").read_text(encoding="utf-8"))["absence"]


def _told(said: dict[str, Any]) -> dict[str, date | None]:
    """The dates that are asked of a text, as it was understood."""
    found = absence(said["text"], said["mail"])
    away = found.away if found is not None else None
    told = {"from": away.from_, "until": away.until, "back": away.back} if away else {}
    return {name: told.get(name) for name in ("from", "until", "back") if name in said}


def test_collection() -> None:
    """Of the collected absences nearly all give the dates that they mean."""
    wrong = [said["text"] for said in ABSENCES if _told(said) != {name: said[name] for name in _told(said)}]

    assert len(ABSENCES) >= 200
    assert len(wrong) <= len(ABSENCES) * 0.03, wrong


def test_collection_as_mails() -> None:
    """The same in a mail with a greeting and a signature in Japanese, whatever language the absence has."""
    wrong = []
    for said in ABSENCES:
        raw = (
            f"From: sato@h.example\nSubject: 自動返信: x\nDate: {said['mail']:%d %b %Y} 09:12:00 +0900\n"
            "Auto-Submitted: auto-replied\nContent-Type: text/plain; charset=utf-8\n\n"
            f"ご連絡ありがとうございます。\n\n{said['text']}\n\nよろしくお願いいたします。\n"
            "\n--\n佐藤 一郎\nTEL 03-0000-0000\n"
        )
        away = read(raw.encode()).away
        told = (None, None) if away is None else (away.until, away.back)
        if any(said[name] != told[place] for place, name in enumerate(("until", "back")) if name in said):
            wrong.append(said["text"])

    assert len(wrong) <= len(ABSENCES) * 0.03, wrong


@pytest.mark.parametrize(
    ("subject", "until"),
    [
        ("Re: 【お礼・議事】11月28日(土)のご面談内容とご確認のお願い", date(2026, 12, 9)),
        ("自動応答: 【お礼・議事】11月28日(土)のご面談内容とご確認のお願い", date(2026, 12, 9)),
        ("Automatic reply: Our meeting on December 20", date(2026, 12, 9)),
        ("【自動返信】Re: 12月1日(火)のご面談", date(2026, 12, 9)),
        ("【不在通知】12/5～12/9", date(2026, 12, 9)),
    ],
)
def test_dates_of_our_own_subject_are_not_theirs(subject: str, until: date) -> None:
    """A note of absence repeats the subject that it answers, and ours name the day of the meeting."""
    text = "ただいま学会出張のため不在にしております。12月5日(土)～12月9日(水)の間はメールの確認ができません。"
    found = absence(text, date(2026, 11, 28), subject=subject)

    assert found is not None
    assert found.away is not None
    assert (date(2026, 12, 5), until, False) == (found.away.from_, found.away.until, found.doubtful)


@pytest.mark.parametrize(
    ("subject", "until"),
    [
        ("Out of office: 5-9 December 2026", date(2026, 12, 9)),
        ("Automatic reply: Away until December 9", date(2026, 12, 9)),
        ("自動応答：12/9まで不在", date(2026, 12, 9)),
        ("Re: Our meeting on December 20", None),
    ],
)
def test_a_subject_that_speaks_of_the_absence_counts(subject: str, until: date | None) -> None:
    """Also behind the words with which programs begin it."""
    found = absence("I am out of the office.", date(2026, 11, 28), subject=subject)

    assert found is not None
    assert until == (found.away.until if found.away else None)
