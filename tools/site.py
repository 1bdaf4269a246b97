"""What mkdocs needs beside docs/ for the site of `make docs`; its hooks, named in mkdocs.yml.

README.md, CONTRIBUTING.md, CHANGELOG.md and the notebooks become pages, and so does each file of
the project that a page links to. Links are written for the checkout (`../keras_gan/gan.py`) and
translated here, so that they work both on a git host and in the site.
"""

import base64
import os
import pathlib
import re
from collections.abc import Iterable, Iterator

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools import api_pages

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOP = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
LINK = re.compile(r"(\]\()([^)\s#:]+)(#[^)\s]*)?(\))")
LANGUAGES = {".py": "python", ".sh": "sh", ".toml": "toml", ".json": "json"}
NOT_SEARCHED = "---\nsearch:\n  exclude: true\n---\n\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are not files of docs/."""
    texts = {name: (ROOT / name).read_text() for name in TOP}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        name = path.relative_to(ROOT).as_posix()
        texts[name], pictures = notebook(path)
        for picture, content in pictures.items():
            files.append(File.generated(config, f"notebooks/{picture}", content=content))
    for name, text in texts.items():
        files.append(File.generated(config, uri(name), content=text))
    for name, text in api_pages.pages().items():
        files.append(File.generated(config, f"api/{name}.md", content=text))
    texts |= {f"docs/{f.src_uri}": f.content_string for f in files if f.src_uri.endswith(".md")}
    for name in sorted(linked(texts)):
        files.append(File.generated(config, uri(name), content=source(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Translates the page's links."""
    here = page.file.src_uri

    def translated(match: re.Match) -> str:
        name = resolved(match[2], _written_as(here))
        if name is None:
            return match[0]
        target = os.path.relpath(uri(name), os.path.dirname(here) or ".")
        return f"{match[1]}{target}{match[3] or ''}{match[4]}"

    return LINK.sub(translated, markdown)


def uri(name: str) -> str:
    """The path in the site's sources of a file or folder of the project."""
    if name in TOP:
        return TOP[name]
    if name.startswith("docs/"):
        return name.removeprefix("docs/")
    if name.startswith("notebooks/"):
        return name.replace(".ipynb", ".md")
    return f"source/{name}/index.md" if (ROOT / name).is_dir() else f"source/{name}.md"


def _written_as(src_uri: str) -> str:
    """The file of the project that a page comes from, so far as its links are concerned."""
    names = {page: name for name, page in TOP.items()}
    if src_uri.startswith("source/"):
        return src_uri.removeprefix("source/")
    if src_uri.startswith("notebooks/"):
        return src_uri
    return names.get(src_uri, f"docs/{src_uri}")


def resolved(link: str, name: str) -> str | None:
    """The file or folder of the project that a link in the file `name` leads to, or None."""
    path = os.path.normpath(os.path.join(os.path.dirname(name), link))
    return path if not path.startswith("..") and (ROOT / path).exists() else None


def linked(texts: dict[str, str]) -> Iterator[str]:
    """The files and folders outside docs/ that these texts, by name, link to."""
    for name, text in texts.items():
        for match in LINK.finditer(text):
            target = resolved(match[2], name)
            if target and uri(target).startswith("source/"):
                yield target
                if (ROOT / target).is_dir():
                    yield from (p.relative_to(ROOT).as_posix() for p in _shown(ROOT / target))


def source(path: pathlib.Path) -> str:
    """A page that shows a file, or lists a folder."""
    name = path.relative_to(ROOT).as_posix()
    if path.is_dir():
        rows = (f"- [{shown.name}]({shown.name})" for shown in _shown(path))
        return "\n".join([f"{NOT_SEARCHED}# {name}/\n", *rows, ""])
    return f"{NOT_SEARCHED}# {name}\n\n{_fenced(path.read_text(), LANGUAGES.get(path.suffix))}\n"


def _shown(folder: pathlib.Path) -> Iterable[pathlib.Path]:
    paths = (p for p in folder.iterdir() if p.is_file() and p.suffix in (".py", ".flags", ".md"))
    return sorted(paths)


def notebook(path: pathlib.Path) -> tuple[str, dict[str, bytes]]:
    """A notebook with its stored outputs as Markdown.

    Returns:
        The text, and the pictures in it by name: PNG files.
    """
    parts, pictures = [], {}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            parts.append(cell.source)
            continue
        parts.append(_fenced(cell.source, "python"))
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                name = f"{path.stem}-{len(pictures)}.png"
                pictures[name] = base64.b64decode(data["image/png"])
                parts.append(f"![what the cell shows]({name})")
            elif output.output_type == "stream" or "text/plain" in data:
                text = output.text if output.output_type == "stream" else data["text/plain"]
                parts.append(f'<div class="output" markdown>\n\n{_fenced(text, "text")}\n\n</div>')
    return "\n\n".join(parts) + "\n", pictures


def _fenced(text: str, language: str | None) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language or 'text'}\n{text.rstrip()}\n{fence}"
