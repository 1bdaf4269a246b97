"""What the explorer does with a model: samples, sliders, walks, favourites; and its refusals."""

import socket
import types

import numpy as np
import pytest
from PIL import Image

import models
from keras_gan.errors import UsageError
from keras_gan.rules import priors
from keras_gan.run.directory import RunDirectory
from keras_gan.run.showing import explorer, exploring, latents
from keras_gan.run.showing.run_view import RunView


@pytest.fixture(scope="module")
def explored():
    gan = models.REGISTRY["acgan"](image_shape=(28, 28, 1), width=4, num_classes=3)
    for variable in gan.average_generator.variables:  # so that images differ
        variable.assign(variable * (8.0 if len(variable.shape) > 1 else 1.0))
    return exploring.Explorer(gan)


def test_samples_are_of_the_class_and_the_seed(explored):
    places = explored.sample(3, label=2)
    assert {place.label for place in places} == {2}
    assert [place.label for place in explored.sample(3)][:4] == [0, 1, 2, 0]
    expected = explored.gan.sample(exploring.SAMPLES, seed=3, labels=np.full(20, 2, np.int32))
    np.testing.assert_array_equal(explored.images(places), expected)
    assert (explored.images(explored.sample(4, 2)) != expected).any()


def test_truncation_draws_all_to_the_mean(explored):
    images = explored.images(explored.sample(0, label=1), truncation=0.0)
    np.testing.assert_array_equal(images, np.broadcast_to(images[:1], images.shape))


def test_a_slider_moves_along_its_direction_only(explored):
    place = explored.sample(0)[0]
    amounts = np.zeros(len(explored.directions))
    np.testing.assert_array_equal(explored.moved(place, amounts).latent, place.latent)
    amounts[1] = 0.5
    moved = explored.moved(place, amounts).latent - place.latent
    direction = explored.directions[1]
    np.testing.assert_allclose(moved, 0.5 * direction.reach * direction.vector, atol=1e-5)


def test_the_ends_of_the_way_between_classes_are_the_classes(explored):
    place = explored.sample(0, label=0)[5]
    own = explored.images([place])[0]
    other = explored.images([exploring.Place(place.latent, 2)])[0]
    np.testing.assert_array_equal(explored.towards_class(place, 2, 0.0), own)
    np.testing.assert_array_equal(explored.towards_class(place, 2, 1.0), other)
    half = explored.towards_class(place, 2, 0.5)
    assert (half != own).any() and (half != other).any()


def test_favourites_are_read_back_by_their_model(explored, tmp_path):
    places = explored.sample(1)[:3]
    file, picture = explored.save(places, tmp_path, truncation=0.5)
    results = latents.load(file, explored.gan)
    made = latents.generate(explored.gan, results.latents, results.labels)
    np.testing.assert_array_equal(made, explored.images(places, truncation=0.5))
    with Image.open(picture) as opened:
        assert opened.size == (3 * 29 + 1, 30)
    with pytest.raises(UsageError, match="no favourites yet"):
        explored.save([], tmp_path)


def test_a_walk_is_a_closed_film(explored, tmp_path):
    film = explored.walk(explored.sample(0)[:2])
    (tmp_path / "walk.webp").write_bytes(film)
    with Image.open(tmp_path / "walk.webp") as picture:
        assert picture.n_frames == 2 * exploring.FRAMES and picture.info["loop"] == 0
    assert exploring.film_html(film).startswith('<img class="pixels" alt="walk"')
    with pytest.raises(UsageError, match="two favourites or more"):
        explored.walk(explored.sample(0)[:1])


def test_uploads_that_are_no_pictures_or_too_large_are_refused(explored, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(UsageError, match="not a picture"):
        explored.find(tmp_path / "text.png")
    Image.new("1", (5000, 5000)).save(tmp_path / "large.png")
    with pytest.raises(UsageError, match="5000×5000 pixels; at most 16777216"):
        explored.find(tmp_path / "large.png")


def test_an_encoder_answers_for_an_upload(tmp_path):
    gan = models.REGISTRY["vae_gan"](image_shape=(28, 28, 1), width=4)
    image = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    Image.fromarray(image).save(tmp_path / "picture.png")
    place, original, sentence = exploring.Explorer(gan).find(tmp_path / "picture.png")
    np.testing.assert_array_equal(original[..., 0], image)
    np.testing.assert_allclose(place.latent, gan.encode(image[None, ..., None])[0], rtol=1e-5)
    assert sentence.startswith("encoded; pixels differ by")


def test_a_port_in_use_is_refused_and_0_finds_a_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--port={port}: is in use"):
            explorer.free_port("127.0.0.1", port)
    assert explorer.free_port("127.0.0.1", 0) > 1023
    with pytest.raises(UsageError, match="--host=no.such.host.invalid: no such address"):
        explorer.free_port("no.such.host.invalid", 0)


def test_the_run_is_read_anew(tmp_path):
    run = RunDirectory(tmp_path)
    view = RunView(run, steps=100)
    assert view.state() == "No readings yet." and view.losses() is None and view.scores() is None
    assert view.samples(0) is None and view.events() == []
    with run:
        for step in (50, 100):
            run.append_reading(step, {"discriminator/loss": 1.0, "generator/loss": 2.0})
            run.append_score({"step": step, "attempt": 0, "fd_cnn": 3.0, "fd_cnn_floor": 0.1})
            Image.new("L", (8, 8), step).save(run.samples / f"samples-{step:08d}.png")
        event = {"step": 60, "attempt": 0, "signal": "collapse", "value": 0.5, "threshold": 0.25}
        run.append_event({**event, "meaning": "All samples look alike."})
    assert view.state() == "Step 100 of 100: ended."
    assert view.losses().shape == view.scores().shape == (300, 700, 3)
    assert view.sample_steps() == [50, 100]
    step, picture = view.samples(5)
    assert step == 100 and (picture == 100).all()
    assert view.events() == [[60, "collapse", "0.5, threshold 0.25. All samples look alike."]]


def test_a_model_without_truncation_hides_it():
    gan = types.SimpleNamespace(prior=priors.Hypersphere())
    z = np.ones((2, 4), np.float32)
    explored = object.__new__(exploring.Explorer)
    explored.gan = gan
    np.testing.assert_array_equal(explored._truncated(z, 0.5), z)
