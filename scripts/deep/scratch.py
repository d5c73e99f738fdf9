"""A scratch copy of what is committed, kept between runs: compiling it from nothing takes minutes."""

import shutil
import subprocess
import tempfile
from pathlib import Path

# What a run makes in the copy, and what is linked into it.
MADE = {"cache-lite", "node_modules", "out-lite", "target"}


def copy_of_head(root: Path, at: Path, parts: list[str]) -> None:
    """Times of unchanged files stay, and with them what was compiled; files that are gone go."""
    at.mkdir(parents=True, exist_ok=True)
    tree = subprocess.run(["git", "archive", "HEAD", *parts], cwd=root, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as fresh:
        subprocess.run(["tar", "x", "-C", fresh], input=tree, check=True)
        for path in at.rglob("*"):
            inside = path.relative_to(at)
            if path.is_file() and not MADE & set(inside.parts) and not (Path(fresh) / inside).exists():
                path.unlink()
        for path in Path(fresh).rglob("*"):
            to = at / path.relative_to(fresh)
            if path.is_dir():
                to.mkdir(exist_ok=True)
            elif not to.exists() or to.read_bytes() != path.read_bytes():
                # With its mode, and with the time of now: what was compiled of it is stale.
                shutil.copy(path, to)
    modules = at / "contracts/node_modules"
    if not modules.exists():
        modules.symlink_to(root / "contracts/node_modules")
