"""What the static check finds, and that nothing gets past it into a mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from nurture.errors import UserError
from nurture.mail.text import FOOTER_RULE
from nurture.render import TemplateWriter
from nurture.render.fields import FIELDS, Kind, find, paths
from tests.render.briefs import COMPANY, brief

FRONT = '---\nid: t\nsubject: "{subject}"\nrequires: [{requires}]\n---\n'


def writer(
    folder: Path, body: str, subject: str = "次回のご案内でございます", requires: str = ""
) -> TemplateWriter:
    """A writer with one template ``t``; its body begins on line 6."""
    text = FRONT.replace("{subject}", subject).replace("{requires}", requires) + body
    (folder / "t.j2").write_text(text, encoding="utf-8")
    return TemplateWriter(folder, COMPANY)


def said(errors: tuple[UserError, ...]) -> list[tuple[int | None, str]]:
    """Lines and texts of errors."""
    return [(e.where.line if e.where else None, str(e)) for e in errors]


@pytest.mark.parametrize(
    ("body", "line", "text", "hint"),
    [
        ("{{ persn.name }}", 6, "unknown field persn", "person"),
        ("\n{{ person.nmae }}", 7, "unknown field person.nmae", "person.name"),
        ("{{ person.private_note }}", 6, "unknown field person.private_note", None),
        ("{{ agreements }}", 6, "unknown field agreements", "meeting.agreements"),
        ("{% for a in next_actions %}\n{{ a.dew }}{% endfor %}", 7, "unknown field next_actions[].dew", "due"),
        ("{{ person.title }}", 6, "person.title may be empty here", "if person.title"),
        ("{{ content.title }}", 6, "content may be empty here", "if content"),
        (
            "{% for a in next_actions %}{{ a.due | date }}{% endfor %}",
            6,
            "next_actions[].due may be empty here",
            None,
        ),
        (
            "{% if person.title %}{% else %}{{ person.title }}{% endif %}",
            6,
            "person.title may be empty here",
            None,
        ),
        ("{% if person.title or person.department %}{{ person.title }}{% endif %}", 6, "may be empty here", None),
        ("{{ meeting.agreements | join }}", 6, "meeting.agreements may be empty here", None),
        ("{{ meeting.concerns }}", 6, "meeting.concerns is not a text", None),
        ("{% if meeting.on %}{{ meeting.on }}{% endif %}", 6, "meeting.on is a date", None),
        ("{{ person.name | date }}", 6, "the filter date does not fit person.name", None),
        ("{{ person.profession }}", 6, "person.profession is a code", None),
        ("{{ concern_first }}", 6, "concern_first is not a text", None),
        ("{% if person.role == 'clinican' %}a{% endif %}", 6, "there is no role clinican", "clinician"),
        ("{{ person.name | upper }}", 6, "there is no filter upper", None),
        ("{{ person.name if person.title }}", 6, "an if without else prints nothing", None),
        ("{% for x in person.name %}a{% endfor %}", 6, "person.name is not a list", None),
        ("{% if %}", 6, "this is not Jinja2", None),
        ("{{ person.name", 6, "this is not Jinja2", None),
        ("お世話になっております。その後、いかがでしょうか。", 6, "this mail only asks for news", None),
        (f"a\n{FOOTER_RULE}\nb", None, "a template cannot write the footer's line", None),
    ],
)
def test_a_slip_is_found(tmp_path: Path, body: str, line: int | None, text: str, hint: str | None) -> None:
    """Each slip gives one error with its line, and a hint at what was meant."""
    made = writer(tmp_path, body)
    errors = made.check("t")
    assert errors
    assert text in said(errors)[0][1]
    assert said(errors)[0][0] == line
    if hint:
        assert hint in (errors[0].hint or "").format(**errors[0].values)
    with pytest.raises(UserError):
        made.write(replace(brief("column", "it"), template="t"))


@pytest.mark.parametrize(
    "body",
    [
        "{% if person.title %}{{ person.title }}{% endif %}",
        "{% if person.title and person.department %}{{ person.title }}{{ person.department }}{% endif %}",
        "{% if not person.title %}a{% else %}{{ person.title }}{% endif %}",
        "{% if not person.title or not person.department %}a{% else %}{{ person.title }}{% endif %}",
        "{{ person.title if person.title else person.name }}",
        "{{ person.title | default('ご担当') }}",
        "{% if person.title is defined %}{{ person.title }}{% endif %}",
        "{% if content.guide.page %}{{ content.title }}{{ content.guide.page }}{% endif %}",
        "{% for a in next_actions %}{% if a.due %}{{ a.due | date }}{% endif %}{{ a.text }}{% endfor %}a",
        "{% set page = content.guide %}{% if page.page %}{{ page.page }}{% endif %}",
        "{% if proposed %}{{ (proposed | first) | date }} {{ proposed | first | time }}{% endif %}",
        "{% if meeting.agreements %}{{ meeting.agreements | join('、') }}{% endif %}",
        "{% if person.role in ['it', 'shift_leader'] %}a{% elif person.role %}b{% else %}c{% endif %}",
        "{% for a in meeting.agreements[:2] %}{{ loop.index }} {{ a }}{% else %}b{% endfor %}",
        "{% if meeting['subject'] %}{{ meeting.subject }}{% endif %}",
        "{% if extra.campaign %}{{ extra.campaign }}{% endif %}",
        "その後いかがでしょうか。{% if content.title %}{{ content.title }}{% endif %}",
        "{% raw %}{{ not a field }}{% endraw %}",
    ],
)
def test_what_is_asked_for_may_be_printed(tmp_path: Path, body: str) -> None:
    """A field that is asked for, by any of the ways there are, is no problem, and renders full or empty."""
    made = writer(tmp_path, f"{body}\nさようなら。")
    assert said(made.check("t")) == []
    full = replace(brief("appointment", "it"), template="t")
    bare = replace(
        full, meeting=None, promises=(), proposed=(), person=replace(full.person, title=None, topics=())
    )
    for given in (full, bare):
        assert made.write(given).body.count("さようなら。") == 1


def test_required_fields_need_no_question(tmp_path: Path) -> None:
    """What the template or the step requires may be printed at once; the check of a step knows its requires."""
    made = writer(tmp_path, "{{ content.title }} {{ meeting.remark }}", requires="content")
    assert [text for _, text in said(made.check("t"))] == ["meeting.remark may be empty here"]
    assert made.check("t", ("remark",)) == ()
    given = replace(brief("column", "it"), template="t")
    assert "通信経路" in made.write(replace(given, requires=("remark",))).body
    with pytest.raises(UserError, match="may be empty"):
        made.write(given)


def test_unknown_names_in_requires(tmp_path: Path) -> None:
    """A slip in requires, the template's or the step's, names the nearest field."""
    made = writer(tmp_path, "a", requires="agrements")
    assert said(made.check("t")) == [(4, "unknown field agrements")]
    assert made.check("t")[0].values["near"] == "agreements"
    assert said(writer(tmp_path, "a").check("t", ("next_action",))) == [(None, "unknown field next_action")]


@pytest.mark.parametrize("subject", ["【重要】ご案内", "至急ご確認ください", "参加無料のご案内", "ご案内🎉"])
def test_a_subject_does_not_shout(tmp_path: Path, subject: str) -> None:
    """Words that spam filters and readers skip are refused in a subject."""
    assert said(writer(tmp_path, "a", subject=subject).check("t"))[0][0] == 3


@pytest.mark.parametrize(
    ("text", "line", "said_"),
    [
        ("no front matter", 1, "no front matter"),
        ("---\nid: t\n", 1, "no front matter"),
        ("---\nid: t\n---\nbody", 1, "the subject is missing"),
        ("---\nid: u\nsubject: a\n---\nbody", 2, "the id u is not the file's name"),
        ("---\nsubject: a\nlanguage: en\n---\nbody", 3, "the language en is not"),
        ("---\nsubject: a\nrequire: [content]\n---\nbody", 3, "unknown key require"),
        ("---\nsubject: a\nrequires: content\n---\nbody", 3, "expected a list of names"),
        ("---\nsubject: [a]\n---\nbody", 2, "expected a text"),
        ("---\nsubject: a\ncontent: column\n---\nbody", 3, "expected kind"),
        ("---\nsubject: a\ncontent: {kind: column, match: [roles]}\n---\nbody", 3, "roles cannot be matched"),
        ("---\nsubject: &a x\nid: *a\n---\nbody", 2, "anchors and aliases"),
        ("---\nsubject: {a\n---\nbody", 2, "not YAML"),
        ("---\n- a\n---\nbody", 1, "has no keys"),
        ("---\na: [[[[[[[[[[[[[[1]]]]]]]]]]]]]]\n---\nbody", 1, "nested too deeply"),
        ("---\nsubject: a\n---\n", None, "wrote nothing"),
        ("---\nsubject: a\n---\n" + "x" * 20_000, None, "longer than 20000 characters"),
    ],
)
def test_front_matter(tmp_path: Path, text: str, line: int | None, said_: str) -> None:
    """What is wrong with a file's front matter is said once, with its line."""
    (tmp_path / "t.j2").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said_) as error:
        TemplateWriter(tmp_path, COMPANY).write(replace(brief("column", "it"), template="t"))
    assert error.value.where is not None
    assert error.value.where.line == line
    assert error.value.where.file == f"{tmp_path.name}/t.j2"


