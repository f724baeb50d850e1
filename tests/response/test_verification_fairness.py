"""Names, scripts, languages, country codes of domains and of phones: swapped, and every outcome stays what it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from signup_people import farm, in_order, policy, strangers

from revenuer.response.verification import Applicant, Desk, Outcome

# What the swaps put in place of what: names of eight kinds, by others of one letter run each.
NAMES = ("maria", "wei", "joao", "anna", "omar", "kofi", "yuki", "ivan")
SCRIPTS = ("мария", "伟", "ジョアン", "अन्ना", "عمر", "ኮፊ", "ゆき", "იოანე")
COUNTRIES = {".de": ".fr", ".com.br": ".co.ke", ".ng": ".se"}
PHONES = {"+491511": "+33612", "+2348021": "+46701"}


def crowd() -> list[Applicant]:
    """Strangers with mail of several countries, some of them students or firms, and a farm in their middle."""
    people = []
    for i, one in enumerate(strangers(240)):
        suffix = (".de", ".com.br", ".ng")[i % 3]
        mail = f"{NAMES[i % 8]}.{NAMES[i // 8 % 8]}{i}@" + (f"firm{i}{suffix}" if i % 2 else "gmail.com")
        phone = f"+491511{i:07}" if i % 4 else f"+2348021{i:06}"
        programme = "education" if i % 12 == 0 else None
        people.append(msgspec.structs.replace(one, email=mail, phone=phone, programme=programme))
    return in_order(people, farm(25, phone="+4915119999999"))


def renamed(one: Applicant) -> Applicant:
    """Each name becomes another of the list, so that `maria.wei7` is `ivan.maria7`."""
    swap = dict(zip(NAMES, (NAMES[-1], *NAMES[:-1]), strict=True))
    return _mail(one, lambda local: _words(local, swap))


def rewritten(one: Applicant) -> Applicant:
    """Each name is written in another script."""
    return _mail(one, lambda local: _words(local, dict(zip(NAMES, SCRIPTS, strict=True))))


def moved(one: Applicant) -> Applicant:
    """Mail domains end in another country's code."""
    local, _, domain = (one.email or "").partition("@")
    for old, new in COUNTRIES.items():
        if domain.endswith(old):
            return msgspec.structs.replace(one, email=f"{local}@{domain.removesuffix(old)}{new}")
    return one


def redialled(one: Applicant) -> Applicant:
    """Phone numbers are another country's."""
    for old, new in PHONES.items():
        if one.phone and one.phone.startswith(old):
            return msgspec.structs.replace(one, phone=new + one.phone.removeprefix(old)[-6:])
    return one


def hours_off(one: Applicant) -> Applicant:
    """Everybody lives nine hours to the east."""
    return msgspec.structs.replace(one, created_at=one.created_at + timedelta(hours=9))


def _mail(one: Applicant, change: Callable[[str], str]) -> Applicant:
    local, _, domain = (one.email or "").partition("@")
    return msgspec.structs.replace(one, email=f"{change(local)}@{domain}")


def _words(local: str, swap: dict[str, str]) -> str:
    parts = local.split(".")
    return ".".join(
        next((swap[name] + part[len(name) :] for name in swap if part.startswith(name)), part) for part in parts
    )


def judged(applicants: list[Applicant]) -> list[Outcome]:
    """The outcomes, without what names the address, the token and the day."""
    desk = Desk(policy())
    found = [desk.verify(one) for one in applicants]
    return [
        msgspec.structs.replace(
            one,
            reasons=tuple(msgspec.structs.replace(reason, fact="") for reason in one.reasons),
            appeal="",
            expires_at=None,
            explanation="",
        )
        for one in found
    ]


@pytest.mark.parametrize("swap", [renamed, rewritten, moved, redialled, hours_off])
def test_a_swap_changes_no_outcome(swap: Callable[[Applicant], Applicant]):
    """Outcome, score, groups, reason codes and alternatives of everybody are the same to the last digit."""
    before = crowd()
    after = [swap(one) for one in before]
    assert after != before
    assert judged(after) == judged(before)


def test_the_swap_test_sees_a_difference_where_there_is_one():
    """A swap that does touch evidence, putting everybody on one device, changes outcomes: the test above can fail."""
    before = crowd()
    assert judged([msgspec.structs.replace(one, device_fingerprint="one") for one in before]) != judged(before)


def test_one_proof_is_as_good_as_another():
    """Whoever lacks a card, a phone or an institution is offered the same outcome by another proof."""
    one = msgspec.structs.replace(crowd()[0], programme="research")
    asked = Desk(policy()).verify(one)
    reached = {
        Desk(policy()).verify(msgspec.structs.replace(one, proofs=(way.name,))).outcome for way in asked.alternatives
    }
    assert reached == {"approve"}
