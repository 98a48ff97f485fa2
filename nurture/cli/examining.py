"""Many checks at the same time, each within its limit, each with its findings whatever happens in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nurture.core.findings import Finding, Grade, bad
from nurture.errors import NurtureError, TemporaryFailure, UserError
from nurture.i18n import mark

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at: in which group it is shown, its name, whose it is, and how to look."""

    group: str
    name: str
    subject: str
    look: Callable[[], Awaitable[Iterable[Finding]]]
    seconds: float | None = None  # else the limit of all


async def examine(checks: Iterable[Check], seconds: float) -> list[tuple[Check, list[Finding]]]:
    """All of them at once; each has its findings within its limit, in the order of the checks."""
    listed = list(checks)
    found = await asyncio.gather(*(_one(check, check.seconds or seconds) for check in listed))
    return list(zip(listed, found, strict=True))


async def _one(check: Check, seconds: float) -> list[Finding]:
    try:
        async with asyncio.timeout(seconds):
            return list(await check.look())
    except TimeoutError:
        return [
            bad(
                check.name,
                check.subject,
                mark("no answer within {seconds} seconds"),
                hint=mark("a firewall on the way? --timeout gives it longer"),
                seconds=round(seconds),
            )
        ]
    except TemporaryFailure as error:
        return [Finding(check.name, check.subject, Grade.WARN, error.text, values=error.values)]
    except UserError as error:
        return [bad(check.name, check.subject, error.text, hint=error.hint or "", **error.values)]
    except NurtureError as error:
        return [bad(check.name, check.subject, error.text, hint="", **error.values)]
    except Exception as error:  # a fault of ours is a finding too; its text may hold anything
        return [
            bad(
                check.name,
                check.subject,
                mark("this check failed itself: {kind}"),
                hint=mark("a fault of the program: please report it"),
                kind=type(error).__name__,
            )
        ]
