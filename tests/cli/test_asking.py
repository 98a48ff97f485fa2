"""nurture record at a terminal: the questions, what is remembered, and what is asked once more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from nurture.core.change import Change
from nurture.core.deals import Deal, DealStatus
from nurture.files.config import load
from nurture.wiring import open_doors
from tests.cli.keyboard import converse

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

PERSON = ["a@aoba.example", "潮田 泰三", "院長", "3", "y", "", "", ""]


def _met(*deal: str, person: list[str] | None = None, subject: str = "連携のご説明") -> str:
    """Answers about a meeting with one person, the deal's among them."""
    answers = ["あおば総合病院", "00:00", subject, *deal, *(person or PERSON), "試行を始める", "", "", ""]
    return "\n".join([*answers, "資料を送る", "y", "", "", "でよろしいでしょうか。", "", "y", ""])


def _record(shell: Shell, answers: str) -> str:
    """Record a meeting; what was asked and said."""
    result = shell.run("record", answers=answers)
    assert result.exit_code == 0, result.output
    return result.stdout


def _deals(shell: Shell, lost: bool = False) -> list[Deal]:
    """All deals, the oldest first; with ``lost`` they are given up."""

    async def _read() -> list[Deal]:
        async with open_doors(load(shell.folder / "config.toml")) as doors:
            found = await doors.store.find(Deal, order=("created_at",))
            if lost:
                await doors.store.commit(Change(tuple(replace(deal, status=DealStatus.LOST) for deal in found)))
            return list(found)

    return asyncio.run(_read())


def _said(deal: Deal) -> tuple[Any, ...]:
    return deal.name, deal.product, deal.phase, deal.competitor


AGAIN = ["1", "", "", ""]
"""The same person, of whom everything is known."""


def test_product_phase_and_competitor_are_asked_for_and_remembered(shell: Shell) -> None:
    """Next time Enter alone continues the same deal with what is known of it."""
    _record(shell, _met("連携基盤", "2", "Rival X"))
    asked = _record(shell, _met("", "", "", "", person=AGAIN, subject="二回目"))

    assert [("連携基盤", "連携基盤", 2, "Rival X")] == [_said(d) for d in _deals(shell)]
    assert "[連携基盤]" in asked
    assert "[Rival X]" in asked


def test_a_deal_moves_on(shell: Shell) -> None:
    """Another phase, and a competitor who is out of it; the name stays what it was."""
    _record(shell, _met("", "", "Rival X"))
    _record(shell, _met("1", "連携基盤", "4", "-", person=AGAIN, subject="二回目"))

    assert [("連携のご説明", "連携基盤", 4, None)] == [_said(d) for d in _deals(shell)]


def test_another_deal_begins_anew(shell: Shell) -> None:
    """Nothing of the first is taken over; a competitor who is known is picked by number, or in any case."""
    _record(shell, _met("連携基盤", "3", "Rival X"))
    _record(shell, _met("0", "画像共有", "", "1", person=AGAIN))
    _record(shell, _met("0", "遠隔読影", "", "rival x", person=AGAIN))

    assert [
        ("連携基盤", "連携基盤", 3, "Rival X"),
        ("画像共有", "画像共有", 1, "Rival X"),
        ("遠隔読影", "遠隔読影", 1, "Rival X"),
    ] == [_said(d) for d in _deals(shell)]


def test_after_a_lost_deal_a_new_one_begins_with_what_is_known(shell: Shell) -> None:
    """The product and who won are offered; the phase begins at the first."""
    _record(shell, _met("連携基盤", "4", "Rival X"))
    _deals(shell, lost=True)
    _record(shell, _met("", "", "", person=AGAIN))

    assert [
        ("連携基盤", "連携基盤", 4, "Rival X"),
        ("連携基盤", "連携基盤", 1, "Rival X"),
    ] == [_said(d) for d in _deals(shell)]


@pytest.mark.parametrize(
    ("said", "answers", "shown"),
    [
        ("副院長 兼 看護部長", [], "あおば総合病院\n副院長 兼 看護部長\n潮田 泰三 様\n"),
        ("医事課長", [], "あおば総合病院\n医事課長\n潮田 泰三 様\n"),
        ("看護部 外来 師長", [], "あおば総合病院\n看護部 外来 師長\n潮田 泰三 様\n"),
        ("師長 看護部", ["y"], "あおば総合病院\n看護部 師長\n潮田 泰三 様\n"),
        ("看護 業務改善", ["n", "看護部 業務改善", ""], "あおば総合病院\n看護部 業務改善\n潮田 泰三 様\n"),
    ],
)
def test_department_and_position_are_told_apart(shell: Shell, said: str, answers: list[str], shown: str) -> None:
    """As the addressee block shows them; what is in doubt is confirmed, or said once more."""
    person = ["a@aoba.example", "潮田 泰三", said, *answers, "2", "y", "", "", ""]

    assert shown in _record(shell, _met("", "", "", person=person))


def test_at_a_terminal_in_japanese(shell: Shell) -> None:
    """Question for question, as somebody types it after a meeting."""
    shell.environ |= {"NURTURE_LANG": "ja"}
    status, screen = converse(
        shell,
        ["record"],
        [
            ("病院名", "あおば総合病院"),
            ("終了時刻", "00:00"),
            ("ご用件", "連携のご説明"),
            ("製品（名称。なければ Enter）", "連携基盤"),
            ("商談の段階（番号、Enter で 1）", "2"),
            ("競合（番号か名称。なければ Enter）", ""),
            ("番号・アドレス・氏名", "a@aoba.example"),
            ("姓と名", "潮田 泰三"),
            ("部署と役職", "企画推進"),
            ("部署は「–」、役職は「企画推進」でよろしいですか", ""),
            ("役割（番号）", ""),
            ("医師・歯科医師・教授ですか", ""),
            ("名刺を受け取りましたか", ""),
            ("受け止め方", ""),
            ("お言葉", ""),
            ("全員入れたら", ""),
            ("  1", "試行を始める"),
            ("  2", ""),
            ("  1", ""),
            ("お渡しした資料", ""),
            ("  1", "資料を送る"),
            ("当社が行うことですか", ""),
            ("期限", ""),
            ("  2", ""),
            ("? ", "でよろしいでしょうか。"),
            ("個人的な印象", ""),
            ("下書きを作りますか", "はい"),
        ],
    )

    assert (0, True) == (status, "企画推進\r\n潮田 泰三 様\r\n" in screen), screen
