"""What looks like data of a patient is seen and blotted out; the talk of our business is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.reading import Found, Intent, Kind, Reading
from nurture.mail.patients import BLOT, mask, masked, signs

OF_PATIENTS = [
    (
        "患者の山田太郎様（ID 0012345、昭和20年3月1日生）ですが、画像が表示されません。",
        ("山田", "0012345", "昭和"),
    ),
    ("カルテ番号：12345678 の方です。", ("12345678",)),
    ("患者ＩＤ：００１２３４５６ の画像が", ("００１２３４５６",)),
    ("保険証の番号は 12345678 です。", ("12345678",)),
    ("氏名：山田 花子\n生年月日：1950/3/4\nの方の件です。", ("山田", "1950")),
    ("鈴木一郎様（78歳、男性）の検査結果について", ("鈴木", "78")),
    ("マイナンバー 1234 5678 9012", ("1234", "9012")),
    ("Patient ID: 00123456 DOB 1950-03-04", ("00123456", "1950")),
    ("診察券番号 445566 の方", ("445566",)),
    ("山田花子さん、82歳、外来受診中の方ですが", ("山田", "82")),
    ("患者名 佐藤次郎 ID 998877", ("佐藤", "998877")),
    ("被保険者番号：12345678", ("12345678",)),
    ("患者 田中 実 様 昭和25年4月3日生まれ", ("田中", "昭和")),
]
OF_OUR_BUSINESS = [
    "患者数は1日300人です。",
    "患者IDの連携は可能ですか。桁数は10桁です。",
    "患者番号は8桁です。",
    "患者様への説明資料をください。",
    "1日の外来患者は約1200名です。",
    "電子カルテ連携の見積 1200000円",
    "カルテ 2027年更新",
    "保険点数の改定 2028年6月1日",
    "当院の患者数 12000人、カルテ 50000件",
    "50歳以上の患者が多いです。",
    "システムの生年月日の項目は西暦ですか。",
    "山田様 お世話になります。田中です。 TEL 03-1111-2222",
    "患者サポート窓口 佐藤 内線 2345",
    "受診者様のご案内 2026年12月5日(土)",
    "担当の田中さん（58歳）が退職します。",
    "健診受診者 (2026年度) 12000 名",
    "medical records meeting 2026-12-05",
    "患者様 2026-1234-55 見積番号",
]


@pytest.mark.parametrize(("text", "secrets"), OF_PATIENTS)
def test_data_of_patients_are_seen_and_blotted_out(text: str, secrets: tuple[str, ...]) -> None:
    """Whatever names the person is gone."""
    assert signs(text)
    kept = mask(f"お世話になっております。\n\n\n\n{text}\n\n\n\nよろしくお願いいたします。")

    assert [] == [secret for secret in secrets if secret in kept]
    assert BLOT in kept
    assert kept.startswith("お世話に")
    assert kept.endswith("お願いいたします。")


@pytest.mark.parametrize("text", OF_OUR_BUSINESS)
def test_the_talk_of_our_business_is_none(text: str) -> None:
    """It stays as it is."""
    assert ((), text) == (signs(text), mask(text))


def test_lines_beside_it_are_blotted_out_too() -> None:
    """Names stand above, numbers below."""
    kept = mask("一行目\n\n山田 太郎\n患者ID：00123456\n内科 45678\n\n\n電話 03-1111-2222\n以上")

    assert f"一行目\n\n{BLOT}\n{BLOT}\n{BLOT}\n\n\n電話 {BLOT}\n以上" == kept


def test_a_reading_is_kept_without_it() -> None:
    """Subject, text, signature and the words that led to an intent."""
    text = "患者の山田太郎様（ID 0012345）の件、検討します。"
    found = Reading(
        Kind.REPLY,
        subject="患者ID：0012345",
        text=text,
        signature="患者ID：0012345",
        found=(Found(Intent.CONSIDERATION, "x", text),),
        sensitive=("record_number",),
    )

    assert "0012345" not in repr(masked(found))
    assert "山田" not in repr(masked(found))
    assert masked(found).intents == found.intents


@given(st.text(max_size=300), st.sampled_from([text for text, _ in OF_PATIENTS]), st.text(max_size=300))
def test_it_is_seen_wherever_it_stands(before: str, text: str, after: str) -> None:
    """Whatever stands in the lines above and below; never an error."""
    whole = f"{before}\n{text}\n{after}"

    assert signs(whole)
    assert text not in mask(whole)


@pytest.mark.parametrize(
    "text",
    [
        "患者" * 20_000,
        "様" * 40_000,
        "患者ID:" + "1-" * 20_000,
        "患者ID：0012345\n" * 4_000,
        ("様" + "a" * 58) * 600 + "生年月日",
    ],
    ids=["patients", "names", "digits", "lines", "far"],
)
def test_however_long_it_takes_no_second(text: str) -> None:
    """Bounded work whatever somebody sends."""
    started = time.monotonic()
    signs(text)
    mask(text)

    assert time.monotonic() - started < 1.0
