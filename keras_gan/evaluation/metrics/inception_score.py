"""Inception score (Salimans et al., 2016): exp E KL(p(y|x) ‖ p(y)).

It means something where the classifier knows what the images show; on MNIST and its kind, and in
any other network than Inception, its values compare with nothing published.
"""

import numpy as np


def inception_score(probabilities, splits=10):
    """The score of class probabilities.

    Args:
        probabilities: [n, classes], rows that sum to one.
        splits: parts, in the order given, that each give a score.

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
