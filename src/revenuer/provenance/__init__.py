"""What leaves the model: sealed reasoning, shaped requests and answers, and proof of what was made of them."""

from revenuer.provenance.keyring import KeyFile, KeyRing, load_ring, new_ring, ring_revoked, ring_rotated, save_ring
from revenuer.provenance.seal import ALARMS, Binding, Kind, Opening, Sealer, inspected, padded_size, public_id

__all__ = [
    "ALARMS",
    "Binding",
    "KeyFile",
    "KeyRing",
    "Kind",
    "Opening",
    "Sealer",
    "inspected",
    "load_ring",
    "new_ring",
    "padded_size",
    "public_id",
    "ring_revoked",
    "ring_rotated",
    "save_ring",
]
