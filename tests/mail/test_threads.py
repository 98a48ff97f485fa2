"""Matching: the mail and the person that an incoming one is about, or nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nurture.core.ids import MailboxId, MessageId, OrganisationId, PersonId, RepId
from nurture.core.messages import Message
from nurture.core.people import Organisation, Person
from nurture.core.reading import BounceInfo, Kind, Reading
from nurture.mail.threads import candidates, decide
from nurture.mail.tokens import tag

OWN = {"tanaka@vendor.example"}
SECRET = "k" * 43
SATO = Person(PersonId("sato"), "sato@hospital.example", "佐藤", organisation_id=OrganisationId("h"))
MORI = Person(PersonId("mori"), "mori@gmail.com", "森")
OURS = Message(
    MessageId("0" * 32),
    SATO.id,
    RepId("tanaka"),
    mailbox_id=MailboxId("tanaka"),
    to_address="sato@hospital.example",
    from_address="tanaka@vendor.example",
    subject="【ご確認】お打合せ内容",
    header_id="<m1@vendor.example>",
)
TAGGED = replace(OURS, unsubscribe_token=SECRET)
TO_MORI = replace(
    OURS, id=MessageId("1" * 32), person_id=MORI.id, to_address=MORI.email, header_id="<m2@vendor.example>"
)
REPLY = Reading(Kind.REPLY, from_="sato@hospital.example", in_reply_to="<m1@vendor.example>")
BOUNCE = Reading(
    Kind.BOUNCE,
    from_="mailer-daemon@hospital.example",
    bounces=(BounceInfo(True, "user_unknown", "5.1.1", ("sato@hospital.example",), "<m1@vendor.example>"),),
)


def match(
    reading: Reading, *found: Message, people: tuple[Person, ...] = (SATO, MORI), **more: object
) -> tuple[str, str] | None:
    """Rule and person, or None."""
    decided = decide(reading, found or (OURS,), people, OWN, **more)  # type: ignore[arg-type]
    return None if decided is None else (decided.rule, decided.person.id)


def test_marks() -> None:
    """The nearest Message-ID comes first; of a report, that of the mail it is about, and its recipients."""
    reading = Reading(
        Kind.REPLY, from_="A@b.example", in_reply_to="<3@v>", references=("<1@v>", "<2@v>"), tokens=("t",)
    )
    assert candidates(reading) == (("<3@v>", "<2@v>", "<1@v>"), ("t",), ("a@b.example",))
    assert candidates(BOUNCE) == (("<m1@vendor.example>",), (), ("sato@hospital.example",))


def test_reply() -> None:
    """A reply that cites a mail of ours, from its addressee."""
    assert match(REPLY) == ("header_id", "sato")
    by_references = replace(REPLY, in_reply_to="<x@hospital.example>", references=("<m1@vendor.example>",))
    assert match(by_references) == ("header_id", "sato")


def test_colleague_answers() -> None:
    """Somebody of the same domain, or of one of the organisation's, answers for the addressee."""
    colleague = replace(REPLY, from_="secretary@hospital.example")
    found = decide(colleague, [OURS], [SATO], OWN)
    assert found is not None
    assert found.sender == "colleague"
    assert match(replace(REPLY, from_="x@med.hospital.example")) == ("header_id", "sato")
    assert match(replace(REPLY, from_="x@clinic.example")) is None
    house = Organisation(OrganisationId("h"), "病院", domains=("clinic.example",))
    assert match(replace(REPLY, from_="x@clinic.example"), organisations=[house]) == ("header_id", "sato")


def test_strangers_do_not_match() -> None:
    """Who cites our mail but is not of the addressee's house is a stranger; so is a neighbour at gmail."""
    assert match(replace(REPLY, from_="stranger@elsewhere.example")) is None
    other = Reading(Kind.REPLY, from_="somebody@gmail.com", in_reply_to="<m2@vendor.example>")
    assert match(other, TO_MORI) is None


def test_known_person_who_cites_anothers_mail() -> None:
    """A person we know who cites a mail to somebody else of another house is a stray, not a guess."""
    assert match(replace(REPLY, from_=MORI.email)) is None


def test_other_mailbox() -> None:
    """A copy in the mailbox of another representative does not match."""
    assert match(REPLY, mailbox=MailboxId("tanaka")) == ("header_id", "sato")
    assert match(REPLY, mailbox=MailboxId("suzuki")) is None


def test_own_mail() -> None:
    """Our own copies match nothing, whatever they cite; nor does mail that is none of our business."""
    assert match(replace(REPLY, from_="tanaka@vendor.example")) is None
    assert match(replace(REPLY, kind=Kind.OTHER)) is None


