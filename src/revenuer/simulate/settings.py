"""What the user sets for every campaign of a world, and what of it cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from revenuer.errors import ConfigError
from revenuer.simulate.archetypes import Archetype

__all__ = ["Cover", "Infrastructure", "Settings"]

Infrastructure = Literal["shared", "disjoint"]
Cover = Literal["made", "lived", "customers"]

_LONGEST: Final = 13.9  # days: a window has fourteen


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of all campaigns; None leaves what the archetype has.

    Args:
        benign_mix: share of other traffic on attack accounts (0-0.98).
        paraphrase: share of attack requests whose frame is said anew (0-1).
        infrastructure: whether attack accounts share addresses, cards and devices.
        paraphrase_frames: share of a campaign's frames that come in several wordings (0-1).
        account_prefix: every account puts a text of its own before what it harvests with.
        cover: what the other traffic is: `made` (single questions from the queue), `lived` (conversations of each account's
            own taste and hours) or `customers` (other people's conversations, dealt over the pool).
        campaign_accounts: accounts of each campaign.
        rate: requests a day of each account, other traffic included: the mean over the campaign's days and accounts.
        campaign_days: how long each campaign runs, somewhere within the archetype's part of the window.
    """

    benign_mix: float | None = None
    paraphrase: float | None = None
    infrastructure: Infrastructure | None = None
    paraphrase_frames: float | None = None
    account_prefix: bool = False
    cover: Cover | None = None
    campaign_accounts: int | None = None
    rate: float | None = None
    campaign_days: float | None = None

    @property
    def sized(self) -> bool:
        """Whether the size of a campaign is set, rather than its share of the world."""
        return self.campaign_accounts is not None or self.rate is not None

    def applied(self, kind: Archetype) -> Archetype:
        """The archetype with these settings."""
        overridden = {
            name: value
            for name, value in (
                ("benign_mix", self.benign_mix),
                ("paraphrase", self.paraphrase),
                ("wordings", self.paraphrase_frames),
                ("cover", self.cover),
                ("shared", None if self.infrastructure is None else self.infrastructure == "shared"),
            )
            if value is not None
        }
        return replace(kind, prefixed=self.account_prefix, **overridden)  # type: ignore[arg-type]

    def checked(self) -> Settings:
        """The same.

        Raises:
            ConfigError: a number that cannot be.
        """
        shares = {"share of paraphrase": self.paraphrase, "share of frames in several wordings": self.paraphrase_frames}
        for name, share in shares.items():
            if share is not None and not 0 <= share <= 1:
                raise ConfigError(f"the {name} must lie between 0 and 1")
        if self.benign_mix is not None and not 0 <= self.benign_mix <= 0.98:
            raise ConfigError("the benign mix must lie between 0 and 0.98")
        if self.campaign_accounts is not None and self.campaign_accounts < 2:
            raise ConfigError("a campaign needs at least 2 accounts")
        if self.rate is not None and not 0 < self.rate < float("inf"):
            raise ConfigError("the rate must be above 0 requests a day")
        if self.campaign_days is not None and not 0 < self.campaign_days <= _LONGEST:
            raise ConfigError(f"a campaign runs for more than 0 and at most {_LONGEST} days")
        return self
