"""Word to systemd (sd_notify): ready, stopping, still making progress."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> bool:
    """Send one state (``READY=1``, ``STOPPING=1``, ``WATCHDOG=1``, ``STATUS=…``); False when nobody listens.

    The protocol is sd_notify(3): a datagram to the socket named in NOTIFY_SOCKET; ``@`` means abstract.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.connect(address)
            line.sendall(state.encode())
    except OSError:
        return False
    return True
