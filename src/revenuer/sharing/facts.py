"""What of a campaign may be told to others: what many of its accounts have in common, and nothing of any one of them."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.errors import InputError
from revenuer.findings import Campaign
from revenuer.schema import VALUES
from revenuer.sources import Quarantine, Traffic, narrowed, open_traffic, read_part

__all__ = ["EXCLUSIVE", "LEAST_BEHIND", "MOST_VALUES", "Observed", "observe_traffic", "prefix_of"]

# Accounts that must stand behind whatever is told: a value of one or two accounts would be about people.
LEAST_BEHIND: Final = 3
# Share of the accounts seen with a value that must be the campaign's: what honest customers use too is not told.
EXCLUSIVE: Final = 0.9
# Values of a kind told of one campaign, those of the most accounts: the rest adds size and little sight.
MOST_VALUES: Final = 256
_V4: Final = r"^(\d+\.\d+\.\d+)\.\d+$"
_DOMAIN: Final = r"[a-z0-9-]+(\.[a-z0-9-]+)+"
_LONGEST_DOMAIN: Final = 253
_DAY: Final = 86_400_000_000
_BURST_DAYS: Final = 3
_SHAPES: Final = ("plan", "payment_kind", "programme")


@dataclass(frozen=True, slots=True)
class Observed:
    """What the traffic shows of a campaign's accounts together.

    Attributes:
        networks: prefixes (/24, /48) that they have nearly to themselves, most accounts first.
        domains: mail domains likewise.
        hours: share of the extraction exchanges in each UTC hour of the day, 24 values rounded to hundredths; or None.
        signup: shares of the accounts by plan, payment and programme, and within the densest three days, rounded to
            twentieths; empty where unknown.
    """

    networks: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    hours: tuple[float, ...] | None = None
    signup: dict[str, Any] | None = None


def prefix_of(address: str) -> str | None:
    """The network of a public address, /24 or /48; None for anything else.

    Private, reserved and documentation networks say nothing to others.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if parsed.version == 6 and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if not parsed.is_global or parsed.is_multicast:
        return None
    length = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network(f"{parsed}/{length}", strict=False))


def observe_traffic(path: Path, found: tuple[Campaign, ...]) -> list[Observed]:
    """Look each campaign's accounts up in a traffic directory.

    Args:
        path: the traffic that the findings are of.
        found: the campaigns.

    Raises:
        InputError: the traffic cannot be read, or holds none of a campaign's accounts.
    """
    traffic = open_traffic(path, content="none")
    campaign = {account: number for number, one in enumerate(found) for account in one.account_ids}
    seen = _Seen(traffic, campaign, found)
    accounts = traffic.accounts()
    domains = _pairs(accounts["account_id"], accounts["email_domain"])
    places = pa.concat_tables([seen.places, _networks(_pairs(accounts["account_id"], accounts["signup_ip"]))])
    networks = _exclusive(_distinct(places), campaign, len(found), prefix_of)
    mail = _exclusive(domains, campaign, len(found), _domain)
    return [
        Observed(networks[n], mail[n], seen.hours(n), _signup(accounts, one.account_ids)) for n, one in enumerate(found)
    ]


class _Seen:
    """One pass over the exchanges: who was seen from where, and when each campaign harvested."""

    def __init__(self, traffic: Traffic, campaign: dict[str, int], found: tuple[Campaign, ...]) -> None:
        self.counts = np.zeros((len(found), 24), np.int64)
        known, parts = pa.array(list(campaign), pa.string()), []
        met = np.zeros(len(found), np.bool_)
        for batch in _batches(traffic):
            parts.append(_networks(_pairs(batch.column("account_id"), batch.column("ip"))))
            held = batch.filter(pc.is_in(batch.column("account_id"), value_set=known))
            number = np.array([campaign[name] for name in held.column("account_id").to_pylist()], np.int64)
            hour = pc.hour(held.column("ts")).to_numpy(zero_copy_only=False)
            np.add.at(self.counts, (number, hour), 1)
            met[number] = True
        for one, there in zip(found, met, strict=True):
            if not there:
                raise InputError(f"holds no exchange of the accounts of {one.campaign_id}", file=str(traffic.path))
        self.places = _distinct(pa.concat_tables(parts))

    def hours(self, number: int) -> tuple[float, ...]:
        """Share of each hour of the day."""
        counts = self.counts[number]
        return tuple(round(float(share), 2) for share in counts / max(counts.sum(), 1))