def test_bounce() -> None:
    """A report that encloses our Message-ID and names the addressee, or nobody."""
    assert match(BOUNCE) == ("bounce_id", "sato")
    nobody = replace(BOUNCE, bounces=(replace(BOUNCE.bounces[0], recipients=()),))
    assert match(nobody) == ("bounce_id", "sato")


def test_bounce_of_somebody_else() -> None:
    """A report about where the addressee's mail is forwarded to is not about the addressee."""
    forwarded = replace(BOUNCE, bounces=(replace(BOUNCE.bounces[0], recipients=("private@gmail.com",)),))
    assert match(forwarded) is None


def test_bounce_without_id() -> None:
    """A report without our Message-ID is matched by the failed address."""
    bare = replace(BOUNCE, bounces=(replace(BOUNCE.bounces[0], original_message_id=None),))
    found = decide(bare, [], [SATO], OWN)
    assert found is not None
    assert (found.rule, found.message) == ("address", None)


def test_token() -> None:
    """A token that we signed names the mail; one that we did not sign names nothing."""
    reading = Reading(Kind.REPLY, from_="sato@hospital.example", tokens=(tag(OURS.id, SECRET.encode()),))
    assert match(reading, TAGGED) == ("token", "sato")
    assert match(reading, OURS) == ("address", "sato")
    assert match(reading, replace(TAGGED, unsubscribe_token="other")) == ("address", "sato")
    assert match(reading, replace(TAGGED, id=MessageId("2" * 32))) == ("address", "sato")
    by_link = replace(OURS, unsubscribe_token="abc")
    assert match(Reading(Kind.UNSUBSCRIBE, from_="sato@hospital.example", tokens=("abc",)), by_link) == (
        "token",
        "sato",
    )


def test_the_store_is_asked_for_what_tokens_claim() -> None:
    """The ids in tokens are known before anybody has checked a signature; what is no token claims nothing."""
    tokens = (tag(OURS.id, b"whoever"), tag(TO_MORI.id, SECRET.encode()), "tanaka")

    assert (OURS.id, TO_MORI.id) == candidates(Reading(Kind.REPLY, tokens=tokens)).ids


@pytest.mark.parametrize("kind", [Kind.BOUNCE, Kind.DELAY, Kind.OUT_OF_OFFICE])
def test_a_report_in_another_mailbox(kind: Kind) -> None:
    """What machines send to a token's address names its mail in whichever mailbox of ours it is collected."""
    reading = Reading(kind, automatic=True, from_="sato@hospital.example", tokens=(tag(OURS.id, SECRET.encode()),))

    assert ("token", "sato") == match(reading, TAGGED, mailbox=MailboxId("bounces"))
    assert match(replace(reading, tokens=(tag(OURS.id, b"forged"),)), TAGGED, people=(MORI,)) is None


def test_a_report_that_names_only_us() -> None:
    """A report to a token's address that names only our own address is still about that mail."""
    token = tag(OURS.id, SECRET.encode())
    named = (OURS.from_address, f"bounce+{token}@vendor.example")
    bare = replace(BOUNCE, automatic=True, tokens=(token,))
    bare = replace(bare, bounces=(BounceInfo(True, "user_unknown", recipients=named),))

    assert ("token", "sato") == match(bare, TAGGED)
    other = replace(bare.bounces[0], recipients=("private@gmail.com", *named))
    assert match(replace(bare, bounces=(other,)), TAGGED, people=(MORI,)) is None


def test_a_copy_of_an_answer_in_another_mailbox() -> None:
    """A person's answer counts in the mailbox that sent, not once more where a copy of it lies."""
    reading = Reading(Kind.REPLY, from_="sato@hospital.example", tokens=(tag(OURS.id, SECRET.encode()),))

    assert match(reading, TAGGED, mailbox=MailboxId("suzuki")) is None


def test_thread_subject() -> None:
    """The subject of a mail of ours with Re:, from its addressee."""
    reading = Reading(Kind.REPLY, from_="sato@hospital.example", subject="RE: 【ご確認】お打合せ内容")
    assert match(reading) == ("thread", "sato")
    assert match(replace(reading, from_="x@hospital.example"), people=()) is None


def test_address() -> None:
    """The sender's address alone gives the person; two people with it give nobody."""
    reading = Reading(Kind.REPLY, from_="sato@hospital.example", subject="別件")
    assert match(reading) == ("address", "sato")
    twin = replace(SATO, id=PersonId("twin"))
    assert match(reading, people=(SATO, twin)) is None
    assert match(Reading(Kind.REPLY)) is None
