"""The tables of findings: what stands in a cell."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from revenuer.scan_tables import _capabilities
from revenuer.schema import CAPABILITIES


def test_capabilities_are_those_of_the_text_and_the_one_that_is_named():
    """Bits become names in the order of the schema, the named one is always among them, and unread text has no list."""
    named = pa.array(np.array([3, 1, 18, 0], np.int64))
    holds = pa.array([0b1001, 0b1, 0, None], pa.int32())
    lists = _capabilities(named, holds).to_pylist()
    assert lists == [[CAPABILITIES[0], CAPABILITIES[3]], [CAPABILITIES[0], CAPABILITIES[1]], [CAPABILITIES[18]], None]
