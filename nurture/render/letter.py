"""What stands around a body: addressee block, signature, legal footer.

None of it comes from the template. The footer says what the anti-spam act (特定電子メール法) wants shown in
each mail: the responsible sender's name, that one can refuse and how, the postal address, and where complaints
and questions go. Facts on Japanese business mail give the shape of the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nurture.core.people import Basis
from nurture.errors import UserError, Where
from nurture.mail.text import FOOTER_RULE, SIGNATURE_RULE, one_line
from nurture.render.facts import bare_name

if TYPE_CHECKING:
    from nurture.config import Company
    from nurture.core.draft import Brief
    from nurture.core.people import Person, Representative

WHY_JA: Final = {
    Basis.CONSENT: "ご案内の送付にご同意くださった方",
    Basis.BUSINESS_CARD: "お名刺を頂戴した方",
    Basis.RELATIONSHIP: "お取引・ご商談をいただいている方",
    Basis.PUBLISHED: "連絡先を公開しておられる方",
    Basis.NONE: "ご縁をいただいた方",
}
WHY_EN: Final = {
    Basis.CONSENT: "you agreed to receive our information",
    Basis.BUSINESS_CARD: "you gave us your business card",
    Basis.RELATIONSHIP: "we are in business or in talks with you",
    Basis.PUBLISHED: "your address is published",
    Basis.NONE: "we have been in contact",
}


def addressee(brief: Brief) -> str:
    """Line 1 the organisation in full, line 2 department and title, line 3 name and honorific.

    先生 stands alone on its line with the name: a title never shares a line with it, and 様 never follows it.
    A title that names its department (看護部 and 看護部長) stands alone too.
    """
    person = brief.person
    department, title = one_line(person.department or ""), one_line(person.title or "")
    if department and title.startswith(department):
        department = ""
    lines = [
        one_line(brief.organisation.name) if brief.organisation else "",
        " ".join(part for part in (department, title) if part),
    ]
    return "\n".join(line for line in (*lines, _named(person)) if line)


def _named(person: Person) -> str:
    name = bare_name(person)
    if person.language == "en":
        return f"{'Dr. ' if person.honorific == '先生' and name else ''}{name}" or "To whom it may concern"
    return f"{name} {person.honorific}" if name else "ご担当者様"


def signature(rep: Representative, company: Company, language: str = "ja") -> str:
    """Company, department, name with its reading, postal address, telephone, mail, URL."""
    english = language == "en"
    name = f"{rep.name}（{rep.kana}）" if rep.kana and not english else rep.name
    place = " ".join(part for part in (rep.department, rep.title) if part)
    lines = [
        (company.name_en or company.name) if english else company.name,
        place,
        name,
        _postal(company),
        f"TEL: {rep.phone or company.phone}" if rep.phone or company.phone else "",
        f"E-mail: {rep.email}",
        f"URL: {company.url}" if company.url else "",
    ]
    return "\n".join([SIGNATURE_RULE, *(one_line(line) for line in lines if line)])


def footer(brief: Brief, company: Company) -> str:
    """The legal footer, from its rule to its last line.

    Raises:
        UserError: the settings do not say what the law wants shown.
    """
    _complete(company)
    lines = _footer_en(brief, company) if brief.person.language == "en" else _footer_ja(brief, company)
    return "\n".join([FOOTER_RULE, *lines]) + "\n"


def _footer_ja(brief: Brief, company: Company) -> list[str]:
    why = WHY_JA[brief.person.legal_basis.kind]
    mail = one_line(brief.unsubscribe_mail or brief.rep.email)
    how = ["本メールに「配信停止」とご返信ください。次の方法でも承ります。"]
    if brief.unsubscribe_url:
        how += ["・配信停止のページ", f"　{one_line(brief.unsubscribe_url)}"]
    how += [f"・配信停止のメール　{mail}"]
    return [
        f"本メールは、{why}へ{company.name}がお送りしています。",
        "今後のご案内がご不要の場合は、お手数ですが" + how[0],
        *how[1:],
        "ご案内の回数や内容についてのご希望も、ご返信にて承ります。",
        "",
        f"送信者：{company.name}",
        f"住所：{_postal(company)}",
        "お問い合わせ・苦情の窓口：",
        *_contact(company),
    ]


def _footer_en(brief: Brief, company: Company) -> list[str]:
    mail = one_line(brief.unsubscribe_mail or brief.rep.email)
    name = company.name_en or company.name
    lines = [
        f"{name} sends you this mail because {WHY_EN[brief.person.legal_basis.kind]}.",
        "If you do not want further mail, reply with the word: unsubscribe. You can also use",
    ]
    if brief.unsubscribe_url:
        lines += ["- this page:", f"  {one_line(brief.unsubscribe_url)}"]
    lines += [f"- this address: {mail}", "Fewer mails, or other topics? A reply is enough.", ""]
    return [
        *lines,
        f"Sender: {name}",
        f"Address: {_postal(company)}",
        "Questions and complaints:",
        *_contact(company),
    ]


def _postal(company: Company) -> str:
    code = one_line(company.postal_code).removeprefix("〒")
    return f"〒{code} {one_line(company.address)}".strip()


def _contact(company: Company) -> list[str]:
    ways = [f"TEL {company.phone}" if company.phone else "", company.mail, company.url]
    return [f"  {one_line(way)}" for way in ways if way]


def _complete(company: Company) -> None:
    for name in ("name", "postal_code", "address"):
        if not str(getattr(company, name)).strip():
            raise _missing(name)
    if not (company.phone.strip() or company.mail.strip() or company.url.strip()):
        raise _missing("mail")


def _missing(name: str) -> UserError:
    return UserError(
        "{key} is missing",
        where=Where(file="config.toml", key=f"company.{name}"),
        hint="the anti-spam act (特定電子メール法) wants it shown in each mail",
        key=f"company.{name}",
    )
