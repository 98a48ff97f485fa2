"""config.toml to settings."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from nurture.config import (
    Chat,
    Company,
    Dkim,
    ImapSettings,
    MailboxSettings,
    Oidc,
    Secret,
    Settings,
    SmtpSettings,
    Web,
    Webhook,
    Work,
)
from nurture.core.limits import Budget, Limits, MailboxLimits, Rate, Valve
from nurture.core.people import AccessRole, Representative
from nurture.errors import UserError, UserErrors
from nurture.files import config
from nurture.files.limits import CAREFUL, CAREFUL_MAILBOX
from nurture.files.shipped import EXAMPLE, shipped

MINIMAL = """\
[company]
name = "みほん株式会社"
postal_code = "100-0000"
address = "東京都千代田区見本町1"
phone = "03-0000-0000"
mail = "contact@mihon.example"

[[mailboxes]]
id = "sales"
address = "sales@mihon.example"
name = "みほん"
smtp = {host = "127.0.0.1", security = "none", port = 2525}

[[representatives]]
id = "tanaka"
name = "田中 一郎"
email = "tanaka@mihon.example"
"""


def _load(folder: Path, text: str) -> Settings:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return config.load(file, "config.toml")


def _problems(folder: Path, text: str) -> dict[str, UserError]:
    """What is wrong, by key."""
    with pytest.raises(UserError) as caught:
        _load(folder, text)
    errors = caught.value.errors if isinstance(caught.value, UserErrors) else (caught.value,)
    assert all(e.where and e.where.file == "config.toml" for e in errors)
    return {e.where.key or "": e for e in errors if e.where}


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    """A minimal file is enough; paths lie in its folder."""
    settings = _load(tmp_path, MINIMAL)
    assert settings.database_url == f"sqlite:///{tmp_path}/data/nurture.sqlite"
    assert settings.scenarios == tmp_path / "scenarios"
    assert settings.web == Web()
    assert settings.work == Work()
    assert settings.representatives[0].mailbox_id == "sales"
    assert settings.representatives[0].timezone == "Asia/Tokyo"


def _example(*, commented_out: bool) -> str:
    text = (shipped() / EXAMPLE).read_text(encoding="utf-8")
    return re.sub(r"(?m)^# ([a-z_]+ = )", r"\1", text) if commented_out else text


def test_the_example_is_valid(tmp_path: Path) -> None:
    """What `init` writes can be used at once."""
    settings = _load(tmp_path, _example(commented_out=False))
    assert [rep.id for rep in settings.representatives] == ["tanaka", "sato"]


def test_the_example_shows_every_key_and_its_default(tmp_path: Path) -> None:
    """Taking the comment signs away changes nothing but what is free to name, and no key is left undocumented."""
    text = _example(commented_out=True)
    plain, full = _load(tmp_path, _example(commented_out=False)), _load(tmp_path, text)
    assert (plain.web, plain.work, plain.scenarios) == (
        dataclasses.replace(full.web, login_mailbox=None),
        full.work,
        full.scenarios,
    )
    assert plain.limits == full.limits == CAREFUL
    assert plain.mailboxes[0].limits == full.mailboxes[0].limits == CAREFUL_MAILBOX
    said = set(re.findall(r"(?m)^([a-z_]+) = ", text))
    renamed = {"mailbox_id": "mailbox", "manager_id": "manager", "deputy_ids": "deputies"}
    settings = (Company, MailboxSettings, SmtpSettings, ImapSettings, Representative, Web, Work, Settings)
    for kind in (*settings, MailboxLimits, Limits, Rate, Budget, Valve):
        names = {renamed.get(field.name, field.name) for field in dataclasses.fields(kind)}
        known_elsewhere = {"version", "smtp", "imap", "company", "mailboxes", "representatives", "web", "work"}
        known_elsewhere |= {"folder", "database_url", "extra", "archive", "oauth", "dkim", "oidc"}
        known_elsewhere |= {"limits", "rate", "overall", "domain", "refusals", "valve", "webhooks", "chats"}
        assert names - known_elsewhere <= said, kind


@pytest.mark.parametrize("table", ["oauth", "dkim"])
def test_the_examples_of_tokens_and_signatures_are_valid(tmp_path: Path, table: str) -> None:
    """As they stand in the example, with their signs taken away."""
    example = _example(commented_out=False)
    (found,) = re.findall(rf"(?m)^#   (\[mailboxes\.{table}\](?:\n#   .*)+)", example)
    block = "\n".join(line.removeprefix("#   ") for line in found.splitlines())

    box = _load(
        tmp_path, example.replace("\n[[representatives]]", f"\n{block}\n[[representatives]]", 1)
    ).mailboxes[0]

    assert getattr(box, table) is not None


def test_the_example_of_a_webhook_is_valid(tmp_path: Path) -> None:
    """As it stands in the example, with its signs taken away; each key of it is documented there."""
    block = _webhook_example()
    (hook,) = _load(tmp_path, _example(commented_out=False) + "\n" + block).webhooks

    assert ("crm", ("message.sent", "reply.received"), False) == (hook.id, hook.events, hook.private)
    assert {f.name for f in dataclasses.fields(Webhook)} <= set(re.findall(r"(?m)^([a-z_]+) = ", block))


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("https://", "http://", "url"),
        ("https://", "ftp://", "url"),
        ("https://crm", "https://user:secret@crm", "url"),
        ("message.sent", "message.sending", "events"),
        ('id = "crm"', 'id = "C R M"', "id"),
        ('secret = {env = "NURTURE_WEBHOOK_SECRET"}', 'secret = "whsec_AAAA"', "secret"),
        ('secret = {env = "NURTURE_WEBHOOK_SECRET"}', "", "secret"),
    ],
)
def test_a_webhook_that_is_wrong_is_refused(tmp_path: Path, before: str, after: str, key: str) -> None:
    """Nothing goes out in the clear, unsigned, or with a password in its address; the place is named."""
    block = _webhook_example()
    assert before in block

    assert f"webhooks[0].{key}" in _problems(
        tmp_path, _example(commented_out=False) + "\n" + block.replace(before, after, 1)
    )


def test_the_example_of_a_chat_is_valid(tmp_path: Path) -> None:
    """As it stands in the example, with its signs taken away; each key of it is documented there."""
    block = _chat_example()
    (chat,) = _load(tmp_path, _example(commented_out=False) + "\n" + block).chats

    assert ("sales", "slack", ("tanaka",)) == (chat.id, chat.service, chat.reps)
    assert {f.name for f in dataclasses.fields(Chat)} <= set(re.findall(r"(?m)^([a-z_]+) = ", block))


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('"slack"', '"irc"', "service"),
        ('{env = "NURTURE_CHAT_URL"}', '"https://hooks.example/T0KEN"', "url"),
        ('"tanaka"', '"nobody"', "reps"),
        ('"urgent"', '"all"', "notices"),
        ('id = "sales"', 'id = "S A"', "id"),
    ],
)
def test_a_chat_that_is_wrong_is_refused(tmp_path: Path, before: str, after: str, key: str) -> None:
    """Its address stands nowhere in the clear; the place is named, the address is not."""
    said = _problems(tmp_path, _example(commented_out=False) + "\n" + _chat_example().replace(before, after, 1))

    assert f"chats[0].{key}" in said
    assert "T0KEN" not in str(said)


def _chat_example() -> str:
    (found,) = re.findall(r"(?m)^#   (\[\[chats\]\](?:\n#   .*)+)", _example(commented_out=False))
    return "\n".join(line.removeprefix("#   ") for line in found.splitlines())


def _webhook_example() -> str:
    (found,) = re.findall(r"(?m)^#   (\[\[webhooks\]\](?:\n#   .*)+)", _example(commented_out=False))
    return "\n".join(line.removeprefix("#   ") for line in found.splitlines())


OIDC = re.compile(r"(?m)^#   (\[web\.oidc\](?:\n#   .*)+)")


def _oidc_example() -> str:
    (found,) = OIDC.findall(_example(commented_out=False))
    return '[web]\npublic_url = "https://desk.example"\n' + "\n".join(
        line.removeprefix("#   ") for line in found.splitlines()
    )


def test_the_example_of_a_provider_is_valid(tmp_path: Path) -> None:
    """As it stands in the example, with its signs taken away; each key of it is documented there."""
    block = _oidc_example()
    oidc = _load(tmp_path, MINIMAL + block).web.oidc

    assert oidc is not None
    assert ("https://accounts.google.com", "email", False) == (oidc.issuer, oidc.claim, oidc.only)
    assert {f.name for f in dataclasses.fields(Oidc)} <= set(re.findall(r"(?m)^([a-z_]+) = ", block))


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("https://accounts", "http://accounts", "web.oidc.issuer"),
        ("https://accounts.google.com", "https://login.microsoftonline.com/common/v2.0", "web.oidc.issuer"),
        ('claim = "email"', 'claim = "name"', "web.oidc.claim"),
        ('{credential = "oidc"}', '"secret"', "web.oidc.client_secret"),
        ('public_url = "https://desk.example"', "", "web.oidc"),
    ],
)
def test_a_provider_that_is_wrong_is_refused(tmp_path: Path, before: str, after: str, key: str) -> None:
    """Nothing in the clear, nobody from anywhere at Microsoft, and somewhere to come back to."""
    block = _oidc_example()
    assert before in block

    assert key in _problems(tmp_path, MINIMAL + block.replace(before, after, 1))


def test_an_archive_is_one_folder_of_an_account(tmp_path: Path) -> None:
    """As it stands in the example, with its signs taken away; several folders are no archive."""
    example = _example(commented_out=False)
    lines = re.findall(r"(?m)^#   (\[mailboxes\.archive\]|(?:host|username|password|folder) = .*)$", example)
    block = "\n".join(line.split("   #")[0] for line in lines[lines.index("[mailboxes.archive]") :])
    text = example.replace("\n[[representatives]]", f"\n{block}\n[[representatives]]", 1)

    archive = _load(tmp_path, text).mailboxes[0].archive

    assert archive is not None
    assert (993, "tls", ("INBOX",), None) == (archive.port, archive.security, archive.folders, archive.sent_folder)
    wrong = _problems(tmp_path, text.replace('folder = "INBOX"', 'folders = ["a", "b"]'))
    assert "mailboxes[0].archive.folders" in wrong


def test_a_first_look_may_go_back_for_a_year(tmp_path: Path) -> None:
    """Spam is read too and reading starts from now, unless it is said otherwise; more than a year is refused."""
    example = _example(commented_out=False)
    text = example.replace("\n# junk = true", "\njunk = false").replace(
        "\n# look_back_days = 0", "\nlook_back_days = 365"
    )
    plain, said = _load(tmp_path, example).mailboxes[0].imap, _load(tmp_path, text).mailboxes[0].imap

    assert plain is not None
    assert said is not None
    assert (True, 0, False, 365) == (plain.junk, plain.look_back_days, said.junk, said.look_back_days)
    assert "mailboxes[0].imap.look_back_days" in _problems(tmp_path, text.replace("= 365", "= 366"))


def test_limits_are_what_is_said_and_careful_otherwise(tmp_path: Path) -> None:
    """0 takes one limit away and leaves the others; what is not said stays careful."""
    text = MINIMAL.replace('name = "みほん"\n', 'name = "みほん"\nlimits = {per_day = 0, per_hour = 7}\n')
    settings = _load(tmp_path, text + "[limits.domain]\nper_minute = 3\n[limits.valve]\npercent = 0\n")
    assert Rate(20, 7, 0) == settings.mailboxes[0].limits.rate
    assert Rate(3, 60, 300) == settings.limits.domain
    assert Valve(300, 0, 30) == settings.limits.valve
    assert CAREFUL.refusals == settings.limits.refusals


def test_limits_that_mean_nothing(tmp_path: Path) -> None:
    """Numbers out of range, near misses, and a warm-up that has nothing to grow to."""
    wrong = "limits = {per_minut = 1, per_day = 0, warmup_days = 7}"
    text = MINIMAL.replace('name = "みほん"\n', f'name = "みほん"\n{wrong}\n')
    found = _problems(tmp_path, text + "[limits.valve]\npercent = 101\n[limits.domian]\nper_day = -1\n")
    assert "per_minute" == found["mailboxes[0].limits.per_minut"].values["guess"]
    assert "a warm-up needs a limit to grow to" == found["mailboxes[0].limits.warmup_days"].text
    assert "limits.valve.percent" in found
    assert "domain" == found["limits.domian"].values["guess"]


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    """Unknown keys, kinds, ranges and references: each with its line."""
    text = MINIMAL.replace('phone = "03', 'fone = "03').replace("2525", "99999").replace("sales@", "sales")
    text += 'manager = "nobody"\naccess = ["rep", "manger"]\n[wrk]\nx = 1\n'
    found = _problems(tmp_path, text)
    assert found["company.fone"].values["guess"] == "phone"
    assert found["company"].text == "{key} is missing"
    assert "mailboxes[0].smtp.port" in found
    assert "mailboxes[0].address" in found
    assert found["representatives[0].access"].values["guess"] == "manager"
    assert "representatives[0].manager" in found
    assert found["wrk"].values["guess"] == "work"
    lines = [e.where.line for e in found.values() if e.where]
    assert all(lines)


def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """The error says where a secret belongs and never shows it."""
    text = MINIMAL.replace("port = 2525", 'port = 2525, username = "u", password = "hunter2-geheim"')
    found = _problems(tmp_path, text)
    error = found["mailboxes[0].smtp.password"]
    assert "hunter2-geheim" not in repr((str(error), error.hint, error.values))
    assert "env" in str(error.values["example"])


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ('{env = "X"}', Secret(env="X")),
        ('{credential = "mail"}', Secret(credential="mail")),
        ('{file = "/run/x"}', Secret(file="/run/x")),
    ],
)
def test_secrets_are_references(tmp_path: Path, said: str, secret: Secret) -> None:
    """Each of the three ways is understood."""
    settings = _load(tmp_path, MINIMAL.replace("port = 2525", f"port = 2525, password = {said}"))
    assert settings.mailboxes[0].smtp.password == secret


def test_a_secret_file_lies_in_the_folder(tmp_path: Path) -> None:
    """A relative path starts from the configuration, not from where the program was started."""
    settings = _load(tmp_path, MINIMAL.replace("port = 2525", 'port = 2525, password = {file = "data/pw"}'))
    assert settings.mailboxes[0].smtp.password == Secret(file=str(tmp_path / "data/pw"))


@pytest.mark.parametrize("said", ['{env = ""}', "{}", '{env = "A", file = "b"}', '{vault = "x"}', "{env = 3}"])
def test_a_secret_is_exactly_one_reference(tmp_path: Path, said: str) -> None:
    """Anything else is refused."""
    found = _problems(tmp_path, MINIMAL.replace("port = 2525", f"port = 2525, password = {said}"))
    assert "mailboxes[0].smtp.password" in found


OAUTH = """
[mailboxes.oauth]
provider = "other"
client_id = "nurture"
client_secret = {file = "data/secret"}
authorize_url = "https://login.mihon.example/authorize"
token_url = "http://127.0.0.1:8080/token"
scope = "mail"

