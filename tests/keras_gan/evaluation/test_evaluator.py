"""All scores of a generator: what they distinguish and depend on, and what a row contains."""

import functools
import json

import numpy as np
import pytest

from keras_gan.data import open_source
from keras_gan.errors import UsageError
from keras_gan.evaluation import protocol, report
from keras_gan.evaluation.evaluator import Evaluator
from keras_gan.monitoring import best


@pytest.fixture(scope="module")
def stripes(small):
    return small.source(2000, 500)


@pytest.fixture(scope="module")
def evaluator(stripes, cache):
    return Evaluator(stripes, data_dir=cache, count=400, full=True)


def fresh(small):
    return lambda count, seed: small.pictures(count, 100 + seed)[0]


def collapsed(small):
    image = small.pictures(1, 50)[0]
    return lambda count, seed: np.clip(
        image.astype(int) + np.random.RandomState(seed).randint(-3, 4, (count, 28, 28, 1)), 0, 255
    ).astype(np.uint8)


@pytest.fixture(scope="module")
def scores(evaluator, small):
    return {
        "fresh": evaluator.score(fresh(small)),
        "collapsed": evaluator.score(collapsed(small)),
        "copies": evaluator.score(lambda count, seed: evaluator.source.images[-count:]),
    }


def test_new_reals_are_at_the_floor_and_a_collapsed_generator_far_above(scores):
    assert scores["fresh"]["fd_cnn_over_floor"] < 2.5
    assert scores["collapsed"]["fd_cnn_over_floor"] > 20
    for name in ("precision", "recall", "density", "coverage"):
        assert scores["fresh"][name] == pytest.approx(scores["fresh"][f"{name}_floor"], abs=0.1)
    assert scores["collapsed"]["recall"] < 0.05


def test_classes_and_variety_reveal_a_collapsed_generator(scores):
    good, bad = scores["fresh"], scores["collapsed"]
    assert good["modes"] == good["modes_possible"] == 4 and bad["modes"] == 1
    assert good["class_tv"] < 0.1 and bad["class_tv"] > 0.6
    assert good["kl"] < 0.05 and bad["kl"] == pytest.approx(np.log(4))
    assert bad["ms_ssim_2_scales"] > 0.9 > good["ms_ssim_2_scales"]
    assert not any(name.startswith("inception_score") for name in good)  # no Inception here
    assert good["classifier_accuracy"] > 0.95


def test_copies_of_training_images_are_found(scores):
    assert scores["copies"]["copy_share"] > 0.99 and scores["copies"]["nearest_ratio"] < 0.01
    assert scores["fresh"]["copy_share"] < 0.1


def test_a_row_names_its_protocol_and_holds_plain_values(scores, evaluator):
    result = scores["fresh"]
    assert result["extractor"] == "FD (CNN)" and len(result["extractor_hash"]) == 16
    assert result["extractor_hash"] == evaluator.extractor.hash
    assert result["fakes"] == 400 and "400 of 500 images of its split test" == result["floor_of"]
    assert result["reference"] == "stripes train, 1500 images"
    assert result["resize"] == "none" and result["quantisation"] == "uint8"
    assert "fid" not in " ".join(result).lower()
    assert all(type(value) in (float, int, str) for value in result.values())
    json.dumps(result)


def test_during_training_only_the_distance_is_computed_and_equals_the_full_score(
    stripes, cache, small, scores
):
    result = Evaluator(stripes, data_dir=cache, count=400).score(fresh(small))
    assert result["fd_cnn"] == scores["fresh"]["fd_cnn"]
    assert not {"precision", "kid_cnn", "class_tv"} & set(result)


def test_evaluators_with_other_seeds_request_other_samples(stripes, cache, small):
    seeds = []

    def sample(count, seed):
        seeds.append(seed)
        return small.pictures(count)[0]

    for seed in (0, 1, 2):
        evaluator = Evaluator(stripes, data_dir=cache, seed=seed)
        list(evaluator._fakes(sample, 5000))
    assert len(set(seeds)) == len(seeds) == 15


def test_the_score_does_not_depend_on_order_or_batches(stripes, cache, small, scores, monkeypatch):
    images = np.concatenate([fresh(small)(400, 0)])[::-1]
    monkeypatch.setattr(protocol, "CHUNK", 73)
    chunks = iter(np.split(np.arange(400), range(73, 400, 73)))
    evaluator = Evaluator(stripes, data_dir=cache, count=400, full=True)
    result = evaluator.score(lambda count, seed: images[next(chunks)])
    for name in ("fd_cnn", "kid_cnn", "precision", "recall", "density", "coverage", "class_tv"):
        assert result[name] == pytest.approx(scores["fresh"][name], rel=1e-6, abs=1e-6)


