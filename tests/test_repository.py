"""What holds for the files themselves."""

import ast
import pathlib
import re
import subprocess
import tomllib

import pytest

from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import resolve
from models import REGISTRY

ROOT = pathlib.Path(__file__).absolute().parent.parent
FLAGFILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("configs/**/*.flags"))

# Joined, so that this file does not hold what it looks for.
MACHINE = re.compile(r"(?<![\w.}])/(?:work|root|home|opt)" + r"/\w")
HOSTS = re.compile(
    r"\b(?:pypi|files\.pythonhosted|registry\.npmjs|deb\.debian|security\.debian|snapshot\.debian)"
    + r"\.org\b|bcr\.bazel"
    + r"\.build"
)

# What imports run down: a module imports its own level and those below.
ORDER = (
    (
        "keras_gan.errors",
        "keras_gan.atomic",
        "keras_gan.quiet",
        "keras_gan.choices",
    ),
    (
        "keras_gan.step.keras_private",
        "keras_gan.step.replicas",
        "keras_gan.step.functional",
        "keras_gan.step.network_state",
        "keras_gan.step.randomness",
        "keras_gan.step.pixels",
        "keras_gan.step.batch_statistics",
        "keras_gan.step.turn",
    ),
    ("keras_gan.rules", "keras_gan.layers"),
    ("keras_gan.step",),
    ("keras_gan.data",),
    ("keras_gan.model",),
    ("keras_gan.gan",),
    ("keras_gan.evaluation",),
    ("keras_gan.monitoring",),
    ("keras_gan.settings",),
    ("keras_gan",),  # the package itself, which offers the names of those below, on first use
    ("keras_gan.run", "models"),
    ("keras_gan.run.studies",),
    ("keras_gan.cli",),
    ("main", "models.__main__", "benchmarks"),
)
LEVELS = {name: level for level, names in enumerate(ORDER) for name in names}


@pytest.fixture(scope="module")
def tracked():
    """Paths of the files in git that are there."""
    results = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if results.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in results.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.fixture(scope="module")
def texts(tracked):
    """{name: text} of every text file."""
    results = {}
    for path in tracked:
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            results[path.relative_to(ROOT).as_posix()] = content.decode()
    return results


@pytest.fixture(scope="module")
def trees(texts):
    """{name: syntax tree} of every Python file."""
    return {name: ast.parse(text) for name, text in texts.items() if name.endswith(".py")}


def dotted(name):
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def level(module):
    """That of the longest prefix that has one; the package itself counts for itself alone."""
    parts = module.split(".")
    prefixes = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    known = [p for p in prefixes if p in LEVELS and (p != "keras_gan" or module == "keras_gan")]
    assert known, f"{module} belongs to no level"
    return LEVELS[known[0]]


def imported(name, tree, modules):
    """The modules of ours that a file imports, by dotted name."""
    folder = name.split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield whole if whole in modules else base


def test_no_large_file(tracked):
    """But the weights that ship, which have limits of their own (test_shipped.py)."""
    large = {p.as_posix(): p.stat().st_size for p in tracked if p.stat().st_size > 300_000}
    assert all("models/weights/" in name for name in large), large


def test_no_python_file_over_400_lines(texts):
    long = {name: text.count("\n") for name, text in texts.items() if name.endswith(".py")}
    assert not {name: lines for name, lines in long.items() if lines > 400}


