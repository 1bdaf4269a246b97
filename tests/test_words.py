"""The project speaks the field's language: words it once had of its own do not come back."""

import ast
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).absolute().parent.parent

# Names of functions, classes, methods, attributes and variables, and what is used instead.
IDENTIFIERS = {
    "rulebook": "from_config",
    "referee": "callback",
    "referees": "callbacks",
    "judge": "call_discriminator",
    "critic": "logits_of",
    "imagine": "call_generator",
    "makers": "generators",
    "conclude": "on_step_end",
    "observe": "on_discriminator_turn_end",
    "since": "on_train_begin",
    "among": "on_train_begin",
    "going": "active",
    "goes": "keeps_training",
    "Team": "Workers",
    "everyone": "all_gather",
    "of_chief": "broadcast_from_chief",
    "origin": "environment",
    "remember": "load_state",
    "probation": "trial",
    "strip": "traversal",
    "further_pictures": "extra_samples",
    "endpoints": "extra_endpoints",
    "thinned": "subsampled",
    "distance_in_pairs": "pairwise_distance",
    "magnitude": "max_abs",
    "doublings": "num_upsamplings",
    "breadth": "columns",
    "lerp": "slerp",
    "game": "model",
    "found": "what it holds",
    "kept": "what it holds",
    "drawn": "what it holds",
    "beside": "temporary",
}
ONE, OTHER = "value|image|row|line|file|sample|class|step", "sample|image|class|run|step|file"
MANY, OF = "values|numbers|images|files|turns|draws", "turn|step|sample|image|batch|class|side"
EACH = "file|sample|class|image|step|turn|model|module|replica|tip"
PHRASES = [
    r"the (door|match|game|referee)\b",
    r"\brulebook\b",
    rf"\b(a|an) ({ONE}) (a|an) ({OTHER})\b",
    rf"\b({MANY}) (a|an) ({OF})\b",
    rf"one \w+ a ({EACH})\b",
    r"\bmend(ed|s)?\b",
    r"\btold\b",
]


@pytest.fixture(scope="module")
def texts():
    """{name: text} of the files that people read, this one and the changelog left out."""
    result = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if result.returncode:
        pytest.skip("not a git checkout")
    names = [name for name in result.stdout.decode().split("\0") if name]
    wanted = (".py", ".md", ".flags", ".toml", ".sh", "Makefile", ".ci/run")
    left_out = ("CHANGELOG.md", "tests/test_words.py")
    paths = [n for n in names if n.endswith(wanted) and n not in left_out]
    return {name: (ROOT / name).read_text() for name in paths if (ROOT / name).is_file()}


def identifiers(tree):
    """The names that a file defines, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            yield (node.id if isinstance(node, ast.Name) else node.attr), node.lineno


def old_names(name, text):
    for identifier, line in identifiers(ast.parse(text)):
        if identifier.strip("_") in IDENTIFIERS:
            yield f"{name}:{line}: {identifier} → {IDENTIFIERS[identifier.strip('_')]}"


def test_no_name_of_the_private_language(texts):
    wrong = [w for n, text in texts.items() if n.endswith(".py") for w in old_names(n, text)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("phrase", PHRASES)
def test_no_phrase_of_the_private_language(texts, phrase):
    pattern = re.compile(phrase, re.IGNORECASE)
    wrong = [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_patterns_find_something():
    assert list(old_names("x.py", "def judge(critic):\n    found = self.makers = 1"))
    sentences = ("Behind the door", "a value a sample", "images a turn", "one paper a file")
    for sentence in sentences:
        assert any(re.search(phrase, sentence, re.IGNORECASE) for phrase in PHRASES), sentence
    assert not any(re.search(phrase, "an image per class, a file of images") for phrase in PHRASES)
