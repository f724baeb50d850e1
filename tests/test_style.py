"""House rules that no linter knows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
MODULES = [p for p in sorted((ROOT / "src" / "revenuer").rglob("*.py")) if p.read_text(encoding="utf-8").strip()]

BENCHMARKS = [p for p in sorted((ROOT / "benchmarks").glob("*.py")) if "__main__" in p.read_text(encoding="utf-8")]

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_every_test_says_what_behaviour_it_holds(path: Path) -> None:
    """Each test opens with a sentence."""
    mute = [
        f.name for f in functions(path) if f.name.startswith("test_") and not (ast.get_docstring(f) or "").endswith(".")
    ]
    assert mute == []


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_says_what_it_is(path: Path) -> None:
    """Each module opens with a sentence."""
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
    assert first.endswith((".", "?"))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_modules_and_functions_stay_short(path: Path) -> None:
    """A file that outgrows its idea is split; compiled loops and command-line verbs may be longer than others."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    long = [f.name for f in functions(path) if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION]
    assert long == [] or path.parent.name == "text"


@pytest.mark.parametrize("path", BENCHMARKS, ids=named)
def test_a_benchmark_says_how_it_is_run(path: Path) -> None:
    """Each benchmark has its command line in its docstring and reads it with a parser, so that it has `--help`."""
    text = path.read_text(encoding="utf-8")
    assert f"benchmarks/{path.name}" in (ast.get_docstring(ast.parse(text)) or "")
    assert "ArgumentParser(" in text or "@click.command(" in text
