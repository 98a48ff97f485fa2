"""What people bring in (lists, records, templates, settings) is refused at the door if no mail could carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nurture.core.people import Person
from nurture.errors import UserError, UserErrors
from nurture.files import config, meeting
from nurture.files import people as contacts
from nurture.flows import people
from nurture.flows.people import PersonRow
from nurture.render import TemplateWriter
from tests.files.test_config import MINIMAL
from tests.flows.conftest import attendee
from tests.samples import REP

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flows.conftest import House

BAD = ["佐藤\r\nBcc: x@y.example", "佐\x00藤", "佐\x1b[31m藤", "佐\x85藤", "佐\u2028藤", "佐\x7f藤"]
NOWHERE = [
    "sato@aoba-hp",
    "sato@aoba-hp.local",
    "a@b.example, c@d.example",
    "a@b.example\r\nX: y",
    "佐藤@h.example",
]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("field", ["family_name", "given_name", "department", "title"])
async def test_a_record_with_a_control_character(house: House, field: str, bad: str) -> None:
    """No name that could become a header line gets into the database with a meeting."""
    texts: dict[str, Any] = {field: bad}
    with pytest.raises(UserErrors) as refused:
        await house.met(attendee(**texts))

    assert [field] == [error.values["field"] for error in refused.value.errors]
    assert () == await house.store.find(Person)


@pytest.mark.parametrize("bad", NOWHERE)
async def test_a_record_with_an_address_that_is_none(house: House, bad: str) -> None:
    """No address that a server would refuse, or that is two."""
    with pytest.raises(UserErrors):
        await house.met(attendee(email=bad))

    assert () == await house.store.find(Person)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("field", ["family_name", "given_name", "kana", "organisation", "department", "title"])
async def test_a_list_with_a_control_character(house: House, field: str, bad: str) -> None:
    """A row whose names could become header lines is refused with its line; the others come in."""
    good = PersonRow(2, "mori@aoba-hp.example", family_name="森")
    texts: dict[str, Any] = {"family_name": "佐藤", field: bad}
    row = PersonRow(3, "sato@aoba-hp.example", **texts)
    report = await people.import_people(house.doors, [good, row], by=REP.id, dry_run=False)
    (error,) = report.errors

    assert ("mori@aoba-hp.example",) == report.created
    assert error.where is not None
    assert (3, field) == (error.where.line, error.where.key)


@pytest.mark.parametrize("bad", NOWHERE)
async def test_a_list_with_an_address_that_is_none(house: House, bad: str) -> None:
    """Neither through the flow nor out of a file."""
    row = PersonRow(3, bad, family_name="佐藤")
    report = await people.import_people(house.doors, [row], by=REP.id, dry_run=False)
    quoted = bad.replace('"', '""')
    read = contacts.parse(f'email,family_name\n"{quoted}",佐藤\n'.encode(), "list.csv")

    assert (1, ()) == (len(report.errors), report.created)
    assert (1, ()) == (len(read.errors), read.rows)


@pytest.mark.parametrize("bad", ["sato@aoba-hp", "sato@aoba-hp.local", "a@b.example, c@d.example"])
def test_a_meeting_file_with_an_address_that_is_none(bad: str) -> None:
    """A record that is typed says where the address is wrong."""
    with pytest.raises(UserError) as refused:
        meeting.parse(meeting.EXAMPLE.replace("m.yamada@aoba-hospital.example", bad), "meeting.yaml")

    assert refused.value.where is not None
    assert "attendees[0].email" == refused.value.where.key


@pytest.mark.parametrize("bad", ['"件名\\nBcc: x@y.example"', '"件\\x07名"', '"件\\u2028名"', "|\n  件\n  名"])
def test_a_template_with_an_evil_subject(house: House, tmp_path: Path, bad: str) -> None:
    """A subject in the front matter that is not one line is refused with its line, not made to fit."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "evil.j2").write_text(f"---\nid: evil\nsubject: {bad}\nrequires: []\n---\n本文\n", encoding="utf-8")
    (problem,) = TemplateWriter(folder, house.doors.settings.company).check("evil")

    assert problem.where is not None
    assert (3, "subject") == (problem.where.line, problem.where.key)


@pytest.mark.parametrize(
    "bad", ["みほん\\nBcc: x@y.example", "み\\u0007ほん", "み\\u0085ほん", "み\\u2028ほん", "み\\u007Fほん"]
)
def test_settings_with_a_control_character(tmp_path: Path, bad: str) -> None:
    """The name beside a mailbox's address is one line of text."""
    (tmp_path / "config.toml").write_text(MINIMAL.replace('name = "みほん"', f'name = "{bad}"'), encoding="utf-8")
    with pytest.raises(UserError) as refused:
        config.load(tmp_path / "config.toml")

    assert refused.value.where is not None
    assert "mailboxes[0].name" == refused.value.where.key
