"""What has to be agreed before reasoning is served that is worth less than the model's own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

import msgspec

from revenuer.control import clopper_pearson
from revenuer.errors import ConfigError
from revenuer.toml_file import read_toml

__all__ = ["Degrader", "DegraderPermit", "load_permit"]

Degrader = Literal["antidistillation", "rewriting"]
_PEOPLE = 2
_SCHEMA = 1


class _Shadow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers with and without the degrader to the same requests: how many were compared, how many were worse with it."""

    compared: int
    worse: int


class DegraderPermit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Leave to use one degrader, as a section of a policy of degraders says; `load_permit` alone hands one out.

    Attributes:
        degrader: which one.
        utility_budget: largest share of answers that may become worse.
        shadow: what a comparison on shadow traffic found.
        disclosure: what those who are met are told.
        approved_by: who agreed; two people at least.
        expires: the last day on which it holds.
    """

    degrader: Degrader
    utility_budget: float
    shadow: _Shadow
    disclosure: str
    approved_by: tuple[str, ...]
    expires: dt.date

    @property
    def loss_at_most(self) -> float:
        """Upper end of the exact 95 % interval of the share of answers that became worse."""
        return clopper_pearson(self.shadow.worse, self.shadow.compared)[1]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: int
    degraders: tuple[DegraderPermit, ...] = ()


def load_permit(path: Path, degrader: Degrader, *, today: dt.date) -> DegraderPermit:
    """The permit of a degrader in a policy of degraders.

    Args:
        path: TOML with `schema = 1` and a `[[degraders]]` for each degrader; see `docs/safeguards.md`.
        degrader: the one to use.
        today: the day on which it is to be used.

    Raises:
        InputError: the file cannot be read or is no such policy.
        ConfigError: the degrader is not in it, or something has not been agreed; names everything that is missing.
    """
    file = read_toml(path, _File, what="policy of degraders")
    if file.schema != _SCHEMA:
        raise ConfigError(f"{path}: schema {file.schema}: this version reads schema {_SCHEMA}")
    found = [permit for permit in file.degraders if permit.degrader == degrader]
    if len(found) != 1:
        raise ConfigError(f"{path}: {degrader} stands in it {len(found)} times; it is off unless one section allows it")
    if faults := _faults(found[0], today):
        raise ConfigError(f"{path}: {degrader} stays off: {'; '.join(faults)}")
    return found[0]


def _faults(permit: DegraderPermit, today: dt.date) -> list[str]:
    """What has not been agreed."""
    shadow = permit.shadow
    if not 0 <= shadow.worse <= shadow.compared:
        return ["shadow: of `compared` answers at most all can be worse"]
    faults = [] if 0 < permit.utility_budget < 1 else ["utility_budget: expected a share between 0 and 1"]
    if permit.loss_at_most > permit.utility_budget:
        faults.append(
            f"{shadow.worse} of {shadow.compared} shadow answers worse: the loss may be {permit.loss_at_most:.3f}, "
            f"and the budget is {permit.utility_budget:g}"
        )
    if not permit.disclosure.strip():
        faults.append("disclosure: nothing is said to those who are met")
    people = {name.strip().casefold() for name in permit.approved_by} - {""}
    if len(people) < _PEOPLE:
        faults.append(f"approved_by: {len(people)} of {_PEOPLE} people")
    return faults if permit.expires >= today else [*faults, f"it expired on {permit.expires}"]
