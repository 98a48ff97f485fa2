"""What may go with a letter: a plain PDF that was asked for, and nothing else."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from dataclasses import replace

import pytest

from nurture.core import attachments
from nurture.core.attachments import LARGEST, Attachment, Enclosed, attach, check, detach
from nurture.core.messages import Approval, Entry, Message, MessageState
from nurture.core.people import Representative
from nurture.errors import StaleVersion, UserError
from tests.core.test_approval import MAIL, NOW, OTHER, OWNER

PDF = Attachment(
    "連携仕様書.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
)
ASKED = "11/20のお電話で、仕様書を送ってほしいとのこと"


def attached(
    mail: Message = MAIL,
    file: Attachment = PDF,
    *present: Enclosed,
    by: Representative = OWNER,
    requested: str = ASKED,
    seen: str | None = None,
) -> tuple[Message, Entry]:
    """The mail and the journal line after attaching."""
    change = attach(
        mail, file, present, owner=OWNER, by=by, requested=requested, seen=seen or mail.fingerprint, now=NOW
    )
    (done,), (entry,) = change.puts, change.entries
    assert isinstance(done, Message)
    return done, entry


def zipped(name: str, *, protected: bool = False) -> bytes:
    """A ZIP archive with one file of that name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    data = bytearray(out.getvalue())
    if protected:
        data[6] |= 1  # the general purpose flag: encrypted
    return bytes(data)


def tarred() -> bytes:
    """A compressed tar archive, the same at any time: runs in parallel must collect the same cases."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w"):
        pass
    return gzip.compress(out.getvalue(), mtime=0)


def test_a_file_ends_approvals() -> None:
    """Another file is another mail: it waits again, and its fingerprint is another one."""
    approval = Approval(OWNER.id, NOW, MAIL.fingerprint)
    approved = replace(MAIL, state=MessageState.APPROVED, approvals=(approval,))
    done, entry = attached(approved)

    assert (MessageState.WAITING, (), (PDF.key,)) == (done.state, done.approvals, done.attachments)
    assert done.fingerprint != approved.fingerprint
    assert done.edited_by is None  # the text is still the template's
    assert ("message.attached", OWNER.id) == (entry.kind, entry.actor)
    assert {
        "name": PDF.name,
        "bytes": len(PDF.data),
        "key": PDF.key,
        "requested": ASKED,
    }.items() <= entry.data.items()


def test_taking_it_out_ends_approvals_too() -> None:
    """The mail without the file is the mail before, and waits."""
    done, _ = attached()
    file = Enclosed(PDF.key, PDF.name, len(PDF.data))
    change = detach(done, file, owner=OWNER, by=OWNER, seen=done.fingerprint, now=NOW)
    (again,), (entry,) = change.puts, change.entries

    assert isinstance(again, Message)
    assert (MAIL.fingerprint, MessageState.WAITING) == (again.fingerprint, again.state)
    assert "message.detached" == entry.kind
    with pytest.raises(UserError, match="not with this mail"):
        detach(again, file, owner=OWNER, by=OWNER, seen=again.fingerprint, now=NOW)


@pytest.mark.parametrize("said", ["", "  ", "\n"])
def test_nothing_goes_that_nobody_asked_for(said: str) -> None:
    """Without word of when and how the person asked, there is no attachment, however good the file."""
    with pytest.raises(UserError, match="did not ask"):
        attached(requested=said)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.zip", zipped("a.pdf"), "is an archive:"),
        ("a.pdf", zipped("a.pdf"), "is an archive:"),
        ("a.zip", zipped("a.pdf", protected=True), "with a password"),
        ("a.zip", b"PK\x05\x06" + bytes(18), "is an archive:"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c...", "is an archive:"),
        ("a.rar", b"Rar!\x1a\x07\x00", "is an archive:"),
        ("a.tgz", tarred(), "is an archive:"),
        ("a.lzh", b"!\x00-lh5-....", "is an archive:"),
        ("a.docx", zipped("word/document.xml"), "can be changed"),
        ("a.xlsx", zipped("xl/workbook.xml"), "can be changed"),
        ("a.exe", b"MZ\x90\x00", "no PDF"),
        ("a.pdf.exe", PDF.data, "no PDF"),
        ("a.pdf", b"<html>", "no PDF"),
        ("a.pdf", b"", "no PDF"),
        ("a.pdf", PDF.data.replace(b"/Root", b"/Encrypt 5 0 R /Root"), "protected with a password"),
        ("a.pdf", PDF.data.replace(b"/Root", b"/Encrypt<</Filter/Standard>>/Root"), "protected with a password"),
        ("a.pdf", PDF.data.replace(b"/Type", b"/OpenAction << /S /JavaScript /JS (x) >> /Type"), "script"),
        ("a.pdf", PDF.data.replace(b"/Type", b"/A<</S/Launch/F(cmd.exe)>>/Type"), "script"),
    ],
)
def test_files_that_do_not_go(name: str, data: bytes, words: str) -> None:
    """Archives, protected files, what can be changed or run: each is refused in its own words, with a way out."""
    with pytest.raises(UserError, match=words) as refused:
        attached(MAIL, Attachment(name, data))

    assert refused.value.hint


@pytest.mark.parametrize(
    "name",
    [
        *("", ".pdf ", "a/b.pdf", "a\\b.pdf", "a:b.pdf", "a\r\nb.pdf", "a\x00.pdf", "x" * 130 + ".pdf", " a.pdf"),
        *("gpj.\u202efdp.pdf", "a\u200b.pdf", "a\u2028b.pdf", "a?.pdf", "\u3000a.pdf"),
    ],
)
def test_names_that_do_not_go(name: str) -> None:
    """Names that break a header, deceive the eye, or no reader's computer can keep."""
    with pytest.raises(UserError, match="cannot be the name"):
        check(Attachment(name, PDF.data))


