"""AC-GAN: the discriminator also classifies, and the generator gets the class."""

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

    G: z concatenated with a learned embedding of the label → DCGAN's generator.
    D: image → DCGAN's last map → a real-or-fake logit and the logits of the classes c(x).
    With L_C the cross-entropy of the label's class, D minimises its adversarial loss plus
    w · L_C on reals, G its adversarial loss plus w · L_C on fakes.

    Tips used by default: those of DCGAN, and 12 (labels, the class loss on fakes trains G only).

    Departs from the paper: there the class loss on fakes trains D too, so that D learns classes
    from fakes that do not show them yet; `class_loss_on_fakes=True` (`--class_loss_on_fakes`) is
    the paper's form. The networks are DCGAN's, without dropout in D.

    Args:
        num_classes: int, number of classes; labels are int32 0 to num_classes-1. Defaults to 10.
        class_weight: float, w, weight of the class loss in both players' losses. Defaults to 1.
        class_loss_on_fakes: bool, whether D's loss includes the class loss on fakes. Defaults to
            False.
        **options: as for `DCGAN`.

    Example:

    ```python
    gan = ACGAN(num_classes=10)
    gan.compile()
    gan.fit(batches)  # of (images [n, turns, h, w, c], labels [n, turns])
    trousers = gan.sample(8, labels=[1] * 8)
    ```
    """

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options(DCGANOptions):
        num_classes: int = 10
        class_weight: float = 1.0
        class_loss_on_fakes: bool = False

    @classmethod
    def build_generator(cls, options: Options) -> keras.Model:
        return conditional_generator(options)

    @classmethod
    def build_discriminator(cls, options: Options) -> keras.Model:
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
        loss = super().discriminator_loss(turn)
        loss += self.options.class_weight * self._class_loss(turn, turn.real_output, "real")
        if self.options.class_loss_on_fakes:
            loss += self.options.class_weight * self._class_loss(turn, turn.fake_output, "fake")
        return loss

    def generator_loss(self, turn):
        adversarial = super().generator_loss(turn)["generator"]
        class_loss = self._class_loss(turn, turn.fake_output, "fake")
        return {"generator": adversarial + self.options.class_weight * class_loss}

    def _class_loss(self, turn, output, side):
        """L_C of one side, a float32 scalar; logs it and the accuracy."""
        logits = output["class_logits"]
        right = tf.argmax(logits, -1, output_type=tf.int32) == turn.labels
        turn.log(f"discriminator/class_accuracy_{side}", right)
        return turn.log(
            f"discriminator/class_loss_{side}",
            tf.nn.sparse_softmax_cross_entropy_with_logits(turn.labels, logits),
        )
