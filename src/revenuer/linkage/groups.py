"""The exchanges of groups of accounts, in one table: what is observed of each group is counted from it at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.behaviour import Profiles
from revenuer.engine import Engine
from revenuer.linkage.templates import KINDS, Templates

__all__ = ["Group", "group_rows"]

I64 = npt.NDArray[np.int64]

_KEPT: Final = (
    "number",
    "draw",
    "ts",
    "account",
    "owner",
    "turn",
    "model",
    "status",
    "prompt_frame",
    "item",
    "extraction",
    "own",
)


class Group(NamedTuple):
    """Accounts that may belong together, and the templates that are theirs.

    Attributes:
        accounts: indices into the profiles.
        templates: indices of templates; an exchange with one of them is the group's own.
    """

    accounts: I64
    templates: I64


def group_rows(
    engine: Engine, rows: ir.Table, profiles: Profiles, templates: Templates, groups: Sequence[Group]
) -> ir.Table:
    """Fingerprints of the members of groups, with `number` (of the group), `owner` and `own` (uses its templates).

    An account of several groups has its exchanges in the table several times.
    """
    members = engine.table("group_members", _members(profiles, groups))
    joined = rows.inner_join(members, rows.account == members.member)
    # a column of its own for each kind, so that a template of two groups matches each of them once
    for kind, name in enumerate(KINDS):
        owned = engine.table(f"group_{name}", _owned(templates, groups, kind, name))
        on = [joined.number == owned[f"number_{name}"], joined[name] == owned[f"id_{name}"]]
        joined = joined.left_join(owned, on).drop(f"id_{name}")
    own = ibis.or_(*(joined[f"number_{name}"].notnull() for name in KINDS))
    return engine.persist("group_rows", joined.mutate(own=own).select(*_KEPT))


def _members(profiles: Profiles, groups: Sequence[Group]) -> pa.Table:
    accounts = [group.accounts for group in groups]
    members = np.concatenate([np.zeros(0, np.int64), *accounts])
    return pa.table(
        {
            "member": profiles.keys[members],
            "owner": profiles.entity[members],
            "number": np.repeat(np.arange(len(groups)), [len(one) for one in accounts]).astype(np.int64),
        }
    )


def _owned(templates: Templates, groups: Sequence[Group], kind: int, name: str) -> pa.Table:
    own = [group.templates[templates.kind[group.templates] == kind] for group in groups]
    return pa.table(
        {
            f"number_{name}": np.repeat(np.arange(len(groups)), [len(one) for one in own]).astype(np.int64),
            f"id_{name}": templates.ids[np.concatenate([np.zeros(0, np.int64), *own])],
        }
    )
