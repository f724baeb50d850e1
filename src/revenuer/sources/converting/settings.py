"""What a user may ask of a conversion, checked once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from revenuer.errors import ConfigError
from revenuer.schema import EXCHANGES
from revenuer.sources.content import Content
from revenuer.sources.converting.building import cell
from revenuer.sources.converting.masking import Mask
from revenuer.sources.formats.values import text
from revenuer.sources.values import BAD

__all__ = ["SAMPLED_BY", "ConvertSettings", "SampledBy"]

SampledBy = Literal["account", "conversation"]
SAMPLED_BY: Final[tuple[SampledBy, ...]] = get_args(SampledBy)

_SPACE: Final = 2**64


@dataclass(frozen=True, slots=True)
class ConvertSettings:
    """How a log is converted.

    Args:
        sample: share of accounts or conversations to keep, above 0 and up to 1.
        sample_by: which of the two stays whole; an exchange without a conversation goes with its account.
        mask: what is masked in text.
        content: `none` leaves the columns of text out.
        constants: column to the value that it gets where the source has none.

    Raises:
        ConfigError: a share out of range, an unknown column, or a value that it cannot hold.
    """

    sample: float = 1.0
    sample_by: SampledBy = "account"
    mask: tuple[Mask, ...] = ()
    content: Content = "full"
    constants: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.sample <= 1:
            raise ConfigError(f"a sample of {self.sample}: expected a share above 0 and up to 1")
        for name, value in self.constants.items():
            if name not in EXCHANGES.names:
                raise ConfigError(f"exchanges have no column {name}: known are {', '.join(EXCHANGES.names)}")
            if cell(value, EXCHANGES.field(name)) is BAD:
                raise ConfigError(f"{name} cannot be {value!r}: expected {EXCHANGES.field(name).type}")

    def keeps(self, values: Mapping[str, Any]) -> bool:
        """Whether sampling keeps an exchange: by a hash, so that any two conversions keep the same ones."""
        if self.sample >= 1:
            return True
        conversation = values.get("session_id") if self.sample_by == "conversation" else None
        whole = text(conversation) or text(values.get("account_id")) or ""
        name = hashlib.blake2b(whole.encode("utf-8", "replace"), digest_size=8).digest()
        return int.from_bytes(name) < self.sample * _SPACE
