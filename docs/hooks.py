"""Hooks of the build: the OpenAPI document becomes a file of the book, and pages of wide tables get the room of the contents."""

from pathlib import Path

from mkdocs.structure.files import File

OPENAPI = Path(__file__).resolve().parents[1] / "crates/api/openapi.json"
WIDE = ("roles.md", "loops.md", "matrix.md", "figures.md", "plan-b.md", "attacks-own.md")


def on_files(files, config):
    files.append(File.generated(config, "openapi.json", abs_src_path=str(OPENAPI)))
    return files


def on_page_markdown(markdown, page, **_):
    if page.file.src_uri in WIDE:
        page.meta["hide"] = ["toc"]
    return markdown