def test_words_about_encryption_are_no_encryption() -> None:
    """A text that speaks of /Encrypt or of JavaScript is not refused for it."""
    check(
        Attachment(
            "a.pdf", PDF.data + b"(About /EncryptMetadata and the JavaScript of /Encryption) Tj /JavaScriptless"
        )
    )


def test_size_and_number() -> None:
    """All files of a mail together stay under the limit, and are few."""
    body = PDF.data + b"%" * (LARGEST - len(PDF.data))
    attached(MAIL, Attachment("a.pdf", body))
    with pytest.raises(UserError, match="too much"):
        attached(MAIL, Attachment("a.pdf", body + b"%"))
    with pytest.raises(UserError, match="too much"):
        attached(MAIL, PDF, Enclosed("0" * 64, "b.pdf", LARGEST - len(PDF.data) + 1))
    five = [Enclosed(str(n) * 64, f"{n}.pdf", 1) for n in range(attachments.MOST)]
    with pytest.raises(UserError, match="too much"):
        attached(MAIL, PDF, *five)


def test_the_same_twice() -> None:
    """Neither the same file nor another under the same name goes twice."""
    with pytest.raises(UserError, match="with this mail already"):
        attached(replace(MAIL, attachments=(PDF.key,)))
    with pytest.raises(UserError, match="named"):
        attached(MAIL, PDF, Enclosed("0" * 64, PDF.name, 10))


def test_only_what_waits() -> None:
    """A mail without a text, and one that has left, take no files."""
    for state in (MessageState.PLANNED, MessageState.SENT, MessageState.SENDING, MessageState.CANCELLED):
        with pytest.raises(UserError, match="has not left"):
            attached(replace(MAIL, state=state))


def test_strangers_and_stale_pages() -> None:
    """Whose mail it is not may not, and nobody attaches to what is not what was seen."""
    with pytest.raises(UserError, match="may not act"):
        attached(by=OTHER)
    with pytest.raises(StaleVersion):
        attached(seen="0" * 64)