def test_files(tmp_path: Path) -> None:
    """Ids come from file names; a folder's own template goes before the one that ships; reload reads again."""
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    own.mkdir()
    shipped.mkdir()
    for folder, word in ((own, "own"), (shipped, "shipped")):
        (folder / "t.j2").write_text(f'---\nsubject: "{word}"\n---\n{word}', encoding="utf-8")
    (shipped / "u.j2").write_text('---\nsubject: "u"\ncontent: {kind: column}\n---\nu', encoding="utf-8")
    (shipped / "UPPER.j2").write_text("", encoding="utf-8")
    (own / "out.j2").symlink_to("/etc/hostname")
    made = TemplateWriter(own, COMPANY, shipped)
    assert made.ids() == ("t", "u")
    given = replace(brief("column", "it"), template="t")
    assert made.write(given).subject == "own"
    (own / "t.j2").write_text('---\nsubject: "new"\n---\nnew', encoding="utf-8")
    assert made.write(given).subject == "own"
    made.reload()
    assert made.write(given).subject == "new"
    wanted = made.content("u")
    assert wanted is not None
    assert wanted.kind == "column"
    assert made.content("t") is None


def test_languages(tmp_path: Path) -> None:
    """A reader gets the template of their language; the whole mail is in that language."""
    (tmp_path / "t.j2").write_text('---\nsubject: "件名"\n---\n本文', encoding="utf-8")
    english = "---\nsubject: Hello\nrequires: [send_on]\n---\n"
    english += "Dear {{ person.called }},\n\n{{ opening }} {{ send_on | date }}"
    (tmp_path / "t.en.j2").write_text(english, encoding="utf-8")
    made = TemplateWriter(tmp_path, COMPANY)
    assert made.check("t") == ()
    given = replace(brief("column", "clinician"), template="t")
    assert "配信停止" in made.write(given).body
    draft = made.write(
        replace(given, person=replace(given.person, language="en", family_name="Kirishima", given_name="Toru"))
    )
    assert "Dear Dr. Kirishima," in draft.body
    assert "Dr. Kirishima Toru" in draft.body
    assert "unsubscribe" in draft.body
    assert "Thu 22 Apr" in draft.body
    assert "This is 篠原 拓 of Hoshikage Medical Systems." in draft.body


