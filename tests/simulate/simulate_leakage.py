"""How well one column alone tells extraction: a tree on its numbers, frequencies and shape, cross-validated by account."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.tree import DecisionTreeClassifier


def _shape(value: str) -> tuple[float, ...]:
    return (
        len(value),
        sum(c.isdigit() for c in value),
        sum(c.isupper() for c in value),
        sum(not c.isalnum() for c in value),
        sum(ord(c) > 127 for c in value),
        ord(value[-1]) if value else -1,
    )


def _numbers(column: pa.ChunkedArray) -> np.ndarray | None:
    """Numeric views of a column, nulls as -1; None for strings."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        micros = column.cast(pa.int64()).fill_null(-1).to_numpy().astype(np.float64)
        return np.c_[micros, micros % 1e6, micros % 1e3, micros % 8.64e10]
    if pa.types.is_list(kind):
        return np.array([[-1 if v is None else len(v)] for v in column.to_pylist()], dtype=np.float64)
    if pa.types.is_string(kind):
        return None
    return column.cast(pa.float64()).fill_null(-1.0).to_numpy().reshape(-1, 1)


def _share(code: np.ndarray, rows: np.ndarray, label: np.ndarray, size: int) -> np.ndarray:
    """Smoothed share of extraction among these rows, for each value."""
    seen = np.bincount(code[rows], minlength=size)
    hits = np.bincount(code[rows], weights=label[rows], minlength=size)
    return (hits + 2 * label[rows].mean()) / (seen + 2)


def _encoded(code: np.ndarray, train: np.ndarray, label: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Share of extraction of each row's value, learnt on other accounts than the row's own."""
    size = int(code.max()) + 1
    found = _share(code, train, label, size)[code]
    for seen, kept in GroupKFold(3).split(train, train, groups[train]):
        found[train[kept]] = _share(code, train[seen], label, size)[code[train[kept]]]
    return found


def _auc(features: list[np.ndarray], label: np.ndarray, folds: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Out-of-fold AUC of a small tree; `features` holds one matrix for each fold."""
    score = np.zeros(len(label))
    for matrix, (train, test) in zip(features, folds, strict=True):
        tree = DecisionTreeClassifier(max_depth=6, min_samples_leaf=25, random_state=0).fit(matrix[train], label[train])
        score[test] = tree.predict_proba(matrix[test])[:, 1]
    return float(roc_auc_score(label, score))


def column_auc(column: pa.ChunkedArray, label: np.ndarray, groups: np.ndarray) -> float:
    """The best out-of-fold AUC that this column alone allows: by number, or by shape and by value of a string."""
    folds = list(GroupKFold(4).split(label, label, groups))
    numbers = _numbers(column)
    if numbers is not None:
        return _auc([numbers] * 4, label, folds)
    words = ["" if v is None else v for v in column.to_pylist()]
    _, code, count = np.unique(np.array(words), return_inverse=True, return_counts=True)
    shapes = np.array([_shape(w) for w in words], dtype=np.float64)
    values = [np.c_[_encoded(code, train, label, groups), count[code]] for train, _ in folds]
    return max(_auc([shapes] * 4, label, folds), _auc(values, label, folds))
