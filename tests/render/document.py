"""The generated parts of docs/templates.md. ``python -m tests.render.document`` writes them anew."""

from __future__ import annotations

from typing import Final

from nurture.core.deals import Stance
from nurture.render.fields import TOPICS, paths
from tests.render.briefs import ROOT, WRITER, brief

PAGE: Final = ROOT / "docs" / "templates.md"
SHOWN: Final = (
    ("thanks-minutes", "clinician", "a radiologist", Stance.NEUTRAL),
    ("thanks-minutes", "nursing", "a sceptical head nurse", Stance.SCEPTICAL),
    ("case-study", "it", "the head of medical information", Stance.NEUTRAL),
    ("seminar-invitation", "executive", "an administrator", Stance.NEUTRAL),
    ("column", "procurement", "somebody in purchasing", Stance.NEUTRAL),
    ("appointment", "radiographer", "a chief radiographer", Stance.NEUTRAL),
    ("decision-stalled", "clinician", "a radiologist", Stance.NEUTRAL),
    ("proposal", "clinical_engineer", "a chief clinical engineer", Stance.NEUTRAL),
    ("no-answer-closing", "pharmacy", "a chief pharmacist", Stance.NEUTRAL),
)
SHAPES: Final = {"open": "text", "instant": "date and time", "day": "date", "flag": "yes or no", "record": ""}


def field_table() -> str:
    """Every path of the vocabulary."""
    rows = ["| field | shape | | may be empty |", "|---|---|---|---|"]
    for path, entry in paths():
        shape = entry.kind.shape
        if shape == "record":
            continue
        name = f"{path}.…" if shape == "open" else path
        empty = "yes" if entry.optional else ""
        rows.append(f"| `{name}` | {SHAPES.get(shape, shape)} | {entry.note} | {empty} |")
    return "\n".join(rows)


def topics() -> str:
    """Topics and what they are called."""
    return ", ".join(f"`{slug}` {name}" for slug, name in TOPICS["ja"].items())


def letters() -> str:
    """Rendered examples: the first one whole, the others without what is the same in each."""
    parts = []
    for number, (template, role, whom, stance) in enumerate(SHOWN):
        draft = WRITER.write(brief(template, role, stance=stance))
        body = draft.body.rstrip() if number == 0 else draft.body.partition("\n-- \n")[0].rstrip()
        rest = "" if number == 0 else "\n(signature and footer as above)"
        parts.append(f"### `{template}` to {whom}\n\n```text\nSubject: {draft.subject}\n\n{body}{rest}\n```")
    return "\n\n".join(parts)


def filled(page: str) -> str:
    """The page with its generated parts as they should be."""
    for name, text in (("fields", f"\n{field_table()}\n"), ("topics", topics()), ("letters", f"\n{letters()}\n")):
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        page = f"{page.partition(begin)[0]}{begin}{text}{end}{page.partition(end)[2]}"
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
