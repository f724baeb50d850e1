"""All signals, in the order in which they are read."""

from __future__ import annotations

from typing import Final

from revenuer.response.verification.signals.academic import ACADEMIC
from revenuer.response.verification.signals.cohort import COHORT
from revenuer.response.verification.signals.disposable import DISPOSABLE
from revenuer.response.verification.signals.network import NETWORK
from revenuer.response.verification.signals.phone import PHONE
from revenuer.response.verification.signals.programme import PROGRAMME
from revenuer.response.verification.signals.sharing import SHARING
from revenuer.response.verification.signals.template import TEMPLATE
from revenuer.response.verification.signals.velocity import VELOCITY

__all__ = ["SIGNALS"]

SIGNALS: Final = (
    *SHARING, *VELOCITY, *TEMPLATE, *DISPOSABLE, *NETWORK, *PHONE, *PROGRAMME, *COHORT, *ACADEMIC,
)  # fmt: skip
