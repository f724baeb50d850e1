"""A closer look at campaigns: which of their exchanges the careful model reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
from ibis import _

from revenuer.engine import Engine
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.careful import CarefulModel
from revenuer.fingerprint.closely import CloseReader, read_closely
from revenuer.sources import Traffic

__all__ = ["CloserLook"]

# Exchanges read: of a template, of a campaign's exchanges without one, and in all. Under 200 parts of texts a second are read.
OF_TEMPLATE: Final = 10
WITHOUT_TEMPLATE: Final = 500
IN_ALL: Final = 3_000


@dataclass(frozen=True, slots=True)
class CloserLook:
    """Reads a few exchanges of every template of every campaign once more, with the careful model.

    Attributes:
        traffic: where the texts are.
        fast: the model that read every exchange.
        careful: the model that reads few.
    """

    traffic: Traffic
    fast: CapabilityModel
    careful: CarefulModel

    def __call__(self, engine: Engine, scored: ir.Table) -> ir.Table | None:
        """`CLOSE_VOTES` of exchanges that extract; None where none does.

        Args:
            engine: runs the passes.
            scored: as `name_exchanges` takes it.

        Raises:
            MissingExtraError: the extra `encoder` is not installed.
        """
        nth = ibis.row_number().over(group_by=["campaign", "template"], order_by="draw")
        placed = scored.filter(scored.extracts).select("draw", "campaign", "template").mutate(nth=nth)
        most = ibis.ifelse(placed.template == 0, WITHOUT_TEMPLATE, OF_TEMPLATE)
        chosen = placed.filter(placed.nth < most).order_by([_.nth, _.draw]).limit(IN_ALL)
        wanted = np.sort(engine.collect(chosen.select("draw"))["draw"].to_numpy())
        if not len(wanted):
            return None
        return read_closely(engine, self.traffic, CloseReader(wanted, self.fast, self.careful))
