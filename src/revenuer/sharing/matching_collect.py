"""The infrastructure of confirmed campaigns, as items to be matched: what their accounts have nearly to themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from revenuer.sharing.matching_items import canonical, template_of
from revenuer.sources import Quarantine, Traffic, narrowed, open_traffic, read_part
from revenuer.summary import read_findings

__all__ = ["collect"]

_EXCHANGE: Final = {"ip": "network", "tls_fingerprint": "tls"}
_ACCOUNT: Final = {
    "signup_ip": "network",
    "payment_fingerprint": "payment",
    "device_fingerprint": "device",
    "phone_hash": "phone",
    "email_hash": "mail_hash",
}


def collect(findings: Path, traffic: Path, *, confidence: float = 0.95, share: float = 0.9) -> tuple[str, ...]:
    """Canonical items of campaigns, each once, sorted.

    Args:
        findings: of a scan.
        traffic: that the scan read.
        confidence: the least of a campaign that counts, 0 to 1.
        share: the least share of an item's accounts that must be the campaigns', 0 to 1: what honest customers use as
            well is not told.

    Raises:
        InputError: findings or traffic cannot be read.
    """
    campaigns = [one for one in read_findings(findings)[0] if one.confidence >= confidence]
    named = {account for one in campaigns for account in one.account_ids}
    owners: dict[str, set[str]] = defaultdict(set)
    for item, account in _seen(open_traffic(traffic, content="none")):
        owners[item].add(account)
    theirs = (item for item, accounts in owners.items() if len(accounts & named) >= share * len(accounts))
    frames = (frame for one in campaigns for frame in one.frames)
    templates = (canonical("template", template_of(frame)) for frame in frames if frame.strip())
    return tuple(sorted({*(item for item in theirs if owners[item] & named), *templates}))


def _seen(traffic: Traffic) -> Iterator[tuple[str, str]]:
    """Pairs of an item and an account that was seen with it."""
    accounts = traffic.accounts()
    for column, kind in _ACCOUNT.items():
        yield from _items(accounts, column, kind)
    quarantine = Quarantine()
    for part in narrowed(traffic.exchange_parts(), ("account_id", *_EXCHANGE)):
        for batch in read_part(part, quarantine):
            for column, kind in _EXCHANGE.items():
                yield from _items(pa.Table.from_batches([batch]), column, kind)


def _items(table: pa.Table, column: str, kind: str) -> Iterator[tuple[str, str]]:
    if column not in table.column_names:
        return
    pairs = table.select([column, "account_id"]).drop_null().group_by([column, "account_id"]).aggregate([])
    for value, account in zip(pairs[column].to_pylist(), pairs["account_id"].to_pylist(), strict=True):
        try:
            yield canonical(kind, value), account
        except ValueError:
            continue  # an address that a gateway has masked is none to match
