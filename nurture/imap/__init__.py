"""Mail in, and copies of what was sent."""

from nurture.imap.mailbox import ImapMailbox

__all__ = ["ImapMailbox"]
