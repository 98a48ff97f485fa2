"""Notices of programs without a header that says so, and people who write afresh."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail.machines import is_notice


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("desknets@hospital.example", "[desknet's NEO] スケジュールの変更通知", "以下の予定が変更されました。"),
        ("mailgw@hospital.example", "【通知】メール無害化処理のお知らせ", "添付ファイルを無害化しました。"),
        ("fax@hospital.example", "FAX受信通知 2枚", "FAXを受信しました。"),
        ("dmarc@receiver.example", "Report Domain: vendor.example", ""),
        ("nightly@vendor.example", "[ALERT] disk usage 91% on db01", "Disk usage is at 91%."),
    ],
)
def test_two_signs_are_a_program(sender: str, subject: str, text: str) -> None:
    """Its name and the form of the subject, or one of them with what it says."""
    assert is_notice(sender, subject, text)


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        (
            "system@hospital.example",
            "サーバー更新のお知らせ",
            "お世話になっております。\n接続確認をお願いします。",
        ),
        ("y.mori@hospital.example", "年末年始休診のお知らせ", "12/29から1/3まで休診です。"),
        ("fax-denki@hospital.example", "FAX受信について", "先日いただいたFAXが読めませんでした。"),
        ("security@hospital.example", "入館証", "訪問の際は入館証を発行します。"),
        ("", "", ""),
    ],
)
def test_one_sign_is_none(sender: str, subject: str, text: str) -> None:
    """A department has such a name, a person writes such a subject; who greets is no program."""
    assert not is_notice(sender, subject, text)


@given(st.text(max_size=80), st.text(max_size=300), st.text(max_size=2500))
def test_whatever_is_written(sender: str, subject: str, text: str) -> None:
    """Any mail can be asked."""
    is_notice(sender, subject, text)
