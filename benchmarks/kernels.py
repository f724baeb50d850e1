"""What the text stage costs an exchange, kernel by kernel, on one core.

Usage: `python benchmarks/kernels.py TRAFFIC [--exchanges N] [--repeat N] [--markdown]`. Frames are mined from what is read;
then every kernel runs over the same batches in one thread. CPU time of the process, the fastest of the repeats.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.elicitation import asked_elicitation
from revenuer.fingerprint.exchange import FINGERPRINTS, SYSTEM_TOKENS, Fingerprinter, facts, structure
from revenuer.fingerprint.frames import (
    SKETCHES,
    FrameLibrary,
    Frequencies,
    census_of,
    distinct_texts,
    mine,
    sketch_batch,
)
from revenuer.sources import Part, Quarantine, open_traffic, read_part
from revenuer.text.match import match
from revenuer.text.tokens import hash_strings, take, tokenize
from running import conditions, table

Batches = list[pa.RecordBatch]


def read(parts: list[Part], most: int) -> Batches:
    """Validated batches of the first parts, of about as many rows as asked."""
    batches: Batches = []
    rows = 0
    for part in parts:
        for batch in read_part(part, Quarantine()):
            if rows >= most:
                return batches
            batches.append(batch)
            rows += len(batch)
    return batches


def libraries_of(batches: Batches) -> dict[str, FrameLibrary]:
    """Frames mined from all of the batches."""
    counted = Frequencies.zero()
    for batch in batches:
        census_of(batch, counted)
    return mine(pa.Table.from_batches([sketch_batch(batch, counted) for batch in batches], SKETCHES), counted)


def kernels(parts: list[Part], batches: Batches, most: int) -> dict[str, Callable[[], object]]:
    """Each step of the text stage as a call over all batches."""
    frames, model = libraries_of(batches), CapabilityModel.load()
    fingerprinter = Fingerprinter(frames["prompt"], frames["system"], model)
    prompts = [tokenize(batch.column("prompt")) for batch in batches]
    accounts = [hash_strings(batch.column("account_id")) for batch in batches]
    systems = [distinct_texts(batch.column("system")) for batch in batches]
    heads = [take(tokenize(one.texts), one.rows, most=SYSTEM_TOKENS) for one in systems]
    kinds = [structure(batch) for batch in batches]
    pieces = list(zip(prompts, heads, kinds, batches, strict=True))
    asked = [model.score(prompt, head, kind).elicitation for prompt, head, kind, _batch in pieces]
    made = [fingerprinter(batch) for batch in batches]
    blocks = [batch.column("prompt").buffers()[2] for batch in batches]
    library = frames["prompt"]
    return {
        "read, decode and check": lambda: read(parts, most),
        "hash the bytes of the prompts (BLAKE2b), for comparison": lambda: [
            hashlib.blake2b(b).digest() for b in blocks
        ],
        "tokens": lambda: [tokenize(batch.column("prompt")) for batch in batches],
        "match frames": lambda: [
            match(one, library.index, library.weights, accounts=who, own=library.own)
            for one, who in zip(prompts, accounts, strict=True)
        ],
        "text model": lambda: [model.score(prompt, head, kind) for prompt, head, kind, _batch in pieces],
        "second look at quotations": lambda: [
            asked_elicitation(model, batch.column("prompt"), score) for batch, score in zip(batches, asked, strict=True)
        ],
        "identifiers": lambda: [facts(batch) for batch in batches],
        "all of a fingerprint": lambda: [fingerprinter(batch) for batch in batches],
        "write": lambda: written(made),
        "count shingles (sample)": lambda: census_all(batches),
    }


def written(made: Batches) -> int:
    """Bytes of fingerprints as the local engine writes them."""
    file = io.BytesIO()
    with pq.ParquetWriter(file, FINGERPRINTS, compression="lz4") as writer:
        for batch in made:
            writer.write_batch(batch)
    return file.tell()


def census_all(batches: Batches) -> None:
    """What the first pass over the sample does."""
    state = Frequencies.zero()
    for batch in batches:
        census_of(batch, state)


def fastest(run: Callable[[], object], repeat: int) -> float:
    """CPU seconds of the fastest of several runs, after one that compiles."""
    run()
    found = []
    for _ in range(repeat):
        begun = time.process_time()
        run()
        found.append(time.process_time() - begun)
    return min(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traffic", type=Path)
    parser.add_argument("--exchanges", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    pa.set_cpu_count(1)
    parts = open_traffic(arguments.traffic).exchange_parts()
    batches = read(parts, arguments.exchanges)
    rows = sum(len(batch) for batch in batches)
    size = float(
        np.mean([len(text) for batch in batches for text in batch.column("prompt").cast(pa.binary()).to_pylist()])
    )
    print("\n".join(f"{name}: {value}" for name, value in conditions().items()))
    print(f"{rows:,} exchanges, prompts of {size:,.0f} bytes on average\n")
    lines = []
    for name, run in kernels(parts, batches, arguments.exchanges).items():
        seconds = fastest(run, arguments.repeat)
        lines.append([name, f"{1e6 * seconds / rows:.1f}", f"{rows / seconds:,.0f}"])
    print(table(["step", "µs an exchange", "exchanges / s"], lines, markdown=arguments.markdown))


if __name__ == "__main__":
    main()
