"""The parent of a worker's Python processes: what all of them need is loaded once, before they are forked."""

from __future__ import annotations

import numba  # noqa: F401  loading it takes longer than most tasks run
import pyarrow.parquet  # noqa: F401
import scipy.sparse  # noqa: F401
from pyspark import daemon

import revenuer.engine.tasks  # noqa: F401

if __name__ == "__main__":
    daemon.manager()