def _batches(traffic: Traffic) -> Iterator[pa.RecordBatch]:
    for part in narrowed(traffic.exchange_parts(), ("account_id", "ip", "ts")):
        yield from read_part(part, Quarantine())


def _networks(pairs: pa.Table) -> pa.Table:
    """Addresses as the first of their /24, so that what is looked at one by one is a fraction of them; /48 stay as they are."""
    start = pc.replace_substring_regex(pairs["value"], _V4, r"\1.0")
    return _distinct(pa.table({"account": pairs["account"], "value": start}))


def _domain(domain: str) -> str | None:
    """A mail domain in small letters; None for what is none."""
    held = domain.strip().lower()
    return held if re.fullmatch(_DOMAIN, held) and len(held) <= _LONGEST_DOMAIN else None


def _pairs(accounts: Any, values: Any) -> pa.Table:
    table = pa.table({"account": accounts, "value": values.cast(pa.string())})
    return _distinct(table.filter(pc.is_valid(table["value"])))


def _distinct(table: pa.Table) -> pa.Table:
    return table.group_by(["account", "value"], use_threads=False).aggregate([])


def _exclusive(
    pairs: pa.Table, campaign: dict[str, int], campaigns: int, told: Callable[[str], str | None]
) -> list[tuple[str, ...]]:
    """For each campaign the values that enough of its accounts share and hardly anybody else has.

    Args:
        pairs: `account` and `value`, distinct; values that are told as one may be several.
        campaign: of each account that is in one.
        campaigns: how many.
        told: what is told of a value; None: nothing.
    """
    inside = pairs.filter(pc.is_in(pairs["account"], value_set=pa.array(list(campaign), pa.string())))
    words = {value: told(value) for value in pc.unique(inside["value"]).to_pylist()}
    shown = pa.table({"value": pa.array(words, pa.string()), "told": pa.array(words.values(), pa.string())}).filter(
        pc.field("told").is_valid()
    )
    seen = pairs.join(shown, "value", join_type="inner", use_threads=False)
    behind: dict[str, Counter[int]] = {}
    for account, value in sorted(set(zip(seen["account"].to_pylist(), seen["told"].to_pylist(), strict=True))):
        behind.setdefault(value, Counter())[campaign.get(account, -1)] += 1
    return [tuple(_kept(behind, number)) for number in range(campaigns)]


def _kept(behind: dict[str, Counter[int]], number: int) -> list[str]:
    kept = [value for value, n in behind.items() if n[number] >= LEAST_BEHIND and n[number] >= EXCLUSIVE * n.total()]
    return sorted(kept, key=lambda value: (-behind[value][number], value))[:MOST_VALUES]


def _signup(accounts: pa.Table, members: tuple[str, ...]) -> dict[str, Any]:
    own = accounts.filter(pc.is_in(accounts["account_id"], value_set=pa.array(members, pa.string())))
    shape: dict[str, Any] = {name: shares for name in _SHAPES if (shares := _shares(own[name], VALUES[name]))}
    created = np.sort(own["created_at"].drop_null().cast(pa.int64()).to_numpy())
    if len(created) >= LEAST_BEHIND:
        ends = np.searchsorted(created, created + _BURST_DAYS * _DAY, "right")
        shape["within_three_days"] = _twentieths(float((ends - np.arange(len(created))).max() / len(created)))
    return shape


def _shares(column: pa.ChunkedArray, words: tuple[str, ...]) -> dict[str, float]:
    """Shares of the words that the schema knows and enough accounts have."""
    counts = column.drop_null().value_counts()
    total = sum(entry["counts"].as_py() for entry in counts)
    held = {entry["values"].as_py(): entry["counts"].as_py() for entry in counts}
    return {name: _twentieths(n / total) for name in words if (n := held.get(name, 0)) >= LEAST_BEHIND}


def _twentieths(share: float) -> float:
    return round(round(share * 20) / 20, 2)
