"""Exchanges to fingerprints: frame, capability, elicitation, content sketch."""

from revenuer.fingerprint.capability import STRUCTURE, CapabilityModel, Scores
from revenuer.fingerprint.exchange import FINGERPRINTS, Fingerprinter
from revenuer.fingerprint.frames import FrameLibrary
from revenuer.fingerprint.pipeline import Fingerprints, fingerprint

__all__ = [
    "FINGERPRINTS",
    "STRUCTURE",
    "CapabilityModel",
    "Fingerprinter",
    "Fingerprints",
    "FrameLibrary",
    "Scores",
    "fingerprint",
]
