"""Intents: wording by category, sets, and words that hang on what stands before them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.reading import Intent as Says
from nurture.mail.intents import intents
from nurture.mail.names import successor
from nurture.mail.sentences import sentences

FACTS: list[tuple[str, set[Says]]] = [
    ("今後の配信は不要です。", {Says.UNSUBSCRIBE}),
    ("メルマガの配信を止めてください。", {Says.UNSUBSCRIBE}),
    ("リストから削除願います。", {Says.UNSUBSCRIBE}),
    ("当院では必要ありませんので、今後の連絡は不要です。", {Says.UNSUBSCRIBE}),
    ("このアドレスには送らないでください。", {Says.UNSUBSCRIBE}),
    ("解除したいのですが方法がわかりません。", {Says.UNSUBSCRIBE}),
    ("頻度を減らしていただければ結構です。月1回程度でお願いします。", {Says.LESS_OFTEN}),
    ("unsubscribe", {Says.UNSUBSCRIBE}),
    ("4月1日付で〇〇病院へ異動いたしました。", {Says.MOVED}),
    ("山田は3月31日付で退職しております。後任は田中でございます。", {Says.LEFT, Says.SUCCESSOR_NAMED}),
    ("人事異動により用度課から医事課へ配置換えとなりました。", {Says.MOVED}),
    ("このたび〇〇大学へ転任することとなりました。新しい連絡先は追ってご連絡申し上げます。", {Says.MOVED}),
    ("医局人事のため10月より関連病院に出向しております。", {Says.MOVED}),
    ("開業のため当院は退職しました。今後は個人アドレスにお願いします。", {Says.LEFT}),
    ("本件の窓口はME室の伊藤に引き継いでおります。CCに入れておきますので今後はそちらへ。", {Says.SUCCESSOR_NAMED}),
    ("休職中のため、代理で返信しております。", {Says.DEPUTY_NAMED}),
    ("その通りです。", {Says.AGREEMENT}),
    ("内容に相違ありません。", {Says.AGREEMENT}),
    ("おっしゃるとおりの理解で結構です。", {Says.AGREEMENT}),
    ("問題ございません。この内容で進めてください。", {Says.AGREEMENT}),
    ("異存ございません。", {Says.AGREEMENT}),
    ("概ねそのとおりですが、予算は来年度です。", {Says.PARTIAL_AGREEMENT}),
    ("委員会でも同意見でした。", {Says.AGREEMENT}),
    ("OKです。", {Says.AGREEMENT}),
    ("検討いたします。", {Says.CONSIDERATION}),
    ("一度持ち帰って上と相談します。", {Says.CONSIDERATION}),
    ("前向きに検討させていただきます。", {Says.CONSIDERATION}),
    ("現行機の更新が令和9年度ですので、その頃に改めて考えます。", {Says.CONSIDERATION}),
    ("興味はありますが、すぐには動けません。", {Says.CONSIDERATION}),
    ("必要になりましたらこちらからご連絡します。", {Says.CONSIDERATION}),
    ("診療報酬改定の対応が落ち着いてから考えさせてください。", {Says.CONSIDERATION}),
    ("電子カルテ更新と合わせて検討する予定です。", {Says.CONSIDERATION}),
    ("今回は見送らせていただきます。", {Says.REFUSAL}),
    ("検討の結果、他社様に決定いたしました。", {Says.REFUSAL}),
    ("当院では現在必要としておりません。", {Says.REFUSAL}),
    ("すでに別の製品を導入済みです。", {Says.REFUSAL}),
    ("結構です。", {Says.REFUSAL}),
    ("稟議が通りませんでした。", {Says.REFUSAL}),
    ("面談はお受けしておりません。", {Says.REFUSAL}),
    ("時期尚早との結論になりました。", {Says.REFUSAL}),
    ("詳しい資料を送っていただけますか。", {Says.REQUEST_MATERIAL}),
    ("来週の木曜15時以降でしたら時間が取れます。", {Says.APPOINTMENT}),
    ("デモ機の貸し出しは可能でしょうか。", {Says.APPOINTMENT}),
    ("12/10(木) 13:00～14:00 か 12/11(金) 16時以降でいかがでしょうか。", {Says.APPOINTMENT}),
    ("学会の展示ブースに伺います。", {Says.APPOINTMENT}),
    ("当院の電子カルテと連携できますか。", {Says.QUESTION}),
    ("医局会で説明していただくことは可能ですか。昼休みの20分程度です。", {Says.APPOINTMENT}),
    ("その日は手術ですので、翌週でお願いします。", {Says.APPOINTMENT}),
]
"""The wording examples of the facts on Japanese business mail."""


@pytest.mark.parametrize(("text", "wanted"), FACTS)
def test_wording_examples(text: str, wanted: set[Says]) -> None:
    """Each example of the facts means exactly what it stands for."""
    assert {found.intent for found in intents(text)} == wanted


VARIANTS: dict[Says, list[str]] = {
    Says.UNSUBSCRIBE: [
        "メール配信の停止をお願いいたします。",
        "今後このようなメールは不要ですので、配信先から外してください。",
        "配信停止をお願いします。",
        "以後のご案内は結構です。",
        "もうメールを送ってこないでください。",
        "今後のご連絡はご遠慮ください。",
        "営業メールはお断りしております。",
        "アドレスを削除してください。",
        "退会希望です。",
        "購読を解除してください。",
        "今後ご案内をいただかなくて大丈夫です。",
        "当方への送信をやめてください。",
        "今後はこちらのアドレス宛にメールを送らないようお願いします。",
        "メールの送付を中止願います。",
        "必要ないので配信を止めていただけますか。",
        "Please stop sending me emails.",
        "Take me off your list please.",
        "今後の営業のご連絡は控えていただきたく存じます。",
        "ご案内は不要です。",
        "メールマガジンの登録を解除してください。",
    ],
    Says.LESS_OFTEN: [
        "メールの回数を減らしていただけますか。",
        "もう少し頻度を落としてください。",
        "四半期に1回程度で十分です。",
    ],
    Says.UNSUBSCRIBE_TOPIC: [
        "学会の案内は不要です。",
        "ウェビナーの案内だけで結構です。",
        "セミナー案内のみ配信を希望します。",
    ],
    Says.SNOOZE: [
        "しばらく連絡を控えてください。",
        "来年4月以降に改めてご連絡ください。",
        "半年後にもう一度ご連絡いただけますか。",
        "年度が明けましたらまたお声がけください。",
        "Please contact me again in April.",
    ],
    Says.MOVED: [
        "7月1日より看護部から医療安全管理室へ異動となりました。",
        "このたび、系列の病院に転勤いたしました。",
        "担当が変わりました。",
        "部署異動により本件の担当を外れました。",
    ],
    Says.LEFT: [
        "鈴木は先月末で退職いたしました。",
        "前任の高木は当院を離れております。",
        "I am no longer with the hospital.",
        "佐々木は定年退職しました。",
    ],
    Says.SUCCESSOR_NAMED: [
        "後任は私、小川が務めます。",
        "今後は森が担当いたします。",
        "担当者が井上に変更となりました。",
        "業務は同僚の中島が引き継ぎました。",
        "My successor is Ms. Hanako Mori.",
    ],
    Says.DEPUTY_NAMED: [
        "不在中は副部長の西田が代わりに対応いたします。",
        "急ぎのご用件は検査部（内線3456）へお願いします。",
        "お急ぎの方は事務の林までお電話ください。",
    ],
    Says.AGREEMENT: [
        "ご認識のとおりです。",
        "間違いありません。",
        "はい、そのとおりで問題ありません。",
        "了解しました。",
        "その内容で進めていただいて構いません。",
        "特に異論はございません。",
        "承認いたします。",
        "合意事項について確認しました。相違ございません。",
        "Yes, that is correct.",
        "はい、それで結構です。",
        "ご提案の内容で了承いたしました。",
        "はい。",
    ],
    Says.PARTIAL_AGREEMENT: [
        "大筋で合意ですが、納期については再検討が必要です。",
        "基本的にはその通りですが、一点だけ修正をお願いします。",
        "ほぼ問題ありませんが、金額の部分は違います。",
    ],
    Says.DISAGREEMENT: [
        "認識が異なります。",
        "そのような合意はしておりません。",
        "ご記載の内容は事実と違います。",
        "This is not what we agreed.",
    ],
    Says.CONSIDERATION: [
        "社内で検討します。",
        "院内で協議のうえ、ご連絡いたします。",
        "もう少し時間をください。",
        "少し考えさせてください。",
        "委員会に諮ってからお返事します。",
        "We will consider it and get back to you.",
        "上司に確認いたします。",
        "来年度の予算で検討したいと思います。",
        "現時点では判断できません。",
    ],
    Says.REFUSAL: [
        "今回は遠慮させていただきます。",
        "導入の予定はありません。",
        "予算がありません。",
        "ご期待に沿えず申し訳ございません。",
        "せっかくですが、お断りいたします。",
        "他のメーカーに決めました。",
        "当院には合わないと判断しました。",
        "We are not interested.",
        "採用には至りませんでした。",
        "委員会で否決されました。",
        "いえ、結構です。",
        "間に合っております。",
        "現在のところ導入は考えておりません。",
        "ご提案は見合わせることになりました。",
        "購入の必要はありません。",
    ],
    Says.APPOINTMENT: [
        "来週の火曜日はいかがでしょうか。",
        "一度お会いしてお話を伺いたいです。",
        "12月8日の午後でしたら空いております。",
        "オンラインで説明をお願いできますか。",
        "デモをお願いします。",
        "ご来院いただけますか。",
        "再来週の水曜の昼なら対応可能です。",
        "Can we meet next Tuesday at 3 pm?",
        "面談は可能です。日程をご提示ください。",
        "セミナーに参加します。",
        "当日はよろしくお願いします。10時にお待ちしております。",
    ],
    Says.REQUEST_MATERIAL: [
        "カタログをお送りください。",
        "お見積りをいただけますか。",
        "資料請求いたします。",
        "他院の事例があれば見せてください。",
        "Please send me more information.",
        "価格表をいただきたいです。",
    ],
    Says.QUESTION: [
        "保守費用はいくらですか。",
        "納期はどのくらいでしょうか。",
        "他社製品との違いを教えてください。",
        "Does it work with our EHR?",
        "薬機法の承認は取得済みでしょうか。",
    ],
    Says.COMPLAINT: [
        "何度も送られてきて迷惑しています。",
        "個人情報の取得経緯を説明してください。",
        "しつこいです。",
        "This is spam. I will report you.",
    ],
    Says.REFERRAL: [
        "この件は医療機器管理室が窓口です。",
        "担当部署に転送しました。",
        "購買課の大野さんにご連絡ください。",
        "You should contact the purchasing department.",
    ],
    Says.AMBIGUOUS: [
        "大丈夫です。",
    ],
}


@pytest.mark.parametrize(
    ("wanted", "text"), [(intent, text) for intent, texts in VARIANTS.items() for text in texts]
)
def test_variants(wanted: Says, text: str) -> None:
    """Other people's words for the same are seen too."""
    assert wanted in {found.intent for found in intents(text)}


