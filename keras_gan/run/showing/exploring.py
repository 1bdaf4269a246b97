"""What the explorer does with a model, without the page: samples, moves, walks, favourites."""

import base64
import dataclasses
import io
import pathlib

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_gan.data import decoding
from keras_gan.errors import UsageError
from keras_gan.evaluation import pictures
from keras_gan.layers.noise import RandomLayer
from keras_gan.run.showing import directions, films, latents, projection
from keras_gan.step import randomness
from keras_gan.step.keras_private import all_layers

SAMPLES = 20
SLIDERS = 8
MOST_FAVOURITES = 64
MOST_PIXELS = 4096 * 4096  # of an uploaded picture
SEARCH_STEPS = 150
FRAMES = 24  # of a walk, from one favourite to the next


@dataclasses.dataclass(frozen=True)
class Place:
    """A latent float32 [dimensions] and the class that goes with it, or None."""

    latent: np.ndarray
    label: int | None = None


class Explorer:
    """A model to be explored. All its methods are pure functions of what they are given.

    Args:
        gan: a `GAN` of images.
        source: the data, or None.
        extractor: what uploads are compared by besides pixels, or None.
    """

    def __init__(self, gan, source=None, extractor=None):
        self.gan, self.extractor = gan, extractor
        own = directions.own_codes(gan, source, SLIDERS)
        try:
            results = directions.sefa(gan, SLIDERS)
        except ValueError:
            results = []
        self.directions = [*own[: SLIDERS // 2], *results][:SLIDERS]
        self.mixer = directions.class_mixer(gan)
        self.has_noise = any(isinstance(one, RandomLayer) for one in all_layers(gan.generator))
        # A slider waits for one image: compiled, which is several times as fast.
        signature = [tf.TensorSpec([None, gan.latent_dim], tf.float32)]
        if gan.conditional:
            signature.append(tf.TensorSpec([None], tf.int32))
        self._generate = tf.function(gan.generate, input_signature=signature, autograph=False)
        self.class_names = None
        if gan.conditional:
            names = getattr(source, "label_names", None) or range(gan.num_classes)
            self.class_names = [str(name) for name in names]

    # Images -------------------------------------------------------------------------------------

    def sample(self, seed, label=None):
        """`Place`s drawn from the prior, a list; of all classes in turn if `label` is None."""
        key = randomness.Key.create(int(seed) % 2**32).fold("latent")
        shown = self.gan.prior.sample(key, (SAMPLES, self.gan.latent_dim)).numpy()
        labels = [None] * SAMPLES
        if self.gan.conditional:
            labels = [i % self.gan.num_classes if label is None else label for i in range(SAMPLES)]
        return [Place(*pair) for pair in zip(shown, labels)]

    def images(self, places, truncation=1.0, noise_seed=None):
        """The images of some `Place`s: uint8 [n, h, w, c]."""
        z = self._truncated(np.stack([place.latent for place in places]), truncation)
        labels = None
        if self.gan.conditional:
            labels = np.array([place.label or 0 for place in places], np.int32)
        if noise_seed is not None:
            key = randomness.Key.create(int(noise_seed) % 2**32).fold("noise")
            return latents.generate(self.gan, z, labels, key)
        return self._generate(*([z] if labels is None else [z, labels])).numpy()

    def moved(self, place, amounts):
        """`place` moved along `directions` by amounts in [-1, 1], each a share of its reach."""
        vectors = np.stack([d.reach * d.vector for d in self.directions])
        offset = np.asarray(amounts, np.float32) @ vectors
        return dataclasses.replace(place, latent=(place.latent + offset).astype(np.float32))

    def towards_class(self, place, other, share, truncation=1.0):
        """The image of `place` on its way to another class: uint8 [h, w, c].

        Args:
            place: where it starts.
            other: the class.
            share: 0 is its own class, 1 is the other one.
            truncation: ψ.
        """
        weights = np.zeros((1, self.gan.num_classes), np.float32)
        weights[0, place.label] += 1.0 - share
        weights[0, other] += share
        z = self._truncated(place.latent[None], truncation)
        return np.asarray(self.mixer(z, weights))[0]

    def _truncated(self, z, truncation):
        if truncation == 1.0 or not self.gan.prior.can_truncate:
            return z
        return np.asarray(self.gan.prior.truncate(z, np.float32(truncation)))

    # Walks --------------------------------------------------------------------------------------

    def walk(self, places, truncation=1.0):
        """A closed walk through two or more `Place`s as an animated WebP, bytes."""
        if len(places) < 2:
            raise UsageError("a walk needs two favourites or more")
        points = self._truncated(np.stack([place.latent for place in places]), truncation)
        labels = None if places[0].label is None else np.array([places[0].label], np.int32)
        frames = films.walk_frames(self.gan, [points], FRAMES * len(places), labels)
        return films.encoded(films.enlarged(frames), 24, "webp")

    # Pictures from outside ----------------------------------------------------------------------

    def find(self, file):
        """The `Place` of a picture file's image, and what was found in words.

        Args:
            file: path of a picture, as the page's server has stored it.

        Returns:
            (`Place`, original uint8 [h, w, c], sentence).

        Raises:
            UsageError: not a picture, or too large a one.
        """
        head = decoding.read_header(file)
        if head is None:
            raise UsageError("not a picture that can be read")
        if head.size[0] * head.size[1] > MOST_PIXELS:
            raise UsageError(f"{head.size[0]}×{head.size[1]} pixels; at most {MOST_PIXELS}")
        image = decoding.read(file, *self.gan.image_shape)
        if image is None:
            raise UsageError("not a picture that can be read")
        if hasattr(self.gan, "encode"):
            code = self.gan.encode(tf.constant(image[None])).numpy()[0]
            made = self.images([Place(code)])
            error = projection.pixel_errors(image[None], made)[0]
            return Place(code), image, f"encoded; pixels differ by {100 * error:.1f} % of the range"
        results = projection.project(
            self.gan, image[None], extractor=self.extractor, steps=SEARCH_STEPS
        )
        label = None if results.labels is None else int(results.labels[0])
        error = 100 * results.pixel_errors[0]
        return (
            Place(results.latents[0], label),
            image,
            f"pixels differ by {error:.1f} % of the range",
        )

    # Favourites ---------------------------------------------------------------------------------

    def save(self, places, folder, truncation=1.0):
        """Writes favourites.npz, for `--latents`, and favourites.png; returns both paths.

        The latents are written as they are shown, truncated.
        """
        if not places:
            raise UsageError("there are no favourites yet")
        folder = pathlib.Path(folder)
        z = self._truncated(np.stack([place.latent for place in places]), truncation)
        labels = None
        if self.gan.conditional:
            labels = np.array([place.label for place in places], np.int32)
        latents.save(folder / "favourites.npz", z, labels)
        made = latents.generate(self.gan, z, labels)
        pictures.save(pictures.grid(made), folder / "favourites.png")
        return [str(folder / "favourites.npz"), str(folder / "favourites.png")]


def film_html(film):
    """An animated WebP as an element of a page, which needs no file."""
    return _image_html(film, "webp", "walk")


def image_html(image, alt="image"):
    """An image uint8 [h, w, c] as an element of a page, which the browser enlarges."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return _image_html(buffer.getvalue(), "png", alt)


def _image_html(data, kind, alt):
    text = base64.b64encode(data).decode()
    return f'<img class="pixels" alt="{alt}" src="data:image/{kind};base64,{text}">'


def in_colour(image):
    """An image uint8 [h, w, c] with 3 or 4 channels."""
    return image.repeat(3, -1) if image.shape[-1] == 1 else image
