"""New text, quotes, signatures: many clients, two languages."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail.quotes import split

FOOTER = "配信停止をご希望の場合は、このメールにご返信ください。"

ATTRIBUTIONS = [
    "On Fri, Nov 20, 2026 at 6:03 PM Hanako Tanaka <tanaka@vendor.example> wrote:",
    "On Fri, Nov 20, 2026 at 6:03 PM 田中 花子 <tanaka@vendor.example>\nwrote:",
    "On 2026/11/20 18:03, 田中 花子 wrote:",
    "On Fri, 20 Nov 2026 18:03:00 +0900\n田中 花子 <tanaka@vendor.example> wrote:",
    "2026年11月20日(金) 18:03 田中 花子 <tanaka@vendor.example>:",
    "2026年11月20日(金) 18:03、田中 花子 <tanaka@vendor.example> さんからのメール:",
    "2026/11/20 18:03、田中 花子 <tanaka@vendor.example>のメール:",
    "2026/11/20 18:03、田中花子さんは書きました:",
    "tanaka@vendor.example wrote:",
    "田中 花子さんは書きました：",
    "(2026/11/20 18:03), 田中 花子 wrote:",
    "2026年11月20日(金) 18:03 に 田中 花子 <tanaka@vendor.example> さんが書き込みました:",
    "11月20日(金) 18:03、田中 花子 <tanaka@vendor.example>のメール:",
    "At Fri, 20 Nov 2026 18:03:00 +0900,\n田中 花子 wrote:",
    "田中 花子 <tanaka@vendor.example> wrote (2026/11/20 18:03):",
    "On 11-Nov-2026, at 6:54 PM, Hanako Tanaka <tanaka@vendor.example> sent:",
    "Am Fr., 20. Nov. 2026 um 18:03 Uhr schrieb Hanako Tanaka <tanaka@vendor.example>:",
    "Am 20.11.26 um 18:03 schrieb Hanako Tanaka:",
    "Le ven. 20 nov. 2026 à 18:03, Hanako Tanaka <tanaka@vendor.example> a écrit :",
    "El vie, 20 nov 2026 a las 18:03, Hanako Tanaka (<tanaka@vendor.example>) escribió:",
    "Il giorno ven 20 nov 2026 alle ore 18:03 Hanako Tanaka <\ntanaka@vendor.example> ha scritto:",
    "Op 20-11-2026 18:03 schreef Hanako Tanaka <tanaka@vendor.example>:",
    "Den 20 november, 2026 18:03:18, Hanako Tanaka (tanaka@vendor.example) skrev:",
    "W dniu 20 stycznia 2026 01:53 użytkownik Hanako Tanaka <tanaka@vendor.example>\nnapisał:",
    "在 2026年11月20日 18:03，Hanako Tanaka <tanaka@vendor.example> 写道：",
    "2026-11-20 18:03 GMT+09:00 Hanako Tanaka <\ntanaka@vendor.example>:",
]
BARS = [
    "-----Original Message-----",
    "----- Original Message -----",
    "-----元のメッセージ-----",
    "----- 元のメール -----",
    "-------- Forwarded Message --------",
    "-------- 転送されたメッセージ --------",
    "Begin forwarded message:",
    "From: Hanako Tanaka <tanaka@vendor.example>\nSent: Friday, November 20, 2026 6:03 PM\nTo: Sato\nSubject: x",
    "________________________________\nFrom: Tanaka\nSent: Friday\nTo: Sato\nSubject: x",
    "差出人: 田中 花子 <tanaka@vendor.example>\n送信日時: 2026年11月20日 18:03\n宛先: 佐藤\n件名: x",
    "*From:* Tanaka\n*Date:* Friday\n*To:* Sato\n*Subject:* x",
    "送信元：田中\n日時：2026年11月20日\n宛先：佐藤\n件名：x",
    "-----Ursprüngliche Nachricht-----",
    "-----Message d'origine-----",
    "-----Oprindelig meddelelse-----",
    "-----Mensaje original-----",
    "Von: Hanako Tanaka <tanaka@vendor.example>\nGesendet: Freitag, 20. November 2026 18:03\nAn: Sato\nBetreff: x",
    "De : Hanako Tanaka <tanaka@vendor.example>\nEnvoyé : vendredi 20 novembre 2026 18:03\nÀ : Sato\nObjet : x",
    "From: Hanako Tanaka <tanaka@vendor.example>\nDate: Fri, 20 Nov 2026 18:03:00 +0900",
    "Date: Fri, 20 Nov 2026 18:03:00 +0900\nTo: sato@hospital.example",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("mark", ["> ", ">", "＞ ", ""])
def test_who_wrote(attribution: str, mark: str) -> None:
    """Below a line that says who wrote, marked text goes; where nothing is marked, all of it."""
    quoted = f"{attribution}\n\n{mark}佐藤先生\n{mark}{FOOTER}"
    assert split(f"内容に相違ありません。\n\n{quoted}\n") == ("内容に相違ありません。", "", True)


@pytest.mark.parametrize("bar", BARS)
def test_bars(bar: str) -> None:
    """Below a bar or a header block everything is quoted, marked or not."""
    assert split(f"検討いたします。\n\n{bar}\n\n佐藤先生\n{FOOTER}\n") == ("検討いたします。", "", True)


def test_an_answer_on_the_same_line() -> None:
    """A program that puts its line behind the answer takes nothing of it along."""
    text = "承知しました。 On Fri, Nov 20, 2026 at 6:03 PM Hanako <tanaka@vendor.example> wrote:\n> 木曜で\n"

    assert split(text).text == "承知しました。"


def test_answers_between_the_lines() -> None:
    """What stands between and below marked lines is new."""
    text = (
        f"On 2026/11/20, 田中 wrote:\n> 1. いつですか\n木曜です。\n> 2. 何名ですか\n三名です。\n> {FOOTER}"
        f"\n以上です。"
    )
    assert split(text).text == "木曜です。\n三名です。\n以上です。"


@pytest.mark.parametrize(
    "signature",
    [
        "-- \n佐藤 一郎\nsato@hospital.example",
        "--\n佐藤 一郎",
        "========================\nさくら総合病院\n放射線科　佐藤\nTEL 03-0000-0000\n========================",
        "┏━━━━━━━━━━━━┓\n　さくら総合病院　佐藤\n　E-mail: sato@hospital.example\n┗━━━━━━━━━━━━┛",
        "*******************\n佐藤 一郎\n〒100-0000 東京都架空区1-2-3\n*******************",
        "佐藤 一郎\nさくら総合病院 放射線科\n〒100-0000 東京都架空区1-2-3\nTEL: 03-0000-0000 FAX: 03-0000-0001",
        "Ichiro Sato, MD\nDepartment of Radiology, Sakura Hospital\nTel: +81-3-0000-0000",
        "iPhoneから送信",
        "Best regards,\nIchiro Sato",
        "Kind regards\n\nIchiro Sato\nHead of Radiology",
        "Mit freundlichen Grüßen\nIchiro Sato",
        "Bien cordialement,\n\nI. Sato",
        "さくら総合病院　放射線科\n佐藤　一郎",
        "---\nSato",
        "Gesendet von meinem iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Sent from my iPhone",
        "Get Outlook for iOS",
        (
            "-- \n佐藤\n\nこの電子メールには機密情報が含まれている場合があります。誤って受信された場合は削除し"
            "てください。"
        ),
    ],
)
def test_signatures(signature: str) -> None:
    """Signatures go apart, whole."""
    found = split(f"佐藤です。\n\n検討いたします。\n\n{signature}\n")
    assert found.text == "佐藤です。\n\n検討いたします。"
    assert found.signature.split() == signature.split()


@pytest.mark.parametrize(
    "text",
    [
        "OKです。",
        "候補日\n12/10 13:00\n12/11 16:00",
        (
            "以下の2点を確認しました。\n--------------------\n1. 納期について問題ありません。\n2. 価格について"
            "も問題ありません。"
        ),
        "田中様\n\nよろしくお願いいたします。\n佐藤",
        "候補日時（2026/12/10 13:00）は次のとおりです：\n木曜 13:00\n金曜 16:00",
        "On Monday we wrote down three points:\n1. price\n2. date\n3. place",
        "With regards to the payment, please see below.\nWe pay on Friday.",
        "It was sent from my desk, which is easier.",
        "見学先の病院\n\nさくら総合病院\n若葉医療センター",
    ],
)
def test_whole_texts_stay(text: str) -> None:
    """Short texts, lists and rules in the middle are no signature and no quote."""
    assert split(text) == (text, "", False)


@given(st.text(alphabet="ab\n> -=佐藤:：。@.1/TELwroteOn", max_size=400))
def test_pieces_of_the_text(text: str) -> None:
    """Whatever comes: each line of the answer is a line of the mail."""
    found = split(text)
    lines = {"", *(line.strip(" 　\t") for line in text.split("\n"))}
    assert all(line.strip(" 　\t") in lines for line in found.text.split("\n"))


REPLIES = tomllib.loads((Path(__file__).parent / "data" / "replies.toml").read_text(encoding="utf-8"))["reply"]


@pytest.mark.parametrize("reply", REPLIES, ids=range(len(REPLIES)))
def test_collection(reply: dict[str, str]) -> None:
    """Of an answer with all that a program puts below it the new text is cut exactly."""
    assert reply["text"] == split(reply["text"] + reply["below"]).text
