"""Labels of every form that Keras knows, as the classes of images."""

from typing import Any

import numpy as np

from keras_gan.errors import UsageError


def to_classes(
    labels: Any, count: int, num_classes: int | None = None, where: str = ""
) -> np.ndarray:
    """Labels as int32 [n].

    Args:
        labels: integers [n] or [n, 1], or one-hot [n, k]; floats if they are whole numbers.
        count: number of images.
        num_classes: number of classes, or None where any is allowed.
        where: which labels they are, for the message; e.g. " of batch 3".

    Raises:
        UsageError: they are none of these, or not in 0 … num_classes-1.
    """
    labels = np.asarray(labels)
    given = f"labels{where} are {labels.dtype} {list(labels.shape)}"
    wanted = "classes as integers [n] or [n, 1], or one-hot [n, k]"
    if not (np.issubdtype(labels.dtype, np.number) or labels.dtype == bool):
        raise UsageError(f"{given}; {wanted} are needed")
    if labels.ndim not in (1, 2) or len(labels) != count:
        raise UsageError(f"{given} for {count} images; {wanted} are needed")
    if labels.ndim == 2 and labels.shape[1] > 1:
        if not (np.isin(labels, (0, 1)).all() and (labels.sum(1) == 1).all()):
            raise UsageError(f"{given}, but rows are not one 1 among zeros; {wanted} are needed")
        if num_classes is not None and labels.shape[1] != num_classes:
            raise UsageError(f"{given}, but the model has {num_classes} classes")
        return labels.argmax(1).astype(np.int32)
    labels = labels.reshape(count)
    if count and not np.array_equal(labels, np.floor(labels)):
        raise UsageError(f"{given} and not whole numbers; {wanted} are needed")
    low, high = (labels.min(), labels.max()) if count else (0, 0)
    if low < 0 or (num_classes is not None and high >= num_classes):
        allowed = "from 0" if num_classes is None else f"0 to {num_classes - 1}"
        raise UsageError(f"labels{where} go from {low:g} to {high:g}; allowed: {allowed}")
    return labels.astype(np.int32)
