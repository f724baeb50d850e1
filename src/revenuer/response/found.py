"""The tables of a scan's findings, as far as a policy reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.errors import InputError, reason

__all__ = ["read_found"]


def read_found(path: Path, wanted: pa.Schema) -> Any:
    """The columns wanted that are there; those that may be null may be missing.

    Raises:
        InputError: the file cannot be read, or a column that may not be null is missing.
    """
    try:
        present = set(pq.read_schema(path).names)
        for field in wanted:
            if field.name not in present and not field.nullable:
                raise InputError("is missing", file=str(path), column=field.name)
        return pq.read_table(path, columns=[name for name in wanted.names if name in present])
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {reason(error)}", file=str(path)) from error
