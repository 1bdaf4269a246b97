"""The BUILD files against the imports: read here on their own, without the tool that writes them.

A BUILD file is Python as far as syntax goes, so `ast` reads it.
"""

import ast
import dataclasses
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).absolute().parent.parent
SKIPPED = {"build", "dist", "runs", "third_party"}
# Where the name to import is not the package's.
RENAMED = {
    "absl": "absl_py",
    "griffe": "griffelib",
    "PIL": "pillow",
    "sklearn": "scikit_learn",
    "yaml": "pyyaml",
}


@dataclasses.dataclass
class Target:
    kind: str
    package: str
    name: str
    srcs: list
    deps: list

    @property
    def label(self):
        return f"//{self.package}:{self.name}"


def build_files(root):
    for path in sorted(root.rglob("BUILD")):
        parts = path.relative_to(root).parts
        if not any(part.startswith((".", "bazel-")) or part in SKIPPED for part in parts[:-1]):
            yield path


def absolute(label, package):
    """`:x`, `//a/b` and `//a/b:x` as `//a/b:x`."""
    if label.startswith(":"):
        return f"//{package}{label}"
    return label if ":" in label else f"{label}:{label.rpartition('/')[2]}"


def read(path, root):
    """The targets of a BUILD file."""
    package = path.parent.relative_to(root).as_posix().removeprefix(".")
    for node in ast.parse(path.read_text()).body:
        call = getattr(node, "value", None)
        if isinstance(call, ast.Call) and call.func.id.startswith("py_"):
            given = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
            srcs = [s for s in given["srcs"] if not s.startswith("//") and s != given.get("main")]
            deps = [absolute(dep, package) for dep in given.get("deps", [])]
            yield Target(call.func.id, package, given["name"], srcs, deps)


def python_files(root):
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if not any(part.startswith((".", "bazel-")) or part in SKIPPED for part in parts[:-1]):
            yield path


