"""A certificate authority for one test run."""

from __future__ import annotations

import ssl
from functools import cache

import trustme


@cache
def authority() -> trustme.CA:
    """The authority that the tests' servers are certified by."""
    return trustme.CA()


@cache
def certificate() -> trustme.LeafCert:
    """A server certificate for this machine."""
    return authority().issue_cert("localhost", "127.0.0.1")


def server_tls() -> ssl.SSLContext:
    """TLS as a test server offers it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate().configure_cert(context)
    return context


def client_tls() -> ssl.SSLContext:
    """TLS that trusts the tests' authority and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    return context
