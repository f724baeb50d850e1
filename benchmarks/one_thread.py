"""JAX on one thread of the processor: whoever takes it from here has it with these settings."""

from __future__ import annotations

import os

# The figures say what a core does, and a sum that is cut otherwise is another sum.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
from jax import numpy as jnp

__all__ = ["jax", "jnp"]
