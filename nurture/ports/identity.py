"""Who somebody is, as a provider says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a provider of identities, with what binds the answer to it. Nobody can guess any of it."""

    redirect: str  # where the browser comes back to
    state: str
    nonce: str
    verifier: str = field(repr=False)  # 43 to 128 characters (RFC 7636, 4.1)


class Identity(Protocol):
    """A provider that says who somebody is (OpenID Connect Core 1.0, code flow)."""

    async def ask(self, question: Question) -> str:
        """The address of the provider's page.

        Raises:
            TemporaryFailure: the provider cannot be reached.
            PermanentFailure: what it says of itself is no use.
        """
        ...

    async def answer(self, question: Question, code: str) -> str:
        """The mail address of who came back with that code; in the case that the provider writes.

        Raises:
            UserError: the provider takes no such code, or what it says does not hold.
            TemporaryFailure, PermanentFailure: as ``ask``.
        """
        ...