NOTHING = [
    "ありがとうございます。",
    "資料ありがとうございました。拝見いたします。",
    "お世話になっております。よろしくお願いいたします。",
    "承りました。ご連絡ありがとうございます。",
    "お忙しいところ恐れ入ります。",
    "ご返信いただかなくて結構です。",
    "先日はありがとうございました。大変勉強になりました。",
    "写真を添付します。",
    "Thank you very much for your time.",
    "メールが届いていないようです。再送してください。",
    "配信を希望します。",
    "今後ともよろしくお願いいたします。",
    "今後とも情報提供をお願いします。",
    "ご連絡をお待ちしております。",
    "先日は配信停止の件でお手数をおかけしました。",
    "これは迷惑メールフォルダに入っていました。",
    "お断りする理由はありません。",
    "反対意見は出ませんでした。",
    "Please keep me on the list.",
    "I don't want to unsubscribe.",
]


@pytest.mark.parametrize("text", NOTHING)
def test_says_nothing(text: str) -> None:
    """Thanks, courtesies and words that only look like an intent are none."""
    assert intents(text) == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("結構です。", {Says.REFUSAL}),
        ("12月10日で結構です。", {Says.AGREEMENT, Says.APPOINTMENT}),
        ("お送りいただかなくて結構です。", {Says.UNSUBSCRIBE}),
        ("ご返信いただかなくて結構です。", set()),
        ("ご案内は結構です。", {Says.UNSUBSCRIBE}),
        ("資料は結構です。", {Says.REFUSAL}),
        ("もう結構です。", {Says.REFUSAL, Says.AMBIGUOUS}),
        ("結構な内容でした。", set()),
        ("結構なお品をありがとうございました。", set()),
        ("結構お待たせしてしまいました。", set()),
        ("それで結構です。", {Says.AGREEMENT}),
        ("日程はそれで結構です。", {Says.AGREEMENT, Says.APPOINTMENT}),
        ("はい、結構です。", {Says.AGREEMENT}),
        ("せっかくですが結構です。", {Says.REFUSAL}),
        ("大丈夫です。", {Says.AMBIGUOUS}),
        ("はい、大丈夫です。", {Says.AGREEMENT}),
        ("不要です。", {Says.REFUSAL, Says.AMBIGUOUS}),
        ("ご返信は不要です。", set()),
    ],
)
def test_hanging_words(text: str, wanted: set[Says]) -> None:
    """結構です, 大丈夫です and 不要です mean what the words before them make of them."""
    assert {found.intent for found in intents(text)} == wanted


