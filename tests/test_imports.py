"""The direction of imports: the package tree is the pipeline, and nothing flows back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "revenuer"

# What everybody may import, and what each of these may import of the others.
GROUND = {
    "schema": (),
    "errors": (),
    "findings": ("schema",),
    "summary": ("schema", "errors", "findings"),
    "toml_file": ("errors",),
    "listening": ("errors",),
}

# A package imports what stands before it; engine and text stand before all.
PIPELINE = (
    "text",
    "control",
    "engine",
    "sources",
    "fingerprint",
    "behaviour",
    "linkage",
    "campaigns",
    "report",
    "state",
    "response",
    "sharing",
    "provenance",
    "service",
    "console",
)

# Packages beside the pipeline: they make traffic, judge findings or train models, and know little of it.
BESIDE = {"simulate": (), "evaluate": (), "training": ("text", "fingerprint", "simulate")}

# From findings on, and before sources, nobody knows how traffic is kept in files.
FILELESS = ("text", "control", "fingerprint", "behaviour", "linkage", "campaigns", "report")
FILE_FORMATS = ("pyarrow.parquet", "pyarrow.json", "pyarrow.csv", "pyarrow.dataset", "zstandard", "gzip", "csv")
TRAFFIC_SUFFIXES = (".parquet", ".jsonl", ".jsonl.zst")
ENGINES = ("duckdb", "pyspark")


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    """The package, or the top-level module, that a file belongs to; "" for the public face."""
    first = path.relative_to(SOURCE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of all that a module imports, wherever in it the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(tree: ast.AST) -> set[str]:
    """Packages and top-level modules of ours that a module imports; names of the public face count as "" each."""
    known = {room(path) for path in modules()}
    ours = {name.split(".")[1] for name in imported(tree) if name.startswith("revenuer.")}
    return {name if name in known else "" for name in ours}


def allowed(of: str) -> set[str] | None:
    """What a room may import besides itself; None: anything, since it stands on top."""
    ground = set(GROUND)
    if of in GROUND:
        return set(GROUND[of])
    if of in PIPELINE:
        return ground | set(PIPELINE[: PIPELINE.index(of)])
    return ground | set(BESIDE[of]) if of in BESIDE else None


def named(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def literals(tree: ast.Module) -> Iterator[str]:
    """Text in code; docstrings may speak of anything."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and _opens(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def _opens(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return bool(node.body) and isinstance(node.body[0], ast.Expr)


@pytest.mark.parametrize("path", modules(), ids=named)
def test_a_package_imports_only_what_stands_before_it(path: Path) -> None:
    """No import runs against the order of the pipeline."""
    may = allowed(room(path))
    if may is None:
        return
    against = rooms_imported(parse(path)) - may - {room(path)}
    assert not against, f"{named(path)} may not import {sorted(against)}"


def test_every_package_has_its_place() -> None:
    """A new package is put into the order before it is used."""
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert packages <= {*PIPELINE, *BESIDE}


@pytest.mark.parametrize("path", modules(), ids=named)
def test_only_the_engine_knows_which_engine_runs(path: Path) -> None:
    """DuckDB and Spark are imported in `engine` and nowhere else."""
    if room(path) == "engine":
        return
    assert not [name for name in imported(parse(path)) if name.split(".")[0] in ENGINES]


@pytest.mark.parametrize("path", [path for path in modules() if room(path) in FILELESS], ids=named)
def test_only_sources_know_the_file_formats_of_traffic(path: Path) -> None:
    """The pipeline past `sources` reads no files: it neither imports a reader nor names a file of traffic."""
    tree = parse(path)
    assert not [name for name in imported(tree) if name.startswith(FILE_FORMATS)]
    assert not [text for text in literals(tree) if text.endswith(TRAFFIC_SUFFIXES)]


def test_the_rules_catch_an_import_against_the_order() -> None:
    """What the tests above look for is found when it is there, also inside a function."""
    tree = ast.parse("def f():\n    from revenuer.report import render_report\n    import duckdb\n    return 'x.jsonl'")
    assert rooms_imported(tree) == {"report"}
    assert "report" not in (allowed("linkage") or set())
    assert "duckdb" in list(imported(tree))
    assert list(literals(tree)) == ["x.jsonl"]
