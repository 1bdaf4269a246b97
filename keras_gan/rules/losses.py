"""Adversarial losses: pure functions of the discriminator's logits, one value per sample.

Every loss returns D's two parts and G's part, float32 [n], to be averaged by the caller. All of
them take logits: a sigmoid followed by a logarithm has no gradient where it saturates.
"""

from collections.abc import Callable

import tensorflow as tf

from keras_gan import choices
from keras_gan.rules.base import Rule, rule

softplus = tf.math.softplus


def cross_entropy(targets: float | tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Binary cross-entropy with logits, for any real target: t·sp(-x) + (1-t)·sp(x)."""
    return targets * softplus(-logits) + (1.0 - targets) * softplus(logits)


class Loss(Rule):
    """Base class; the flag's choices, the refused combinations and the health signals read this.

    Attributes:
        name: str, its value of `--loss`.
        has_targets: bool, whether D's parts take targets, so that these can be softened.
        paired: bool, whether the logits of a real and a fake image are compared in pairs; then
            G's turn needs real logits too.
        logistic: bool, whether D's loss is the cross-entropy of its logit or, if `paired`, of the
            difference of two. Unless paired, the logit estimates log p(x)/q(x) at D's optimum.
        bounded: bool, whether D's loss has a lower bound, at which G's gradient vanishes.
        signed: bool, whether the logit is positive if D classifies the image as real.
    """

    name = ""
    has_targets = False
    paired = False
    logistic = False
    bounded = True
    signed = False

    def discriminator(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        real_targets: float | tf.Tensor = 1.0,
        fake_targets: float | tf.Tensor = 0.0,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """D's loss.

        Args:
            real: float32 [n], logits of real images.
            fake: float32 [n], logits of fakes.
            real_targets: float32 [n] or scalar, used if `has_targets`. Defaults to 1.
            fake_targets: float32 [n] or scalar, used if `has_targets`. Defaults to 0.

        Returns:
            The real part and the fake part, float32 [n] each; D's loss is the sum of their means.
        """
        raise NotImplementedError

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        """G's loss.

        Args:
            fake: float32 [n], logits of fakes.
            real: float32 [n], logits of real images, needed if `paired`.

        Returns:
            float32 [n].
        """
        raise NotImplementedError


@rule
class NonSaturating(Loss):
    """G maximises log D(G(z)), as if trained with flipped labels (Goodfellow et al., 2014)."""

    name = "non_saturating"
    has_targets = True
    logistic = True
    signed = True

    def discriminator(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        real_targets: float | tf.Tensor = 1.0,
        fake_targets: float | tf.Tensor = 0.0,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return cross_entropy(real_targets, real), cross_entropy(fake_targets, fake)

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return softplus(-fake)


@rule
class Minimax(NonSaturating):
    """G minimises log(1 - D(G(z))): no gradient where D is sure (Goodfellow et al., 2014)."""

    name = "minimax"

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return -softplus(fake)


@rule
class LeastSquares(Loss):
    """D minimises ½(D(x)-1)² + ½D(G(z))², G ½(D(G(z))-1)² (LSGAN, Mao et al., 2017)."""

    name = "least_squares"
    has_targets = True

    def discriminator(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        real_targets: float | tf.Tensor = 1.0,
        fake_targets: float | tf.Tensor = 0.0,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return 0.5 * (real - real_targets) ** 2, 0.5 * (fake - fake_targets) ** 2

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return 0.5 * (fake - 1.0) ** 2


@rule
class Hinge(Loss):
    """D minimises relu(1-D(x)) + relu(1+D(G(z))), G -D(G(z)) (Lim & Ye, 2017)."""

    name = "hinge"
    signed = True

    def discriminator(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        real_targets: float | tf.Tensor = 1.0,
        fake_targets: float | tf.Tensor = 0.0,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.nn.relu(1.0 - real), tf.nn.relu(1.0 + fake)

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return -fake


@rule
class Wasserstein(Loss):
    """D minimises D(G(z)) - D(x), G -D(G(z)) (Arjovsky et al., 2017).

    D must be Lipschitz: by weight clipping, a gradient penalty or spectral norm.
    """

    name = "wasserstein"
    bounded = False

    def discriminator(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        real_targets: float | tf.Tensor = 1.0,
        fake_targets: float | tf.Tensor = 0.0,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return -real, fake

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return -fake


@rule
class RelativisticPairing(Loss):
    """D minimises sp(D(G(z)) - D(x)), G sp(D(x) - D(G(z))) (RpGAN, Jolicoeur-Martineau, 2019).

    sp is the softplus; each real is compared with one fake. The loss of a pair is in the real
    part; the fake part is zero.
    """

    name = "relativistic"
    paired = True
    logistic = True

    def discriminator(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        real_targets: float | tf.Tensor = 1.0,
        fake_targets: float | tf.Tensor = 0.0,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return softplus(fake - real), tf.zeros_like(fake)

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return softplus(real - fake)


LOSSES = choices.by_name(
    choices.LOSSES,
    (NonSaturating, Minimax, LeastSquares, Hinge, Wasserstein, RelativisticPairing),
)


def names_where(condition: Callable[[type[Loss]], bool]) -> tuple[str, ...]:
    """The names of the losses whose class fulfils a condition."""
    return tuple(name for name, loss in LOSSES.items() if condition(loss))