def test_the_table_has_every_score_with_its_floor(scores):
    text = report.table(scores["fresh"])
    for name in ("fd_cnn", "kid_cnn", "precision", "modes", "ms_ssim_2_scales", "copy_share"):
        assert f"| {name} |" in text
    assert (
        "_over_floor" not in text
        and "× floor)" in text
        and "±" in text
        and "- extractor: FD (CNN)" in text
    )


def test_wrong_and_too_few_fakes_are_refused(evaluator, stripes, cache):
    with pytest.raises(UsageError, match="the data need uint8"):
        evaluator.score(lambda count, seed: np.zeros((count, 28, 28, 1), np.float32))
    with pytest.raises(UsageError, match="the data need uint8"):
        evaluator.score(lambda count, seed: np.zeros((count, 32, 32, 1), np.uint8))
    with pytest.raises(UsageError, match="64 samples are too few for a covariance of 64"):
        evaluator.score(None, count=64)
    tiny = type(stripes)("tiny", (28, 28, 1), images=stripes.images[:100])
    with pytest.raises(UsageError, match="100 images are too few to train .* at least 200 needed"):
        Evaluator(tiny, extractor="cnn", data_dir=cache).score(None)
    few = type(stripes)("few", (28, 28, 1), images=stripes.images[:23])
    with pytest.raises(UsageError, match="too few to hold some out for the scores; at least 24"):
        Evaluator(few, data_dir=cache).score(None)


def test_class_agreement_comes_with_the_accuracy(evaluator, small):
    pictures, classes = small.pictures(2000, 9)

    def sample(count, seed, labels, shift=0):
        of_class = [pictures[classes == label] for label in range(4)]
        return np.stack([of_class[(label + shift) % 4][i // 4] for i, label in enumerate(labels)])

    result = evaluator.class_agreement(sample)
    assert result["class_agreement"] >= 0.9 * result["classifier_accuracy"] > 0.8
    wrong = evaluator.class_agreement(functools.partial(sample, shift=1))
    assert wrong["class_agreement"] < 0.1


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("count", [24, 100])
def test_a_small_set_of_ones_own_is_scored_without_a_distance(stripes, small, full, count, caplog):
    own = type(stripes)("own", (28, 28, 1), images=stripes.images[:count])
    evaluator = Evaluator(own, full=full)
    with caplog.at_level("WARNING"):
        scores = evaluator.score(fresh(small))
        worse = evaluator.score(collapsed(small))
    assert "too few to train the extractor cnn (at least 200): pixels are compared" in caplog.text
    assert caplog.text.count("no Fréchet distance") == 1  # once per run, not per score
    assert not [name for name in scores if name.startswith("fd_")]
    assert scores["kid_pixels"] < 0.5 * worse["kid_pixels"] and scores["fakes"] == count // 4
    assert best.metric(scores) == "kid_pixels" and best.best([{"step": 1, **scores}])
    assert {"precision", "recall", "kid_pixels_floor"} <= scores.keys()
    assert full == ("nearest_ratio" in scores)
    report.table(scores)


@pytest.mark.parametrize("full", [False, True])
def test_too_many_features_for_a_distance_leave_the_other_scores(stripes, cache, small, full):
    evaluator = Evaluator(stripes, extractor="pixels", data_dir=cache, count=400, full=full)
    scores = evaluator.score(fresh(small))
    assert "fd_pixels" not in scores and scores["precision"] > 0.5


@pytest.mark.parametrize("full", [False, True])
def test_mixtures_are_scored_by_their_modes(cache, full):
    source = open_source("ring8")
    evaluator = Evaluator(source, data_dir=cache, count=2500, full=full)
    result = evaluator.score(lambda count, seed: source.fetch(seed * 1000 + np.arange(count))[0])
    assert result["modes"] == 8 and result["fakes"] == 2500
    assert result["good_share"] == pytest.approx(result["good_share_floor"], abs=0.01)
    collapsed = evaluator.score(lambda count, seed: np.tile(np.float32([2, 0]), (count, 1)))
    assert collapsed["modes"] == 1 and collapsed["good_share"] == 1
    if full:
        assert collapsed["recall"] < 0.05 < 0.5 < result["recall"] and collapsed["fd_points"] > 1


def test_a_spiral_without_modes_is_scored_by_its_points(cache):
    source = open_source("swissroll")
    evaluator = Evaluator(source, data_dir=cache, count=2000)
    result = evaluator.score(lambda count, seed: source.fetch(seed * 1000 + np.arange(count))[0])
    assert result["fd_points_over_floor"] < 30 and result["extractor"] == "FD (points)"