[mailboxes.dkim]
domain = "Mihon.example"
selector = "s1"
key = {env = "DKIM"}

[[representatives]]"""


def test_access_tokens_stand_for_a_password(tmp_path: Path) -> None:
    """A mailbox with tokens needs no password; who gives them, and with which key it signs, stands beside it."""
    text = MINIMAL.replace("port = 2525", 'port = 2525, username = "sales"').replace("[[representatives]]", OAUTH)

    box = _load(tmp_path, text).mailboxes[0]

    assert Dkim("mihon.example", "s1", Secret(env="DKIM")) == box.dkim
    assert box.oauth is not None
    assert ("other", "nurture", Secret(file=str(tmp_path / "data/secret"))) == (
        box.oauth.provider,
        box.oauth.client_id,
        box.oauth.client_secret,
    )
    assert ("", None) == (box.oauth.device_url, box.smtp.password)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("https://login.mihon.example/authorize", "http://login.mihon.example/authorize", "oauth.authorize_url"),
        ('token_url = "http://127.0.0.1:8080/token"\n', "", "oauth"),
        ('"other"', '"yahoo"', "oauth.provider"),
        ('"nurture"', '""', "oauth.client_id"),
        ('{file = "data/secret"}', '"secret"', "oauth.client_secret"),
        ('"Mihon.example"', '"mihon .example"', "dkim.domain"),
        ('"s1"', '"-s1"', "dkim.selector"),
        ('key = {env = "DKIM"}', "", "dkim.domain"),
        ('key = {env = "DKIM"}', 'key = "MII"', "dkim.key"),
        ('scope = "mail"', 'scope = "mail"\ntenant = "a/b"', "oauth.tenant"),
    ],
)
def test_what_gives_tokens_and_signs_is_checked(tmp_path: Path, old: str, new: str, key: str) -> None:
    """Addresses to which secrets go are encrypted; names are names; secrets stand elsewhere."""
    text = MINIMAL.replace("[[representatives]]", OAUTH)

    assert old in text
    assert [f"mailboxes[0].{key}"] == list(_problems(tmp_path, text.replace(old, new)))


def test_nothing_leaves_this_machine_unencrypted(tmp_path: Path) -> None:
    """``none`` is for loopback only."""
    found = _problems(tmp_path, MINIMAL.replace("127.0.0.1", "smtp.mihon.example"))
    assert "mailboxes[0].smtp.security" in found


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///db/x.sqlite", "sqlite:///{folder}/db/x.sqlite"),
        ("sqlite:////var/x.sqlite", "sqlite:////var/x.sqlite"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql://u@a,b:6543/d?sslmode=verify-full", "postgresql://u@a,b:6543/d?sslmode=verify-full"),
    ],
)
def test_database_addresses(tmp_path: Path, url: str, expected: str) -> None:
    """A relative file lies in the folder; others stay as they are."""
    settings = _load(tmp_path, MINIMAL + f'[database]\nurl = "{url}"\n')
    assert settings.database_url == expected.format(folder=tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:geheim@h/d",
        "postgresql://u@h/d?sslmode=require&password=geheim",
        "mysql://h/d",
        "x",
        "http://[::1",
    ],
)
def test_other_database_addresses_are_refused(tmp_path: Path, url: str) -> None:
    """A password in the address, or a database that is not known."""
    error = _problems(tmp_path, MINIMAL + f'[database]\nurl = "{url}"\n')["database.url"]
    assert "geheim" not in repr((str(error), error.values))


def test_links_are_https(tmp_path: Path) -> None:
    """A public address without TLS is refused; loopback may do without."""
    assert "web.public_url" in _problems(tmp_path, MINIMAL + '[web]\npublic_url = "http://desk.example"\n')
    assert _load(tmp_path, MINIMAL + '[web]\npublic_url = "http://localhost:8025/"\n').web.public_url.endswith(
        "8025"
    )


def test_ids_and_addresses_are_unique(tmp_path: Path) -> None:
    """The second one of two is at fault."""
    text = MINIMAL + '[[representatives]]\nid = "tanaka"\nname = "T"\nemail = "Tanaka@mihon.example"\n'
    assert set(_problems(tmp_path, text)) == {"representatives[1].id", "representatives[1].email"}


def test_with_several_mailboxes_a_representative_names_one(tmp_path: Path) -> None:
    """Nobody is given a sender by chance; managers need none."""
    second = '[[mailboxes]]\nid = "b"\naddress = "b@mihon.example"\nname = "b"\n'
    second += 'smtp = {host = "localhost", security = "none"}\n'
    assert "representatives[0].id" in _problems(tmp_path, MINIMAL + second)
    settings = _load(tmp_path, MINIMAL + 'access = ["manager"]\n' + second)
    assert settings.representatives[0].access == (AccessRole.MANAGER,)
    assert settings.representatives[0].mailbox_id is None


def test_somebody_must_send(tmp_path: Path) -> None:
    """Without a mailbox and a representative nothing could run."""
    head = MINIMAL.partition("[[mailboxes]]")[0]
    with pytest.raises(UserErrors) as caught:
        _load(tmp_path, head)
    assert [e.values["key"] for e in caught.value.errors] == ["mailboxes", "representatives"]


def test_the_configuration_is_found_in_order(tmp_path: Path) -> None:
    """The option, then the variable, then the current folder; a folder stands for its file."""
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").touch()
    environ = {config.VARIABLE: str(tmp_path / "b")}
    assert config.find(tmp_path / "a", environ, tmp_path / "c") == tmp_path / "a" / "config.toml"
    assert config.find(None, environ, tmp_path / "c") == tmp_path / "b" / "config.toml"
    assert config.find(Path("config.toml"), {}, tmp_path / "c") == tmp_path / "c" / "config.toml"
    with pytest.raises(UserError) as caught:
        config.find(None, {}, tmp_path)
    assert "init" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ("nothing", ""),
        ("mark read", ""),
        ("move to 処理済み/nurture", "処理済み/nurture"),
    ],
)
def test_what_becomes_of_recorded_mail(tmp_path: Path, said: str, target: str) -> None:
    """Nothing, unless it is said."""
    example = _example(commented_out=False)
    text = example.replace('\n# after = "nothing"', f'\nafter = "{said}"')
    plain, found = _load(tmp_path, example).mailboxes[0].imap, _load(tmp_path, text).mailboxes[0].imap

    assert plain is not None
    assert found is not None
    assert ("nothing", said, target) == (plain.after, found.after, found.moves_to)


@pytest.mark.parametrize("said", ["delete", "move to", "move to INBOX", "mark"])
def test_nothing_else_may_become_of_it(tmp_path: Path, said: str) -> None:
    """Least of all that it is moved into a folder that is read."""
    text = _example(commented_out=False).replace('\n# after = "nothing"', f'\nafter = "{said}"')

    assert "mailboxes[0].imap.after" in _problems(tmp_path, text)
