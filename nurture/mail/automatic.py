"""Mail that no person wrote just now: the signs in header and words (RFC 3834 and what programs do instead).

Signs are weighed by whom they could hurt. A person's mail can carry ``Precedence: bulk`` (a list), a null
return path (a gateway) or ``X-Auto-Response-Suppress`` (Exchange adds it to plenty), so none of these is
enough alone. A list or newsletter is automatic too, but concerns no sending of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture.core.reading import Intent
from nurture.mail import machines, subjects
from nurture.mail.intents import intents

if TYPE_CHECKING:
    from nurture.mail.parse import Part


@dataclass(frozen=True, slots=True)
class Signs:
    """What a mail's header shows.

    answered: a program answered (auto-replied, a vacation header …). made: a machine made it.
    listed: it went to a list or is a newsletter. robot: the sender says that nobody reads answers.
    """

    answered: bool = False
    made: bool = False
    listed: bool = False
    robot: bool = False


ANSWERED_FIELDS: Final = frozenset(
    {
        "x-autoreply",
        "x-autorespond",
        "x-autoreply-from",
        "x-auto-reply-from",
        "x-mail-autoreply",
        "x-autoresponder",
        "x-auto-reply",
        "x-away-message",
        "x-vacation",
        "x-vacation-reply",
        "x-php-autoresponder",
        "x-apple-action",
        "x-ms-exchange-inbox-rules-loop-reply",
    }
)
ANSWERED_SUBJECT: Final = re.compile(
    r"\A(?:\s|re:|auto:|\[[^\]]{0,30}\])*(?:【|\[|［|<|＜|\()?[ 　]*"
    r"(?:自動(?:返信|応答|送信|配信)(?!(?:機能)?(?:に|の(?:設定|件|機能)))|"
    r"不在(?:通知|"
    r"のお知らせ|案内|連絡|のため|です|中|返信)?|休暇(?:通知|中|のお知らせ)|留守|"
    r"out[ -]of[ -](?:the[ -])?office|ooo\b|automatic(?:ally generated)? (?:reply|response)|"
    r"auto[- ]?(?:reply|response|respond(?:er)?|matic reply|antwort)|autoreply|vacation (?:reply|response|"
    r"message|notice)|away (?:from|until|message|notice)|abwesenheit|réponse automatique|absence du bureau|"
    r"respuesta automática|自动(?:回复|答复))",
    re.IGNORECASE,
)
ANSWERED_WORDS: Final = re.compile(
    r"(?:本|この|当)(?:電子)?(?:メール|通知|メッセージ)は[、,]?[^。\n]{0,20}(?:自動(?:返信|応答|送信|配信|"
    r"的に|で|メール)|システム(?:から|より)(?:自動|の))|自動(?:返信|応答)(?:メール|メッセージ|にて|で(?:す|"
    r"送)|機能)|自動的に(?:返信|送信|送られ|配信|お送り)|自動(?:送信|配信)(?:メール|され|して|です|によ)|"
    r"(?:this is an? (?:auto(?:mated|matic|matically|-?)?[- ]?(?:generated )?)(?:reply|response|message|"
    r"e-?mail|notification|acknowledg))|automatically (?:generated|sent)|auto-?generated|"
    r"do not reply to this|(?:本|この)メール(?:に|へ)(?:は)?(?:直接)?(?:ご)?返信(?:いただ|され|"
    r"し)(?:い)?て?(?:も|いただいても|ましても)?[^。\n]{0,12}(?:お答え|回答|返信|対応)[^。\n]{0,6}(?:でき|"
    r"いたし)",
    re.IGNORECASE,
)
ROBOT: Final = re.compile(
    r"^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|donotreply|noreply|auto(?:mated|reply|responder|-?confirm)?|mailer|bounces?)"
    r"(?:[-_.+@]|$)",
    re.IGNORECASE,
)
OFFICE: Final = re.compile(
    r"^(?:notifications?|notify|alerts?|newsletter|news|mag(?:azine)?|info-?mag|merumaga)(?:[-_.+@]|$)",
    re.IGNORECASE,
)
"""Names under which machines write, and whole departments answer."""


def signs(root: Part, *, from_address: str, subject: str, text: str, return_path: str | None) -> Signs:
    """The signs of automatic mail in a header, with subject and text as witnesses."""
    submitted = root.get("auto-submitted").strip().lower().partition(";")[0].strip()
    precedence = root.get("precedence").strip().lower()
    said = ANSWERED_SUBJECT.search(subject) is not None
    words = ANSWERED_WORDS.search(text[:6000]) is not None
    in_thread = root.has("in-reply-to") or root.has("references")
    listed = is_listed(root) or (not in_thread and _is_circular(subject, text))
    typed = root.has("x-mailer") or root.has("user-agent")  # a mail program: groups' servers mark its mail as bulk
    answered = (
        submitted.startswith("auto-replied")
        or any(root.has(name) for name in ANSWERED_FIELDS)
        or precedence in {"auto_reply", "auto-reply", "autoreply"}
        or root.get("x-precedence").strip().lower() == "auto_reply"
        or "oof" in root.get("x-ms-exchange-generated-message-source").lower()
        or (submitted.startswith("auto-") and submitted != "auto-" and (said or (in_thread and not listed)))
        or (precedence in {"bulk", "junk"} and not listed and (said or words or (in_thread and not typed)))
        or (return_path == "" and (said or words or in_thread))
    )
    made = (
        answered
        or (submitted not in {"", "no"})
        or (precedence in {"bulk", "junk"} and not (in_thread and typed))
        or root.has("x-cron-env")
    )
    local = from_address.partition("@")[0]
    robot = ROBOT.match(local) is not None or (
        not in_thread
        and not subjects.is_answer(subject)
        and (OFFICE.match(local) is not None or machines.is_notice(from_address, subject, text))
    )
    if not answered and not listed and submitted != "no":
        answered = said or (words and not _is_thread_of_a_person(root, subject))
    return Signs(answered, made or answered, listed and not answered, robot)


LIST_FIELDS: Final = (
    "list-id",
    "list-post",
    "mailing-list",
    "x-mailing-list",
    "x-beenthere",
    "x-ml-name",
    "x-mlserver",
    "x-mailman-version",
)


def is_listed(root: Part) -> bool:
    """Whether a mail went to a list, or is a newsletter, by its header."""
    return (
        any(root.has(name) for name in LIST_FIELDS)
        or root.get("precedence").strip().lower() == "list"
        or root.has("list-unsubscribe")
        or (root.has("feedback-id") and root.has("x-campaign"))
    )


NEWSLETTER: Final = re.compile(
    r"(?:配信|購読|メルマガ|メールマガジン|登録)(?:の)?(?:停止|解除|中止)[^。\n]{0,16}(?:希望(?:の|され|する)|(?:方|場合|際)は|は、?こちら|"
    r"手続きは|の変更)|(?:click (?:here )?|link |you (?:can|may) )(?:to )?unsubscribe|unsubscribe (?:here|"
    r"at any time|from th)|"
    r"manage (?:your )?(?:e-?mail )?preferences",
    re.IGNORECASE,
)
WISHES: Final = frozenset(
    {Intent.UNSUBSCRIBE, Intent.UNSUBSCRIBE_TOPIC, Intent.LESS_OFTEN, Intent.COMPLAINT, Intent.AMBIGUOUS}
)
LINK: Final = re.compile(r"https?://", re.IGNORECASE)


def _is_circular(subject: str, text: str) -> bool:
    """A mail that answers nothing and says how to be taken off by a link: a newsletter without its header.

    Who asks to be taken off, and names a link that did not work, is none: ``intents`` knows which is which.
    """
    if subjects.is_answer(subject):
        return False
    if not any(LINK.search(text, m.start(), m.end() + 300) for m in NEWSLETTER.finditer(text[:60_000])):
        return False
    return not WISHES & {found.intent for found in intents(text[:60_000])}


def _is_thread_of_a_person(root: Part, subject: str) -> bool:
    """A mail program's name and an answer's subject: people quote automatic mail too."""
    return subjects.is_answer(subject) and (
        root.has("x-mailer") or root.has("user-agent") or root.has("x-originating-ip")
    )


# --- receipts, challenges, complaints -----------------------------------------------------------------------

RECEIPT_SUBJECT: Final = re.compile(
    r"\A[ 　]*(?:read|not read|gelesen|lu|le[ií]do|delivered|relayed|開封済み?|未開封|既読|開封確認|"
    r"配信済み?|配信完了|受信確認|return receipt|read receipt|"
    r"disposition notification)[ 　]*(?:\((?:displayed|notification)\))?[ 　]*[:：\-(（]|return receipt \(|"
    r"read receipt|【開封(?:確認|通知|済み?)】|開封通知|開封確認(?:通知|メール)|配信確認",
    re.IGNORECASE,
)
RECEIPT_WORDS: Final = re.compile(
    r"(?:your (?:message|mail)|the message)[^。]{0,200}(?:was (?:read|displayed|opened|deleted without)|"
    r"has been (?:read|displayed))|開封され(?:まし|てい)|(?:表示|開封)されたことを(?:通知|示|お知)|"
    r"this is a return receipt",
    re.IGNORECASE | re.DOTALL,
)


REJECTED: Final = re.compile(
    r"(?:was|is|been) (?:automatically )?(?:rejected|refused|returned|bounced)|(?:not|n't) (?:be )?deliver|"
    r"拒否|受信でき|配信でき",
    re.IGNORECASE,
)


def is_rejection(root: Part, text: str) -> bool:
    """A refusal in the form of a receipt: what filters at the mailbox send (RFC 5429, 2.1)."""
    return any(
        part.type == "message/disposition-notification"
        and re.search(
            r"(?im)^disposition:[^\n]*automatic-action[^\n]*;\s*(?:deleted|denied|failed)", part.decoded.text
        )
        for part in root.own()
    ) and bool(REJECTED.search(text[:1000]))


def is_receipt(root: Part, subject: str, text: str) -> bool:
    """A read or delivery receipt (RFC 8098), or what Outlook and Notes send instead."""
    kind, params = root.content
    if is_rejection(root, text):
        return False
    if params.get("report-type", "").lower() == "disposition-notification":
        return True
    if any(part.type == "message/disposition-notification" for part in root.own()):
        return True
    short = len(text) < 1500
    return (
        short
        and RECEIPT_SUBJECT.search(subject) is not None
        and (RECEIPT_WORDS.search(text[:3000]) is not None or kind == "multipart/report" or len(text.strip()) < 80)
    )


CHALLENGE: Final = re.compile(
    r"(?:confirm|verify|prove|authenticate)[^.]{0,50}(?:you are (?:a |not a )?(?:human|person|real|robot|"
    r"spam)|that you sent|your (?:message|e-?mail|identity as)|sender|that this (?:message|mail))|"
    r"sender (?:verification|confirmation|authentication|authorization)|(?:your|this) (?:message|e-?mail|"
    r"mail)[^.]{0,60}(?:is being held|has been (?:held|quarantined)|is (?:on hold|held|waiting)|"
    r"will be delivered)[^.]{0,120}(?:until|once|when|after|if) you|spam ?arrest|boxbe|"
    r"challenge[- /]response|\btmda\b|whitelist(?:ed)?[^.]{0,60}(?:click|reply|confirm)|(?:click|follow|"
    r"reply)[^.]{0,60}(?:to|and)[^.]{0,30}(?:have your (?:message|mail)|release your|deliver(?:ed)? your)|"
    r"(?:送信者|差出人)(?:の)?(?:認証|確認|承認)(?:を|の|が|のため|手続)|(?:人間|ロボット|"
    r"迷惑メール)[^。]{0,30}(?:ではない|でない)ことを[^。]{0,20}確認|(?:下記|以下|次)(?:の)?(?:URL|リンク|"
    r"アドレス)[^。]{0,30}(?:クリック|アクセス|認証|承認)[^。]{0,60}(?:メール(?:が|を|は)|お届け|配信|配送|"
    r"受信)[^。]{0,30}(?:届|配信|配送|受信|お届け|承認)|(?:初めて|はじめて)[^。]{0,30}(?:送信|"
    r"メール)[^。]{0,60}(?:認証|承認|確認)(?:が必要|を(?:お願い|行))",
    re.IGNORECASE,
)


def is_challenge(root: Part, subject: str, text: str) -> bool:
    """A mail that asks the sender to prove himself before it is delivered."""
    if root.has("x-tmda-fingerprint") and root.get("auto-submitted"):
        return True
    words = f"{subject}\n{text[:4000]}"
    return CHALLENGE.search(words) is not None and TO_DO.search(words) is not None


TO_DO: Final = re.compile(
    r"https?://|reply to this|have your (?:message|e?-?mail) deliv|you are (?:a )?human|クリック|"
    r"simply reply|click|spam ?arrest|boxbe|challenge[- /]response|\btmda\b|"
    r"(?:この|本)メール(?:に|へ)(?:そのまま)?(?:ご)?返信",
    re.IGNORECASE,
)
"""A challenge says what to do; a person who asks whether something was sent does not."""


COMPLAINT_SUBJECT: Final = re.compile(
    r"complaint about message|abuse report|spam (?:complaint|report)|feedback[- ]loop|\bfbl\b report|"
    r"email abuse|迷惑メール(?:申告|報告)",
    re.IGNORECASE,
)


def is_complaint(root: Part, subject: str, text: str) -> bool:
    """An abuse report (RFC 5965), an older one of Hotmail, or a mail service's notice of one."""
    parts = list(root.own())
    if reports := [part for part in parts if part.type == "message/feedback-report"]:
        return not any(_is_opinion(part) for part in reports)
    if root.content[1].get("report-type", "").lower() == "feedback-report":
        return True
    if re.search(r'notificationType\\?"\s*:\s*\\?"Complaint', text[:20_000]):
        return True
    if re.search(r"^feedback-type:[ \t]*\w+", text[:20_000], re.IGNORECASE | re.MULTILINE) and re.search(
        r"^user-agent:", text[:20_000], re.IGNORECASE | re.MULTILINE
    ):
        return True
    enclosed = any(part.type.startswith("message/") for part in parts)
    return enclosed and COMPLAINT_SUBJECT.search(subject) is not None


