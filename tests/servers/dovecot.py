"""A private Dovecot on loopback: own configuration, own folder, free ports; started by root or by anybody."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.authority import certificate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PASSWORD = 'pass "word" \\ 1'
"""With the characters that need quoting."""

_CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
instance_name = nurture-test-{pid}
protocols = imap
listen = 127.0.0.1
default_login_user = {login_user}
default_internal_user = {internal_user}
default_internal_group = {internal_group}
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login
mail_location = maildir:~/Maildir:UTF-8
mail_fsync = never
mailbox_list_index = no
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{root}/server.pem
ssl_key = <{root}/server.key
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {root}/users
}}
userdb {{
  driver = static
  args = uid={mail_uid} gid={mail_gid} home={root}/home/%u
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  {chroot}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


_BY_TOKEN = """
auth_mechanisms = xoauth2
auth_verbose = yes
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {root}/oauth2
}}
"""

_OAUTH2 = """
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


def binary() -> str | None:
    """Where Dovecot is installed, if it is."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def require_dovecot() -> str:
    """The binary; without it the test is skipped, or fails where the tests must be complete (CI)."""
    found = binary()
    if found:
        return found
    missing = "Dovecot is not installed (Debian: dovecot-imapd): nothing was tested against a real IMAP server"
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(missing)
    pytest.skip(missing)


def free_port() -> int:
    """A port of loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Dovecot:
    """A running server. All users have the same password."""

    root: Path
    port: int
    tls_port: int
    process: subprocess.Popen[bytes]
    unused: Iterator[str]

    def user(self) -> str:
        """A user nobody else of this run has, with an empty INBOX."""
        return next(self.unused)

    @contextmanager
    def client(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A second client, another program than ours, for preparing and checking."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        try:
            client.login(user, PASSWORD)
            yield client
        finally:
            client.logout()

    def deliver(self, user: str, *mails: bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        """Put mails into a folder, unread."""
        when = imaplib.Time2Internaldate(at or datetime.now(UTC))
        with self.client(user) as client:
            for mail in mails:
                answer = client.append(folder, "", when, mail)
                assert answer[0] == "OK", answer

    def fill(self, user: str, mails: Iterable[bytes], *, copies: int = 1, at: datetime | None = None) -> None:
        """Put many mails into the INBOX behind the server's back, as a delivery agent does: files of the maildir.

        The copies of one mail are one file under many names. ``at`` is when the server got them.
        """
        with self.client(user) as client:
            client.select("INBOX", readonly=True)  # makes the maildir
        folder = self.root / "home" / user / "Maildir"
        owner, when = folder.stat(), (at or datetime.now(UTC)).timestamp()
        for number, mail in enumerate(mails):
            first: Path | None = None
            for copy in range(copies):
                path = folder / "new" / f"{when:.0f}.M{number:06}P{copy:06}.test"
                if first is not None and copy % 30_000:
                    path.hardlink_to(first)
                    continue
                first = path
                path.write_bytes(mail)
                os.chown(path, owner.st_uid, owner.st_gid)
                os.utime(path, (when, when))

    def flags(self, user: str, folder: str = "INBOX") -> list[str]:
        """The flags of all mails, and the folder's state, as another client sees them without changing them."""
        with self.client(user) as client:
            client.select(folder, readonly=True)
            answer = client.fetch("1:*", "(UID FLAGS)")[1]
        return [part.decode() for part in answer if isinstance(part, bytes)]

    def renew_uids(self, user: str) -> None:
        """Have the INBOX get a new UIDVALIDITY and new uids, as after a restore."""
        maildir = self.root / "home" / user / "Maildir"
        header = (maildir / "dovecot-uidlist").read_text(encoding="ascii").split()
        renewed = int(header[1].removeprefix("V")) + 1000
        for path in maildir.glob("dovecot*"):
            path.unlink()
        (maildir / "dovecot-uidlist").write_text(f"3 V{renewed} N1\n", encoding="ascii")
        (maildir / "dovecot-uidlist").chmod(0o666)

    def kick(self) -> None:
        """Break every connection: end the processes of this server, and of no other, that serve mailboxes."""
        for pid in _descendants(self.process.pid):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            name, *_ = command.split(b"\0")
            if name.split(b" ")[0].endswith(b"/imap"):
                os.kill(pid, signal.SIGKILL)

    def log(self) -> str:
        """What the server wrote."""
        path = self.root / "dovecot.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _descendants(pid: int) -> list[int]:
    """The processes below this one (Linux)."""
    found: list[int] = []
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return found
    for child in map(int, children):
        found += [child, *_descendants(child)]
    return found


def _account(*names: str) -> pwd.struct_passwd:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.fail(f"none of these accounts is there: {names}")


@contextmanager
def running_dovecot(introspection: str = "") -> Iterator[Dovecot]:
    """Start a server, wait until it listens, and end it and its folder afterwards.

    Args:
        introspection: where it asks about access tokens (RFC 7662); it then takes no passwords.
    """
    program = require_dovecot()
    root = Path(tempfile.mkdtemp(prefix="nurture-dovecot-"))
    me = pwd.getpwuid(os.getuid())
    as_root = os.getuid() == 0
    mail = _account("nobody") if as_root else me
    port, tls_port = free_port(), free_port()
    cert = certificate()
    (root / "server.pem").write_bytes(b"".join(part.bytes() for part in cert.cert_chain_pems))
    (root / "server.key").write_bytes(cert.private_key_pem.bytes())
    users = [f"user{number}@maker.example" for number in range(500)]  # Dovecot may not notice later ones at once
    (root / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}\n" for user in users), encoding="utf-8")
    (root / "home").mkdir()
    root.chmod(0o755)  # other accounts must reach their homes through it
    if as_root:
        os.chown(root / "home", mail.pw_uid, mail.pw_gid)
    (root / "oauth2").write_text(_OAUTH2.format(url=introspection), encoding="utf-8")
    config = root / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            root=root,
            pid=os.getpid(),
            port=port,
            tls_port=tls_port,
            login_user=_account("dovenull").pw_name if as_root else me.pw_name,
            internal_user=_account("dovecot").pw_name if as_root else me.pw_name,
            internal_group="dovecot" if as_root else _group(me.pw_gid),
            mail_uid=mail.pw_uid,
            mail_gid=mail.pw_gid,
            chroot="chroot = " if not as_root else "",
        )
        + (_BY_TOKEN.format(root=root) if introspection else ""),
        encoding="utf-8",
    )
    with (root / "stderr").open("wb") as stderr:
        process = subprocess.Popen([program, "-F", "-c", config], stdout=subprocess.DEVNULL, stderr=stderr)
    server = Dovecot(root, port, tls_port, process, iter(users))
    try:
        _wait(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        shutil.rmtree(root, ignore_errors=True)


def _group(gid: int) -> str:
    import grp

    return grp.getgrgid(gid).gr_name


def _wait(server: Dovecot) -> None:
    """Until both ports answer; a server that does not come up in 20 seconds fails the test, it skips none."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            for port in (server.port, server.tls_port):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    stderr = (server.root / "stderr").read_text(errors="replace")
    raise RuntimeError(f"Dovecot does not start: {stderr} {server.log()}")
