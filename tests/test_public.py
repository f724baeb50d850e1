"""The public face: what a package names, it has, and it shows nothing else."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"


def dotted(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = [path for path in sorted((SOURCE / "revenuer").rglob("*.py")) if path.name != "__main__.py"]
PACKAGES = [path for path in FILES if path.name == "__init__.py" and path.read_text(encoding="utf-8").strip()]


def bound(tree: ast.Module) -> set[str]:
    """Public names that a package binds at its top level."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_every_name_in_all_is_there(path: Path) -> None:
    """Each module imports, and each name it lists resolves, once."""
    module = importlib.import_module(dotted(path))
    listed = list(getattr(module, "__all__", ()))
    assert [name for name in listed if not hasattr(module, name)] == []
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("path", PACKAGES, ids=dotted)
def test_a_package_shows_only_what_it_lists(path: Path) -> None:
    """A package binds no public name that is missing from its `__all__`."""
    module = importlib.import_module(dotted(path))
    unlisted = bound(ast.parse(path.read_text(encoding="utf-8"))) - set(getattr(module, "__all__", ()))
    assert unlisted - {"annotations", "TYPE_CHECKING"} == set()


@pytest.mark.parametrize("path", PACKAGES, ids=dotted)
def test_what_a_package_lists_says_what_it_is(path: Path) -> None:
    """Functions and classes that a package shows have a docstring of their own."""
    module = importlib.import_module(dotted(path))
    shown = {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    bare = [name for name, it in shown.items() if (callable(it) and hasattr(it, "__module__")) and not _described(it)]
    assert bare == []


def _described(it: object) -> bool:
    return bool(getattr(it, "__doc__", None)) or not getattr(it, "__module__", "").startswith("revenuer")
