"""docs/flags.md against the settings, read here without the tool that writes it."""

import dataclasses
import pathlib
import re
import subprocess
import sys

from keras_gan.settings.config import Config

ROOT = pathlib.Path(__file__).absolute().parent.parent
ROW = re.compile(r"\| (\*\*)?`--(\w+)`(?:\*\*)? \| (.*?) \|")


def rows():
    page = (ROOT / "docs" / "flags.md").read_text()
    return [ROW.match(line) for line in page.splitlines() if line.startswith(("| `", "| **"))]


def test_the_page_lists_every_flag_once_and_in_order():
    fields = dataclasses.fields(Config)
    expected = sorted(
        fields, key=lambda field: Config.groups.index(field.metadata["flag"]["group"])
    )
    assert [match[2] for match in rows()] == [field.name for field in expected]


def test_the_page_has_today_s_defaults_and_marks_the_common_flags():
    fields = {field.name: field for field in dataclasses.fields(Config)}
    for match in rows():
        field = fields[match[2]]
        assert bool(match[1]) == field.metadata["flag"]["common"]
        if field.default not in (None, "", ()):
            text = str(field.default)
            assert match[3] == f"`{text.lower() if isinstance(field.default, bool) else text}`"


def test_the_page_is_what_the_tool_writes():
    command = [sys.executable, "-m", "tools.flags_page"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}`make flags-page` writes it again"
