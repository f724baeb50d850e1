"""The input guard of unmimic 0.1.0 on the texts of `elicitation.py`, its own code with another encoder.

python benchmarks/elicitation_guard.py CORPORA WHEEL [--folds 6] [--per-family 25] [--ordinary 700] [--seed 0]

`WHEEL` is the folder of the unpacked wheel (`pip download --no-deps unmimic==0.1.0`). Its cutting into sentences, its regression,
its memory of attacks and its thresholds run as published. The encoder that it downloads, and the conversations that it takes for
ordinary, are replaced by what can be had from a package index: the multilingual Universal Sentence Encoder of the extra
`encoder`, and ordinary public rows. So this measures the method and not the product. It is taught twice: by the 102 attacks in the wheel,
and by the families that the model here learned from. Both judge texts of families and sources that they had not seen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from elicitation import OWN, left_out, over_families, rounds, share
from revenuer.fingerprint.elicitation import ASKS
from revenuer.fingerprint.encoder import encoder
from revenuer.training.train import Data, Recipe, gather

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def encode(texts: Sequence[str], *_: Path) -> F32:
    """Vectors of unit length, in the place of the guard's own."""
    return encoder().encode(texts)


def is_ordinary(data: Data) -> Bools:
    """Shape (rows,): what `elicitation.py` counts as ordinary."""
    extraction = np.array(data.rows["extraction"].to_pylist())
    mask: Bools = ~extraction & ~np.array([str(source).startswith("own:") for source in data.sources])
    return mask


def chosen(data: Data, per_family: int, ordinary: int, seed: int) -> I64:
    """Numbers of the rows that both judge: some of each own family that asks or is honest, and ordinary public rows."""
    rng = np.random.default_rng(seed)
    names = sorted({str(s) for s in data.sources if str(s).startswith(OWN)})
    parts = [rng.permutation(np.flatnonzero(data.sources == name))[:per_family] for name in names]
    return np.sort(np.concatenate([*parts, rng.permutation(np.flatnonzero(is_ordinary(data)))[:ordinary]]))


def texts_of(data: Data, rows: I64) -> list[str]:
    """The prompts of some rows."""
    prompts = data.rows["prompt"].combine_chunks()
    return [prompts[int(row)].as_py() for row in rows]


def flagged(data: Data, rows: I64, folds: int, package: Any, lessons: list[Any] | None) -> Bools:
    """Shape (rows,): whether the guard flags or blocks, taught without the families and sources that are left out.

    `lessons` are families of attacks; None stands for own families that ask, and then honest ones count as ordinary.
    """
    found, names = np.zeros(len(data.rows), bool), data.sources.astype(str)
    hard = package.load_prompts(package.bundled / "benign" / "hard_negatives.yaml")
    asked, honest = (rows[np.char.startswith(names[rows], prefix)] for prefix in OWN)
    ordinary = rows[is_ordinary(data)[rows]]
    for out in rounds(data, folds):
        held = np.isin(names, sorted(out))
        attacks, benign = lessons, [*texts_of(data, ordinary[~held[ordinary]]), *hard]
        if attacks is None:
            attacks = [package.Family("own", "", tuple(texts_of(data, asked[~held[asked]])))]
            benign += texts_of(data, honest[~held[honest]])
        guard = package.ExtractionGuard(attacks, benign, cache_dir=Path())
        judged = rows[held[rows]]
        found[judged] = [guard.check(request(text), None).action != "allow" for text in texts_of(data, judged)]
    return found


def request(text: str) -> dict[str, Any]:
    """A request as the guard reads it."""
    return {"messages": [{"role": "user", "content": text}]}


def line(name: str, data: Data, hits: Bools, rows: I64) -> str:
    """A row of the table: families that ask, honest ones, ordinary rows."""
    sources = data.sources.astype(str)[rows]
    cells = []
    for prefix in OWN:
        kinds = sorted({source for source in sources if source.startswith(prefix)})
        cells.append(over_families([float(hits[rows][sources == kind].mean()) for kind in kinds]))
    return f"| {name} | {cells[0]} | {cells[1]} | {share(hits[rows][is_ordinary(data)[rows]])} |"


def table(data: Data, rows: I64, scores: F32, folds: int, package: Any) -> Iterator[str]:
    """The guard taught either way, and the model here, on the same rows."""
    yield "| | asking, unseen families | honest, unseen families | ordinary public rows |\n|---|---|---|---|"
    published = package.load_families(package.bundled / "attacks" / "public")
    yield line("the guard, taught by its attacks", data, flagged(data, rows, folds, package, published), rows)
    yield line("the guard, taught by the families here", data, flagged(data, rows, folds, package, None), rows)
    yield line(f"the model here, above {ASKS}", data, scores > ASKS, rows)


def load(folder: Path) -> Any:
    """The guard's module, its encoder replaced."""
    sys.path.insert(0, str(folder))
    package: Any = import_module("unmimic.guards.input.extraction")
    package.embed = package.embed_cached = encode
    package.bundled = folder / "unmimic" / "_bundled"
    return package


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--folds", type=int, default=6)
    parser.add_argument("--per-family", type=int, default=25)
    parser.add_argument("--ordinary", type=int, default=700)
    parser.add_argument("--seed", type=int, default=0)
    given: Any = parser.parse_args()
    recipe = Recipe(per_source=400, per_family=120)
    data = gather(given.corpora, recipe, 0, allowed_only=False)
    rows = chosen(data, given.per_family, given.ordinary, given.seed)
    print("\n".join(table(data, rows, left_out(data, recipe, given.folds), given.folds, load(given.wheel))))


if __name__ == "__main__":
    main()
