"""Writes the BUILD files from what the modules import.

    python tools/build_files.py            # reports which files differ, exit status 1 if any
    python tools/build_files.py --write

Each module is a `py_library` whose deps are the modules it imports, anywhere in the file; each
test file is a `py_test`, whose deps also hold pytest and the conftest.py files that pytest loads
for it. A package's __init__.py is a dep only where a name is imported from the package itself:
Bazel puts an empty one where none is asked for, so `import a.b` does not drag in all of `a`.
"""

import argparse
import ast
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("keras_gan", "models", "benchmarks", "tests", "tools")

# Import name → package name in the requirements. third_party/BUILD gives each an alias.
THIRD_PARTY = {
    "absl": "absl-py",
    "av": "av",
    "gradio": "gradio",
    "griffe": "griffelib",
    "huggingface_hub": "huggingface-hub",
    "importlib_resources": "importlib-resources",
    "keras": "keras",
    "matplotlib": "matplotlib",
    "mkdocs": "mkdocs",
    "nbclient": "nbclient",
    "nbformat": "nbformat",
    "numpy": "numpy",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "packaging": "packaging",
    "hypothesis": "hypothesis",
    "pandas": "pandas",
    "PIL": "pillow",
    "pytest": "pytest",
    "safetensors": "safetensors",
    "scipy": "scipy",
    "selenium": "selenium",
    "sklearn": "scikit-learn",
    "tensorboard": "tensorboard",
    "tensorflow": "tensorflow",
    "tensorflow_datasets": "tensorflow-datasets",
    "tf2onnx": "tf2onnx",
    "torch": "torch",
    "tqdm": "tqdm",
    "yaml": "pyyaml",
}
# Undeclared dependencies of packages.
UNDECLARED = {"tensorflow-datasets": ["importlib-resources"]}

# Attributes that no import shows.
EXTRA = {
    # They read the whole checkout, which is more than a target's files.
    "tests/test_bazel.py": {"tags": ["manual"]},
    "tests/test_flags_page.py": {"tags": ["manual"]},
    "tests/test_notebooks.py": {"tags": ["manual"]},
    "tests/test_repository.py": {"tags": ["manual"]},
    "tests/test_site.py": {"tags": ["manual"]},
    "tests/test_wheel.py": {"tags": ["manual"]},
}
TOP = """exports_files([
    "pyproject.toml",
    "requirements-bench.txt",
    "requirements-dev.txt",
    "requirements.txt",
])
"""
CONFIGS = """package(default_visibility = ["//visibility:public"])

filegroup(
    name = "configs",
    srcs = glob(["**/*.flags"]),
)
"""
LOAD = 'load("@rules_python//python:defs.bzl", %s)\n'
PACKAGE = 'package(default_visibility = ["//visibility:public"])\n'


class Problem(Exception):
    pass


