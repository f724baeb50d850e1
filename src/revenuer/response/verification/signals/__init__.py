"""The signals, one file each."""

from revenuer.response.verification.signals.every import SIGNALS
from revenuer.response.verification.signals.signal import Signal

__all__ = ["SIGNALS", "Signal"]
