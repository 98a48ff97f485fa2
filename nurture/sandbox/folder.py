"""The demo's working folder: made as ``nurture init`` makes one, then filled in for the invented vendor."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from nurture.files import shipped
from nurture.sandbox.hospitals import PUBLIC_URL, VENDOR_DOMAIN, hospital
from nurture.sandbox.people import CHARACTERS, COLLEAGUES, VISITS
from nurture.sandbox.plot import FIRST_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nurture.sandbox.people import Character, Colleague
    from nurture.sandbox.servers import PostOffice

LONGEST_BEAT: Final = 6 * 3600
"""Seconds. Thirty days have 43 200 minutes and nothing is due in most of them; the daemon wakes by itself
when something is, and when a mailbox says that mail has come."""

CALENDAR: Final = """\
# 自社のカレンダー（デモ用の架空の予定です）。書き方は docs/calendars.md にあります。
id: company
name: {ja: 自社カレンダー, en: Our own calendar}
entries:
  - id: jrc-2027
    name: {ja: 画像診断の春季学会（架空の日程）, en: "Spring radiology congress (invented dates)"}
    start: 2027-04-08
    end: 2027-04-11
    effect: blackout
    applies_to: {roles: [clinician, radiographer], specialties: [radiology]}
    certainty: confirmed
    before: 2d
    after: 1d
"""

CONFIG: Final = """\
# Written by nurture demo: everything in it is invented, and every server is in the demo's own process.
language = "{language}"

[company]
name = "星影メディカルシステム株式会社"
postal_code = "100-0000"
address = "東京都千代田区見本町4-5-6 星影ビル3階"
phone = "03-0000-1200"
mail = "contact@{domain}"
url = "https://www.{domain}"
name_en = "Hoshikage Medical Systems"

[web]
port = {web_port}
public_url = "{public_url}"
login_mailbox = "shinohara"
session_hours = {session}

[work]
beat_seconds = {beat}
poll_seconds = {beat}
"""

MAILBOX: Final = """
[[mailboxes]]
id = "{id}"
address = "{email}"
name = "星影メディカルシステム {name}"

[mailboxes.smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
username = "{email}"
password = {{file = "data/{id}.secret"}}

[mailboxes.imap]
host = "127.0.0.1"
port = {imap_port}
security = "none"
username = "{email}"
password = {{file = "data/{id}.secret"}}
sent_folder = "Sent"
"""

REPRESENTATIVE: Final = """
[[representatives]]
id = "{id}"
name = "{name}"
kana = "{kana}"
email = "{email}"
department = "病院営業部"
title = "{title}"
phone = "{phone}"
access = [{access}]
"""


def passwords() -> Mapping[str, str]:
    """A password for every mailbox of the demo, by address. Loopback only, and gone with the process."""
    people: tuple[Character | Colleague, ...] = (*CHARACTERS, *COLLEAGUES)
    return {person.email: f"sandbox-{person.email.partition('@')[0]}" for person in people}


def config(office: PostOffice, web_port: int, language: str, public_url: str) -> str:
    """The text of config.toml with these ports."""
    parts = [
        CONFIG.format(
            language=language,
            domain=VENDOR_DOMAIN,
            web_port=web_port,
            public_url=public_url,
            session=24 * 7 if public_url == PUBLIC_URL else 24 * 90,  # who plays along signs in once
            beat=LONGEST_BEAT,
        )
    ]
    parts += [
        MAILBOX.format(
            id=colleague.id,
            email=colleague.email,
            name=colleague.name,
            smtp_port=office.submission_port,
            imap_port=office.imap_port,
        )
        for colleague in COLLEAGUES
        if colleague.writes
    ]
    for colleague in COLLEAGUES:
        text = REPRESENTATIVE.format(
            id=colleague.id,
            name=colleague.name,
            kana=colleague.kana,
            email=colleague.email,
            title=colleague.title,
            phone=colleague.phone,
            access=", ".join(f'"{role}"' for role in colleague.access),
        )
        text += f'mailbox = "{colleague.id}"\n' if colleague.writes else ""
        text += f'manager = "{colleague.manager}"\n' if colleague.manager else ""
        parts.append(text)
    return "".join(parts)


def people_csv(met: Mapping[str, date]) -> str:
    """The list of people as ``nurture import`` takes it.

    Args:
        met: by hospital, the day on which the business cards were handed over.
    """
    reps = {visit.hospital: visit.rep for visit in VISITS}
    rows = [
        {
            "email": c.email,
            "family_name": c.family,
            "given_name": c.given,
            "kana": c.kana,
            "organisation": hospital(c.hospital).name,
            "organisation_kind": hospital(c.hospital).kind,
            "region": hospital(c.hospital).region,
            "department": c.department,
            "title": c.title,
            "role": c.role,
            "specialty": c.specialty,
            "profession": c.profession,
            "rep": reps[c.hospital],
            "topics": ";".join(c.topics),
            "basis": "business_card",
            "basis_on": met[c.hospital].isoformat(),
            "basis_evidence": "面談時に名刺を頂戴した（デモ）",
        }
        for c in CHARACTERS
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def of_its_time(text: str, start: date) -> str:
    """Content whose dates lie to ``start`` as the shipped ones lie to the demo's own first day, weekdays kept.

    Seminars are held once; a demo that begins in another year has seminars of its own.
    """
    weeks = timedelta(weeks=round((start - FIRST_DAY).days / 7))
    return re.sub(r"\b20\d\d-\d\d-\d\d\b", lambda found: str(date.fromisoformat(found[0]) + weeks), text)


def make(folder: Path, office: PostOffice, *, start: date, web_port: int, language: str, public_url: str) -> Path:
    """Make the working folder; returns the path of its config.toml.

    Raises:
        UserError: the folder holds something already.
    """
    shipped.write(folder)
    for content in sorted((folder / "templates" / "content").glob("*.yaml")):
        content.write_text(of_its_time(content.read_text(encoding="utf-8"), start), encoding="utf-8")
    path = folder / "config.toml"
    path.write_text(config(office, web_port, language, public_url), encoding="utf-8")
    (folder / "calendars").mkdir(exist_ok=True)
    (folder / "calendars" / "company.yaml").write_text(CALENDAR, encoding="utf-8")
    data = folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    for colleague in COLLEAGUES:
        secret = data / f"{colleague.id}.secret"
        secret.touch(mode=0o600)
        secret.write_text(passwords()[colleague.email] + "\n", encoding="ascii")
    return path
