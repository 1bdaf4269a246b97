"""Adversarial losses: pure functions of the discriminator's logits, one value per sample.

Every loss gives D's two parts and G's part, float32 [n], to be averaged by the caller. All of them
are written on logits: a sigmoid followed by a logarithm loses the gradient where it matters.
"""

import tensorflow as tf

from keras_gan import choices
from keras_gan.rules.base import Rule, rule

softplus = tf.math.softplus


def cross_entropy(targets, logits):
    """Binary cross-entropy with logits, for any real target: t·sp(-x) + (1-t)·sp(x)."""
    return targets * softplus(-logits) + (1.0 - targets) * softplus(logits)


class Loss(Rule):
    """Base class; the flag's choices, the refused combinations and the health signals read this.

    Attributes:
        name: what `--loss` calls it.
        has_targets: whether D's parts take targets (labels), so that they can be softened.
        paired: whether the logits of a real and a fake image are compared pair by pair; then G's
            turn needs real logits too.
        logistic: whether D's loss is the cross-entropy of its logit or, where `paired`, of the
            difference of two. Unless paired, the logit estimates log p(x)/q(x) at D's optimum.
        bounded: whether D's loss has a lower bound, at which G's gradient ends.
        signed: whether a logit's sign says if D takes the image for real.
    """

    name = ""
    has_targets = False
    paired = False
    logistic = False
    bounded = True
    signed = False

    def discriminator(self, real, fake, real_targets=1.0, fake_targets=0.0):
        """D's loss.

        Args:
            real, fake: logits, float32 [n].
            real_targets, fake_targets: float32 [n] or scalars, used if `has_targets`.

        Returns:
            The real part and the fake part, float32 [n] each; D's loss is the sum of their means.
        """
        raise NotImplementedError

    def generator(self, fake, real=None):
        """G's loss, float32 [n], of fake logits (and real ones where `paired`)."""
        raise NotImplementedError


@rule
class NonSaturating(Loss):
    """G maximises log D(G(z)): the same as training it with flipped labels (Goodfellow, 2014)."""

    name = "non_saturating"
    has_targets = True
    logistic = True
    signed = True

    def discriminator(self, real, fake, real_targets=1.0, fake_targets=0.0):
        return cross_entropy(real_targets, real), cross_entropy(fake_targets, fake)

    def generator(self, fake, real=None):
        return softplus(-fake)


@rule
class Minimax(NonSaturating):
    """G minimises log(1 - D(G(z))), whose gradient vanishes when D wins (Goodfellow, 2014)."""

    name = "minimax"

    def generator(self, fake, real=None):
        return -softplus(fake)


@rule
class LeastSquares(Loss):
    """½(D(x)-1)² + ½D(G(z))² against ½(D(G(z))-1)² (LSGAN, Mao et al., 2017)."""

    name = "least_squares"
    has_targets = True

    def discriminator(self, real, fake, real_targets=1.0, fake_targets=0.0):
        return 0.5 * (real - real_targets) ** 2, 0.5 * (fake - fake_targets) ** 2

    def generator(self, fake, real=None):
        return 0.5 * (fake - 1.0) ** 2


@rule
class Hinge(Loss):
    """relu(1-D(x)) + relu(1+D(G(z))) against -D(G(z)) (Lim & Ye, 2017; SNGAN, 2018)."""

    name = "hinge"
    signed = True

    def discriminator(self, real, fake, real_targets=1.0, fake_targets=0.0):
        return tf.nn.relu(1.0 - real), tf.nn.relu(1.0 + fake)

    def generator(self, fake, real=None):
        return -fake


@rule
class Wasserstein(Loss):
    """D(G(z)) - D(x) against -D(G(z)) (Arjovsky et al., 2017); D needs a Lipschitz bound."""

    name = "wasserstein"
    bounded = False

    def discriminator(self, real, fake, real_targets=1.0, fake_targets=0.0):
        return -real, fake

    def generator(self, fake, real=None):
        return -fake


@rule
class RelativisticPairing(Loss):
    """sp(-(D(x_i)-D(G(z_i)))): a real is compared with a fake (RpGAN, Jolicoeur-Martineau, 2019).

    The loss of a pair is in the real part; the fake part is zero.
    """

    name = "relativistic"
    paired = True
    logistic = True

    def discriminator(self, real, fake, real_targets=1.0, fake_targets=0.0):
        return softplus(fake - real), tf.zeros_like(fake)

    def generator(self, fake, real=None):
        return softplus(real - fake)


LOSSES = choices.by_name(
    choices.LOSSES,
    (NonSaturating, Minimax, LeastSquares, Hinge, Wasserstein, RelativisticPairing),
)


def names_where(condition):
    """The names of the losses whose class fulfils a condition."""
    return tuple(name for name, loss in LOSSES.items() if condition(loss))
