"""Which campaigns of a scan stand at an expected share of false ones, and what may be said of that."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from revenuer.campaigns.evalue import NULL_COUNT, NULL_SUM, log10_e
from revenuer.campaigns.verdict import Verdict
from revenuer.control import calibrated_e, e_bh
from revenuer.errors import ConfigError
from revenuer.sources import Content
from revenuer.summary import Standing

__all__ = ["CAMPAIGN_FDR", "checked_level", "claim", "log10_ratios", "named", "standings"]

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Expected share of false campaigns at which every scan says which of them stand.
CAMPAIGN_FDR: Final = 0.05

_TERMS: Final = (
    "as far as an innocent queue of this traffic could change places with the {n} innocent queues of simulated worlds that "
    "calibrate the e-values"
)
_BY_ODDS: Final = (
    "Campaigns are named by their odds, however many queues there are: the share of false ones is not bounded. {stand} of "
    "{called} also stand at an expected share of {level:g} among {queues} queues, {terms}."
)
_BY_E_VALUES: Final = (
    "Of the campaigns named, out of {queues} queues, an expected share of {level:g} at most is false, {terms}."
)
_TOGETHER: Final = " So few calibrate that no fewer than {least} campaigns can stand, and only together."
_NO_TEXT: Final = (
    "Campaigns are named by their odds, however many queues there are: the share of false ones is not bounded. What "
    "calibrates their e-values was measured with text, and none was read here."
)


def checked_level(fdr: float | None, content: Content) -> None:
    """Refuse a level that means nothing.

    Raises:
        ConfigError: it is no share, or no text is read, for which nothing was measured.
    """
    if fdr is None:
        return
    if not 0.0 < fdr < 1.0:
        raise ConfigError(f"--fdr {fdr}: expected a share between 0 and 1")
    if content == "none":
        raise ConfigError("--fdr: cannot be held with --content none: its e-values were calibrated with text")


def log10_ratios(verdicts: Sequence[Verdict]) -> F64:
    """Log10 likelihood ratio of each queue, shape (queues,); see `campaigns.evalue`."""
    return np.array([log10_e(verdict) for verdict in verdicts], np.float64)


def e_values(verdicts: Sequence[Verdict]) -> F64:
    """E-value of each queue, at most `NULL_COUNT` + 1, shape (queues,)."""
    return calibrated_e(10.0 ** log10_ratios(verdicts), NULL_SUM, NULL_COUNT)


def standing(verdicts: Sequence[Verdict], level: float) -> Bools:
    """Which queues e-BH leaves at this level, shape (queues,).

    All queues count as hypotheses. Those that the odds do not call campaigns have an e-value of 0 here: picking among
    rejections afterwards would void the bound, making e-values smaller beforehand does not.
    """
    called = np.array([verdict.campaign for verdict in verdicts], np.bool_)
    return e_bh(np.where(called, e_values(verdicts), 0.0), level)


def named(verdicts: Sequence[Verdict], fdr: float | None) -> list[int]:
    """Numbers of the queues that are called campaigns, and stand at the level if one is asked for."""
    called = [number for number, verdict in enumerate(verdicts) if verdict.campaign]
    if fdr is None:
        return called
    stands = standing(verdicts, fdr)
    return [number for number in called if stands[number]]


def standings(verdicts: Sequence[Verdict], campaigns: Mapping[str, int], content: Content) -> dict[str, Standing]:
    """How the campaigns with these numbers of queues fare at `CAMPAIGN_FDR`, by id."""
    ratios = log10_ratios(verdicts)
    if content == "none":
        return {name: Standing(log10_e=_rounded(ratios[number])) for name, number in campaigns.items()}
    e, stands = e_values(verdicts), standing(verdicts, CAMPAIGN_FDR)
    return {
        name: Standing(
            log10_e=_rounded(ratios[number]),
            log10_calibrated=_rounded(np.log10(e[number])),
            stands=bool(stands[number]),
        )
        for name, number in campaigns.items()
    }


def claim(verdicts: Sequence[Verdict], content: Content, fdr: float | None) -> str:
    """What is claimed of the campaigns, in words."""
    if content == "none":
        return _NO_TEXT
    level = CAMPAIGN_FDR if fdr is None else fdr
    told = (_BY_ODDS if fdr is None else _BY_E_VALUES).format(
        stand=int(standing(verdicts, level).sum()),
        called=sum(verdict.campaign for verdict in verdicts),
        level=level,
        queues=len(verdicts),
        terms=_TERMS.format(n=NULL_COUNT),
    )
    least = _least(len(verdicts), level)
    return told + _TOGETHER.format(least=least) if least > 1 else told


def _least(queues: int, level: float) -> int:
    """How many campaigns have to stand together for the greatest e-value there is to suffice."""
    return math.ceil(queues / (level * (NULL_COUNT + 1)))


def _rounded(value: float) -> float:
    return round(float(value), 6)
