"""Fingerprints of requests whose text is not read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings

from detection_worlds import exchanges
from revenuer.fingerprint.exchange import FINGERPRINTS, facts
from revenuer.fingerprint.metadata import metadata_fingerprints, size_sketches
from revenuer.linkage.partition import content_evidence, exchangeability
from revenuer.schema import CAPABILITIES
from revenuer.text.match import SKETCH_WIDTH
from strategies import exchange_batches

F64 = npt.NDArray[np.float64]


def sized(inputs: list[int | None], outputs: list[int | None] | None = None) -> F64:
    """Sketches of requests of these sizes, at unit length."""
    count = len(inputs)
    batch = exchanges(["x"] * count, input_tokens=inputs, output_tokens=outputs or [100] * count)
    return size_sketches(facts(batch)) / 127.0


def forms(**columns: list[object]) -> list[int]:
    count = len(next(iter(columns.values())))
    return metadata_fingerprints(exchanges(["x"] * count, **columns))["manner"].to_pylist()


@given(exchange_batches())
@settings(max_examples=40)
def test_a_fingerprint_owes_nothing_to_the_text(batch: pa.RecordBatch):
    """Whatever stands in its texts, a request has the same fingerprint, in the schema, but for the length of its prompt."""
    nothing = pa.nulls(len(batch), pa.string())
    silent = pa.record_batch(
        [nothing if name in ("prompt", "system", "response") else batch[name] for name in batch.schema.names],
        schema=batch.schema,
    )
    one, other = (metadata_fingerprints(each).drop_columns(["prompt_bytes"]) for each in (batch, silent))
    assert one.equals(other)
    assert metadata_fingerprints(batch).schema == FINGERPRINTS


def test_what_only_text_could_tell_is_unknown():
    """Scores are null rather than low, the capability is `other`, and there is neither frame nor item nor exemplar."""
    prints = metadata_fingerprints(exchanges(["think step by step"], system=["a judge"], user_agent=["sdk/1"]))
    assert prints["extraction"].null_count == prints["elicitation"].null_count == 1
    assert CAPABILITIES[prints["capability"][0].as_py()] == CAPABILITIES[prints["served"][0].as_py()] == "other"
    for name in ("prompt_frame", "system_frame", "system_text", "item"):
        assert prints[name].to_pylist() == [0]
    assert prints["exemplar"].null_count == prints["system_exemplar"].null_count == 1


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("user_agent", ["a", "b"]),
        ("max_tokens", [1_000, 2_000]),
        ("temperature", [0.0, 0.7]),
        ("thinking", [True, False]),
        ("tools", [0, 3]),
    ],
)
def test_a_form_is_client_and_settings(column: str, values: list[object]):
    """Requests that differ in one of them have different forms, and equal ones the same form."""
    same: dict[str, list[object]] = {"user_agent": ["sdk/1"] * 4, "max_tokens": [512] * 4, "tools": [1] * 4}
    one, other, again, last = forms(**same | {column: [values[0], values[1], values[0], None]})
    assert one == again
    assert len({one, other, last}) == 3


def test_what_varies_between_requests_is_no_part_of_a_form():
    """Sizes, models, times and accounts leave the form as it is; without a client there is none."""
    varied = forms(
        user_agent=["sdk/1"] * 3, input_tokens=[1, 50, 900], output_tokens=[5, None, 7], model=["m", "n", None]
    )
    assert len(set(varied)) == 1
    assert 0 not in varied
    assert forms(max_tokens=[512]) == [0]


def test_likeness_falls_with_the_ratio_of_sizes():
    """Equal sizes have cosine 1, a tenth more is nearly the same, five times as many is something else."""
    rng = np.random.default_rng(3)
    base = rng.integers(20, 2_000, 400)
    alike = [
        float((sized(base.tolist()) * sized((base * by).astype(int).tolist())).sum(1).mean()) for by in (1.0, 1.1, 5.0)
    ]
    assert alike[0] == pytest.approx(1.0, abs=0.02)
    assert alike[1] > 0.9
    assert abs(alike[2]) < 0.25


def test_a_sketch_has_unit_length_and_does_not_depend_on_its_batch():
    """Any size, none included, gives a vector of length 1, the same one alone as among others."""
    sizes: list[int | None] = [None, 0, 1, 7, 100, 2**31 - 1]
    whole = sized(sizes, [3] * 6)
    assert whole.shape == (6, SKETCH_WIDTH)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1.0, atol=0.02)
    np.testing.assert_array_equal(whole[4], sized([100], [3])[0])
    np.testing.assert_array_equal(whole[0], whole[1])


def judged(owner: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Content contrast and its evidence for one queue."""
    count = len(owner)
    rng = np.random.default_rng(1)
    test = exchangeability(
        owner, np.arange(count), rng.integers(0, 400, count), np.zeros(count, np.int64), sized(sizes.tolist()), seed=0
    )
    return test.content, content_evidence(test)


def test_sizes_tell_customers_from_a_queue():
    """Accounts with sizes of their own differ in them; accounts that are dealt one list of sizes do not."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(40), 20)
    habit = np.exp(rng.normal(5, 1, 40)[owner] + rng.normal(0, 0.4, 800)).astype(np.int64)
    customers, queue = judged(owner, habit), judged(owner, rng.permutation(habit))
    assert customers[0] > 0.2
    assert abs(queue[0]) < 0.02
    assert customers[1] < -1.0 < 0.5 < queue[1]
