"""Error control: what may be claimed of how many accounts and queues, and how often that is wrong."""

from revenuer.control.alarm import Alarm, population_alarm
from revenuer.control.conformal import calibration_conditional, clean_p_values, conformal_p_values, resolution
from revenuer.control.evalues import Bets, Mixture, average, calibrated_e, p_to_e, product, ville
from revenuer.control.fdr import benjamini_hochberg, benjamini_yekutieli, e_bh
from revenuer.control.intervals import clopper_pearson, wilson
from revenuer.control.strata import merge_strata

__all__ = [
    "Alarm",
    "Bets",
    "Mixture",
    "average",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "calibrated_e",
    "calibration_conditional",
    "clean_p_values",
    "clopper_pearson",
    "conformal_p_values",
    "e_bh",
    "merge_strata",
    "p_to_e",
    "population_alarm",
    "product",
    "resolution",
    "ville",
    "wilson",
]
