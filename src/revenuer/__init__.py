"""Find and counter illicit large-scale distillation of LLMs behind an API.

The main job is `scan`; `revenuer.simulate`, `revenuer.evaluate` and `revenuer.report` are packages of their own.
"""

from __future__ import annotations

import typing as _typing

from revenuer.errors import RevenuerError

if _typing.TYPE_CHECKING:
    from revenuer.scanning import ScanResult, scan

__version__ = "0.1.0"
__all__ = ["RevenuerError", "ScanResult", "__version__", "scan"]


def __getattr__(name: str) -> _typing.Any:
    """Load the scanner when it is asked for: the command line's help must not wait for compilers and engines."""
    if name in {"ScanResult", "scan"}:
        from revenuer import scanning  # noqa: PLC0415 - see above

        return getattr(scanning, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
