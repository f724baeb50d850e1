"""Campaigns to indicators and back: what may leave, in the formats that peers read, and what comes of theirs."""

from revenuer.sharing.secret import Secret, secret_of

__all__ = [
    "Secret",
    "secret_of",
]
