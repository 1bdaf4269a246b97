"""Data whose pictures are larger than the images: each time, another window is cut out."""

from collections.abc import Callable, Sequence

import numpy as np

from keras_gan.data.source import Source


class WindowSource(Source):
    """A data set of pictures that cover the image size, of which one side may be longer.

    `fetch` cuts out the middle, `fetch_windows` a window at a given position.

    Args:
        name, image_shape: as for `Source`.
        pictures: uint8 arrays [≥h, ≥w, c] that are held in memory, or None.
        read: function from an index to such an array, if they are not held in memory.
        count: number of pictures, if they are not held in memory.
        **options: as for `Source`.
    """

    def __init__(
        self,
        name: str,
        image_shape: Sequence[int],
        *,
        pictures: Sequence[np.ndarray] | None = None,
        read: Callable[[int], np.ndarray] | None = None,
        count: int | None = None,
        **options: object,
    ):
        count = count if pictures is None else len(pictures)
        read = read if pictures is None else pictures.__getitem__
        super().__init__(name, image_shape, read=self._middle, count=count, **options)
        self._picture = read

    def fetch_windows(self, indices: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Windows of pictures.

        Args:
            indices: int [n].
            positions: float [n] in [0, 1): where the window is, from the first to the last.

        Returns:
            uint8 [n, h, w, c].

        Raises:
            OSError: a picture can't be read any more.
        """
        return self._read_all(
            lambda pair: self._window(int(pair[0]), pair[1]), zip(indices, positions), len(indices)
        )

    def _middle(self, index):
        return self._window(index, None)

    def _window(self, index, position):
        picture = self._picture(index)
        height, width = self.image_shape[:2]
        free = np.array(picture.shape[:2]) - (height, width)
        # Each of the free + 1 windows is equally probable.
        top, left = free // 2 if position is None else np.floor(position * (free + 1)).astype(int)
        return picture[top : top + height, left : left + width]
