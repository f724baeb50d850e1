"""Channel `payment`: one means of payment behind several accounts of different owners."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from revenuer.behaviour import Profiles
from revenuer.findings import Evidence
from revenuer.linkage.sharing import shared_words, sharing

__all__ = ["payment_evidence"]

I64 = npt.NDArray[np.int64]


def payment_evidence(profiles: Profiles, members: I64, *, seed: int) -> Evidence | None:
    """Means of payment that the group's accounts share with each other and hardly anybody else."""
    s = sharing(None, profiles.signup["payment_fingerprint"], members, profiles.entity, seed=seed)
    if s.strength <= 0.0:
        return None
    return Evidence("payment", shared_words(s, "means of payment", "means of payment"), s.strength, s.tied)