def modules():
    """{dotted name: path} of every module; a package stands for its __init__.py."""
    files = [ROOT / "main.py"]
    for folder in FOLDERS:
        files += sorted((ROOT / folder).rglob("*.py"))
    results = {}
    for path in files:
        parts = path.relative_to(ROOT).with_suffix("").parts
        results[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return results


def imports(path, names):
    """What a file imports: (paths of ours, packages of others)."""
    ours, others = set(), set()
    here = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            wanted = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(here[: len(here) - node.level + 1]) if node.level else []
            base = ".".join(base + ([node.module] if node.module else []))
            wanted = [(base, alias.name) for alias in node.names]
        else:
            continue
        for base, name in wanted:
            results = names.get(f"{base}.{name}") or names.get(base)
            if results is None and here[:1] == ("tests",):  # a test's neighbour
                results = names.get(".".join([*here, base]))
            top = base.partition(".")[0]
            if results is not None:
                ours.add(results)
            elif top in THIRD_PARTY:
                others.add(THIRD_PARTY[top])
            elif top not in sys.stdlib_module_names:
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                raise Problem(f"{where}: nothing known is called {base}")
    ours.discard(path)
    return ours, others


def label(path, package):
    """The label of a module's target, seen from a package (a folder)."""
    name = path.parent.name if path.name == "__init__.py" else path.stem
    if path.parent == package:
        return f":{name}"
    folder = path.parent.relative_to(ROOT).as_posix().replace(".", "")
    return (
        f"//{folder}"
        if folder.endswith(name) and path.name == "__init__.py"
        else (f"//{folder}:{name}")
    )


def third_party(name):
    return "//third_party:" + name.replace("-", "_")


def ordered(labels):
    """As buildifier orders them: own package, own repository, others."""
    return sorted(set(labels), key=lambda text: (not text.startswith(":"), text.replace(":", "!")))


def data_files(package):
    """{module: data files in its folder that it names}."""
    owners = {}
    if not (package / "__init__.py").exists():
        return owners
    scripts = sorted(package.glob("*.py"))
    for path in sorted(package.iterdir()):
        if path.is_dir() and not any(path.rglob("*.py")) and not (path / "BUILD").exists():
            files = sorted(file for file in path.rglob("*") if file.is_file())
            for user in (script for script in scripts if f'"{path.name}"' in script.read_text()):
                names = [file.relative_to(package).as_posix() for file in files]
                owners.setdefault(user, []).extend(names)
        if path.is_dir() or path.suffix == ".py" or path.name == "BUILD":
            continue
        users = [script for script in scripts if path.name in script.read_text()]
        if not users:
            raise Problem(f"{path.relative_to(ROOT)}: no module in its folder names it")
        for user in users:
            owners.setdefault(user, []).append(path.name)
    return owners


def conftests(path):
    folders = [path.parent, *path.parent.parents]
    inside = folders[: folders.index(ROOT)]
    results = [folder / "conftest.py" for folder in inside if (folder / "conftest.py").exists()]
    return [*results, ROOT / "tests" / "tiny.py"]  # the root conftest's plugin


def target(path, names, data):
    """One rule: (kind, attributes)."""
    package = path.parent
    ours, others = imports(path, names)
    is_test = path.name.startswith("test_")
    kind = "py_test" if is_test else "py_binary" if path.name == "main.py" else "py_library"
    attributes = {"name": label(path, package)[1:], "srcs": [path.name]}
    extra = dict(EXTRA.get(path.relative_to(ROOT).as_posix(), {}))
    if is_test:
        runner = "//tests:run_pytest.py" if package != ROOT / "tests" else "run_pytest.py"
        attributes["srcs"] = sorted([path.name, runner], key=lambda text: (text[0] == "/", text))
        attributes["args"] = [f"$(rootpath {path.name})"]
        attributes["main"] = runner
        extra["data"] = ["//:pyproject.toml", *extra.get("data", [])]
        ours.update(conftests(path))
        others.add("pytest")
    elif package.is_relative_to(ROOT / "tests"):
        attributes["testonly"] = True
        if path.name not in ("conftest.py", "run_pytest.py"):
            attributes["imports"] = ["."]  # tests import their neighbours by bare name
    extra["data"] = [*data.get(path, []), *extra.get("data", [])]
    attributes.update({key: value for key, value in extra.items() if value})
    deps = [label(module, package) for module in ours] + [third_party(name) for name in others]
    if deps:
        attributes["deps"] = ordered(deps)
    return kind, attributes


ORDER = ("name", "testonly", "srcs", "args", "data", "imports", "main", "tags", "deps")


def rule(kind, attributes):
    lines = [f"{kind}("]
    for key in sorted(attributes, key=ORDER.index):
        value = attributes[key]
        if isinstance(value, list) and len(value) > 1:
            lines.append(f"    {key} = [")
            lines += [f'        "{item}",' for item in value]
            lines.append("    ],")
        else:
            text = {bool: str, str: '"{}"'.format, list: lambda v: f'["{v[0]}"]'}[type(value)]
            lines.append(f"    {key} = {text(value)},")
    return "\n".join([*lines, ")"]) + "\n"


def third_party_file():
    """Aliases of the packages: the only place that says where they come from."""
    rules, kinds = [], []
    for package in sorted(THIRD_PARTY.values()):
        name = package.replace("-", "_")
        if package in UNDECLARED:
            kinds = ["py_library"]
            deps = [f"@pip//{name}"]
            deps += [":" + other.replace("-", "_") for other in UNDECLARED[package]]
            rules.append(rule("py_library", {"name": name, "deps": ordered(deps)}))
        else:
            rules.append(f'alias(\n    name = "{name}",\n    actual = "@pip//{name}",\n)\n')
    load = LOAD % ", ".join(f'"{kind}"' for kind in kinds)
    return "\n".join([load, PACKAGE, *rules])


def build_files(names):
    """{path: text} of every BUILD file of the named modules."""
    packages = {}
    for path in names.values():
        packages.setdefault(path.parent, []).append(path)
    written = {
        ROOT / "configs" / "BUILD": CONFIGS,
        ROOT / "third_party" / "BUILD": third_party_file(),
    }
    problems = []
    for package, paths in packages.items():
        try:
            data = data_files(package)
            targets = [target(path, names, data) for path in sorted(paths)]
        except Problem as problem:
            problems.append(str(problem))
            continue
        load = LOAD % ", ".join(f'"{kind}"' for kind in sorted({kind for kind, _ in targets}))
        parts = [load, PACKAGE]
        if package == ROOT:
            parts.append(TOP)
        if package == ROOT / "tests":
            parts.append('exports_files(["run_pytest.py"])\n')
        parts += [rule(*target) for target in targets]
        written[package / "BUILD"] = "\n".join(parts)
    if problems:
        raise Problem("\n".join(problems))
    return written


def cycles(names):
    """Circles of imports, which no build can order."""
    graph = {}
    for path in names.values():
        try:
            graph[path] = sorted(imports(path, names)[0])
        except Problem:
            graph[path] = []  # reported with its package
    results, done = [], set()

    def visit(path, trail):
        if path in trail:
            circle = [*trail[trail.index(path) :], path]
            results.append("circle: " + " → ".join(p.relative_to(ROOT).as_posix() for p in circle))
        elif path not in done:
            for other in graph[path]:
                visit(other, [*trail, path])
            done.add(path)

    for path in graph:
        visit(path, [])
    return results


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(argv)
    names = modules()
    try:
        written = build_files(names)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    circles = cycles(names)
    print("".join(f"{circle}\n" for circle in circles), end="", file=sys.stderr)
    known = {ROOT / "BUILD", *ROOT.glob("configs/BUILD"), *ROOT.glob("third_party/BUILD")}
    known |= {path for folder in FOLDERS for path in (ROOT / folder).rglob("BUILD")}
    differing = 0
    for path in sorted(known | set(written)):
        text = written.get(path)
        if path.exists() and text == path.read_text():
            continue
        differing += 1
        if not path.exists() and text is None:
            continue
        print(path.relative_to(ROOT), "goes" if text is None else "differs")
        if options.write:
            path.write_text(text) if text is not None else path.unlink()
    return int(bool(circles) or (differing > 0 and not options.write))


if __name__ == "__main__":
    sys.exit(main())
