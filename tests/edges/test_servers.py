"""The test servers' own promise: what cannot be tested is never passed over in silence."""

from __future__ import annotations

import pytest
from _pytest.outcomes import Failed, Skipped

from tests.servers import dovecot


@pytest.mark.parametrize(("ci", "outcome"), [("", Skipped), ("false", Skipped), ("true", Failed), ("1", Failed)])
def test_a_missing_server_is_said_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    """Without Dovecot the tests are skipped with words, and fail where they must be complete."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(dovecot, "binary", lambda: None)
    with pytest.raises(outcome, match="Dovecot is not installed"):
        dovecot.require_dovecot()
