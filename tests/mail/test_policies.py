"""SPF, DKIM keys and DMARC as domains publish them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.core.health import SpfFacts
from nurture.errors import UserError
from nurture.mail import policies
from nurture.mail.policies import Term


def facts(*records: str, addresses: dict[str, tuple[str, ...]] | None = None, **others: str) -> SpfFacts:
    """The policy of v.example, and those that it leads to (``a_b`` is a.b)."""
    listed: dict[str, tuple[str, ...]] = {"v.example": records}
    listed |= {name.replace("_", "."): (text,) for name, text in others.items()}
    return SpfFacts("v.example", listed, addresses or {})


def test_a_record_is_read() -> None:
    """Qualifiers, networks, domains and modifiers; case does not matter."""
    found = policies.parse_spf(
        "v=spf1 A MX:Mail.Example/24//64 ip4:192.0.2.0/24 ip6:2001:DB8::/32 include:x.example ~all"
    )

    assert (
        Term("+", "a"),
        Term("+", "mx", "mail.example", 24, 64),
        Term("+", "ip4", "192.0.2.0/24"),
        Term("+", "ip6", "2001:db8::/32"),
        Term("+", "include", "x.example"),
        Term("~", "all"),
    ) == found.terms
    assert "~" == found.default
    assert "x.example" == policies.parse_spf("v=spf1 redirect=x.example exp=e.example").redirect


@pytest.mark.parametrize(
    "term",
    [
        "ipv4:1.2.3.4",
        "ip4:300.1.1.1",
        "ip4:2001:db8::1",
        "ip4",
        "include:",
        "include",
        "exists",
        "al",
        "a:b/x",
        "+",
        "-",
    ],
)
def test_a_broken_term_is_said(term: str) -> None:
    """Receivers take the whole record for an error then; so do we, naming the term."""
    with pytest.raises(UserError) as caught:
        policies.parse_spf(f"v=spf1 {term} -all")
    assert term == caught.value.values["term"]


def test_only_spf_records_count() -> None:
    """v=spf10 is none; neither is anything else that stands there."""
    texts = ("v=spf1 -all", "V=SPF1", "v=spf10 -all", "google-site-verification=x", "v=spf1-all")
    assert ("v=spf1 -all", "V=SPF1") == policies.spf_texts(texts)


@pytest.mark.parametrize(
    ("record", "address", "result"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.7", "pass"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.3.7", "fail"),
        ("v=spf1 ip4:192.0.2.0/24 ~all", "2001:db8::1", "softfail"),
        ("v=spf1 ip6:2001:db8::/32 ?all", "2001:db8::1", "pass"),
        ("v=spf1 ip4:192.0.2.0/24", "192.0.3.7", "neutral"),
        ("v=spf1 -ip4:192.0.2.7 +all", "192.0.2.7", "fail"),
        ("v=spf1 a mx -all", "192.0.2.1", "pass"),
        ("v=spf1 mx -all", "192.0.2.1", "fail"),
        ("v=spf1 a/24 -all", "192.0.2.250", "pass"),
        ("v=spf1 include:in.example -all", "198.51.100.1", "pass"),
        ("v=spf1 include:in.example -all", "198.51.100.2", "fail"),
        ("v=spf1 include:nowhere.example -all", "198.51.100.2", "error"),
        ("v=spf1 redirect=in.example", "198.51.100.1", "pass"),
        ("v=spf1 redirect=nowhere.example", "198.51.100.1", "error"),
        ("v=spf1 include:v.example -all", "192.0.2.1", "error"),
        ("v=spf1 exists:%{i}.x.example -all", "192.0.2.1", "unknown"),
        ("v=spf1 ptr ip4:192.0.2.1 -all", "192.0.2.1", "pass"),
        ("v=spf1 bad -all", "192.0.2.1", "error"),
        ("v=spf1 -all", "no address", "error"),
    ],
)
def test_what_a_receiver_makes_of_an_address(record: str, address: str, result: str) -> None:
    """RFC 7208; what depends on the single mail is unknown, never a refusal."""
    found = facts(
        record,
        addresses={"a:v.example": ("192.0.2.1", "2001:db8::1"), "mx:v.example": ("192.0.2.2",)},
        in_example="v=spf1 ip4:198.51.100.1 -all",
    )
    assert result == policies.spf_result(found, address)


def test_none_and_several() -> None:
    """No record is none; two are an error."""
    assert "none" == policies.spf_result(facts(), "192.0.2.1")
    assert "error" == policies.spf_result(facts("v=spf1 -all", "v=spf1 +all"), "192.0.2.1")


@given(st.text(max_size=80), st.sampled_from(["192.0.2.1", "2001:db8::1"]))
def test_no_record_breaks_the_reading(text: str, address: str) -> None:
    """Whatever stands there: a result, or an error of the record."""
    found = policies.spf_result(facts(f"v=spf1 {text}"), address)
    assert found in {"pass", "fail", "softfail", "neutral", "error", "unknown"}


def test_a_dmarc_policy_is_read() -> None:
    """Below the domain where it stands, sp counts before p."""
    text = "v=DMARC1; p=reject; sp=none; adkim=s; rua=mailto:d@v.example"

    assert ("reject", "r", "s", True) == (
        (found := policies.parse_dmarc(text)).policy,
        found.aspf,
        found.adkim,
        found.reports,
    )
    assert "none" == policies.parse_dmarc(text, inherited=True).policy
    for wrong in ("v=DMARC1", "v=DMARC1; p=", "v=DMARC1; p=block"):
        with pytest.raises(UserError):
            policies.parse_dmarc(wrong)
    assert (text,) == policies.dmarc_texts([text, "v=DMARC10; p=none", "x", "v=spf1 -all"])


@pytest.mark.parametrize(
    ("author", "other", "mode", "top", "result"),
    [
        ("v.example", "v.example", "s", "", True),
        ("v.example", "bounce.v.example", "r", "v.example", True),
        ("mail.v.example", "bounce.v.example", "r", "v.example", True),
        ("v.example", "bounce.v.example", "s", "v.example", False),
        ("v.example", "x.example", "r", "v.example", False),
        ("v.example", "notv.example", "r", "v.example", False),
        ("v.example", "bounce.v.example", "r", "", False),
    ],
)
def test_alignment(author: str, other: str, mode: str, top: str, *, result: bool) -> None:
    """Relaxed: at or below the organisational domain; strict: the very same."""
    assert result is policies.aligned(author, other, mode, top)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"v=DKIM1; k=rsa; p={base64.b64encode(bytes(294)).decode()}", ""),
        (f"p={base64.b64encode(bytes(162)).decode()}", "short"),
        (f"k=ed25519; p={base64.b64encode(bytes(32)).decode()}", ""),
        ("v=DKIM1; p=", "revoked"),
        ("v=DKIM1; p=not base64!", "unreadable"),
    ],
)
def test_keys(text: str, problem: str) -> None:
    """Revoked, unreadable, short; or nothing wrong."""
    assert problem == policies.key_problem(text)
