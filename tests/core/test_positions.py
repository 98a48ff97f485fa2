"""Department and position out of one line of a business card."""

from __future__ import annotations

import pytest

from nurture.core.positions import Position, split


@pytest.mark.parametrize(
    ("said", "department", "title"),
    [
        ("副院長 兼 看護部長", "", "副院長 兼 看護部長"),
        ("放射線科　部長", "放射線科", "部長"),
        ("看護部 外来 師長", "看護部 外来", "師長"),
        ("医療情報部 部長 教授", "医療情報部", "部長 教授"),
        ("事務部 医事課 課長", "事務部 医事課", "課長"),
        ("外科 部長 兼 医療安全管理室 室長", "外科", "部長 兼 医療安全管理室 室長"),
        ("放射線科部長 兼 画像診断センター長", "放射線科", "放射線科部長 兼 画像診断センター長"),
        ("看護部 副部長 兼 教育担当", "看護部", "副部長 兼 教育担当"),
        ("東3病棟 看護師長（感染管理認定看護師）", "東3病棟", "看護師長（感染管理認定看護師）"),
        ("情報システム室 室長代理", "情報システム室", "室長代理"),
        ("用度課 係長", "用度課", "係長"),
        ("ME室 主任 臨床工学技士", "ME室", "主任 臨床工学技士"),
        ("地域連携 室長", "地域連携", "室長"),  # before a position, the department needs no name we know
        ("教授室 秘書", "教授室", "秘書"),
        ("理事長・院長", "", "理事長・院長"),
        ("事務長", "", "事務長"),
        ("看護部", "看護部", ""),  # a department alone is no position
        ("診療技術部 放射線科", "診療技術部 放射線科", ""),
        ("Radiology Director", "Radiology", "Director"),
        ("", "", ""),
    ],
)
def test_a_position_begins_where_a_word_is_one(said: str, department: str, title: str) -> None:
    """Two offices stay together, however they are written; nobody needs to be asked."""
    assert Position(department, title, certain=True) == split(said)


@pytest.mark.parametrize(
    ("said", "department"),
    [
        ("医事課長", "医事課"),
        ("看護部長", "看護部"),
        ("外科主任部長", "外科"),
        ("東3病棟師長", "東3病棟"),
        ("情報システム室長代理", "情報システム室"),
        ("画像診断センター長", "画像診断センター"),
        ("第二外科教授", "第二外科"),
        ("統括部長", ""),
        ("副部長", ""),
        ("課長", ""),
        ("センター長", ""),
        ("副院長", ""),
        ("事務長", ""),
        ("技師長", ""),
        ("副院長兼看護部長", ""),
    ],
)
def test_a_position_that_names_its_department_says_it(said: str, department: str) -> None:
    """What the claims office is spared at the turn of a month holds for 医事課長 too."""
    assert Position(department, said, certain=True) == split(said)


@pytest.mark.parametrize(
    ("said", "department", "title"),
    [
        ("部長 放射線科", "放射線科", "部長"),  # turned round
        ("地域連携 企画", "地域連携", "企画"),  # no word is known
        ("企画推進", "", "企画推進"),
        ("看護部 認定看護師 感染管理", "看護部", "認定看護師 感染管理"),  # what follows is not known
    ],
)
def test_what_is_not_plain_is_a_guess(said: str, department: str, title: str) -> None:
    """The likely reading, to be confirmed."""
    assert Position(department, title, certain=False) == split(said)
