"""The wheel holds all that a scan needs, and works where it is installed alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from revenuer import __version__

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "revenuer"


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints, outside this checkout and without its environment."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(  # noqa: S603
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet")
    run(*pip, "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel, and sees the third-party packages of this one but not its checkout."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", wheel, cwd=folder)
    # A line of a .pth file adds the directory but does not read the .pth files in it: the editable install stays unseen.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_the_wheel_holds_every_file_of_the_package(wheel: Path):
    """Weights, templates and the type marker as well as modules; and nothing that is not the package's."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.split("/")[0].endswith(".dist-info")}
    expected = {
        f"revenuer/{path.relative_to(SOURCE)}"
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == expected
    for part in ("fingerprint/weights/", "report/templates/", "py.typed"):
        assert any(name.startswith(f"revenuer/{part}") for name in names), part


def test_the_wheel_carries_its_licence(wheel: Path):
    """Licence and notice travel with the code."""
    with zipfile.ZipFile(wheel) as archive:
        carried = {name.rsplit("/", 1)[1] for name in archive.namelist() if "/licenses/" in name}
    assert carried == {"LICENSE", "NOTICE"}


def test_it_runs_where_it_is_installed_alone(installed: Path, tmp_path: Path):
    """From another directory, from its own files, with every check of `doctor` passed."""
    revenuer, python = installed / "bin" / "revenuer", installed / "bin" / "python"
    assert run(revenuer, "--version", cwd=tmp_path) == f"revenuer {__version__}\n"
    assert run(python, "-c", "import revenuer; print(revenuer.__file__)", cwd=tmp_path).startswith(str(installed))
    examination = json.loads(run(revenuer, "doctor", "--json", cwd=tmp_path))
    assert examination["ok"], examination["checks"]
    assert examination["models"]
