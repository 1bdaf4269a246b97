"""Conditional GAN: an embedding of the label in G, a projection in D."""

import keras

from keras_gan import layers
from keras_gan.rules import register

from . import blocks
from .base import ZooModel
from .dcgan import decode, encode


@register
class CGAN(ZooModel):
    """Conditional GAN (Mirza & Osindero, 2014) with projection (Miyato & Koyama, 2018).

    G: z beside a learned embedding of the label → DCGAN's generator.
    D: D(x, y) = l·φ(x) + b + ⟨e_y, φ(x)⟩, where φ(x) is the sum over positions of DCGAN's last
    map and e_y a learned vector of the class (Miyato & Koyama, equation 8): one real-or-fake
    answer, for the image together with its label.
    D maximises E log D(x, y) + E log(1 - D(G(z, y), y)), G maximises E log D(G(z, y), y), with
    the labels y of the real batch.

    Tips used by default: those of DCGAN, and 12 in its spirit: labels are used.

    Departs from the papers: Mirza & Osindero concatenate the label in both players' perceptrons;
    Miyato & Koyama condition G by batch norm, and use a ResNet, spectral norm and the hinge loss
    (`--spectral_norm --loss=hinge`).

    Args:
        num_classes: number of classes; labels are int32 0 to num_classes-1.
        label_map: the label also enters D as an image channel (tip 16).
        others as of `DCGAN`.

    Example:
        gan = CGAN(num_classes=10)
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
        label_map=False,
        last_layer=None,
        synchronized=False,
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


def build_generator(latent_dim, num_classes, last_layer, **config):
    """z float32 [n, latent_dim] and labels int32 [n] → images float32 [n, h, w, c]."""
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    images = decode(blocks.with_label(latents, labels, num_classes), **config)
    model = keras.Model([latents, labels], images, name="generator")
    blocks.shrink_last_layer(model, last_layer)
    return model


def build_discriminator(image_shape, num_classes, label_map, spectral, last_layer, **config):
    """Images [n, h, w, c] and labels int32 [n] → {"logits": [n], "features": [n, d]}."""
    images = x = keras.Input(image_shape, name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    if label_map:
        x = keras.layers.Concatenate()([x, layers.LabelMap(num_classes, *image_shape[:2])(labels)])
    x = encode(x, spectral=spectral, **config)
    features = keras.ops.sum(keras.ops.cast(x, "float32"), axis=(1, 2))
    dense = layers.SpectralDense if spectral else keras.layers.Dense
    of_class = dense(
        features.shape[-1], use_bias=False, kernel_initializer=blocks.initializer(), name="classes"
    )(keras.ops.one_hot(labels, num_classes))
    projection = keras.ops.sum(keras.ops.cast(of_class, "float32") * features, axis=-1)
    logits = blocks.logit(features, spectral) + projection
    outputs = {"logits": logits, "features": features}
    model = keras.Model([images, labels], outputs, name="discriminator")
    blocks.shrink_last_layer(model, last_layer)
    return model
