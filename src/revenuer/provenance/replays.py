"""Events of sealed blocks: who was given which, who sent which back, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from revenuer.provenance.seal import ALARMS, Binding, Kind
from revenuer.provenance.shaping_blocks import Returned

__all__ = ["SealEvent", "columns_of", "seal_events"]


class SealEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One block that was given out or that came back.

    Attributes:
        at: seconds since 1970.
        kind: `issued`, or how it opened.
        alarm: whether honest clients do not do this.
        block_id: SHA-256 of the block, as in the columns `reasoning_issued` and `reasoning_refs`.
        tenant, account, session, model: of the request.
        issuer_model: model that the block was given out by, where it is another and known.
    """

    at: int
    kind: Kind | Literal["issued"]
    alarm: bool
    block_id: str
    tenant: str
    account: str
    session: str
    model: str
    issuer_model: str | None = None


def seal_events(binding: Binding, at: int, issued: Iterable[str], returned: Iterable[Returned]) -> list[SealEvent]:
    """Events of one exchange: blocks that came back in their order, then those given out.

    Args:
        binding: of the exchange.
        at: seconds since 1970.
        issued: public ids of blocks given out.
        returned: blocks that came with the request.
    """
    party = {"tenant": binding.tenant, "account": binding.account, "session": binding.session, "model": binding.model}
    back = [
        SealEvent(
            at=at,
            kind=one.kind,
            alarm=one.kind in ALARMS,
            block_id=one.block_id,
            issuer_model=one.issuer_model,
            **party,
        )
        for one in returned
    ]
    return [*back, *(SealEvent(at=at, kind="issued", alarm=False, block_id=name, **party) for name in issued)]


def columns_of(events: Iterable[SealEvent]) -> dict[str, Any]:
    """The contract's columns `reasoning_refs` and `reasoning_issued` of one exchange, from which `replay` draws.

    Blocks count as sent back whether or not they opened. Where an answer gave out several, the column holds the first.
    """
    told = list(events)
    refs = [event.block_id for event in told if event.kind != "issued"]
    issued = next((event.block_id for event in told if event.kind == "issued"), None)
    return {"reasoning_refs": refs or None, "reasoning_issued": issued}
