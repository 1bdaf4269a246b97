"""AC-GAN: the discriminator also classifies, and the generator is told the class."""

import dataclasses

import keras
import tensorflow as tf

from keras_gan.layers.spectral import SpectralDense
from keras_gan.rules.base import register

from . import blocks
from .base import ZooModel
from .dcgan import conditional_generator, discriminator_trunk
from .options import DCGANOptions


@register
class ACGAN(ZooModel):
    """Auxiliary classifier GAN (Odena, Olah & Shlens, 2017), on DCGAN's networks.

    G: z beside a learned embedding of the label → DCGAN's generator.
    D: image → DCGAN's last map → a real-or-fake logit and the logits of the classes c(x).
    With L_C the cross-entropy of the asked-for class, D minimises its adversarial loss plus
    w · L_C on reals, G its adversarial loss plus w · L_C on fakes.

    Tips used by default: those of DCGAN, and 12 (labels, the class loss on fakes trains G only).

    Departs from the paper: there the class loss on fakes trains D too, which makes D learn from
    what G can't draw yet; `class_loss_on_fakes=True` (`--class_loss_on_fakes`) is the paper's
    form. The networks are DCGAN's, without dropout in D.

    Args:
        num_classes: number of classes; labels are int32 0 to num_classes-1.
        class_weight: w, of the class loss in both players' losses.
        class_loss_on_fakes: whether it is part of D's loss on fakes.
        others as of `DCGAN`.

    Example:
        gan = ACGAN(num_classes=10)
        gan.compile()
        gan.fit(batches)              # of (images [n, turns, h, w, c], labels [n, turns])
        trousers = gan.sample(8, labels=[1] * 8)
    """

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options(DCGANOptions):
        num_classes: int = 10
        class_weight: float = 1.0
        class_loss_on_fakes: bool = False

    @classmethod
    def build_generator(cls, options):
        return conditional_generator(options)

    @classmethod
    def build_discriminator(cls, options):
        """Images → {"logits": [n], "features": [n, d], "class_logits": [n, num_classes]}."""
        images = keras.Input(options.image_shape, name="images")
        features = keras.layers.Flatten()(discriminator_trunk(images, options))
        dense = SpectralDense if options.spectral_norm else keras.layers.Dense
        class_logits = dense(
            options.num_classes, kernel_initializer=blocks.initializer(), name="class_logits"
        )(features)
        outputs = {
            "logits": blocks.logit(features, options.spectral_norm),
            "features": features,
            "class_logits": class_logits,
        }
        return blocks.network(images, outputs, "discriminator", options)

    def discriminator_loss(self, turn):
        found = super().discriminator_loss(turn)
        found += self.options.class_weight * self._class_loss(turn, turn.real_output, "real")
        if self.options.class_loss_on_fakes:
            found += self.options.class_weight * self._class_loss(turn, turn.fake_output, "fake")
        return found

    def generator_loss(self, turn):
        found = super().generator_loss(turn)
        class_loss = self._class_loss(turn, turn.fake_output, "fake")
        return {"generator": found["generator"] + self.options.class_weight * class_loss}

    def _class_loss(self, turn, output, side):
        """L_C of one side, a float32 scalar; logs it with the accuracy."""
        logits = output["class_logits"]
        right = tf.argmax(logits, -1, output_type=tf.int32) == turn.labels
        turn.log(f"discriminator/class_accuracy_{side}", right)
        return turn.log(
            f"discriminator/class_loss_{side}",
            tf.nn.sparse_softmax_cross_entropy_with_logits(turn.labels, logits),
        )