WORDINGS = tomllib.loads((Path(__file__).parent / "data/wordings.toml").read_text(encoding="utf-8"))["mail"]


@pytest.mark.parametrize("mail", WORDINGS, ids=lambda mail: mail["text"][:24])
def test_answers_as_hospitals_write_them(mail: dict[str, object]) -> None:
    """What people at hospitals want is understood, in their own words."""
    assert mail["intents"] == sorted(found.intent for found in intents(str(mail["text"])))


OFFERED = "> デモのご案内に伺いたく存じますが、いかがでしょうか。"
CONFIRMED = "> この理解でよろしいでしょうか。"


@pytest.mark.parametrize(
    ("text", "to", "wanted"),
    [
        ("結構です。", "", {Says.REFUSAL}),
        ("結構です。", OFFERED, {Says.REFUSAL}),
        ("結構です。", CONFIRMED, {Says.REFUSAL, Says.AMBIGUOUS}),
        ("結構です。", "> 上記の内容に相違ございませんでしょうか。", {Says.REFUSAL, Says.AMBIGUOUS}),
        ("結構です。", "> 「はい」または「いいえ」の一言でご返信ください。", {Says.REFUSAL, Says.AMBIGUOUS}),
        ("いえ、結構です。", CONFIRMED, {Says.REFUSAL}),
        ("それで結構です。", OFFERED, {Says.AGREEMENT}),
        ("ご案内は結構です。", CONFIRMED, {Says.UNSUBSCRIBE}),
    ],
)
def test_a_bare_word_hangs_on_what_was_asked(text: str, to: str, wanted: set[Says]) -> None:
    """結構です refuses an offer; under a question that asks to confirm it is for a person to read."""
    assert wanted == {found.intent for found in intents(text, to=to)}


