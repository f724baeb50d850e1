"""What leaves the model: sealed reasoning, shaped requests and answers, and proof of what was made of them."""

from revenuer.provenance.keyring import KeyFile, KeyRing, load_ring, new_ring, ring_revoked, ring_rotated, save_ring
from revenuer.provenance.replays import SealEvent, columns_of, seal_events
from revenuer.provenance.seal import ALARMS, Binding, Kind, Opening, Sealer, inspected, padded_size, public_id
from revenuer.provenance.shaping import DROPPED_HEADER, LIMITED_HEADER, Asker, ShapedRequest, shaped_request
from revenuer.provenance.shaping_answer import shaped_answer
from revenuer.provenance.shaping_plan import Family, ShapingPlan, default_plan, default_plan_text, load_plan
from revenuer.provenance.shaping_reasoning import Treatment
from revenuer.provenance.stream_shaping import StreamShaper

__all__ = [
    "ALARMS",
    "DROPPED_HEADER",
    "LIMITED_HEADER",
    "Asker",
    "Binding",
    "Family",
    "KeyFile",
    "KeyRing",
    "Kind",
    "Opening",
    "SealEvent",
    "Sealer",
    "ShapedRequest",
    "ShapingPlan",
    "StreamShaper",
    "Treatment",
    "columns_of",
    "default_plan",
    "default_plan_text",
    "inspected",
    "load_plan",
    "load_ring",
    "new_ring",
    "padded_size",
    "public_id",
    "ring_revoked",
    "ring_rotated",
    "save_ring",
    "seal_events",
    "shaped_answer",
    "shaped_request",
]
