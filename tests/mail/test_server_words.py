"""What servers and providers say, in their own words: the reason, and whether the address is no good."""

from __future__ import annotations

import pytest

from nurture.mail.verdicts import WORDS, judge

SAID = [
    # the carriers and providers of Japan
    ("550 Unknown user sato@docomo.example (in reply to end of DATA command)", "user_unknown", False),
    ("550 <sato@au.example>: Recipient address rejected. (in reply to RCPT TO command)", "user_unknown", True),
    ("550 5.1.1 Invalid recipient: <sato@softbank.example>", "user_unknown", True),
    ("550 recipient id refuse to receive mail", "refused", False),
    ("送信先メールアドレスが見つかりませんでした。", "user_unknown", True),
    ("指定されたメールアドレスは使われておりません。", "user_unknown", True),
    ("宛先のメールアドレスは存在しません。", "user_unknown", True),
    ("受信者のメールアドレスが見つからないため、配信できませんでした。", "user_unknown", True),
    ("あて先不明のためお届けできませんでした。", "user_unknown", True),
    ("該当するユーザーが見つかりません", "user_unknown", True),
    ("そのユーザーは登録されていません", "user_unknown", True),
    ("ドメイン hospital.example が見つからなかったため、メールは配信されませんでした。", "host_unknown", True),
    ("宛先のメールサーバーが見つかりません。", "host_unknown", True),
    ("このアカウントは停止されています。", "disabled", True),
    ("受信者はメールアドレスを変更しました。アドレスは変更されています。", "moved", True),
    ("受信者のメールボックスがいっぱいのため、メッセージを受信できません。", "mailbox_full", False),
    ("受信トレイがいっぱいです", "mailbox_full", False),
    ("保存容量が上限に達しているため受信できません", "mailbox_full", False),
    ("相手先のメールボックスの容量が超過しています。", "mailbox_full", False),
    ("メッセージのサイズが制限を超えています。", "message_too_big", False),
    ("受信者が受信拒否の設定をしています。", "refused", False),
    ("お客様のメールは迷惑メールと判定されたため拒否されました。", "spam", False),
    ("このグループにメールを送信する権限がありません。", "sender_rejected", False),
    ("送信元のIPアドレスがブラックリストに登録されています。", "reputation", False),
    ("相手のサーバーに接続できませんでした。", "no_answer", False),
    ("短時間に大量のメールが送信されたため、送信制限がかかっています。", "rate_limited", False),
    # mail services
    ("550-5.1.1 The email account that you tried to reach does not exist. NoSuchUser", "user_unknown", True),
    ("550 5.2.1 The email account that you tried to reach is inactive. DisabledUser", "disabled", True),
    ("452-4.2.2 The recipient's inbox is out of storage space. OverQuotaTemp", "mailbox_full", False),
    ("550-5.7.26 Your email has been blocked because the sender is unauthenticated.", "authentication", False),
    ("421-4.7.28 Gmail has detected an unusual rate of unsolicited mail", "rate_limited", False),
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "user_unknown", True),
    (
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        "user_unknown",
        True,
    ),
    ("550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.", "reputation", False),
    ("550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required", None, False),
    ("550 Requested action not taken: mailbox unavailable (2037341432:14391:-2147467259)", "user_unknown", True),
    ("554 delivery error: dd This user doesn't have a yahoo.example account (x@yahoo.example) [0]", None, True),
    ("552 1 Requested mail action aborted, mailbox not found", "user_unknown", True),
    ("554 5.2.2 mailbox full;c.123 X-Notes; User Sato over quota", "mailbox_full", False),
    ("550 Mail is rejected by recipients", "refused", False),
    ("550 5.7.1 Message rejected due to user rules", "refused", False),
    # mail servers
    ("Sorry, no mailbox here by that name. (#5.1.1)", "user_unknown", True),
    ("Sorry, I couldn't find any host named hospital.example. (#5.1.2)", "host_unknown", True),
    ("CNAME lookup failed temporarily. (#4.4.3) I'm not going to try again", "no_answer", False),
    ("I'm not going to try again; this message has been in the queue too long.", "expired", False),
    ("User unknown in virtual mailbox table", "user_unknown", True),
    ("553 sorry, your envelope recipient is in my badrcptto list (#5.7.1)", "user_unknown", False),
    ('procmail: Couldn\'t create "/var/mail/sato" id: sato: No such user', "system_error", False),
    ("vdelivermail: account is locked email bounced", "disabled", False),
    ("maildir delivery failed: User disk quota ('9000000') exceeded", "mailbox_full", False),
    ("no such address here", "user_unknown", True),
    ("all relevant MX records point to non-existent hosts", "host_unknown", True),
    ("retry timeout exceeded", None, False),
    ("554 5.4.6 Too many hops", "loop", False),
    ("mail box space not enough", "mailbox_full", False),
    ("they are not accepting mail from news@vendor.example", "refused", False),
    ("554 Message looping (received 6 times)", "loop", False),
    ("Does not have a final email delivery point", "user_unknown", True),
    ("The address did not exactly match an example.gov email address", "user_unknown", True),
    ("address sato@hospital.example has been replaced by ito@hospital.example", "moved", True),
    ("525 5.7.13 Disabled recipient address", "disabled", True),
    ("451 4.7.1 Greylisting in action, please come back later", "greylisted", False),
    ("550 5.7.1 Our system has detected that this message is likely unsolicited mail", "spam", False),
    ("554 5.7.1 Client host rejected: cannot find your reverse hostname", "reputation", False),
    ("530 5.7.0 Must issue a STARTTLS command first", "security", False),
    ("503 5.5.1 bad sequence of commands", None, False),
]


@pytest.mark.parametrize(("words", "reason", "permanent"), SAID, ids=[words[:48] for words, _, _ in SAID])
def test_said(words: str, reason: str | None, permanent: bool) -> None:
    """Full, blocked, late or too big is no fault of the address; only unknown, moved and disabled are."""
    fate = judge(words)

    assert (fate.permanent, reason or fate.reason) == (permanent, fate.reason)


def test_tables_are_whole() -> None:
    """No line of the tables is empty or matches everything: a slip there would swallow all that stands below."""
    assert [reason for reason, pattern in WORDS if pattern.search("") or pattern.search("x")] == []
