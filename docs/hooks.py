"""What MkDocs does besides: pages whose place is at the top of the checkout."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
AT_THE_TOP = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds them, with links as they are from here. What is not there is missed by the nav."""
    for name, page in AT_THE_TOP.items():
        if (ROOT / name).is_file():
            text = (ROOT / name).read_text(encoding="utf-8")
            for other, its_page in AT_THE_TOP.items():
                text = text.replace(f"]({other})", f"]({its_page})")
            text = text.replace("](docs/", "](").replace("](README.md)", "](index.md)")
            files.append(File.generated(config, page, content=text))
    return files
