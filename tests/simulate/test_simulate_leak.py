"""No column gives the labels away."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from simulate_leakage import column_auc
from simulate_world import Read

from revenuer.schema import ACCOUNTS, EXCHANGES

TEXTS = {"system", "prompt", "response"}


@pytest.mark.parametrize("name", [n for n in EXCHANGES.names if n not in TEXTS])
def test_no_column_of_an_exchange_tells_extraction(whole: Read, name: str) -> None:
    """One metadata column alone separates extraction exchanges with an AUC of at most 0.9, on accounts unseen."""
    rows = np.random.default_rng(0).permutation(len(whole.exchanges))[:12_000]
    label = whole.column("extraction").astype(int)[rows]
    assert (
        column_auc(whole.exchanges[name].take(pa.array(rows)), label, whole.column("account_id")[rows].astype(str))
        <= 0.9
    )


@pytest.mark.parametrize("name", ACCOUNTS.names)
def test_no_column_of_an_account_tells_extraction(whole: Read, name: str) -> None:
    """One column alone separates accounts that extract with an AUC of at most 0.9."""
    label = np.array(whole.accounts["extraction"].to_pylist()).astype(int)
    assert column_auc(whole.accounts[name], label, np.arange(len(label))) <= 0.9


def test_the_place_in_a_file_tells_nothing(whole: Read) -> None:
    """The order of accounts, and of exchanges within an hour, is unrelated to the label."""
    label = np.array(whole.accounts["extraction"].to_pylist()).astype(int)
    assert column_auc(pa.chunked_array([np.arange(len(label))]), label, np.arange(len(label))) <= 0.6


def test_a_planted_leak_is_noticed(whole: Read) -> None:
    """The leak test fails, as it should, on an id that is spelt another way and on a value that only attackers share."""
    label = np.array(whole.accounts["extraction"].to_pylist()).astype(int)
    rows = np.arange(len(label))
    spelt = pa.chunked_array([[f"user{i}" + ("_" if y else "a") for i, y in enumerate(label)]])
    shared = pa.chunked_array([[("v07" if y else "v12") if i % 20 else "v31" for i, y in enumerate(label)]])
    assert column_auc(spelt, label, rows) > 0.9
    assert column_auc(shared, label, rows) > 0.9


def test_missing_values_tell_nothing(whole: Read) -> None:
    """Where a column is null says as good as nothing about the label."""
    label = whole.column("extraction").astype(int)
    for name in EXCHANGES.names:
        gone = whole.exchanges[name].is_null().to_numpy().astype(int)
        rates = [gone[label == side].mean() for side in (0, 1)]
        assert abs(rates[0] - rates[1]) < 0.5, name
