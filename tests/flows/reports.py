"""What mail servers write when a letter could not be delivered (RFC 3464)."""

from __future__ import annotations

from tests.samples import REP


def delivery_report(header_id: str, recipient: str, status: str, words: str, number: int = 1) -> bytes:
    """A report about the letter with this Message-ID; 5.1.1: no such address, 5.2.2: a full mailbox."""
    lines = [
        "From: MAILER-DAEMON@mx.example",
        f"To: {REP.email}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Message-ID: <dsn-{number}@mx.example>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "I'm sorry to have to inform you that your message could not be delivered.",
        "",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        "Action: failed",
        f"Status: {status}",
        f"Diagnostic-Code: smtp; 550 {status} {words}",
        "",
        "--b",
        "Content-Type: text/rfc822-headers",
        "",
        f"Message-ID: {header_id}",
        "",
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()
