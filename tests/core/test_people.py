"""What a person is decides how a mail addresses them: said, or inferred where there is no doubt."""

from __future__ import annotations

import pytest

from nurture.core.ids import PersonId
from nurture.core.people import Person, Profession, described, profession_of, role_of

NOBODY = Person(PersonId("p"), "p@aoba-hp.example", "山田")


@pytest.mark.parametrize(
    ("role", "title", "expected"),
    [
        ("clinician", None, Profession.DOCTOR),
        ("clinician", "部長", Profession.DOCTOR),
        ("executive", "院長", Profession.DOCTOR),
        ("executive", "病院長 兼 内科部長", Profession.DOCTOR),
        (None, "名誉院長", Profession.DOCTOR),
        (None, "医長", Profession.DOCTOR),
        ("it", "医療情報部教授", Profession.PROFESSOR),
        ("clinician", "教授・診療科長", Profession.PROFESSOR),
        (None, "教授秘書", None),
        ("executive", "副院長 兼 看護部長", None),
        ("executive", "事務長", None),
        ("executive", "院長秘書", None),
        ("nursing", "副院長 兼 看護部長", Profession.NURSE),
        ("pharmacy", "薬剤部長", Profession.PHARMACIST),
        ("radiographer", "技師長", None),
        (None, None, None),
    ],
)
def test_titles_leave_no_doubt_or_are_left_alone(
    role: str | None, title: str | None, expected: Profession | None
) -> None:
    """先生 or 様 is decided by what somebody is; a vice-director of nursing is no doctor."""
    assert expected == profession_of(role, title)


@pytest.mark.parametrize(
    ("profession", "title", "expected"),
    [
        (Profession.DOCTOR, "部長", "clinician"),
        (Profession.DENTIST, None, "clinician"),
        (Profession.DOCTOR, "院長", "executive"),
        (Profession.NURSE, "師長", "nursing"),
        (Profession.PHARMACIST, None, "pharmacy"),
        (Profession.TECHNOLOGIST, "技師長", None),
        (Profession.OTHER, None, None),
    ],
)
def test_a_profession_gives_the_role_it_leaves_no_doubt_about(
    profession: Profession, title: str | None, expected: str | None
) -> None:
    """Wording, windows and content follow the role, so a list with professions alone is not enough without it."""
    assert expected == role_of(profession, title)


def test_a_new_doctor_is_addressed_as_one() -> None:
    """A role or a title is enough; nobody has to spell the profession out."""
    clinician = described(NOBODY, role="clinician", title="部長", profession=None)
    head = described(NOBODY, role="executive", title="院長", profession=None)

    assert ("先生", "先生", "様") == (clinician.honorific, head.honorific, NOBODY.honorific)


def test_what_is_said_wins_over_what_is_inferred() -> None:
    """A therapist among the clinicians is no doctor, and stays none when the same list is read again."""
    said = described(NOBODY, role="clinician", title=None, profession=Profession.OTHER)
    again = described(said, role="clinician", title=None, profession=None)

    assert (Profession.OTHER, said) == (said.profession, again)


def test_a_known_profession_outlives_a_change_of_position() -> None:
    """A nurse who comes to the IT department is still a nurse."""
    nurse = described(NOBODY, role="nursing", title="師長", profession=Profession.NURSE)
    moved = described(nurse, role="it", title="室長", profession=None)

    assert (Profession.NURSE, "it", "室長") == (moved.profession, moved.role, moved.title)


def test_a_promotion_says_what_somebody_is() -> None:
    """Somebody of whom nothing was known turns out to be the head of the hospital."""
    head = described(NOBODY, role=None, title="院長", profession=None)

    assert (Profession.DOCTOR, "executive") == (head.profession, head.role)


def test_nothing_said_changes_nothing() -> None:
    """None and empty texts leave a person as known, whatever could be inferred."""
    person = Person(PersonId("p"), "p@aoba-hp.example", "山田", role="clinician", profession=Profession.OTHER)

    assert person == described(person, role=None, title="", profession=None)