def test_several_intents() -> None:
    """One mail can say many things, each with its rule and words."""
    text = "4月1日付で異動いたしました。後任は高橋です。興味はありますので、高橋に資料をお送りください。"
    found = intents(text)
    assert {one.intent for one in found} == {
        Says.MOVED,
        Says.SUCCESSOR_NAMED,
        Says.CONSIDERATION,
        Says.REQUEST_MATERIAL,
    }
    assert all(one.rule and one.words for one in found)


def test_yes_and_no_is_ambiguous() -> None:
    """A mail that agrees and refuses is read by a person."""
    assert Says.AMBIGUOUS in {
        one.intent for one in intents("内容に相違ありません。今回は見送らせていただきます。")
    }


def test_wrapped_lines() -> None:
    """A sentence that a mail program wrapped is one sentence; a list stays a list."""
    assert sentences(
        "平素より大変お世話になっておりますところ恐縮ですが、今後のご案内につき\nましては不要でございます。"
    ) == ("平素より大変お世話になっておりますところ恐縮ですが、今後のご案内につきましては不要でございます。",)
    assert sentences("候補\n・12/10\n・12/11") == ("候補", "・12/10", "・12/11")


@pytest.mark.parametrize(
    ("text", "name", "email"),
    [
        ("後任は田中でございます。", "田中", None),
        ("後任の鈴木 一郎 (suzuki@hospital.example) が担当いたします。", "鈴木 一郎", "suzuki@hospital.example"),
        ("後任：高橋", "高橋", None),
        ("後任には佐々木が着任いたします。", "佐々木", None),
        ("窓口はME室の伊藤に引き継いでおります。", "伊藤", None),
        ("4月より放射線科の渡辺先生が担当となります。", "渡辺", None),
        ("お急ぎの場合は医局秘書 佐藤（内線2345）までご連絡ください。", "佐藤", None),
        ("不在中は鈴木が対応いたします。", "鈴木", None),
        ("購買課の大野様へご連絡ください。", "大野", None),
        (
            "For urgent matters please contact Dr. Taro Suzuki at s@hospital.example.",
            "Dr. Taro Suzuki",
            "s@hospital.example",
        ),
    ],
)
def test_who_took_over(text: str, name: str | None, email: str | None) -> None:
    """The name without office and title, and the address if there is one."""
    found = successor(text, "", {one.intent for one in intents(text)})
    assert found is not None
    assert (found.name, found.email) == (name, email)


