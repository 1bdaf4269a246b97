"""What TensorBoard shows, read back with its own readers."""

import dataclasses
import re

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2

from keras_gan.monitoring.descriptions import SCALARS, description
from keras_gan.monitoring.tensorboard import LAYOUT, Scalars, Writer
from keras_gan.settings.resolve import complete


def read(folder):
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return events


def plugin(events, tag):
    content = events.SummaryMetadata(tag).plugin_data.content
    return plugin_data_pb2.HParamsPluginData.FromString(content)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The events of a run with a score: its folder and what its reader found."""
    folder = tmp_path_factory.mktemp("tensorboard")
    writer = Writer(folder, "mine")
    config = dataclasses.replace(
        complete({"model": "dcgan"}), loss="hinge", batch_size=16, score_every=10
    )
    writer.settings(config)
    scalars = Scalars(writer, 1)
    for step, rate in ((1, 2.0), (2, 2.0), (3, 2.0), (4, 1.0), (5, 1.0)):
        scalars._write({"discriminator/learning_rate": rate, "generator/loss": float(step)}, step)
    scalars.on_train_end()
    writer.scalars({"scores/fd_cnn": 21.0}, 5)
    writer.metrics(["scores/fd_cnn"])
    writer.metrics(["scores/other"])  # only the first one counts
    writer.close()
    return folder, read(folder / "mine")


def test_a_run_has_a_name_that_stays(written):
    folder, _ = written
    assert [path.name for path in folder.iterdir()] == ["mine"]
    assert Writer(folder, "renamed").folder == folder / "mine"


def test_scalars_have_a_description(written):
    _, events = written
    for tag in ("scores/fd_cnn", "generator/loss", "discriminator/learning_rate"):
        assert events.SummaryMetadata(tag).summary_description == description(tag) != ""


def test_a_value_that_does_not_change_is_written_at_its_ends(written):
    _, events = written
    steps = [event.step for event in events.Tensors("discriminator/learning_rate")]
    assert steps == [1, 3, 4, 5]
    assert [event.step for event in events.Tensors("generator/loss")] == [1, 2, 3, 4, 5]


def test_hparams_have_the_flags_that_differ_and_the_score_first(written):
    _, events = written
    started = plugin(events, "_hparams_/session_start_info").session_start_info
    assert started.group_name == "mine"
    assert started.hparams["loss"].string_value == "hinge"
    assert started.hparams["batch_size"].number_value == 16
    assert set(started.hparams) == {"model", "dataset", "loss", "batch_size"}
    experiment = plugin(events, "_hparams_/experiment").experiment
    assert {info.name for info in experiment.hparam_infos} == set(started.hparams)
    metrics = [info.name.tag for info in experiment.metric_infos]
    assert metrics == ["scores/fd_cnn", "generator/loss", "discriminator/loss"]


def test_custom_scalars_begin_with_the_score_and_find_the_tags(written):
    _, events = written
    tensor = events.Tensors("custom_scalars__config__")[0].tensor_proto
    layout = layout_pb2.Layout.FromString(tensor.string_val[0])
    assert [category.title for category in layout.category] == list(LAYOUT)
    patterns = [t for category in layout.category for c in category.chart for t in c.multiline.tag]
    assert re.match(patterns[0], "scores/fd_cnn")
    assert not re.match(patterns[0], "scores/fd_cnn_floor")
    for tag in ("generator/loss", "encoder/gradient_norm", "health/fakes alike", "finite"):
        assert any(re.match(pattern, tag) for pattern in patterns)


def test_the_page_has_the_table(root):
    page = (root / "docs" / "monitoring.md").read_text()
    table = re.findall(r"^\| `([^`]+)` \| (.+) \|$", page.split("| scalar | what it is |")[1], re.M)
    assert dict(table) == SCALARS


def test_every_metric_of_the_code_has_a_description(root):
    """Names in braces are a player's, a side's or a penalty's."""
    names = set()
    for path in [*(root / "keras_gan").rglob("*.py"), *(root / "models").glob("*.py")]:
        text = path.read_text()
        names |= set(re.findall(r"turn\.log\(\s*f?\"([^\"]+)\"", text))
        names |= set(re.findall(r"metrics\[f?\"([^\"]+)\"\]", text))
    names = {re.sub(r"\{[^}]+\}", "real", name) for name in names if "/" in name}
    assert len(names) > 30 and "fakes/distance" in names
    undescribed = [name for name in sorted(names) if not description(name)]
    assert not undescribed
    assert description("health/fakes alike").count(" ") > 3 and not description("mine")