NO_COMPLAINTS: Final = frozenset({b"not-spam", b"auth-failure", b"dkim", b"dmarc", b"spf", b"dkim-reputation"})
"""Types of feedback that nobody sent who minds the mail (RFC 6430, 6591; the last four are of drafts)."""


def is_opinion(root: Part) -> bool:
    """A feedback report of one of ``NO_COMPLAINTS``: nobody's mail, and no report of ours either."""
    return any(_is_opinion(part) for part in root.own() if part.type == "message/feedback-report")


def _is_opinion(part: Part) -> bool:
    """A feedback report of ``not-spam`` says the opposite of a complaint (RFC 6430); authentication failur"
    "es none.
    """
    found = re.search(rb"^feedback-type:[ \t]*([\w-]+)", part.data[:4000], re.IGNORECASE | re.MULTILINE)
    return found is not None and found[1].lower() in NO_COMPLAINTS


# --- unsubscribe by mail --------------------------------------------------------------------------------------

COMMAND: Final = re.compile(
    r"\A[ 　]*(?:unsubscribe|un-subscribe|opt[- ]?out|remove(?: me)?|"
    r"配信停止|配信解除|配信停止希望|登録解除|購読解除|退会)(?:[ 　]*(?:希望|依頼|request|me|please|"
    r"[\w.:+-]{6,90}))?[ 　。.!]*\Z",
    re.IGNORECASE,
)


def is_unsubscribe(subject: str, text: str, to: tuple[str, ...], *, in_thread: bool) -> bool:
    """The mail that a program sends for List-Unsubscribe, or that says nothing else.

    A person's answer in the thread that also asks to be taken off is a reply with that intent.
    """
    words = text.strip()
    if COMMAND.match(subject) and len(words) < 400 and not subjects.is_answer(subject):
        return True
    if (
        any(re.match(r"(?:unsubscribe|unsub|optout|opt-out|stop)(?:[+._-]|@)", address) for address in to)
        and len(words) < 400
    ):
        return True
    return not in_thread and len(words) < 60 and COMMAND.match(subjects.bare(words)) is not None
