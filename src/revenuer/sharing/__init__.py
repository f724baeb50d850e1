"""Campaigns to indicators and back: what may leave, in the formats that peers read, and what comes of theirs."""

from revenuer.sharing.findings_file import Found, read_found
from revenuer.sharing.sketch import Secret, secret_of

__all__ = [
    "Found",
    "Secret",
    "read_found",
    "secret_of",
]
