"""Golden mails: each ``.eml`` in ``golden`` reads as the ``.toml`` beside it says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from nurture.mail.reading import read, to_json

GOLDEN = Path(__file__).parent / "golden"
MAILS = sorted(GOLDEN.glob("*.eml"))


def _plain(value: Any) -> Any:
    """TOML has no null: an empty string stands for it."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return "" if value is None else value


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    """The mail says what was written down for it; what is not written down may be anything."""
    wanted = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
    reading = read(path.read_bytes())
    said = to_json(reading, path.name)
    said["from_name"] = reading.from_name
    said["tokens"] = list(reading.tokens)
    said["bounce_count"] = len(reading.bounces)
    assert wanted.pop("signature_has", "") in said["signature"]
    if "intents" in wanted:
        assert sorted(said["intents"]) == sorted(wanted.pop("intents"))
    if "bounce" in wanted:
        bounce = _plain(said["bounce"])
        assert {name: bounce[name] for name in wanted["bounce"]} == wanted.pop("bounce")
    for name, value in wanted.items():
        assert _plain(said[name]) == value, name


def test_there_are_golden_mails() -> None:
    """Each mail has its expectations, and there are enough to mean something."""
    assert len(MAILS) >= 150
    assert all(path.with_suffix(".toml").exists() for path in MAILS)