@pytest.mark.parametrize("pattern", [MACHINE, HOSTS], ids=["machine paths", "package hosts"])
def test_nothing_of_one_machine(texts, pattern):
    results = {
        f"{name}:{number}: {line.strip()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    }
    assert not results


def test_the_patterns_find_something():
    assert MACHINE.search("data = '" + "/work" + "/x'") and MACHINE.search("/ho" + "me/me")
    assert not MACHINE.search("a/work/x") and not MACHINE.search("~/.cache")
    assert HOSTS.search("https://" + "pypi" + ".org/simple")


def test_no_code_from_strings_or_pickles(trees):
    results = []
    for name, tree in trees.items():
        for node in ast.walk(tree):
            what = None
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec"):
                    what = node.func.id
                wrong = {"allow_pickle": True, "safe_mode": False}
                for keyword in node.keywords:
                    value = getattr(keyword.value, "value", None)
                    # A test may make the very file that has to be refused.
                    if value is wrong.get(keyword.arg, ...) and not name.startswith("tests/"):
                        what = keyword.arg
            elif isinstance(node, ast.Attribute):
                if node.attr in ("Lambda", "enable_unsafe_deserialization"):
                    what = node.attr
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [getattr(node, "module", None) or "", *(a.name for a in node.names)]
                bad = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
                if not name.startswith("tests/"):
                    what = ", ".join(bad & {n.partition(".")[0] for n in names})
            if what:
                results.append(f"{name}:{node.lineno}: {what}")
    assert not results


def test_imports_run_down_the_levels(trees):
    modules = {dotted(name) for name in trees}
    ours = ("main", "keras_gan", "models", "benchmarks")
    wrong = []
    for name, tree in trees.items():
        module = dotted(name)
        if module.partition(".")[0] not in ours:
            continue
        for other in imported(name, tree, modules):
            top = other.partition(".")[0]
            if top in ("keras_gan_models", "tests") or (
                top in ours and module != other and level(other) > level(module)
            ):
                wrong.append(f"{module} imports {other}")
            elif top == "models" and module.startswith("keras_gan"):
                wrong.append(f"{module} imports {other}: the engine knows no model")
    assert not wrong


def test_each_module_has_a_level():
    assert level("keras_gan.rules.losses") < level("keras_gan.step.updates")
    assert level("keras_gan.step.turn") < level("keras_gan.rules.penalties")
    assert level("keras_gan.step.updates") < level("keras_gan.data.folder")
    assert level("keras_gan.data.adapters") < level("keras_gan.gan") < level("keras_gan.run.train")
    assert level("models.dcgan") < level("models.__main__")
    with pytest.raises(AssertionError, match="no level"):
        level("keras_gan.somewhere")


def test_the_package_is_small_and_sorted():
    """A newcomer's question leads to a folder, so few files are at the top of the package."""
    files = [p for p in (ROOT / "keras_gan").iterdir() if p.is_file()]
    folders = [p for p in (ROOT / "keras_gan").iterdir() if (p / "__init__.py").exists()]
    assert len(files) <= 8 and len(folders) <= 9


def test_the_zoo_imports_itself_relatively(trees):
    """A wheel ships it under another name."""
    own = ("models", "keras_gan_models")
    wrong = []
    for name, tree in trees.items():
        for node in ast.walk(tree) if name.startswith("models/") else ():
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            wrong += [f"{name}: {other}" for other in names if other.partition(".")[0] in own]
    assert not wrong


def test_packages_are_complete():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["setuptools"]["packages"]
    results = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "keras_gan").rglob("__init__.py")
    }
    assert {*packages} == results | {"keras_gan_models", "keras_gan.configs"}  # configs/ of a wheel
    assert not [path for path in (ROOT / "models").iterdir() if (path / "__init__.py").exists()]


def pins(name):
    lines = (ROOT / name).read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 for pair in pairs), f"{name}: a line without =="
    return dict(pairs)


def test_requirements_agree_and_are_complete():
    run, dev, bench = (pins(f"requirements{kind}.txt") for kind in ("", "-dev", "-bench"))
    assert run.items() <= dev.items() <= bench.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]

    def names(texts):
        return {re.match(r"[\w-]+", text)[0].lower().replace("_", "-") for text in texts}

    assert names(project["dependencies"]) <= run.keys()
    developed = [text for name in ("dev", "docs", "export", "studies") for text in extras[name]]
    assert names(developed) <= dev.keys()
    assert names(extras["bench"]) <= bench.keys()
    gpu = pins("requirements-gpu.txt")
    assert gpu.pop("tensorflow[and-cuda]") == run["tensorflow"]
    assert gpu == {name: version for name, version in run.items() if name != "tensorflow"}


@pytest.mark.parametrize("name", FLAGFILES)
def test_flagfiles_are_accepted(name, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    given = flags.parse(Config, ["main.py", f"--flagfile={name}", f"--run_dir={tmp_path}"])
    resolve(given, REGISTRY)
