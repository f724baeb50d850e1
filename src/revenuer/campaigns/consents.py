"""Registered consents: who was allowed to do what."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.behaviour import Profiles
from revenuer.campaigns.times import micros
from revenuer.text.tokens import hash_strings

__all__ = ["consented_accounts"]

# Kinds that allow the harvesting of outputs. A reseller or gateway is known, which explains its shape, not its content.
_ALLOWING: Final = ("licensed_distillation", "evaluation", "safety_research")


def consented_accounts(consents: pa.Table, profiles: Profiles) -> npt.NDArray[np.bool_]:
    """Which accounts have a consent that was in force until their last exchange and covers their volume.

    Args:
        consents: `schema.CONSENTS`.
        profiles: all accounts.
    """
    covered = np.zeros(len(profiles), np.bool_)
    if not consents.num_rows:
        return covered
    days = np.maximum((profiles.last - profiles.first) / 86_400_000_000, 1.0)
    per_day = profiles.exchanges / days
    orgs = hash_strings(consents["org_id"].combine_chunks())
    accounts = hash_strings(consents["account_id"].combine_chunks())
    expires = micros(consents["expires_at"].fill_null(pa.scalar(2**62, pa.int64()).cast(pa.timestamp("us", tz="UTC"))))
    limits = consents["max_exchanges_per_day"].fill_null(2**62).to_numpy()
    for row in np.flatnonzero(np.isin(consents["kind"].to_pylist(), _ALLOWING)):
        named = (profiles.entity == orgs[row]) & (orgs[row] != 0) | (profiles.keys == accounts[row])
        total = per_day[named].sum()
        covered |= named & (profiles.last <= expires[row]) & (total <= limits[row])
    return covered
