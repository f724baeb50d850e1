"""Registered consents: which exchanges were agreed to, by kind of work, volume and time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from revenuer.behaviour import Profiles
from revenuer.campaigns.scoring import TEXT_ONLY
from revenuer.engine import Engine
from revenuer.schema import CAPABILITIES, EXTRACTION_CAPABILITIES
from revenuer.text.tokens import hash_strings

__all__ = [
    "ALLOWING",
    "Consented",
    "consent_notes",
    "covered",
    "named_accounts",
    "part_consented",
    "profiles_of_rest",
]

Flags = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

# Kinds that allow the harvesting of outputs. A reseller or gateway is known, which explains its shape, not its content.
ALLOWING: Final = ("licensed_distillation", "evaluation", "safety_research")
# Work of one kind that reads like another: what is allowed carries what stands beside it. What lays reasoning open,
# grades for a reward model or rewrites around refusals is never carried along.
BESIDE: Final[dict[str, tuple[str, ...]]] = {
    "coding": ("agentic_coding", "data_analysis", "tool_use"),
    "agentic_coding": ("coding", "tool_use", "computer_use"),
    "tool_use": ("agentic_coding", "orchestration"),
    "orchestration": ("tool_use", "agentic_coding"),
    "data_analysis": ("coding",),
    "computer_use": ("tool_use", "vision"),
    "cot_elicitation": ("reasoning",),
    "trace_reconstruction": ("cot_elicitation", "reasoning"),
}
# Of ten exchanges of one template, how many must read as allowed for all to be, and at how few none is.
ALL_IN: Final = 7
NONE_IN: Final = 3
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Consented:
    """The traffic parted by what registered consents allow.

    Attributes:
        rows: all fingerprints, with `covered`.
        rest: those that no consent covers, for linking and scoring.
        profiles: of the rest, see `profiles_of_rest`.
        share: of each account's exchanges that are covered, shape (accounts,).
        notes: what to say of consents that name nobody.
    """

    rows: ir.Table
    rest: ir.Table
    profiles: Profiles
    share: F64
    notes: tuple[str, ...]

    def rejoin(self, scored: ir.Table) -> ir.Table:
        """The scored rest together with the covered exchanges, which belong to no campaign and rank by their text alone."""
        if not self.share.any():
            return scored
        given = ["campaign", "score", "extracts", "named"]
        apart = self.rows.filter(_.covered).mutate(
            campaign=ibis.literal(-1),
            score=TEXT_ONLY * _.extraction.cast("float64").fill_null(0.0).clip(0.001, 0.999),
            extracts=ibis.literal(False),
            named=_.capability,
        )
        columns = scored.columns
        kinds = {name: scored[name].type() for name in given}
        return scored.select(columns).union(apart.select(columns).cast(kinds))


def part_consented(engine: Engine, rows: ir.Table, consents: pa.Table, profiles: Profiles) -> Consented:
    """Set apart what consents allow, see `covered`; without a consent that covers anything nothing is computed twice.

    Args:
        engine: runs the tables.
        rows: fingerprints.
        consents: `schema.CONSENTS`.
        profiles: of all exchanges.
    """
    marked = covered(engine, rows, consents, profiles)
    notes = consent_notes(engine, rows, consents, profiles)
    if not named_accounts(consents, profiles).any():
        return Consented(marked, rows, profiles, np.zeros(len(profiles)), notes)
    rest = profiles_of_rest(engine, marked, profiles)
    share = 1.0 - rest.exchanges / np.maximum(profiles.exchanges, 1)
    return Consented(marked, marked.filter(~_.covered).drop("covered"), rest, share, notes)


def covered(engine: Engine, rows: ir.Table, consents: pa.Table, profiles: Profiles) -> ir.Table:
    """The fingerprints with a boolean column `covered`: whether a registered consent allows the exchange.

    A consent of a kind in `ALLOWING` covers the exchanges of the account or organisation that it names, until it
    expires, for its capabilities, and of these each UTC day the first `max_exchanges_per_day` by time (ties by id),
    over all accounts that it names. Consents count apart: one that covers an exchange is enough.

    The capability of a single exchange is often misread, so a prompt template is judged as a whole by what the
    exchanges of the consent's accounts that use it read as (`ALL_IN`, `NONE_IN`); between the two bounds, and without a
    template, each stands for itself. An exchange reads as what it would train if it served extraction, or as what it
    plainly is. An exchange whose text was not read is not held to be outside.

    Args:
        engine: runs the tables; without a consent that allows anything it is not asked.
        rows: fingerprints, one row a `draw`.
        consents: `schema.CONSENTS`.
        profiles: all accounts, which know organisations from sign-up where exchanges do not name them.
    """
    granted = _granted(consents)
    if not granted.num_rows:
        return rows.mutate(covered=ibis.literal(False))
    terms = engine.table("consent_terms", granted)
    allowed = _within_volume(_within_scope(_named(engine, rows, terms, profiles)))
    kept = engine.persist("covered_exchanges", allowed.select(covered_draw=_.draw).distinct())
    joined = rows.left_join(kept, rows.draw == kept.covered_draw)
    return joined.mutate(covered=_.covered_draw.notnull()).drop("covered_draw")


def named_accounts(consents: pa.Table, profiles: Profiles, kinds: Collection[str] = ALLOWING) -> Flags:
    """Which accounts a consent of these kinds names, whatever it covers and whether it still holds.

    Args:
        consents: `schema.CONSENTS`.
        profiles: all accounts; the result has shape (accounts,).
        kinds: `("reseller",)` and `("gateway",)` tell who is known as such.
    """
    orgs, accounts = _parties(consents)
    wanted = np.isin(consents["kind"].to_pylist(), list(kinds))
    org_named = np.isin(profiles.entity, orgs[wanted & (orgs != 0)])
    named: Flags = org_named | np.isin(profiles.keys, accounts[wanted & (accounts != 0)])
    return named


def profiles_of_rest(engine: Engine, rows: ir.Table, profiles: Profiles) -> Profiles:
    """The profiles with `exchanges` and `openings` counted over exchanges that no consent covers.

    Every account stays, at the same index; one whose exchanges are all covered has 0.

    Args:
        engine: runs the count.
        rows: from `covered`.
        profiles: of all exchanges.
    """
    rest = rows.filter(~rows.covered).group_by("account")
    made = engine.collect(rest.agg(exchanges=_.count(), openings=(_.turn.fill_null(0) == 0).sum()))
    at = profiles.index(made["account"].to_numpy())
    exchanges, openings = np.zeros(len(profiles), np.int64), np.zeros(len(profiles), np.int64)
    exchanges[at], openings[at] = made["exchanges"].to_numpy(), made["openings"].to_numpy()
    return replace(profiles, exchanges=exchanges, openings=openings)


def consent_notes(engine: Engine, rows: ir.Table, consents: pa.Table, profiles: Profiles) -> tuple[str, ...]:
    """What to say of consents that name nobody in the traffic; empty where there is nothing to say."""
    if not consents.num_rows:
        return ()
    orgs, accounts = _parties(consents)
    seen = engine.collect(rows.select("org").distinct())["org"].to_numpy()
    strange = np.isin(orgs, np.concatenate([seen, profiles.entity, [0]]), invert=True)
    strange |= np.isin(accounts, np.concatenate([profiles.keys, [0]]), invert=True)
    unknown = int(strange.sum())
    if not unknown:
        return ()
    return (f"consents: {unknown} of {consents.num_rows} name an account or organisation that made no exchange",)


def _parties(consents: pa.Table) -> tuple[I64, I64]:
    """Hashes of the organisation and of the account that each consent names, 0 for none."""
    orgs, accounts = (hash_strings(consents[name].combine_chunks()) for name in ("org_id", "account_id"))
    return orgs, accounts


def _granted(consents: pa.Table) -> pa.Table:
    """The terms of the consents that allow something: who, until when, how much, and capabilities as bits."""
    orgs, accounts = _parties(consents)
    held = np.flatnonzero(np.isin(consents["kind"].to_pylist(), ALLOWING) & ((orgs != 0) | (accounts != 0)))
    allowed = [consents["capabilities"][int(row)].as_py() for row in held]
    terms = consents.take(pa.array(held))
    return pa.table(
        {
            "consent": pa.array(np.arange(len(held)), pa.int64()),
            "of_org": orgs[held],
            "of_account": accounts[held],
            "expires": terms["expires_at"],
            "most": terms["max_exchanges_per_day"],
            "plain": pa.array([_bits(words, CAPABILITIES) for words in allowed], pa.int64()),
            "served_as": pa.array([_bits(_widened(words), EXTRACTION_CAPABILITIES) for words in allowed], pa.int64()),
        }
    )


def _widened(words: list[str] | None) -> list[str] | None:
    """The capabilities with those that stand beside them; null, which is all, stays."""
    return words if words is None else [*words, *(one for word in words for one in BESIDE.get(word, ()))]


def _bits(words: list[str] | None, names: tuple[str, ...]) -> int:
    """One bit for each of `names` that is among `words`; all where null. Unknown words allow nothing."""
    return sum(1 << place for place, name in enumerate(names) if words is None or name in words)


def _named(engine: Engine, rows: ir.Table, terms: ir.Table, profiles: Profiles) -> ir.Table:
    """The exchanges that each consent names, once a consent, with its terms."""
    owners = engine.table("owners", pa.table({"owned": profiles.keys, "owner": profiles.entity}))
    by_owner = terms.filter(_.of_org != 0).join(owners, _.of_org == owners.owner).select("consent", party=_.owned)
    by_account = terms.filter(_.of_account != 0).select("consent", party=_.of_account)
    accounts = by_owner.union(by_account, distinct=True)
    orgs = terms.filter(_.of_org != 0).select("consent", party=_.of_org)
    asked = rows.select(
        "draw", "exchange_id", "ts", "account", "org", "prompt_frame", "capability", "served", "extraction"
    )
    found = [
        asked.join(accounts, asked.account == accounts.party).select("consent", *asked.columns),
        asked.join(orgs, asked.org == orgs.party).select("consent", *asked.columns),
    ]
    return ibis.union(*found, distinct=True).join(terms, "consent").drop("of_org", "of_account")


def _within_scope(named: ir.Table) -> ir.Table:
    """The exchanges of allowed work that came before the consent expired."""
    reads = _bit(named.plain, named.capability) | _bit(named.served_as, named.served)
    # where the text was not read its score is null
    named = named.mutate(reads=reads | named.extraction.isnull())
    of_template = ibis.window(group_by=[named.consent, named.prompt_frame])
    allowed = (10 * named.reads.cast("int64")).sum().over(of_template)
    made = named.count().over(of_template)
    cases = [
        (named.prompt_frame == 0, named.reads),
        (allowed >= ALL_IN * made, True),
        (allowed <= NONE_IN * made, False),
    ]
    judged = named.mutate(inside=ibis.cases(*cases, else_=named.reads))
    in_force = judged.expires.isnull() | (judged.ts <= judged.expires)
    return judged.filter(judged.inside & in_force)


def _bit(bits: ir.Value, place: ir.Value) -> ir.Value:
    return (bits >> place.cast("int64")) & 1 == 1


def _within_volume(allowed: ir.Table) -> ir.Table:
    """Of each consent and UTC day the first exchanges, as many as it allows."""
    day = allowed.ts.epoch_seconds() // DAY
    order = [allowed.ts, allowed.exchange_id]
    ranked = allowed.mutate(place=ibis.row_number().over(group_by=[allowed.consent, day], order_by=order))
    return ranked.filter(ranked.most.isnull() | (ranked.place < ranked.most))
