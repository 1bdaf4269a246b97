"""What a wheel ships imports from any folder, under names of its own."""

import pathlib
import re
import subprocess
import sys
import sysconfig
import zipfile

import numpy as np
import pytest

import keras_gan

ROOT = pathlib.Path(__file__).absolute().parent.parent


def run(*command, cwd, timeout=300):
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that nothing is left in the checkout, and with what is installed."""
    pytest.importorskip("setuptools", minversion="77", reason="the license's form needs it")
    copy = tmp_path_factory.mktemp("copy")
    names = ["pyproject.toml", "README.md", "LICENSE", "keras_gan", "models", "configs"]
    run("cp", "-r", *(str(ROOT / name) for name in names), str(copy), cwd=ROOT)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", "dist", "."]
    run(*build, cwd=copy)
    return next((copy / "dist").glob("keras_gan-*.whl"))


@pytest.mark.slow
def test_a_wheel_ships_two_packages_and_no_more(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"keras_gan", "keras_gan_models"}
    assert "keras_gan/evaluation/extractors/fashion_mnist_cnn.npz" in names
    assert "keras_gan/run/showing/web_page.html" in names
    assert any(name.endswith("LICENSE") for name in names)
    sources = {
        path.relative_to(ROOT).as_posix().replace("models/", "keras_gan_models/", 1)
        if path.is_relative_to(ROOT / "models")
        else path.relative_to(ROOT).as_posix()
        for folder in ("keras_gan", "models")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name for name in names if name.endswith(".py")} == sources
    recipes = {
        f"keras_gan/{path.relative_to(ROOT)}" for path in (ROOT / "configs").rglob("*.flags")
    }
    assert recipes == {name for name in names if name.startswith("keras_gan/configs/")}


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A fresh environment with the wheel alone, and this one's packages for what it requires."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder), cwd=folder)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "requirements.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    python = str(folder / "bin" / "python")
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", str(wheel), cwd=folder)
    return folder / "bin"


@pytest.mark.slow
def test_an_installed_wheel_has_the_recipes_by_name(environment, tmp_path):
    """Without TensorFlow, and without a checkout."""
    command = str(environment / "keras-gan")
    listed = run(command, "--recipes", cwd=tmp_path)
    assert "dcgan_fashion_mnist" in listed and "tips/13-input-noise" in listed
    assert "usage: keras-gan" in run(command, "--help", cwd=tmp_path)
    program = (
        "import sys, keras_gan\n"
        "from keras_gan.settings import config, flags\n"
        "names = keras_gan.recipes()\n"
        "nested = flags.parse(config.Config, ['', '--flagfile=configs/r3gan_grid25.flags'])\n"
        "print(len(names), nested['dataset'], 'tensorflow' in sys.modules, keras_gan.__file__)\n"
    )
    printed = run(str(environment / "python"), "-I", "-c", program, cwd=tmp_path).split()
    assert int(printed[0]) == len(list((ROOT / "configs").rglob("*.flags")))
    assert printed[1:3] == ["grid25", "False"] and str(ROOT) not in printed[3]
    wrong = subprocess.run(
        [command, "--flagfile=dcgan_fashion_mnst"], cwd=tmp_path, capture_output=True, text=True
    )
    assert wrong.returncode == 2 and "did you mean dcgan_fashion_mnist" in wrong.stderr
    assert wrong.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_models_that_ship_make_pictures_at_once(environment, tmp_path):
    """By name, in an empty folder, as the checkout makes them."""
    name = "dcgan_conditional_fashion_mnist"
    command = [str(environment / "keras-gan"), "--mode=sample", f"--weights={name}"]
    run(*command, "--out=here", "--count=4", "--sample_labels=5", "--seed=3", cwd=tmp_path)
    made = np.load(tmp_path / "here" / "samples.npz")["images"]
    gan = keras_gan.load(name)
    np.testing.assert_array_equal(made, gan.sample(4, seed=3, labels=[5] * 4))


@pytest.mark.slow
def test_the_readme_runs_with_an_installed_wheel(environment, tmp_path, fashion_mnist):
    """Its ten lines of Python, in an empty file in an empty folder; of the epoch a few steps."""
    lines = re.search(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M)[1]
    assert "epochs=1" in lines
    (tmp_path / "first.py").write_text(lines.replace("epochs=1", "steps_per_epoch=3"))
    run(str(environment / "python"), "first.py", cwd=tmp_path, timeout=900)
    assert (tmp_path / "samples.png").stat().st_size > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.py", "samples.png"]


@pytest.mark.slow
def test_a_wheel_imports_from_another_folder(wheel, tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "install", "--no-deps", "--no-index", "--target", "site", str(wheel), cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import pkgutil, importlib, keras_gan, keras_gan_models\n"
        "for package in (keras_gan, keras_gan_models):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
        "assert 'models' not in sys.modules\n"
        "network = keras_gan_models.REGISTRY['dcgan'](image_shape=(28, 28, 1), width=8)\n"
        "print(keras_gan.__file__, keras_gan_models.__file__, sorted(keras_gan_models.REGISTRY))\n"
    )
    printed = run(sys.executable, "-I", "-c", program, cwd=elsewhere)
    assert printed.count(str(tmp_path / "site")) == 2 and "dcgan" in printed
    command = tmp_path / "site" / "bin" / "keras-gan"
    text = command.read_text()
    assert "from keras_gan.cli import installed" in text


@pytest.mark.slow
def test_a_wheel_loads_a_hub_folder_bit_for_bit(wheel, tmp_path):
    pytest.importorskip("safetensors")
    import models
    from keras_gan.run import export
    from keras_gan.settings.resolve import complete

    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "install", "--no-deps", "--no-index", "--target", "site", str(wheel), cwd=tmp_path)
    gan = models.REGISTRY["infogan"](image_shape=(28, 28, 1), width=4)
    gan.compile()
    config = complete({"model": "infogan", "width": 4}, gan.defaults())
    export.save(gan, tmp_path / "export", config, ["saved_model", "hub"])
    np.save(tmp_path / "expected.npy", gan.sample(4, seed=1))
    (tmp_path / "elsewhere").mkdir()
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import numpy as np\n"
        "import keras_gan\n"
        f"gan = keras_gan.load({str(tmp_path / 'export' / 'hub')!r})\n"
        f"expected = np.load({str(tmp_path / 'expected.npy')!r})\n"
        "print((gan.sample(4, seed=1) == expected).all(), type(gan).__module__)\n"
    )
    printed = run(sys.executable, "-I", "-c", program, cwd=tmp_path / "elsewhere")
    assert printed.split() == ["True", "keras_gan_models.infogan"]
