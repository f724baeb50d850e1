"""Who was allowed to do what, until when, and how much of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from revenuer.behaviour import Profiles
from revenuer.campaigns.consents import consented_accounts
from revenuer.schema import CONSENTS
from revenuer.text.tokens import hash_strings

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
LAST = FIRST + timedelta(days=10)
ORGS = ["org-1", "org-1", "org-1", None, None]
NAMES = ["a", "b", "c", "d", "e"]


def micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def profiles(exchanges: int = 100) -> Profiles:
    """Three accounts of one organisation and two of none, each with ten days of traffic, in the order of `NAMES`."""
    keys, orgs = hash_strings(pa.array(NAMES)), hash_strings(pa.array(ORGS))
    nought, words = np.zeros(5, np.int64), np.array(NAMES, object)
    first, last = np.full(5, micros(FIRST)), np.full(5, micros(LAST))
    entity = np.where(orgs != 0, orgs, keys)
    return Profiles(keys, words, entity, np.full(5, exchanges), first, last, nought, nought, {}, words)


def covered(*rows: dict[str, Any], exchanges: int = 100) -> str:
    """The names of the accounts that these consents cover."""
    table = pa.Table.from_pylist([{"kind": "licensed_distillation", **row} for row in rows], CONSENTS)
    return "".join(np.array(NAMES)[consented_accounts(table, profiles(exchanges))])


def test_a_consent_covers_an_organisation_or_an_account():
    """All accounts of the organisation that is named, or the one account, and nobody else."""
    assert covered({"org_id": "org-1"}) == "abc"
    assert covered({"account_id": "d"}) == "d"
    assert covered({"account_id": "b"}, {"account_id": "e"}) == "be"
    assert covered({"org_id": "org-2"}, {"account_id": "x"}) == ""
    assert covered() == ""


def test_a_consent_that_names_nobody_covers_nobody():
    """Accounts without an organisation are not the accounts of no organisation."""
    assert covered({}) == ""


@pytest.mark.parametrize(("kind", "allows"), [("licensed_distillation", True), ("evaluation", True)])
def test_some_kinds_allow(kind: str, *, allows: bool):
    """Licensed distillation and evaluation are harvests that were agreed to."""
    assert (covered({"org_id": "org-1", "kind": kind}) == "abc") == allows


@pytest.mark.parametrize("kind", ["reseller", "gateway", "something_new"])
def test_a_known_reseller_is_not_allowed_to_harvest(kind: str):
    """That somebody resells explains the shape of the traffic, not what is done with the answers."""
    assert covered({"org_id": "org-1", "kind": kind}) == ""


def test_an_expired_consent_covers_nothing():
    """It has to be in force until the last exchange; one without an end is."""
    assert covered({"org_id": "org-1", "expires_at": LAST - timedelta(seconds=1)}) == ""
    assert covered({"org_id": "org-1", "expires_at": LAST}) == "abc"
    assert covered({"org_id": "org-1", "expires_at": None}) == "abc"
    assert covered({"org_id": "org-1", "expires_at": FIRST}, {"account_id": "a"}) == "a"


def test_a_consent_covers_so_many_exchanges_a_day():
    """Three accounts of ten a day each are within thirty, not within twenty-nine: the organisation counts as a whole."""
    assert covered({"org_id": "org-1", "max_exchanges_per_day": 30}) == "abc"
    assert covered({"org_id": "org-1", "max_exchanges_per_day": 29}) == ""
    assert covered({"account_id": "a", "max_exchanges_per_day": 10}) == "a"
    assert covered({"org_id": "org-1", "max_exchanges_per_day": 30}, exchanges=10_000) == ""


def test_one_that_holds_is_enough():
    """Beside consents that do not."""
    dead = {"org_id": "org-1", "expires_at": FIRST}
    assert covered(dead, {"org_id": "org-1", "kind": "reseller"}, {"org_id": "org-1"}) == "abc"
