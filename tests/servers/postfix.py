"""A private Postfix on loopback: own configuration, own queue, free ports. Only root can start it."""

from __future__ import annotations

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
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.authority import certificate
from tests.servers.dovecot import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

MASTER = Path("/usr/lib/postfix/sbin/master")
LARGEST = 20_000
"""Bytes of the largest mail it takes (``message_size_limit``)."""

_MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/state
command_directory = /usr/sbin
daemon_directory = {daemons}
maillog_file = {root}/log/mail.log
maillog_file_prefixes = {root}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.hospital.example
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = hospital.example
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = regexp:{root}/recipients
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
message_size_limit = {largest}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtpd_tls_security_level = may
smtpd_tls_chain_files = {root}/server.pem
smtpd_delay_reject = yes
smtpd_client_restrictions =
smtpd_helo_restrictions =
smtpd_sender_restrictions = check_sender_access regexp:{root}/senders
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = reject_unlisted_recipient
smtpd_data_restrictions = reject_unauth_pipelining
smtpd_hard_error_limit = 12
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
notify_classes =
bounce_queue_lifetime = 0
service_throttle_time = 1s
"""

_MASTER = """
127.0.0.1:{open} inet n - n - - smtpd
127.0.0.1:{plain} inet n - n - - smtpd
  -o smtpd_discard_ehlo_keywords=pipelining
127.0.0.1:{unsaid} inet n - n - - smtpd
  -o smtpd_discard_ehlo_keywords=size
127.0.0.1:{greylisting} inet n - n - - smtpd
  -o {{ smtpd_recipient_restrictions = reject_unlisted_recipient, check_policy_service inet:127.0.0.1:{policy} }}
127.0.0.1:{tls} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
127.0.0.1:{starttls} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

PORTS = ("open", "plain", "unsaid", "greylisting", "tls", "starttls")
"""open: as it comes. plain: no PIPELINING offered. unsaid: the limit of size is not said before. greylisting: asks
the policy service. tls, starttls: encrypted from the start; encrypted or nothing."""

_RECIPIENTS = r"/^r[0-9]+@hospital\.example$/ box/"
_SENDERS = r"""
/^refused@/ 550 5.7.1 you may not
/^later@/ 451 4.7.1 not now
"""


@dataclass(slots=True)
class Postfix:
    """A running server. It takes mail for ``r<number>@hospital.example``."""

    root: Path
    ports: dict[str, int]
    process: subprocess.Popen[bytes]

    def taken(self, seconds: float = 60.0) -> list[bytes]:
        """What was delivered, once the queue is empty. The mailbox is empty afterwards."""
        deadline = time.monotonic() + seconds
        while self._queued():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the queue does not become empty: {self.log()[-5000:]}")
            time.sleep(0.05)
        paths = list((self.root / "mail" / "box" / "new").glob("*"))
        mails = [path.read_bytes() for path in paths]
        for path in paths:
            path.unlink()
        return mails

    def _queued(self) -> bool:
        """Whether a letter is on its way inside; what a killed process was still writing is not, and stays."""
        for name in ("incoming", "active", "deferred"):
            for path in (self.root / "queue" / name).rglob("*"):
                try:
                    if path.is_file() and path.stat().st_mode & 0o100:
                        return True
                except FileNotFoundError:
                    return True
        return False

    def log(self) -> str:
        """What the server wrote."""
        path = self.root / "log" / "mail.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def require_postfix() -> None:
    """Skip the test where there is none, or fail it where the tests must be complete (CI)."""
    missing = ""
    if not MASTER.exists():
        missing = "Postfix is not installed (Debian: postfix): nothing was tested against a real mail server"
    elif os.getuid() != 0:
        missing = "Postfix can only be started by root: nothing was tested against a real mail server"
    if not missing:
        return
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(missing)
    pytest.skip(missing)


@contextmanager
def running_postfix(policy: int) -> Iterator[Postfix]:
    """Start a server, wait until it listens, and end it and its folder afterwards.

    Args:
        policy: the port of the policy service that ``greylisting`` asks.
    """
    require_postfix()
    root = Path(tempfile.mkdtemp(prefix="nurture-postfix-"))
    root.chmod(0o755)
    ports = {name: free_port() for name in PORTS}
    _folders(root)
    nobody = pwd.getpwnam("nobody")
    (root / "mail").mkdir()
    os.chown(root / "mail", nobody.pw_uid, nobody.pw_gid)
    cert = certificate()
    pem = root / "server.pem"
    pem.write_bytes(cert.private_key_pem.bytes() + b"".join(part.bytes() for part in cert.cert_chain_pems))
    pem.chmod(0o600)
    (root / "recipients").write_text(_RECIPIENTS, encoding="ascii")
    (root / "senders").write_text(_SENDERS, encoding="ascii")
    values = {
        "root": root,
        "uid": nobody.pw_uid,
        "gid": nobody.pw_gid,
        "daemons": MASTER.parent,
        "largest": LARGEST,
    }
    (root / "main.cf").write_text(_MAIN.format(**values), encoding="ascii")
    (root / "master.cf").write_text(_MASTER.format(policy=policy, **ports), encoding="ascii")
    with (root / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [MASTER, "-c", root, "-d"], stdout=stderr, stderr=stderr, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        )
    server = Postfix(root, ports, process)
    try:
        _wait(server)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        shutil.rmtree(root, ignore_errors=True)


def _folders(root: Path) -> None:
    """The queue, with the owners and modes that Postfix wants (postfix-files)."""
    owner = pwd.getpwnam("postfix")
    queue = root / "queue"
    queue.mkdir(mode=0o755)
    for name in (
        "active",
        "bounce",
        "corrupt",
        "defer",
        "deferred",
        "flush",
        "hold",
        "incoming",
        "private",
        "saved",
    ):
        (queue / name).mkdir(mode=0o700)
    for name in ("maildrop", "public", "trace"):
        (queue / name).mkdir(mode=0o710)
    for path in (*queue.iterdir(), root / "state"):
        path.mkdir(mode=0o700, exist_ok=True)
        os.chown(path, owner.pw_uid, owner.pw_gid)
    (queue / "pid").mkdir(mode=0o755)
    (root / "log").mkdir(mode=0o755)


def _wait(server: Postfix) -> None:
    """Until it greets; a server that does not come up in 20 seconds fails the test, it skips none."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        greeted = True
        try:
            for name in ("open", "plain", "unsaid", "greylisting", "starttls"):
                with socket.create_connection(("127.0.0.1", server.ports[name]), timeout=5) as line:
                    greeted &= line.recv(3) == b"220"
            if greeted:
                return
        except OSError:
            time.sleep(0.05)
    stderr = (server.root / "stderr").read_text(errors="replace")
    raise RuntimeError(f"Postfix does not start: {stderr} {server.log()}")
