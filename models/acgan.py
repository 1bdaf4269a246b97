"""AC-GAN: the discriminator also classifies, and the generator is told the class."""

import keras
import tensorflow as tf

from keras_gan import layers
from keras_gan.rules import register

from . import blocks
from .base import ZooModel
from .dcgan import decode, encode


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

    def __init__(
        self,
        image_shape=(28, 28, 1),
        num_classes=10,
        latent_dim=128,
        width=64,
        normalization="batch",
        d_normalization="batch",
        activation="leaky_relu",
        upsampling="transposed",
        downsampling="strided",
        spectral=False,
        noise=0.0,
        dropout=0.0,
        minibatch_stddev=False,
        last_layer=None,
        synchronized=False,
        class_weight=1.0,
        class_loss_on_fakes=False,
        prior=None,
        **kwargs,
    ):
        config = blocks.arguments(locals())
        super().__init__(
            generator=build_generator(**config),
            discriminator=build_discriminator(**config),
            prior=prior,
            **kwargs,
        )
        self.config, self.num_classes = config, num_classes
        self.class_weight, self.class_loss_on_fakes = class_weight, class_loss_on_fakes

    def discriminator_loss(self, turn):
        found = super().discriminator_loss(turn)
        found += self.class_weight * self._class_loss(turn, turn.real_output, "real")
        if self.class_loss_on_fakes:
            found += self.class_weight * self._class_loss(turn, turn.fake_output, "fake")
        return found

    def generator_loss(self, turn):
        found = super().generator_loss(turn)
        class_loss = self._class_loss(turn, turn.fake_output, "fake")
        return {"generator": found["generator"] + self.class_weight * class_loss}

    def _class_loss(self, turn, output, side):
        """L_C of one side, a float32 scalar; logs it with the accuracy."""
        logits = output["class_logits"]
        right = tf.argmax(logits, -1, output_type=tf.int32) == turn.labels
        turn.log(f"discriminator/class_accuracy_{side}", right)
        return turn.log(
            f"discriminator/class_loss_{side}",
            tf.nn.sparse_softmax_cross_entropy_with_logits(turn.labels, logits),
        )


def build_generator(latent_dim, num_classes, last_layer, **config):
    """z float32 [n, latent_dim] and labels int32 [n] → images float32 [n, h, w, c]."""
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    images = decode(blocks.with_label(latents, labels, num_classes), **config)
    model = keras.Model([latents, labels], images, name="generator")
    blocks.shrink_last_layer(model, last_layer)
    return model


def build_discriminator(image_shape, num_classes, spectral, last_layer, **config):
    """Images → {"logits": [n], "features": [n, d], "class_logits": [n, num_classes]}."""
    images = keras.Input(image_shape, name="images")
    features = keras.layers.Flatten()(encode(images, spectral=spectral, **config))
    dense = layers.SpectralDense if spectral else keras.layers.Dense
    class_logits = dense(num_classes, kernel_initializer=blocks.initializer(), name="class_logits")(
        features
    )
    outputs = {
        "logits": blocks.logit(features, spectral),
        "features": features,
        "class_logits": class_logits,
    }
    model = keras.Model(images, outputs, name="discriminator")
    blocks.shrink_last_layer(model, last_layer)
    return model