def wanted(path, root, files):
    """What a file imports: paths of ours, and `third_party` names."""
    results = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                results.add(resolve(alias.name.split("."), None, path, root, files))
        elif isinstance(node, ast.ImportFrom):
            start = path.relative_to(root).parent.parts if node.level else ()
            start = start[: len(start) - node.level + 1] if node.level else ()
            parts = [*start, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                results.add(resolve(parts, alias.name, path, root, files))
    return results - {None, path}


def resolve(parts, name, path, root, files):
    where = root.joinpath(*parts)
    candidates = [where / f"{name}.py", where / name / "__init__.py"] if name else []
    candidates += [where.with_name(f"{where.name}.py"), where / "__init__.py"]
    if path.is_relative_to(root / "tests"):
        candidates.append(path.parent / f"{parts[0]}.py")  # a neighbour
    for candidate in candidates:
        if candidate in files:
            return candidate
    if parts[0] in sys.stdlib_module_names:
        return None
    return f"//third_party:{RENAMED.get(parts[0], parts[0])}"


def problems(root):
    """What is wrong with the targets under a folder, one line each."""
    files = set(python_files(root))
    targets = [target for path in build_files(root) for target in read(path, root)]
    owners, results = {}, []
    for target in targets:
        for src in target.srcs:
            path = root / target.package / src
            if path not in files:
                results.append(f"{target.label}: {src} does not exist")
            if path in owners:
                results.append(f"{target.label}: {src} is in {owners[path].label} too")
            owners[path] = target
    for path in sorted(files - owners.keys()):
        results.append(f"{path.relative_to(root)}: no target")
    for path in sorted(files & owners.keys()):
        target = owners[path]
        needs = wanted(path, root, files)
        kind = "py_library"
        if path.name.startswith("test_"):
            kind = "py_test"
            needs.add("//third_party:pytest")
            folders = [f for f in path.parents if f.is_relative_to(root)]
            plugin = root / "tests" / "tiny.py"  # the root conftest's
            needs |= ({folder / "conftest.py" for folder in folders} | {plugin}) & files
        elif path == root / "main.py":
            kind = "py_binary"
        if target.kind != kind or len(target.srcs) != 1:
            results.append(f"{target.label}: should be a {kind} of one file")
        missing = [need for need in needs if not isinstance(need, str) and need not in owners]
        results += [f"{target.label}: imports {need.name}, which has no target" for need in missing]
        labels = {
            need if isinstance(need, str) else owners[need].label
            for need in needs
            if need not in missing
        }
        results += [f"{target.label}: {dep} is missing" for dep in sorted(labels - {*target.deps})]
        results += [f"{target.label}: {dep} is too much" for dep in sorted({*target.deps} - labels)]
        if len(target.deps) != len(set(target.deps)):
            results.append(f"{target.label}: a dep twice")
    return results + circles({target.label: target.deps for target in targets})


def circles(graph):
    results, done = [], set()

    def visit(label, trail):
        if label in trail:
            results.append("circle: " + " → ".join([*trail[trail.index(label) :], label]))
        elif label not in done:
            for dep in graph.get(label, ()):
                visit(dep, [*trail, label])
            done.add(label)

    for label in graph:
        visit(label, [])
    return results


def third_party_names(path):
    calls = [node.value for node in ast.parse(path.read_text()).body]
    given = [{k.arg: ast.literal_eval(k.value) for k in call.keywords} for call in calls]
    return {g["name"]: g.get("actual") or g["deps"][-1] for g in given if "name" in g}


def test_targets_are_what_the_files_import():
    results = problems(ROOT)
    assert not results, "\n".join([*results, "`make build-files` writes them again"])


def test_third_party_is_named_in_one_place():
    known = third_party_names(ROOT / "third_party" / "BUILD")
    used = set()
    for path in build_files(ROOT):
        assert "@pip" not in path.read_text(), path
        for target in read(path, ROOT):
            used |= {d.removeprefix("//third_party:") for d in target.deps if "third_party" in d}
    assert used <= known.keys()
    lock = (ROOT / "requirements-bench.txt").read_text().replace("-", "_").splitlines()
    pinned = {line.partition("==")[0] for line in lock}
    for package in known.values():
        assert package.removeprefix("@pip//") in pinned


LOAD = 'load("@rules_python//python:defs.bzl", "py_library")\n'
GOOD = {
    "a/__init__.py": "",
    "a/one.py": "import numpy as np\nimport os\n",
    "a/two.py": "def f():\n    from a import one\n    from . import one\n",
    "b/three.py": "from a.two import f\nimport PIL.Image\n",
    "a/BUILD": LOAD
    + 'py_library(name = "a", srcs = ["__init__.py"])\n'
    + 'py_library(name = "one", srcs = ["one.py"], deps = ["//third_party:numpy"])\n'
    + 'py_library(name = "two", srcs = ["two.py"], deps = [":one"])\n',
    "b/BUILD": LOAD
    + 'py_library(name = "three", srcs = ["three.py"],'
    + ' deps = ["//a:two", "//third_party:pillow"])\n',
}


@pytest.fixture
def tree(tmp_path):
    for name, text in GOOD.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_good_tree_has_no_problem(tree):
    assert problems(tree) == []


def test_a_file_without_a_target_is_found(tree):
    (tree / "b" / "four.py").write_text("")
    assert problems(tree) == ["b/four.py: no target"]


def test_a_target_without_its_file_is_found(tree):
    (tree / "b" / "three.py").unlink()
    assert problems(tree) == ["//b:three: three.py does not exist"]


@pytest.mark.parametrize("dep", ["//a:two", "//third_party:pillow"])
def test_a_missing_dep_is_found(tree, dep):
    text = (tree / "b" / "BUILD").read_text()
    (tree / "b" / "BUILD").write_text(text.replace(f'"{dep}",', "").replace(f', "{dep}"', ""))
    assert problems(tree) == [f"//b:three: {dep} is missing"]


@pytest.mark.parametrize("dep", ["//a:one", "//third_party:keras"])
def test_a_superfluous_dep_is_found(tree, dep):
    change(tree / "b" / "BUILD", '"//a:two"', f'"//a:two", "{dep}"')
    assert problems(tree) == [f"//b:three: {dep} is too much"]


def test_a_circle_is_found(tree):
    change(tree / "a" / "one.py", "import os", "from a import two")
    change(tree / "a" / "BUILD", '"//third_party:numpy"', '"//third_party:numpy", ":two"')
    assert problems(tree) == ["circle: //a:one → //a:two → //a:one"]


def test_a_test_needs_its_conftest(tree):
    (tree / "t").mkdir()
    (tree / "t" / "conftest.py").write_text("")
    (tree / "t" / "test_x.py").write_text("")
    (tree / "t" / "BUILD").write_text(
        'py_library(name = "conftest", srcs = ["conftest.py"])\n'
        'py_test(name = "test_x", srcs = ["test_x.py"], deps = ["//third_party:pytest"])\n'
    )
    assert problems(tree) == ["//t:test_x: //t:conftest is missing"]
