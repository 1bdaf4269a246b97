"""LSGAN: squared errors in place of the logistic loss."""

from keras_gan.rules.base import register

from .dcgan import DCGAN


@register
class LSGAN(DCGAN):
    """Least squares GAN (Mao et al., 2017), on DCGAN's networks.

    D minimises ½E(D(x) - 1)² + ½E D(G(z))², G minimises ½E(D(G(z)) - 1)²: equation 9, with the
    0-1 coding a = 0, b = c = 1. A fake on the correct side of the boundary but far from the data
    still has a gradient, which vanishes for the logistic loss. D's output is not a log-density
    ratio.

    Tips used by default: those of DCGAN except 2, since the loss differs.

    Departs from the paper: DCGAN's networks instead of the paper's deeper ones for 112×112 pixels.

    Args:
        **options: as for `DCGAN`.

    Example:

    ```python
    gan = LSGAN(image_shape=(28, 28, 1))
    gan.compile()  # with the least squares loss
    ```
    """

    @classmethod
    def defaults(cls):
        return super().defaults() | {"loss": "least_squares"}
