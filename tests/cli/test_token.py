"""``nurture token``: shown once, listed without the secret, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


def test_a_token_is_made_listed_and_revoked(shell: Shell) -> None:
    """Its secret is printed once, alone on the first line; afterwards it is known by name and by its digest."""
    scopes = ("--scope", "people:read", "--scope", "meetings:write")
    secret = shell.ok("token", "create", "--name", "sfa", "--rep", "tanaka", *scopes).splitlines()[0]
    (row,) = shell.json("token", "list")
    listed = shell.ok("token", "list")

    assert secret.startswith("nurture_")
    assert secret not in listed
    assert (row["rep"], row["scopes"]) == ("tanaka", ["meetings:write", "people:read"])
    assert row["id"] in shell.ok("token", "revoke", row["id"])
    assert [] == shell.json("token", "list")
    assert len(shell.json("token", "list", "--all")) == 1
    assert "token sfa revoked" in shell.ok("log")
    assert secret not in shell.ok("log", "--json")


def test_a_token_for_others_is_an_administrators_to_make(shell: Shell) -> None:
    """Also the installation's; with a last day that is yet to come."""
    wanted = ("token", "create", "--name", "crm", "--scope", "people:read")

    assert shell.run(*wanted).exit_code == 1
    assert shell.run(*wanted, "--by", "sato", "--expires", "2020-01-01").exit_code == 1
    assert shell.run(*wanted, "--by", "sato", "--expires", "soon").exit_code == 1
    assert shell.json(*wanted, "--by", "sato", "--expires", "2099-03-31")["rep"] is None
    assert shell.run("token", "revoke", "crm").exit_code == 1
    assert "holds no more" in shell.ok("token", "revoke", "crm", "--by", "sato")
