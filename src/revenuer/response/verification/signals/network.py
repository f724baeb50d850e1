"""What the operator's feed says of the network: servers, tunnels, anything else."""

from __future__ import annotations

from typing import Final

from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.signals.signal import Signal, always

__all__ = ["NETWORK"]

# Words of feeds that are told apart; every other word is one kind with "unlisted".
_KINDS: Final = ("hosting", "vpn", "proxy", "tor")


def _read(facts: Facts, _history: History) -> int | None:
    if facts.network_kind is None:
        return None
    return _KINDS.index(facts.network_kind) + 1 if facts.network_kind in _KINDS else 0


def _tell(facts: Facts, _history: History) -> str:
    return f"the address is listed as {facts.network_kind}"


NETWORK: Final = (Signal("network_kind", always("NETWORK-KIND"), "network", len(_KINDS) + 1, _read, _tell),)
