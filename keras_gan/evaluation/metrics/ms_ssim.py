"""MS-SSIM between images of one class, a measure of variety (Odena et al., 2017).

The five scales of Wang et al. (2003) need 176 pixels per side; smaller images use as many scales as
the window fits into, with renormalised weights, and the metric's name includes their number.
"""

import numpy as np
import tensorflow as tf

from keras_gan.errors import UsageError

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW = 11
_BATCH = 250


def scales(image_shape: tuple[int, int, int]) -> int:
    """Number of scales for images [h, w, c]: two at 28×28, five from 176 pixels per side."""
    side = min(image_shape[:2])
    return max(1, sum(side >> scale >= WINDOW for scale in range(len(WEIGHTS))))


def ms_ssim(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Multi-scale structural similarity of pairs of images.

    Args:
        first: uint8 [n, h, w, c].
        second: uint8 [n, h, w, c].

    Returns:
        float32 [n], 1 for equal images.
    """
    weights = np.array(WEIGHTS[: scales(first.shape[1:])])
    weights = tuple(weights / weights.sum())
    values = []
    for start in range(0, len(first), _BATCH):
        a, b = (tf.cast(x[start : start + _BATCH], tf.float32) for x in (first, second))
        values.append(tf.image.ssim_multiscale(a, b, 255.0, power_factors=weights).numpy())
    return np.concatenate(values)


def within_classes(
    images: np.ndarray, classes: np.ndarray, pairs: int = 1000, seed: int = 0
) -> float:
    """Mean MS-SSIM of random pairs of different images of one class.

    Args:
        images: uint8 [n, h, w, c].
        classes: int [n]; with all zeros, any two images may be a pair.
        pairs: number of pairs, in proportion to the classes' shares. Defaults to 1,000.
        seed: of the pairs. Defaults to 0.

    Returns:
        A float; 1 if each class has a single image. Meaningful only next to the value of reals.

    Raises:
        UsageError: no class has two images.
    """
    classes = np.asarray(classes)
    generator = np.random.RandomState(seed)
    members = {c: np.flatnonzero(classes == c) for c in np.unique(classes)}
    usable = np.flatnonzero([len(members[c]) > 1 for c in classes])
    if not len(usable):
        raise UsageError("MS-SSIM within classes needs two images of a class")
    first = generator.choice(usable, pairs)
    second = []
    for one in first:
        others = members[classes[one]]
        # Any image but this one: skip its position.
        draw = generator.randint(len(others) - 1)
        position = np.searchsorted(others, one)
        second.append(others[draw + (draw >= position)])
    return float(ms_ssim(images[first], images[np.array(second)]).mean())
