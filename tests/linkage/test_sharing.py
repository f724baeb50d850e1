"""How much more a group shares than others do: means of payment, devices, networks, bursts of sign-ups."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.behaviour import Profiles
from revenuer.linkage.infrastructure import Traces, infrastructure_evidence
from revenuer.linkage.payment import payment_evidence
from revenuer.linkage.sharing import DRAWS, STRONGEST, Sharing, sharing
from revenuer.linkage.signup import signup_evidence

I64 = npt.NDArray[np.int64]

ACCOUNTS = 600
EVERYONE = np.arange(ACCOUNTS)
GROUP = np.arange(40)
DAY = 86_400_000_000
SIGNUP = ("payment_fingerprint", "device_fingerprint", "phone_hash", "email_hash", "signup_net", "email_domain")


def own_values() -> I64:
    """A value of its own for each account."""
    return EVERYONE + 1_000


def measured(value: I64, members: I64 = GROUP, owner: I64 = EVERYONE, seed: int = 0) -> Sharing:
    return sharing(np.arange(len(value)), value, members, owner, seed=seed)


def test_planted_ties_are_found():
    """Ten cards behind the forty accounts of a group, and one each elsewhere, tie all of the group."""
    value = own_values()
    value[GROUP] = GROUP % 10 + 1
    found = measured(value)
    assert (found.tied, found.known, found.values, found.expected) == (40, 40, 10, 0.0)
    assert found.strength == STRONGEST


def test_the_more_are_tied_the_stronger():
    """Strength grows with the share of the group that is tied, from nothing."""
    strengths = []
    for tied in (0, 1, 2, 4, 8):
        value = own_values()
        value[:tied] = 7
        strengths.append(measured(value).strength)
    assert strengths[:2] == [0.0, 0.0]  # one account shares nothing
    assert strengths == sorted(strengths)
    assert strengths[-1] > 1


@pytest.mark.parametrize("values", [1, 3, 30])
def test_what_is_common_weighs_nothing(values: int):
    """A gateway, an office or a client build of thousands: the group has it, and so has everybody else."""
    value = np.random.default_rng(values).integers(1, values + 1, ACCOUNTS)
    assert measured(value).strength == 0.0


def test_what_others_share_just_as_much_weighs_nothing():
    """Where every account shares a device with a neighbour, a group of such neighbours is nothing special."""
    value = EVERYONE // 2 + 1
    pairs = np.concatenate([GROUP, ACCOUNTS - 1 - GROUP])
    assert measured(value, pairs).tied == 80
    scattered = np.random.default_rng(1).permutation(ACCOUNTS)[:300]
    assert measured(value, scattered).strength < 0.5


def test_an_organisation_shares_nothing_with_itself():
    """Twenty accounts that one organisation pays for with one card are one owner."""
    value = own_values()
    value[GROUP] = 7
    assert measured(value, owner=np.where(EVERYONE < 40, -5, EVERYONE)).tied == 0
    two = np.where(EVERYONE < 20, -5, np.where(EVERYONE < 40, -6, EVERYONE))
    assert (measured(value, owner=two).tied, measured(value, owner=two).known) == (2, 2)


def test_what_is_not_known_is_not_shared():
    """No card is not a card that is shared."""
    value = own_values()
    value[GROUP] = 0
    assert measured(value) == Sharing(0, 0, 0.0, 0, 0.0)
    value[:2] = 7
    assert measured(value)[:2] == (2, 2)
    assert measured(np.zeros(0, np.int64)).strength == 0.0


def test_random_groups_are_calibrated():
    """Of 200 random groups in a world of households, hardly one in a hundred gets as much as ten to one."""
    rng = np.random.default_rng(0)
    strengths = []
    for seed in range(200):
        value = rng.integers(1, 400, ACCOUNTS)
        strengths.append(measured(value, rng.permutation(ACCOUNTS)[:40], seed=seed).strength)
    assert np.mean(np.array(strengths) >= 1.0) <= 0.02
    assert np.mean(strengths) < 0.15


@given(st.integers(0, 2**32 - 1))
def test_order_and_names_do_not_matter(seed: int):
    """Rows in another order, values and owners under other names: the same figures, what is drawn aside."""
    rng = np.random.default_rng(seed)
    account, value = rng.integers(0, 60, 150), rng.integers(0, 40, 150)
    owner, members = rng.integers(0, 50, 60), rng.permutation(60)[:20]
    names = np.concatenate([[0], rng.permutation(10_000)[:40] + 1])
    order = rng.permutation(150)
    one = sharing(account, value, members, owner, seed=1)
    two = sharing(account[order], names[value][order], rng.permutation(members), -3 * owner + 11, seed=1)
    assert (one.tied, one.known, one.values) == (two.tied, two.known, two.values)
    assert sharing(account, value, members, owner, seed=1) == one
    assert plain(account, value, members, owner) == (one.tied, one.known, one.values)


def plain(account: I64, value: I64, members: I64, owner: I64) -> tuple[int, int, int]:
    """Tied owners, known owners and shared values by counting sets."""
    held = {(int(owner[a]), int(v)) for a, v in zip(account, value, strict=True) if v}
    group = {int(owner[m]) for m in members}
    users = Counter(v for _o, v in held)
    within = Counter(v for o, v in held if o in group)
    own = {v for v, n in within.items() if n >= 2 and 2 * n >= users[v]}
    return len({o for o, v in held if o in group and v in own}), len({o for o, _v in held if o in group}), len(own)


def test_the_expectation_is_that_of_other_groups_of_the_size():
    """Half of the others are tied in pairs: of groups as large, drawn from them, few pairs come along."""
    value = own_values()
    value[100:600] = EVERYONE[100:600] // 2
    value[:2] = 7
    found = measured(value)
    assert DRAWS >= 10
    assert 0 < found.expected < 10


def profiles(created: I64 | None = None, entity: I64 = EVERYONE, **signup: I64) -> Profiles:
    """Accounts with these sign-up facts; what is not given is unknown."""
    nought, words = np.zeros(ACCOUNTS, np.int64), np.full(ACCOUNTS, "", object)
    facts: dict[str, Any] = {name: signup.get(name, nought) for name in SIGNUP}
    made = nought if created is None else created
    return Profiles(EVERYONE, words, entity, nought + 9, nought, nought, nought, made, facts, words)


def test_a_shared_card_is_evidence_of_payment():
    """With how many owners pay with how many cards; nothing to say where nothing is shared."""
    value = own_values()
    value[GROUP] = GROUP % 10 + 1
    found = payment_evidence(profiles(payment_fingerprint=value), GROUP, seed=0)
    assert found is not None
    assert (found.channel, found.accounts) == ("payment", 40)
    assert found.fact.startswith("40 of 40 account owners share 10 ")
    assert payment_evidence(profiles(payment_fingerprint=own_values()), GROUP, seed=0) is None
    assert payment_evidence(profiles(), GROUP, seed=0) is None


def traces(**kinds: tuple[I64, I64]) -> Traces:
    nothing = (np.zeros(0, np.int64), np.zeros(0, np.int64))
    held = {kind: kinds.get(kind, nothing) for kind in ("ip", "net", "client")}
    return Traces({kind: pair[0] for kind, pair in held.items()}, {kind: pair[1] for kind, pair in held.items()})


def test_address_network_and_client_count_once():
    """They come together from one machine: the strongest speaks, the others add nothing to it."""
    value = own_values()
    value[GROUP] = GROUP % 10 + 1
    one = infrastructure_evidence(traces(ip=(EVERYONE, value)), profiles(), GROUP, seed=0)
    all_three = infrastructure_evidence(
        traces(ip=(EVERYONE, value), net=(EVERYONE, value), client=(EVERYONE, value)), profiles(), GROUP, seed=0
    )
    assert one is not None
    assert all_three is not None
    assert one.channel == "infrastructure"
    assert one.strength == all_three.strength == STRONGEST
    assert infrastructure_evidence(traces(), profiles(), GROUP, seed=0) is None


def test_a_carriers_gateway_ties_nobody():
    """An address that hundreds come from weighs nothing, though all of the group come from it."""
    account = np.concatenate([EVERYONE, EVERYONE])
    value = np.concatenate([np.full(ACCOUNTS, 3), own_values()])
    assert infrastructure_evidence(traces(ip=(account, value)), profiles(), GROUP, seed=0) is None


def spread_signups(seed: int) -> I64:
    """Sign-ups over two years."""
    return 10**15 + np.random.default_rng(seed).integers(0, 730 * DAY, ACCOUNTS)


def test_a_burst_of_signups_is_found():
    """Thirty of forty accounts made within two days are a burst; how many and how rare is said."""
    created = spread_signups(0)
    created[:30] = created[100] + np.arange(30) * DAY // 15
    found = signup_evidence(profiles(created), GROUP, seed=0)
    assert found is not None
    assert (found.channel, found.accounts) == ("signup", 30)
    assert "30 account owners" in found.fact
    assert found.strength == pytest.approx(2.0)


def test_an_organisation_that_registers_many_accounts_at_once_is_no_burst():
    """It is one owner, who came once."""
    created = spread_signups(0)
    created[:30] = created[100] + np.arange(30) * DAY // 15
    one = np.where(EVERYONE < 30, -5, EVERYONE)
    assert signup_evidence(profiles(created, one), GROUP, seed=0) is None


def test_signups_at_random_are_no_burst():
    """Where sign-ups are spread over years, and where all came in one week, hardly any group has a burst."""
    rng = np.random.default_rng(3)
    for width in (1, 100):
        found = [
            signup_evidence(profiles(spread_signups(seed) // width), rng.permutation(ACCOUNTS)[:40], seed=0)
            for seed in range(100)
        ]
        assert np.mean([one is not None and one.strength >= 1 for one in found]) <= 0.05
    assert signup_evidence(profiles(None), GROUP, seed=0) is None


def test_sign_up_facts_together_are_capped():
    """Devices, mailboxes, telephones and a burst come from one farm: four orders of magnitude at most."""
    value = own_values()
    value[GROUP] = GROUP % 10 + 1
    created = spread_signups(0)
    created[GROUP] = created[100]
    everything = dict.fromkeys(SIGNUP, value)
    found = signup_evidence(profiles(created, **everything), GROUP, seed=0)
    assert found is not None
    assert found.strength == 4.0
    assert signup_evidence(profiles(None, **everything), GROUP, seed=0).strength == STRONGEST  # type: ignore[union-attr]


def test_a_mail_domain_of_many_ties_nobody():
    """A public mail provider, whatever its suffix, is no tie."""
    domain = np.random.default_rng(2).integers(1, 6, ACCOUNTS)
    assert signup_evidence(profiles(email_domain=domain), GROUP, seed=0) is None
