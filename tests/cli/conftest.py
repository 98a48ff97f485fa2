"""The program as a user calls it, in a working folder of its own, with a real database file."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from nurture.cli.main import program
from nurture.files import meeting, shipped

if TYPE_CHECKING:
    from click.testing import Result

CONFIG = """\
language = "ja"
[company]
name = "みほんシステム株式会社"
postal_code = "100-0000"
address = "東京都千代田区見本町1-2-3"
phone = "03-0000-0000"
mail = "contact@mihon.example"

[[mailboxes]]
id = "sales"
address = "sales@mihon.example"
name = "みほんシステム"
smtp = {host = "127.0.0.1", security = "none", port = 9}

[[representatives]]
id = "tanaka"
name = "田中 一郎"
email = "tanaka@mihon.example"
manager = "sato"

[[representatives]]
id = "sato"
name = "佐藤 花子"
email = "sato@mihon.example"
access = ["manager", "administrator"]

[web]
port = 0
"""

SCENARIO = """\
id: warm-lead-30d
name: {ja: 試し, en: Trial}
anchor: meeting_end
timezone: Asia/Tokyo
calendars: [jp-holidays]
pace: {min_gap: 2d}
windows:
  default: {days: mon-fri, hours: ["09:30-11:30"]}
steps:
  - id: thanks
    day: 1
    within: 3h
    mail: thanks-minutes
    requires: [agreements, confirmation_question, next_actions]
    on_blocked: ignore
    windows: any
  - id: case
    day: 4
    mail: case-study
    content: {kind: case_study, match: [role, specialty, concern]}
  - id: call
    day: 10
    task: call
    when: {no_reply: true}
"""

PEOPLE = """\
氏名,メール,病院名,役割,根拠,根拠日,取得経緯,営業担当
山田 太郎,yamada@aoba-hospital.example,青葉総合病院,医師,名刺,2026/11/5,展示会で受領,tanaka
鈴木 花子,suzuki@aoba-hospital.example,青葉総合病院,看護,名刺,2026/11/5,展示会で受領,tanaka
"""


@dataclass
class Shell:
    """Calls of the program in one folder."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, answers: str = "") -> Result:
        """Call the program; what it prints and how it ends."""
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            return CliRunner().invoke(program, list(args), input=answers, env=self.environ, prog_name="nurture")
        finally:
            os.chdir(before)

    def ok(self, *args: str, answers: str = "") -> str:
        """Call the program, which must succeed; what it prints."""
        result = self.run(*args, answers=answers)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *args: str) -> Any:
        """Call the program with --json."""
        return json.loads(self.ok(*args, "--json"))

    def write(self, name: str, text: str) -> str:
        """A file in the folder; its name."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


@pytest.fixture
def shell(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A working folder with one mailbox that answers nobody, two of our people, one scenario."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("tmp")))  # texts that are kept for people
    shipped.write(tmp_path)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    for path in (tmp_path / "scenarios").iterdir():
        path.unlink()
    (tmp_path / "scenarios" / "warm.yaml").write_text(SCENARIO, encoding="utf-8")
    environ = {"NURTURE_LANG": "en", "NURTURE_BY": "tanaka", "NURTURE_CONFIG": "", "NO_COLOR": "1"}
    return Shell(tmp_path, environ)


@pytest.fixture
def recorded(shell: Shell) -> Shell:
    """The same after a meeting of this morning was recorded: two drafts wait."""
    ended = datetime.now(ZoneInfo("Asia/Tokyo")) - timedelta(minutes=10)
    text = meeting.EXAMPLE.replace("2026-11-20 15:00", f"{ended:%Y-%m-%d %H:%M}")
    shell.ok("record", "--file", shell.write("meeting.yaml", text))
    return shell
