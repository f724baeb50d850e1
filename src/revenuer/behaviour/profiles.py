"""Accounts as they behave and as they signed up, side by side in arrays."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from revenuer.engine import Engine
from revenuer.text.networks import hash_networks
from revenuer.text.tokens import hash_strings

__all__ = ["Profiles", "profile"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_SIGNUP_HASHES = (
    "org_id",
    "email_domain",
    "email_hash",
    "payment_fingerprint",
    "payment_kind",
    "plan",
    "programme",
    "device_fingerprint",
    "phone_hash",
)


@dataclass(frozen=True, slots=True)
class Profiles:
    """One entry an account, sorted by the hash of its id; every array has shape (accounts,).

    Attributes:
        keys: 64-bit hash of the account id.
        ids: the account id.
        entity: who answers for the account: the declared organisation, or the account itself.
        exchanges: how many it made.
        first: its first exchange, microseconds since 1970; `last` likewise.
        openings: exchanges that open a conversation.
        created: sign-up, microseconds since 1970, 0 where unknown.
        signup: hashed sign-up facts by column name, plus `signup_net`; 0 where unknown.
        plans: the plan in words, empty where unknown.
    """

    keys: I64
    ids: npt.NDArray[np.object_]
    entity: I64
    exchanges: I64
    first: I64
    last: I64
    openings: I64
    created: I64
    signup: dict[str, I64]
    plans: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.keys)

    def index(self, keys: I64) -> I64:
        """Positions of account hashes that are all known."""
        return np.searchsorted(self.keys, keys)


def profile(engine: Engine, rows: ir.Table, accounts: pa.Table) -> Profiles:
    """Profiles of all accounts that made an exchange.

    Args:
        engine: runs the aggregation.
        rows: fingerprints.
        accounts: `schema.ACCOUNTS`, possibly empty; accounts it lacks keep unknown sign-up facts.
    """
    made = rows.group_by("account").agg(
        id=_.account_id.min(),
        org=_.org.max(),
        exchanges=_.count(),
        openings=(_.turn.fill_null(0) == 0).sum(),
        first=_.ts.min(),
        last=_.ts.max(),
    )
    table = engine.collect(made).sort_by("account")
    keys = table["account"].to_numpy()
    signup, created, plans = _signup(keys, accounts)
    org = table["org"].to_numpy()
    org = np.where(org != 0, org, signup["org_id"])
    return Profiles(
        keys=keys,
        ids=table["id"].to_numpy(),
        entity=np.where(org != 0, org, keys),
        exchanges=table["exchanges"].to_numpy(),
        first=_micros(table["first"]),
        last=_micros(table["last"]),
        openings=table["openings"].to_numpy(),
        created=created,
        signup=signup,
        plans=plans,
    )


def _micros(column: pa.ChunkedArray) -> I64:
    values: I64 = pc.fill_null(column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()), 0).to_numpy()
    return values


def _signup(keys: I64, accounts: pa.Table) -> tuple[dict[str, I64], I64, npt.NDArray[np.object_]]:
    """Sign-up facts aligned with `keys`."""
    accounts = accounts.combine_chunks()
    known = hash_strings(_column(accounts, "account_id"))
    order = np.argsort(known, kind="stable")
    at = np.searchsorted(known[order], keys)
    hit = np.zeros(len(keys), np.bool_)
    if len(known):
        at = np.minimum(at, len(known) - 1)
        hit = known[order][at] == keys
    source = order[at] if len(known) else at

    def aligned(values: npt.NDArray[np.generic], unknown: object) -> npt.NDArray[np.generic]:
        out = np.full(len(keys), unknown, values.dtype)
        out[hit] = values[source[hit]]
        return out

    facts = {name: aligned(hash_strings(_column(accounts, name)), 0) for name in _SIGNUP_HASHES}
    facts["signup_net"] = aligned(hash_networks(_column(accounts, "signup_ip")), 0)
    created = aligned(_micros(pa.chunked_array([accounts["created_at"].combine_chunks()])), 0)
    plans = aligned(pc.fill_null(_column(accounts, "plan"), "").to_numpy(zero_copy_only=False).astype(object), "")
    return facts, created, plans  # type: ignore[return-value]


def _column(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks()
    return pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column
