"""Inception score (Salimans et al., 2016): exp E KL(p(y|x) ‖ p(y)).

It is meaningful if the classifier knows the classes of the images. On MNIST and similar data, and
with any network but Inception, its values are not comparable with published ones.
"""

import numpy as np


def inception_score(probabilities: np.ndarray, splits: int = 10) -> tuple[float, float]:
    """The Inception score.

    Args:
        probabilities: class probabilities [n, classes]; rows sum to one.
        splits: number of consecutive parts, each scored separately. Defaults to 10.

    Returns:
        (mean, standard deviation over the splits), floats; between 1 and the number of classes.
    """
    probabilities = np.asarray(probabilities, np.float64)
    scores = []
    for part in np.array_split(probabilities, min(splits, len(probabilities))):
        marginal = part.mean(axis=0, keepdims=True)
        ratio = np.where(part > 0, part, 1.0) / np.where(marginal > 0, marginal, 1.0)
        scores.append(np.exp(np.sum(part * np.log(ratio), axis=1).mean()))
    return float(np.mean(scores)), float(np.std(scores))
