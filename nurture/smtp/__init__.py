"""Letters out."""

from nurture.smtp.sender import SmtpSender

__all__ = ["SmtpSender"]
