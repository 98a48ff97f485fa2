"""Who took over: the name and the address that a mail gives for a successor or a deputy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from nurture.core.reading import Intent, Successor
from nurture.mail.address import addresses_in
from nurture.mail.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Collection

_KANJI: Final = r"[一-龥々〆ヶ㐀-䶿豈-﫿]"
_NAME: Final = rf"{_KANJI}{{1,4}}(?:[ 　]{{0,2}}(?:{_KANJI}{{1,4}}|[ぁ-ん]{{1,5}}|[ァ-ヶー]{{2,6}}))?"
_OFFICE: Final = re.compile(
    r"(?:医局|病棟|外来|事務|総務|人事|経理|用度|医事|資材|管理|情報|企画|地域|連携|放射線|検査|薬剤|看護|"
    r"臨床|工学|循環器|消化器|整形|外科|内科|小児|麻酔|救急|診療|病院|本院|当院|同|新|主に|現|担当|後任|"
    r"代理|弊)*"
    r"(?:秘書|部長|課長|係長|主任|師長|科長|医長|院長|室長|技師長|科|部|課|室|係|担当(?:者)?|後任|者|医師|"
    r"教授|主幹|主査|事務長|事務|チーム|センター|窓口|副\S{1,3}長|の|は|、|:|：|・|ME|IT|[ 　])+",
)
_HONORIFIC: Final = r"(?:先生|様|さん|氏|医師|師長|部長|課長|主任|技師|係長|教授|講師|助教)?"
AFTER_SUCCESSOR: Final = re.compile(
    r"(?:後任|後継|新任|新担当|新しい担当|代わりの担当|後任者)(?:者)?(?:に)?(?:は|の|が|に|として|には|:|"
    r"：)[ 　、]*(?P<rest>.{1,60})"
)
TO_WHOM: Final = re.compile(
    rf"(?P<rest>[^。、]{{1,40}}?){_HONORIFIC}(?:[ 　]?[(（][^)）]{{0,60}}[)）])?(?:に|へ|"
    rf"が)(?:[^。]{{0,8}})?(?:引き?継|担当|対応|引継|交代|代わ|変わ|変更)"
)
REFERRED: Final = re.compile(r"(?P<rest>[^。、]{1,30}?)(?:様|さん|先生|氏)(?:宛)?(?:に|へ|まで|が担当)")
URGENT: Final = re.compile(
    r"(?:急ぎ|緊急|至急|急用|不在|休暇|代わり|代理)[^。]{0,24}?(?:場合|際|方|とき|時|ご?用件|ご用|中|間|の連絡|は|"
    r"(?<=代わり)に|(?<=代理)(?:で|として))(?:に|で)?(?:は|、|の連絡先は)*[ 　]*(?P<rest>[^。]{1,60}?)(?:まで|へ|"
    r"宛|に(?:ご?連絡|お問|お電話|お願い)|が(?:対応|代|承|担当|ご案内)|[(（<＜]|[ 　]?内線|[ 　]?[\w.+-]+@)"
)
ENGLISH: Final = re.compile(
    r"(?:contact|reach(?: out to)?|successor,?(?: is|:)?|replaced by|taken over by|colleague,?|assistant,?|"
    r"call|e-?mail|forwarded to|direct (?:your|all)[^.]{0,40} to)[ ,:]+(?:to |is |my (?:colleague|assistant|"
    r"deputy|successor),? |our )?(?P<name>(?:(?:Dr|Mr|Ms|Mrs|"
    r"Prof)\.? )?[A-Z][a-z]+(?:[- ][A-Z][a-z]+){0,2})",
)
OWN_NEW: Final = re.compile(r"(?:新しい|新|私の|変更後の)(?:メール)?アドレス|アドレス(?:が|は|を)[^。]{0,12}変")
"""The writer's own new address is nobody else's."""
NOT_A_NAME: Final = frozenset(
    [
        "私",
        "当院",
        "弊院",
        "当方",
        "弊社",
        "電話",
        "下記",
        "以下",
        "上記",
        "携帯",
        "代表",
        "内線",
        "別途",
        "各位",
        "先方",
        "本人",
        "皆様",
        "上司",
        "秘書",
        "医局",
        "事務",
        "担当",
        "窓口",
        "受付",
        "総務",
        "同僚",
        "部下",
        "後任",
        "未定",
        "病院",
        "当科",
        "当部",
        "総合",
        "本院",
        "研究",
        "夜間",
        "救急",
        "平日",
        "病棟",
        "外来",
        "看護",
        "検査",
        "今後",
        "後日",
        "追って",
        "後述",
        "当直",
        "交換",
        "直接",
    ]
)


def successor(text: str, signature: str, said: Collection[Intent]) -> Successor | None:
    """The successor, or else the deputy, that the text names; None if it names neither."""
    if not {Intent.SUCCESSOR_NAMED, Intent.DEPUTY_NAMED, Intent.REFERRAL}.intersection(said):
        return None
    lines = sentences(text)
    name = email = None
    patterns = [AFTER_SUCCESSOR, TO_WHOM] if Intent.SUCCESSOR_NAMED in said else []
    patterns += [REFERRED] if Intent.REFERRAL in said else []
    patterns += [URGENT] if Intent.DEPUTY_NAMED in said else []
    for pattern in patterns:
        for index, sentence in enumerate(lines):
            match = pattern.search(sentence)
            if match is None:
                continue
            name = name or _name(match["rest"])
            near = addresses_in(" ".join(lines[index : index + 3]))
            email = email or (near[0] if near else None)
        if name or email:
            break
    if name is None and (english := next((m for s in lines if (m := ENGLISH.search(s))), None)):
        name = english["name"]
    if email is None:
        inside = addresses_in(" ".join(line for line in lines if not OWN_NEW.search(line)))
        email = inside[0] if len(inside) == 1 else None
    if email is not None and email in addresses_in(signature) and email not in addresses_in(text):
        email = None
    return Successor(name, email) if name or email else None


def _name(words: str) -> str | None:
    """The name in words such as "医局秘書 佐藤" or "ME室の伊藤": the last piece that is one."""
    words = re.split(
        r"[(（<＜「【]|[\w.+-]+@|でござい|です|となり|になり|で、|(?<=[一-龥々])[にへ](?=[^。]{0,3}[^ぁ-ん])|が(?=[^一-龥]|着任|担当|就任|務|引|承|後)|を|と申|"
        r"まで|宛|へ(?=ご|お)",
        words,
    )[0]
    words = re.sub(rf"{_HONORIFIC[:-1]}\s*\Z", "", words.strip(" 　、:：・"))
    pieces = [piece for piece in re.split(r"の|、|・|:|：|[ 　]+", words) if piece]
    kept: list[str] = []
    for piece in reversed(pieces):
        bare = _stripped(piece)
        if (
            not re.fullmatch(rf"{_KANJI}{{1,6}}|[ァ-ヶー]{{2,10}}|{_KANJI}{{1,3}}[ぁ-ん]{{1,4}}", bare)
            or bare in NOT_A_NAME
            or _is_office(bare)
        ):
            break
        kept.insert(0, bare)
        if len(kept) == 2:
            break
    return " ".join(kept) or None


def _stripped(piece: str) -> str:
    """A piece without the title at its end and the office at its beginning."""
    bare = re.sub(
        r"(?:先生|様|さん|氏|医師|技師長|看護師長|師長|部長|課長|主任|係長|教授|講師|助教|院長|事務長)\Z",
        "",
        piece,
    )
    found = re.match(
        r".{0,12}(?:秘書|部長|課長|係長|師長|科長|医長|院長|室長|担当|主任|科|部|課|室|係)(?=.{1,6}\Z)", bare
    )
    return bare[found.end() :] if found and len(bare) - found.end() >= 2 else bare


def _is_office(piece: str) -> bool:
    return (
        re.search(
            r"(?:秘書|部|課|室|係|科|センター|病院|大学|窓口|チーム|医局|グループ|事務所|本部|支店|局|院)\Z", piece
        )
        is not None
    )
