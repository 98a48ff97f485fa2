"""docs/templates.md says what the code does."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from nurture.files.content import read_content
from nurture.render import TemplateWriter
from nurture.render.sandbox import FILTERS, MAX_ITEMS, MAX_NODES, MAX_OUTPUT
from nurture.render.source import KEYS, MAX_CHARACTERS
from tests.render.briefs import COMPANY, brief
from tests.render.document import PAGE, filled

TEXT = PAGE.read_text(encoding="utf-8")


def test_generated_parts_are_up_to_date() -> None:
    """The fields, topics and letters shown are those of the code (else: python -m tests.render.document)."""
    assert filled(TEXT) == TEXT


def test_numbers_keys_and_filters() -> None:
    """Limits, keys of the front matter and filters are the ones that hold."""
    for number in (MAX_ITEMS, MAX_NODES, MAX_OUTPUT, MAX_CHARACTERS):
        assert f"{number:,}".replace(",", " ") in TEXT
    for name in (*KEYS, *FILTERS):
        assert f"`{name}" in TEXT


def test_the_example_template_works(tmp_path: Path) -> None:
    """The template that the page shows has no problems and renders."""
    example = re.search(r"```\n(---\nid: visit-report.*?)```", TEXT, re.DOTALL)
    assert example is not None
    (tmp_path / "visit-report.j2").write_text(example[1], encoding="utf-8")
    writer = TemplateWriter(tmp_path, COMPANY)
    assert writer.check("visit-report") == ()
    assert "4月12日(月)まで" in writer.write(replace(brief("thanks-minutes", "it"), template="visit-report")).body


def test_the_example_content_works(tmp_path: Path) -> None:
    """The content that the page shows can be read."""
    example = re.search(r"```yaml\n(items:.*?)```", TEXT, re.DOTALL)
    assert example is not None
    (tmp_path / "a.yaml").write_text(example[1], encoding="utf-8")
    assert read_content(tmp_path)[0].pointers[0].page == "6"
