"""Are fakes nearer to a training picture than training pictures are to each other?"""

import numpy as np

from keras_gan.evaluation.metrics.memorisation import nearest

COPY = 1 / 3  # of the distance to the second nearest training picture


def spacing(features: np.ndarray) -> np.ndarray:
    """The distance of each training picture to the nearest other one.

    Args:
        features: float [n, d], n at least 2.

    Returns:
        float64 [n]; 0 for a picture that is there twice.
    """
    return nearest(features, [features], 2)[1][:, 1]


def authenticity(
    fakes: np.ndarray, training: np.ndarray, mirrored: np.ndarray | None = None
) -> tuple[dict[str, float], np.ndarray]:
    """Two shares of fakes that are close to a training picture.

    With t the training picture nearest to a fake x, x counts for

    - nearer_share if d(x, t) is less than the distance of t to the nearest other training picture:
      1 minus the authenticity of Alaa et al., 2022. It is 1 for copies and 2/3 for new samples of a
      distribution in one dimension, but 1 too for images near the mean of all, such as flat ones;
    - near_copy_share if d(x, t) is less than a third of the distance of x to the second nearest
      training picture (Gu et al., 2023): 1 for copies, 0 for images near the mean.

    Args:
        fakes: features float [m, d].
        training: features float [n, d], n at least 2.
        mirrored: features float [n, d] of the mirror images, if the generator was trained on them
            too. Defaults to None.

    Returns:
        (the two shares by name, for each fake the index int64 [m] of its nearest picture; n + i is
        the mirror image of picture i).
    """
    batches = [training] if mirrored is None else [training, mirrored]
    indices, distances = nearest(fakes, batches, 1 + len(batches))
    pictures = indices % len(training)
    # A picture and its mirror image are one picture: the second nearest is the first other one.
    second = (pictures != pictures[:, :1]).argmax(1)
    others = np.take_along_axis(distances, second[:, None], 1)[:, 0]
    limits = spacing(training)[pictures[:, 0]]
    return {
        "nearer_share": float(np.mean(distances[:, 0] < limits)),
        "near_copy_share": float(np.mean(distances[:, 0] < COPY * others)),
    }, indices[:, 0]
