"""How many requests for hidden reasoning of a family never seen are caught, and how many ordinary and honest texts count as one.

python benchmarks/elicitation.py CORPORA [--folds 6] [--per-source 400] [--per-family 120] [--peer FOLDER]

Whole families of own texts and whole public sources are left out in turn; scored as a scan scores, quotations told apart.
Intervals: of what is caught over which families there happen to be (bootstrap), of what is flagged Clopper-Pearson.
`--peer` names the folder `unmimic/_bundled` of the unpacked wheel of unmimic 0.1.0: its published attacks and hard negatives
are scored by the packaged model, which was not trained on them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import stats

from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.elicitation import ASKS, asked_elicitation
from revenuer.text.tokens import take, tokenize
from revenuer.training.corpus import licence_allowed
from revenuer.training.train import Data, Recipe, fit_model, gather

F32 = npt.NDArray[np.float32]

THRESHOLDS = (ASKS, 0.3, 0.4, 0.5)
OWN = ("own:asked:", "own:honest:")


def rounds(data: Data, n: int) -> list[frozenset[str]]:
    """What to leave out together: families and public sources dealt out in turn; closed licences every time."""
    licences = dict(zip(data.sources, data.rows["licence"].to_pylist(), strict=True))
    closed = {source for source, licence in licences.items() if not licence_allowed(licence)}
    own = sorted(s for s in licences if s.startswith(OWN))
    public = sorted(s for s in licences if not s.startswith("own:") and s not in closed)
    return [frozenset(closed | set(own[i::n]) | set(public[i::n])) for i in range(n)]


def left_out(data: Data, recipe: Recipe, n: int) -> F32:
    """The score of every row by a model that saw nothing of its source; rows that no round leaves out are 0."""
    scores = np.zeros(len(data.rows), np.float32)
    prompts = data.rows["prompt"].combine_chunks()
    for out in rounds(data, n):
        model = CapabilityModel._from_arrays(fit_model(data, recipe, out))  # noqa: SLF001 - the reader of the same arrays
        rows = np.flatnonzero(np.isin(data.sources.astype(str), sorted(out)))
        system = take(data.system, rows)
        first = model.score(take(data.prompt, rows), system).elicitation
        scores[rows] = asked_elicitation(model, prompts.take(pa.array(rows)), first, system)
    return scores


def families(data: Data, scores: F32, prefix: str, threshold: float) -> dict[str, float]:
    """Of each family the share above the threshold."""
    names = sorted({str(s) for s in data.sources if str(s).startswith(prefix)})
    return {name.removeprefix(prefix): float((scores[data.sources == name] > threshold).mean()) for name in names}


def over_families(shares: list[float]) -> str:
    """Mean and 95 % interval over which families there are."""
    rng = np.random.default_rng(0)
    means = [np.mean(rng.choice(shares, len(shares))) for _ in range(2000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{np.mean(shares):.3f} [{low:.3f}, {high:.3f}]"


def share(hits: npt.NDArray[np.bool_]) -> str:
    """Share and its 95 % interval (Clopper-Pearson)."""
    interval = stats.binomtest(int(hits.sum()), len(hits)).proportion_ci()
    return f"{hits.mean():.4f} [{interval.low:.4f}, {interval.high:.4f}]"


def table(data: Data, scores: F32) -> Iterator[str]:
    """The lines that are printed of the rounds."""
    extraction = np.array(data.rows["extraction"].to_pylist())
    ordinary = ~extraction & ~np.array([str(s).startswith("own:") for s in data.sources])
    yield "| threshold | asking, unseen families | honest, unseen families | ordinary public rows |\n|---|---|---|---|"
    for at in THRESHOLDS:
        asking, honest = (list(families(data, scores, prefix, at).values()) for prefix in OWN)
        yield f"| {at} | {over_families(asking)} | {over_families(honest)} | {share(scores[ordinary] > at)} |"
    for prefix in OWN:
        shares = families(data, scores, prefix, ASKS)
        yield f"\n{prefix} above {ASKS}: " + ", ".join(
            f"{k} {v:.2f}" for k, v in sorted(shares.items(), key=lambda kv: kv[1])
        )


def listed(file: Path) -> list[str]:
    """The entries of the one list of strings in a YAML file of the peer's: plain, quoted or folded."""
    entries: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\s*- (.*)", line):
            entries.append(found[1].strip().strip("\"'"))
        elif entries and line.startswith("    "):
            entries[-1] += " " + line.strip()
    return entries


def peer(folder: Path) -> Iterator[str]:
    """How the packaged model fares on the texts that the peer ships."""
    model = CapabilityModel.load()

    def scored(texts: list[str]) -> F32:
        prompts = pa.array(texts, pa.string())
        first = model.score(tokenize(prompts), tokenize(pa.nulls(len(texts), pa.string()))).elicitation
        return asked_elicitation(model, prompts, first)

    files = sorted((folder / "attacks" / "public").glob("*.yaml"))
    attacks = scored([text for file in files for text in listed(file)])
    honest = scored(listed(folder / "benign" / "hard_negatives.yaml"))
    yield "\n| threshold | the peer's attacks | its hard negatives |\n|---|---|---|"
    for at in THRESHOLDS:
        yield f"| {at} | {share(attacks > at)} of {len(attacks)} | {share(honest > at)} of {len(honest)} |"


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--folds", type=int, default=6)
    parser.add_argument("--per-source", type=int, default=400)
    parser.add_argument("--per-family", type=int, default=120)
    parser.add_argument("--peer", type=Path)
    given: Any = parser.parse_args()
    recipe = Recipe(per_source=given.per_source, per_family=given.per_family)
    data = gather(given.corpora, recipe, 0, allowed_only=False)
    print("\n".join(table(data, left_out(data, recipe, given.folds))))
    if given.peer is not None:
        print("\n".join(peer(given.peer)))


if __name__ == "__main__":
    main()
