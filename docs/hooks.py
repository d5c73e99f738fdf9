"""Hooks of the build: the OpenAPI document becomes a file of the book."""

from pathlib import Path

from mkdocs.structure.files import File

OPENAPI = Path(__file__).resolve().parents[1] / "crates/api/openapi.json"


def on_files(files, config):
    files.append(File.generated(config, "openapi.json", abs_src_path=str(OPENAPI)))
    return files
