"""A balanced sample of exchanges for people to read and name: what `revenuer label` writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.errors import ConfigError, InputError, reason
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.elicitation import asked_elicitation
from revenuer.fingerprint.exchange import SYSTEM_TOKENS, structure, wordless
from revenuer.labels_sheet import SheetRow
from revenuer.schema import CAPABILITIES, EXCHANGES
from revenuer.sources import Quarantine, narrowed, open_traffic, read_part
from revenuer.text.tokens import hash_strings, take, tokenize

__all__ = ["draw_sample"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
U64 = npt.NDArray[np.uint64]

_READ: Final = ("exchange_id", "score", "capability", "campaign_id")
_TEXTS: Final = ("exchange_id", "account_id", "system", "prompt", "tools", "images")
_BANDS: Final = np.array([0.25, 0.5, 0.75])
_SPARE: Final = 3  # candidates for each place: some repeat a text or an account


class _Candidates(NamedTuple):
    """Exchanges that may be drawn: stratum, draw, and row of the findings; and how many exchanges each stratum has."""

    rows: pa.Table
    stratum: I64
    draw: U64
    sizes: I64


def draw_sample(traffic: Path, findings: Path, n: int, *, seed: int, model: CapabilityModel) -> list[SheetRow]:
    """About `n` exchanges of the traffic, spread evenly over strata, with what findings and model say of each.

    A stratum is a capability that was found, a band of the score, and whether the exchange belongs to a campaign. Within a
    stratum exchanges are drawn by the seed; a text is drawn once, and accounts are spread. `weight` says for how many
    exchanges of its stratum a row stands.

    Raises:
        InputError: traffic or findings cannot be read, or the findings are of other traffic.
        ConfigError: `n` is less than 1.
    """
    if n < 1:
        raise ConfigError("--n: a sample has one row or more")
    candidates = _candidates(findings / "exchanges.parquet", n, seed)
    texts = _texts(traffic, candidates.rows["exchange_id"].combine_chunks())
    if not len(texts):
        raise InputError("holds none of the exchanges of the findings: another traffic?", file=str(traffic))
    place = pc.index_in(texts["exchange_id"], candidates.rows["exchange_id"].combine_chunks()).to_numpy()
    stratum, draw = candidates.stratum[place], candidates.draw[place]
    chosen = _chosen(texts, stratum, draw, candidates.sizes, n)
    drawn = np.bincount(stratum[chosen], minlength=len(candidates.sizes))
    weight = candidates.sizes[stratum[chosen]] / drawn[stratum[chosen]]
    found = candidates.rows.take(pa.array(place[chosen]))
    return _rows(texts.take(pa.array(chosen)), found, weight, model)


def _candidates(path: Path, n: int, seed: int) -> _Candidates:
    """At most `_SPARE * n` exchanges of each stratum, those that the seed draws first; memory does not grow with the rows."""
    sizes = np.zeros(len(CAPABILITIES) * 2 * (len(_BANDS) + 1), np.int64)
    kept = _Candidates(_empty(), np.zeros(0, np.int64), np.zeros(0, np.uint64), sizes)
    for batch in _found(path):
        stratum, draw = _stratum(batch), _draws(batch["exchange_id"], seed)
        sizes += np.bincount(stratum, minlength=len(sizes))
        rows = pa.concat_tables([kept.rows, pa.Table.from_batches([batch])])
        stratum, draw = np.concatenate([kept.stratum, stratum]), np.concatenate([kept.draw, draw])
        first = np.flatnonzero(_place_within(stratum, draw) < _SPARE * n)
        kept = _Candidates(rows.take(pa.array(first)), stratum[first], draw[first], sizes)
    if not len(kept.rows):
        raise InputError("holds no exchanges", file=str(path))
    return kept


def _empty() -> pa.Table:
    kinds = (pa.string(), pa.float64(), pa.string(), pa.string())
    return pa.schema(list(zip(_READ, kinds, strict=True))).empty_table()


def _found(path: Path) -> Iterator[pa.RecordBatch]:
    try:
        file = pq.ParquetFile(path)
        for name in _READ:
            if name not in file.schema_arrow.names:
                raise InputError("the column is missing", file=str(path), column=name)
        for batch in file.iter_batches(columns=list(_READ)):
            yield batch.select(list(_READ)).cast(_empty().schema)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {reason(error)}", file=str(path)) from error


def _draws(ids: pa.Array, seed: int) -> U64:
    """A random number for each id, the same for the same seed (finaliser of MurmurHash3, Appleby, public domain)."""
    drawn = hash_strings(ids).view(np.uint64) ^ np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        drawn = (drawn ^ (drawn >> np.uint64(33))) * np.uint64(factor)
    return drawn ^ (drawn >> np.uint64(33))


def _stratum(batch: pa.RecordBatch) -> I64:
    capability = pc.fill_null(pc.index_in(batch["capability"], pa.array(CAPABILITIES)), len(CAPABILITIES) - 1)
    band = np.searchsorted(_BANDS, batch["score"].to_numpy(), "right")
    campaign = batch["campaign_id"].is_valid().to_numpy(zero_copy_only=False)
    stratum: I64 = (capability.to_numpy().astype(np.int64) * (len(_BANDS) + 1) + band) * 2 + campaign
    return stratum


def _place_within(groups: npt.NDArray[np.integer], order: U64) -> I64:
    """The place of each row among those of its group, by `order`."""
    at = np.lexsort((order, groups))
    starts = np.flatnonzero(np.r_[True, groups[at][1:] != groups[at][:-1]])
    place = np.empty(len(groups), np.int64)
    place[at] = np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
    return place


def _texts(traffic: Path, ids: pa.Array) -> pa.Table:
    """The exchanges with these ids, each once."""
    parts = narrowed(open_traffic(traffic).exchange_parts(), _TEXTS)
    batches = [
        batch.filter(pc.is_in(batch["exchange_id"], value_set=ids))
        for part in parts
        for batch in read_part(part, Quarantine())
    ]
    table = pa.Table.from_batches(batches, schema=EXCHANGES).combine_chunks()
    first = np.unique(hash_strings(table["exchange_id"].combine_chunks()), return_index=True)[1]
    return table.take(pa.array(np.sort(first))).combine_chunks()


def _chosen(texts: pa.Table, stratum: I64, draw: U64, sizes: I64, n: int) -> I64:
    """Rows to show: no text twice, the first of every account before the second, as evenly over strata as they allow."""
    once = np.flatnonzero(_place_within(hash_strings(texts["prompt"].combine_chunks()), draw) == 0)
    stratum, draw = stratum[once], draw[once]
    account = hash_strings(texts["account_id"].combine_chunks())[once]
    turn = _place_within(account * np.int64(31) + stratum, draw)
    by_account = np.empty(len(once), np.uint64)
    by_account[np.lexsort((draw, turn))] = np.arange(len(once), dtype=np.uint64)
    here = np.bincount(stratum, minlength=len(sizes))
    taken = _place_within(stratum, by_account) < _even(here, n)[stratum]
    rows = np.flatnonzero(taken)
    return once[rows[np.argsort(draw[rows], kind="stable")]]


def _even(sizes: I64, n: int) -> I64:
    """How many of each stratum: all of the small ones, and of the others as many as of any other, or one more."""
    level = int(np.searchsorted([np.minimum(sizes, k).sum() for k in range(n + 1)], n, "right")) - 1
    share = np.minimum(sizes, level)
    more = np.flatnonzero(sizes > level)[: n - int(share.sum())]
    share[more] += 1
    return share


def _rows(texts: pa.Table, found: pa.Table, weight: F64, model: CapabilityModel) -> list[SheetRow]:
    batch = texts.to_batches()[0]
    prompts, systems = tokenize(batch["prompt"]), tokenize(batch["system"])
    heads = take(systems, np.arange(len(batch)), most=SYSTEM_TOKENS)
    scores = model.score(prompts, heads, structure(batch), wordless(batch, prompts))
    elicitation = asked_elicitation(model, batch["prompt"], scores.elicitation, heads)
    held = replace(scores, elicitation=elicitation).holding()
    best = scores.probabilities.argmax(axis=1)
    return [
        SheetRow(
            exchange_id=batch["exchange_id"][i].as_py(),
            system=batch["system"][i].as_py() or "",
            prompt=batch["prompt"][i].as_py(),
            found_capability=found["capability"][i].as_py(),
            found_score=found["score"][i].as_py(),
            model_capability=CAPABILITIES[best[i]],
            model_probability=float(scores.probabilities[i, best[i]]),
            model_capabilities=tuple(CAPABILITIES[j] for j in np.flatnonzero(held[i])),
            model_elicitation=float(elicitation[i]),
            weight=float(weight[i]),
        )
        for i in range(len(batch))
    ]
