"""A working folder and the program in it, as an administrator and a representative would use them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.dovecot import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.acceptance.post import Post
    from tests.servers.dovecot import Dovecot

CONFIG = """
language = "en"
timezone = "Asia/Tokyo"

[company]
name = "株式会社ミナト医療システム"
postal_code = "105-0000"
address = "東京都港区架空1-2-3"
phone = "03-0000-0000"
mail = "contact@maker.example"
url = "https://www.maker.example/"

[database]
url = "{url}"

[web]
port = 0

[work]
poll_seconds = 30

[[mailboxes]]
id = "tanaka"
address = "{user}"
name = "株式会社ミナト医療システム 田中 一郎"
[mailboxes.smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
[mailboxes.imap]
host = "127.0.0.1"
port = {imap}
security = "none"
username = "{user}"
password = {{ env = "NURTURE_TEST_PASSWORD" }}

[[representatives]]
id = "tanaka"
name = "田中 一郎"
kana = "たなか いちろう"
email = "{user}"
department = "東日本営業部"
phone = "03-0000-0001"
mailbox = "tanaka"
access = ["rep"]
"""

MEETING = """
organisation: 青葉中央病院
rep: tanaka
ended_at: {ended_at}
subject: 画像ビューアのご説明
product: 画像ビューア
scenario: {scenario}
agreements:
  - 読影端末2台で試行する
concerns:
  - text: 電子カルテとの連携に手間がかからないか
    topic: integration
confirmation_question: 試行の対象は一般撮影のみという理解でよろしいでしょうか。
promises:
  - text: 連携仕様書をお送りする
    due: {due}
attendees:
"""

ATTENDEE = """
  - email: {email}
    family_name: {name}
    given_name: 花子
    role: clinician
    specialty: radiology
    department: 放射線科
    title: 部長
    profession: doctor
    stance: neutral
    basis: {{kind: business_card, on: {today}, evidence: 面談時に名刺を受領}}
"""


@dataclass(slots=True)
class Program:
    """One working folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, ok: bool = True, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """One command, to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "nurture", *args],
            cwd=self.folder,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        if ok:
            assert done.returncode == 0, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
            assert "Traceback" not in done.stderr
        return done

    def json(self, *args: str) -> Any:
        """What a command says with --json."""
        return json.loads(self.run(*args, "--json").stdout)

    def journal(self) -> list[dict[str, Any]]:
        """The journal, as ``nurture log`` gives it to programs: a line each."""
        return [json.loads(line) for line in self.run("log", "--json").stdout.splitlines()]

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[str]]:
        """``nurture run`` in the background, ready; ended at the end if it still runs."""
        before = self.log().count("daemon ready")
        log = (self.folder / "daemon.log").open("a", encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "nurture", "run"],
            cwd=self.folder,
            env=self.env,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            self.wait_for("the daemon is ready", lambda: self.log().count("daemon ready") > before)
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(10)
            log.close()

    def log(self) -> str:
        """What all daemons of this folder wrote."""
        path = self.folder / "daemon.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def wait_for(self, what: str, check: Any, seconds: float = 30.0) -> Any:
        """Wait until ``check()`` gives something true, and return it.

        A check may be a command of its own, a second of the processor: it leaves the daemon at least half.
        """
        until = time.monotonic() + seconds
        while True:
            began = time.monotonic()
            if found := check():
                return found
            assert time.monotonic() < until, f"never happened: {what}\n{self.log()[-3000:]}"
            time.sleep(max(0.1, time.monotonic() - began))


def make_program(
    folder: Path,
    post: Post,
    dovecot: Dovecot,
    user: str,
    url: str = "sqlite:///data/nurture.sqlite",
    **more: str,
) -> Program:
    """A folder as ``nurture init`` makes it, with these servers in its settings; ``more`` is its environment."""
    env = {**os.environ, "NURTURE_TEST_PASSWORD": PASSWORD, "NURTURE_LANG": "en", "PYTHONUTF8": "1", **more}
    folder.mkdir()
    program = Program(folder, env)
    program.run("init", ".")
    text = CONFIG.format(url=url, user=user, smtp=post.port, imap=dovecot.port)
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return program