@pytest.mark.parametrize("name", ["colum", "", "../../etc/passwd", "t/../t", "x" * 300, "a\x00b"])
def test_no_such_template(name: str) -> None:
    """A template that is not there, or a path in place of a name, is one error with a guess."""
    from tests.render.briefs import WRITER

    with pytest.raises(UserError, match="there is no template") as error:
        WRITER.write(replace(brief("column", "it"), template=name))
    assert (error.value.values["near"] == "column") == (name == "colum")
    assert len(WRITER.check(name)) == 1


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are an error of the file."""
    (tmp_path / "t.j2").write_bytes("---\nsubject: 件名\n---\n".encode("cp932"))
    assert said(TemplateWriter(tmp_path, COMPANY).check("t")) == [(None, "the file is not UTF-8")]


def test_fields_names_what_is_read(tmp_path: Path) -> None:
    """``fields`` lists the paths that the template reads."""
    made = writer(tmp_path, "{% if content.url %}{{ content.url }}{% endif %}{{ person.called }}")
    assert made.fields("t") == ("content.url", "person.called")


def test_every_path_of_the_vocabulary_can_be_printed(tmp_path: Path) -> None:
    """What the vocabulary promises is there: guarded and printed by its shape, each path gives a text."""
    full = replace(
        brief("case-study", "clinician"),
        template="t",
        proposed=brief("appointment", "it").proposed,
        attendees=(brief("column", "nursing").person,),
        extra={"campaign": "春"},
    )
    assert full.content is not None
    full = replace(full, content=replace(full.content, event_on=date(2027, 5, 1), event_time="9:00-9:30"))
    assert full.meeting is not None
    full = replace(full, meeting=replace(full.meeting, place="会議室"))
    show = {"day": " | date", "instant": " | time", "text": "", "code": None, "list": " | length", "number": ""}
    plain = [(path, entry.kind) for path, entry in paths() if "[]" not in path]
    for path, kind in plain:
        if (how := show.get(kind.shape)) is None:
            continue
        made = writer(tmp_path, f"X{{% if {path} %}}Y{{{{ {path}{how} }}}}{{% endif %}}")
        assert said(made.check("t")) == [], path
        empty = path in {"deal.contract_end"}
        assert ("XY" in made.write(full).body) is not empty, path


def test_find() -> None:
    """Paths are found by their dots; what is open takes any name."""
    assert find("meeting.agreements") is not None
    assert find("meeting.agreement") is None
    assert find("extra.anything") is not None
    assert isinstance(FIELDS, Kind)