@given(st.text(alphabet="結構ですメール配信不要停止後任の田中は大丈夫。、\nただき今後abc ", max_size=200))
def test_total(text: str) -> None:
    """Any text has some set of intents, each once."""
    found = intents(text)
    assert len({one.intent for one in found}) == len(found)
    successor(text, "", set(Says))


SENTENCES = [
    ("本件はこれ以上進めないでください。", "refusal"),
    ("弊院では採用を見送ることになりました。", "refusal"),
    ("ご提案の機種は予算超過のため今回は難しいです。", "refusal"),
    ("またの機会にお願いします。", "refusal"),
    ("今回はご縁がなかったということで。", "refusal"),
    ("配信先から私のアドレスを除いてください。", "unsubscribe"),
    ("メールはもう送らないでください。", "unsubscribe"),
    ("宣伝メールはお断りしています。", "unsubscribe"),
    ("受信を希望しませんので手続きをお願いします。", "unsubscribe"),
    ("このメールの配信を中止してもらえますか。", "unsubscribe"),
    ("登録した覚えがありません。削除してください。", "unsubscribe"),
    ("Please take me off your mailing list.", "unsubscribe"),
    ("I no longer wish to receive these emails.", "unsubscribe"),
    ("Kindly stop emailing me.", "unsubscribe"),
    ("断念せずに続けたいと思います。", "-refusal"),
    ("白紙の申込書を同封します。", "-refusal"),
    ("候補に漏れがないかご確認ください。", "-refusal"),
    ("今回の件は結構大変でした。", "-refusal"),
    ("契約できないでしょうか。", "-refusal"),
    ("従来の手順を守ってください。", "-refusal"),
    ("I would like to discuss with you the installation.", "-consideration"),
    ("The monitor is good, everybody likes it.", "-appointment"),
    ("Can we try 2 units on the ward?", "-appointment"),
    ("PDFで先ほどお送りしました。", "-request_material"),
    ("緊急の場合のみお電話ください。", "-less_often"),
    ("添付ファイルをお預かりしています。", "-consideration"),
    ("お電話でのご連絡は不要です。メールでお願いします。", "-unsubscribe"),
    ("資料の郵送は不要です。PDFで結構です。", "-unsubscribe"),
    ("訪問は不要ですので、オンラインでお願いします。", "-unsubscribe"),
    ("ご返信は不要です。", "-unsubscribe"),
    ("配信停止の設定を誤って押してしまいました。引き続き配信をお願いします。", "-unsubscribe"),
    ("メールが届いていないようです。配信が止まっていませんか。", "-unsubscribe"),
    ("添付ファイルを削除して再送してください。", "-unsubscribe"),
    ("議事録から3番目の項目を削除してください。", "-unsubscribe"),
    ("参加者リストから山田を外してください。", "-unsubscribe"),
    ("その条件でお願いします。", "agreement"),
    ("異議ありません。", "agreement"),
    ("はい、お願いします。", "agreement"),
    ("I agree with the minutes.", "agreement"),
    ("Looks good to me.", "agreement"),
    ("院内で協議いたしますので、少々お時間をください。", "consideration"),
    ("次回の委員会に諮ります。", "consideration"),
    ("Let me check with my colleagues and get back to you.", "consideration"),
    ("12月の第2週で打合せの時間をいただけますか。", "appointment"),
    ("木曜の午後なら空いています。", "appointment"),
    ("Could we meet next Tuesday at 3pm?", "appointment"),
    ("カタログを1部お送りください。", "request_material"),
    ("What is the price per unit?", "question"),
    ("保守費用はいくらになりますか。", "question"),
    ("来月から産休に入るため、後任の加藤に引き継ぎます。", "successor_named"),
    ("山本は先月末で退職しました。", "left"),
    ("4月から別の病院に移りました。", "moved"),
    ("その件は総務課にお問い合わせください。", "referral"),
    ("メールが多すぎます。週1回にしてください。", "less_often"),
    ("学会の案内は今後不要です。", "unsubscribe_topic"),
    ("年度が変わったらまたご連絡ください。", "snooze"),
    ("半年後に改めてお声がけください。", "snooze"),
    ("しつこいメールに困っています。", "complaint"),
    ("個人情報をどこから入手したのか説明してください。", "complaint"),
    ("貴社からのメールは今後一切お断りいたします。", "unsubscribe"),
    ("DMの送付停止をお願いいたします。", "unsubscribe"),
    ("何度お願いしてもメールが届きます。至急停止してください。", "unsubscribe"),
    ("アドレス帳から抹消願います。", "unsubscribe"),
    ("本メールの配信対象から除外してください。", "unsubscribe"),
    ("もうメールは結構です。", "unsubscribe"),
    ("ご案内は不要ですので、登録を解除してください。", "unsubscribe"),
    ("いりません。もう送ってこないでください。", "unsubscribe"),
    ("Remove this address from your database please.", "unsubscribe"),
    ("Please do not contact me again.", "unsubscribe"),
    ("STOP", "unsubscribe"),
    ("当日の資料送付は不要です。会場で受け取ります。", "-unsubscribe"),
    ("リマインドのご連絡は不要です。", "-unsubscribe"),
    ("見積書の送付は来週で結構です。", "-unsubscribe"),
    ("お返事は急ぎませんので、お手すきの際で結構です。", "-unsubscribe"),
    ("院内の配信システムを停止しているため、返信が遅れました。", "-unsubscribe"),
    ("電子カルテの登録を解除する手順を教えてください。", "-unsubscribe"),
    ("旧アドレスは削除して、新しいアドレスへお送りください。", "-unsubscribe"),
    ("CCから私を外していただいて構いません。今後は鈴木宛にお願いします。", "successor_named"),
    ("契約は解除しませんのでご安心ください。", "-unsubscribe"),
    ("価格面で折り合わず、別の会社に決めました。", "refusal"),
    ("今期は予算が確保できませんでした。", "refusal"),
    ("上司の承認が得られませんでした。", "refusal"),
    ("お断りする理由は特にありません。", "-refusal"),
    ("問題なければ進めてください。", "agreement"),
    ("12/10の件、承知しました。当日よろしくお願いします。", "agreement"),
    ("ご説明のとおりで間違いありません。", "agreement"),
    ("それで構いません。", "agreement"),
    ("検討の余地はあります。", "consideration"),
    ("もう少し考えさせてください。", "consideration"),
    ("決裁者に上げておきます。", "consideration"),
    ("15日の午前中はご都合いかがですか。", "appointment"),
    ("オンラインで30分ほどお話できますか。", "appointment"),
    ("お打ち合わせの候補日を3つほどください。", "appointment"),
    ("パンフレットがあれば頂けますか。", "request_material"),
    ("見積もりを取りたいのですが。", "request_material"),
    ("納期はどのくらいかかりますか。", "question"),
    ("担当を外れましたので、以後は中村へお願いします。", "successor_named"),
    ("私は異動しましたが、後任は未定です。", "moved"),
    ("このたび定年退職いたしました。", "left"),
    ("私の代わりに伊藤が対応いたします。", "deputy_named"),
    ("配信は四半期に1度くらいにしてほしいです。", "less_often"),
    ("ウェビナーの案内だけ止めてください。", "unsubscribe_topic"),
    ("落ち着いたらこちらから連絡します。", "consideration"),
    ("来年4月以降にもう一度ご提案ください。", "snooze"),
]


@pytest.mark.parametrize(("text", "intent"), SENTENCES)
def test_sentences(text: str, intent: str) -> None:
    """One sentence, one thing that it says; with a minus one that it does not say."""
    said = {str(found.intent) for found in intents(text)}

    assert (intent.lstrip("-") in said) is not intent.startswith("-")


WISHES = tomllib.loads((Path(__file__).parent / "data" / "wishes.toml").read_text(encoding="utf-8"))["wish"]


@pytest.mark.parametrize("wish", WISHES, ids=range(len(WISHES)))
def test_collection(wish: dict[str, list[str]]) -> None:
    """A sentence says what it was written to say, and nothing that would stop or rest an enrollment wrongly."""
    said = {str(found.intent) for found in intents(str(wish["text"]))}

    assert (set(), set()) == (set(wish["says"]) - said, set(wish["never"]) & said)
