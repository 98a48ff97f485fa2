"""Access tokens for mail servers that take no passwords (RFC 6749): got by consent, renewed, kept. And who
somebody is, as a provider of identities says (``identity``).
"""

from nurture.oauth.tokens import Held, Tokens

__all__ = ["Held", "Tokens"]
