"""Are fakes nearer to a training picture than training pictures are to each other?"""

import numpy as np

from keras_gan.evaluation.metrics.memorisation import nearest


def spacing(features: np.ndarray) -> np.ndarray:
    """The distance of each training picture to the nearest other one.

    Args:
        features: float [n, d], n at least 2.

    Returns:
        float64 [n]; 0 for a picture that is there twice.
    """
    return nearest(features, [features], 2)[1][:, 1]


def nearer_share(
    fakes: np.ndarray, training: np.ndarray, mirrored: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """The share of fakes that are nearer to a training picture than any other such picture is.

    With t the training picture nearest to a fake x, x counts if d(x, t) is less than the distance
    of t to the nearest other training picture: 1 minus the authenticity of Alaa et al., 2022. It is
    1 for copies, and 2/3 for new samples of a distribution in one dimension.

    Args:
        fakes: features float [m, d].
        training: features float [n, d], n at least 2.
        mirrored: features float [n, d] of the mirror images, if the generator was trained on them
            too. Defaults to None.

    Returns:
        (share float, for each fake the index int64 [m] of its nearest picture; n + i is the mirror
        image of picture i).
    """
    batches = [training] if mirrored is None else [training, mirrored]
    indices, distances = nearest(fakes, batches)
    limits = spacing(training)[indices[:, 0] % len(training)]
    return float(np.mean(distances[:, 0] < limits)), indices[:, 0]
