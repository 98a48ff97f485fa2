"""What a reviewer is asked to look at twice."""

from __future__ import annotations

import pytest

from nurture.core.findings import Grade
from nurture.render.remarks import LONG, remarks
from tests.web.world import CASE, FOOTER, THANKS

OWN = ("mirai-iryo.example",)


def grades(body: str, subject: str = "事例のご紹介", *, thanks: bool = False) -> dict[str, str]:
    """What was seen, by what was looked at."""
    found = remarks(subject, body, competitors=("ライバル電子",), own=OWN, thanks=thanks)
    return {one.check: one.grade.value for one in found if one.grade is not Grade.PASS}


def test_an_ordinary_mail_has_no_remarks() -> None:
    """A case and a thank-you as they are written, with the legal footer: everything is as it should be."""
    assert {} == grades(f"{CASE}\n{FOOTER}")
    assert {} == grades(f"{THANKS}\n{FOOTER}", thanks=True)
    assert "one question" in {one.text for one in remarks("御礼", THANKS, own=OWN, thanks=True)}


@pytest.mark.parametrize(
    ("said", "check", "grade"),
    [
        pytest.param("患者ID 1234567 の山田太郎さん（72歳）の画像です。", "patients", "fail", id="a patient"),
        pytest.param("ライバル電子様の製品と比べて、", "competitor", "fail", id="a competitor's name"),
        pytest.param("他社のシステムは障害が多いと伺います。", "competitor", "fail", id="an attack"),
        pytest.param(
            "資料は https://files.elsewhere.example/a をご覧ください。", "links", "warn", id="a link elsewhere"
        ),
        pytest.param(
            "https://mirai-iryo.example.evil.example/x", "links", "warn", id="a link that only looks like ours"
        ),
        pytest.param("○○先生、{{ name }}", "unfilled", "fail", id="a hole"),
        pytest.param("その後、いかがでしょうか。", "tone", "warn", id="pressure"),
        pytest.param("至急ご確認ください！！", "tone", "warn", id="shouting"),
        pytest.param("あ" * (LONG + 1), "length", "warn", id="a long one"),
    ],
)
def test_what_is_odd_is_named(said: str, check: str, grade: str) -> None:
    """One remark, with what was seen in it."""
    assert {check: grade} == grades(f"お世話になっております。\n{said}\n\n{FOOTER}")


@pytest.mark.parametrize(
    "said",
    [
        "他社様の事例もございます。",
        "https://www.mirai-iryo.example/cases/1",
        "http://[broken",
        "患者様の待ち時間が",
    ],
)
def test_what_is_harmless_is_not(said: str) -> None:
    """A word about others that is no attack, our own pages, patients in general; a broken link breaks nothing."""
    assert set(grades(said)) <= {"links"}
    assert "http://[broken" in said or {} == grades(said)


def test_a_thank_you_asks_one_thing() -> None:
    """None, or three, is a remark; one is what gets an answer."""
    assert {"question": "warn"} == grades("本日はありがとうございました。", thanks=True)
    assert {"question": "warn"} == grades("ご都合は？\n日程は？\n場所は？", thanks=True)
    assert {} == grades("本日はありがとうございました。", thanks=False)
