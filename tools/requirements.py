"""Pins the requirements of pyproject.toml, and theirs, to the installed versions.

    python tools/requirements.py --write

requirements.txt runs the project; requirements-dev.txt is the same plus the tests, the export
formats and the site; requirements-bench.txt is that plus PyTorch. Each is complete and flat, so
that pip and Bazel can read the same files. requirements-gpu.txt is requirements.txt with
TensorFlow's extra and-cuda, whose libraries are not pinned: they are installed on machines with a
GPU only.
"""

import argparse
import importlib.metadata
import pathlib
import re
import sys
import tomllib

from packaging.requirements import Requirement

ROOT = pathlib.Path(__file__).resolve().parent.parent


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(wanted):
    """{name: version} of the requirements and all that they need; extras included."""
    results, seen, todo = {}, set(), [Requirement(text) for text in wanted]
    while todo:
        requirement = todo.pop()
        key = (normal(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        distribution = importlib.metadata.distribution(requirement.name)
        results[key[0]] = distribution.version
        for text in distribution.requires or []:
            needed = Requirement(text)
            extras = requirement.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras):
                todo.append(needed)
    return results


def files():
    """{file name: (what it is for, {name: version})}."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    run = project["dependencies"]
    shown = [text for name in ("explore", "film", "hub", "web") for text in extras[name]]
    develop = [*run, *extras["dev"], *extras["docs"], *extras["export"], *shown]
    return {
        "requirements.txt": ("running", closure(run)),
        "requirements-dev.txt": ("running, export formats, tests, site", closure(develop)),
        "requirements-bench.txt": (
            "running, export formats, tests, site, PyTorch",
            closure([*develop, *extras["bench"]]),
        ),
    }


def text(purpose, pins):
    lines = [f"# {purpose}; written by tools/requirements.py"]
    # A local label like +cpu names a build, not a version.
    lines += [f"{name}=={version.split('+')[0]}" for name, version in sorted(pins.items())]
    return "\n".join(lines) + "\n"


def gpu_pins(pins):
    """The pins with TensorFlow's CUDA libraries, whose versions TensorFlow's own bounds decide."""
    return {{"tensorflow": "tensorflow[and-cuda]"}.get(name, name): pins[name] for name in pins}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write instead of printing")
    options = parser.parse_args(argv)
    pinned = files()
    texts = {name: text(purpose, pins) for name, (purpose, pins) in pinned.items()}
    gpu = gpu_pins(pinned["requirements.txt"][1])
    texts["requirements-gpu.txt"] = text("running on a GPU", gpu)
    for name, content in texts.items():
        if options.write:
            (ROOT / name).write_text(content)
        else:
            print(f"--- {name}\n{content}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
