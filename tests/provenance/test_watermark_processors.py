"""The adapters against the libraries they are for, in an interpreter that has them.

REVENUER_TORCH_PYTHON names it: one with torch, and for the second and third test with transformers and vllm.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = os.environ.get("REVENUER_TORCH_PYTHON", "")
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not PYTHON, reason="REVENUER_TORCH_PYTHON names no Python with torch")

TORCH = """
import numpy as np, torch
from revenuer.provenance.processors import biased, truncated
from revenuer.provenance.scheme import GUMBEL, KGW
from revenuer.provenance.watermark import Watermark, key_words
rng = np.random.default_rng(1)
keys = key_words([rng.bytes(16) for _ in range(5)])
contexts, logits = rng.integers(0, 900, (5, 2)), rng.normal(size=(5, 900))
for scheme in (GUMBEL, KGW):
    ours = Watermark(scheme).bias(contexts, logits, keys)
    theirs = biased(scheme, torch.from_numpy(contexts), torch.from_numpy(logits), torch.from_numpy(keys.view(np.int64)))
    assert (theirs.numpy() == ours).all()
row = torch.tensor([3.0, 2.0, 1.0, 0.0])
assert torch.isinf(truncated(row, 1.0, 2, 1.0)).tolist() == [False, False, True, True]
assert torch.isinf(truncated(row, 1.0, 0, 0.7)).tolist() == [False, False, True, True]
assert truncated(row, 0.5, 0, 1.0).tolist() == [6.0, 4.0, 2.0, 0.0]
"""

TRANSFORMERS = """
import numpy as np, torch
from transformers import GPT2Config, GPT2LMHeadModel, LogitsProcessorList
from revenuer.provenance.processors import Processor
from revenuer.provenance.scheme import GUMBEL
from revenuer.provenance.watermark import Watermark, grams, key_words
torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=120, n_positions=90, n_embd=16, n_layer=1, n_head=2)).eval()
keys = [b"a" * 16, None, b"b" * 16]
out = model.generate(
    torch.randint(3, 120, (3, 4)), do_sample=True, max_new_tokens=80, min_new_tokens=80, pad_token_id=0,
    logits_processor=LogitsProcessorList([Processor(GUMBEL, keys)]),
).numpy()
found = [[Watermark(GUMBEL).carried(*grams(row[4:], 2), key_words([key])).p for key in (b"a" * 16, b"b" * 16)] for row in out]
assert found[0][0] < 1e-6 < found[0][1], found
assert found[2][1] < 1e-6 < found[2][0], found
assert min(found[1]) > 1e-4, found
"""

VLLM = """
import os, tempfile
from pathlib import Path
import torch
from vllm import SamplingParams
from vllm.v1.sample.logits_processor import BatchUpdate, LogitsProcessor
from revenuer.provenance import processors
from revenuer.provenance.keys import Label, load_master, new_master
with tempfile.TemporaryDirectory() as place:
    path = Path(place, "master.json")
    new_master(path)
    os.environ[processors.MASTER] = str(path)
    token = load_master(path).token(Label("acme"))
    assert issubclass(processors.VllmProcessor, LogitsProcessor)
    made = processors.VllmProcessor(None, torch.device("cpu"), False)
marked = SamplingParams(temperature=1.0, extra_args={processors.TOKEN: token})
processors.VllmProcessor.validate_params(marked)
added = [(0, SamplingParams(temperature=1.0), [5, 6], []), (1, marked, [5, 6], [])]
made.update_state(BatchUpdate(batch_size=2, removed=[], added=added, moved=[]))
logits = torch.randn(2, 50)
out = made.apply(logits.clone())
assert (out[0] == logits[0]).all()
assert torch.isfinite(out[1]).sum() == 1
"""


def holds(code: str, *needed: str) -> None:
    there = subprocess.run([PYTHON, "-c", f"import {', '.join(needed)}"], capture_output=True, check=False)  # noqa: S603
    if there.returncode:
        pytest.skip(f"{PYTHON} has no {' or '.join(needed)}")
    # numpy, numba and msgspec come from here where that interpreter lacks them
    path = os.pathsep.join([str(ROOT / "src"), *(one for one in sys.path if one.endswith("site-packages"))])
    done = subprocess.run(  # noqa: S603
        [PYTHON, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr


def test_torch_gives_the_numbers_of_numpy():
    """Same lists and same winners on tensors; truncation keeps what top-k and top-p keep."""
    holds(TORCH, "torch")


def test_transformers_generates_marked_rows_each_under_its_key():
    """A row carries its own key, no other, and a row without a key carries none."""
    holds(TRANSFORMERS, "torch", "transformers")


def test_vllm_takes_the_processor():
    """It is of vLLM's class, reads the token of a request and leaves the others alone."""
    holds(VLLM, "torch", "vllm")
