"""Consents at the moment of a request: by party, capability, volume of the day, and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

__all__ = ["Allowed"]

_DAY: Final = 86_400 * 1_000_000


class Allowed:
    """The consents of a provider; it counts what they cover, so that requests have to come in the order of time.

    Args:
        consents: `schema.CONSENTS`.
    """

    def __init__(self, consents: pa.Table) -> None:
        self._terms: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._used: Counter[tuple[int, int]] = Counter()
        for number, row in enumerate(consents.to_pylist()):
            for kind in ("org_id", "account_id"):
                if row.get(kind):
                    self._terms.setdefault((kind, row[kind]), []).append(row | {"number": number})

    def kinds(self, account_id: str, org_id: str | None, ts: int, serves: Collection[str]) -> tuple[str, ...]:
        """Kinds of the consents that cover a request.

        Args:
            account_id: who asks.
            org_id: for whom.
            ts: microsecond since 1970.
            serves: capabilities that the request may serve; a consent for some covers it if it names one of these.
        """
        parties = (("account_id", account_id), ("org_id", org_id))
        terms = [one for kind, name in parties if name for one in self._terms.get((kind, name), ())]
        return tuple(sorted({one["kind"] for one in terms if self._covers(one, ts, serves)}))

    def _covers(self, terms: dict[str, Any], ts: int, serves: Collection[str]) -> bool:
        ends: datetime | None = terms.get("expires_at")
        if ends is not None and ts > ends.timestamp() * 1_000_000:
            return False
        if terms.get("capabilities") is not None and not set(terms["capabilities"]) & set(serves):
            return False
        most = terms.get("max_exchanges_per_day")
        used = terms["number"], ts // _DAY
        self._used[used] += 1
        return most is None or self._used[used] <= most
