"""Conditional GAN: an embedding of the label in G, a projection in D."""

import dataclasses

import keras

from keras_gan.layers.label_map import LabelMap
from keras_gan.rules.base import register

from . import blocks
from .base import ZooModel
from .dcgan import conditional_generator, discriminator_trunk
from .options import DCGANOptions


@register
class CGAN(ZooModel):
    """Conditional GAN (Mirza & Osindero, 2014) with projection (Miyato & Koyama, 2018).

    G: z concatenated with a learned embedding of the label → DCGAN's generator.
    D: D(x, y) = l·φ(x) + b + ⟨e_y, φ(x)⟩, where φ(x) is the sum over positions of DCGAN's last
    map and e_y a learned vector of the class (Miyato & Koyama, equation 8): one logit for the
    image together with its label.
    D maximises E log D(x, y) + E log(1 - D(G(z, y), y)), G maximises E log D(G(z, y), y), with
    the labels y of the real batch.

    Tips used by default: those of DCGAN, and 12 in part: labels are used.

    Departs from the papers: Mirza & Osindero concatenate the label in both players' perceptrons;
    Miyato & Koyama condition G by batch norm, and use a ResNet, spectral norm and the hinge loss
    (`--spectral_norm --loss=hinge`).

    Args:
        num_classes: int, number of classes; labels are int32 0 to num_classes-1. Defaults to 10.
        label_map: bool, whether the label also enters D as an image channel (tip 16). Defaults to
            False.
        **options: as for `DCGAN`.

    Example:

    ```python
    gan = CGAN(num_classes=10)
    gan.compile()
    gan.fit(batches)  # of (images [n, turns, h, w, c], labels [n, turns])
    trousers = gan.sample(8, labels=[1] * 8)
    ```
    """

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options(DCGANOptions):
        num_classes: int = 10
        label_map: bool = False

    @classmethod
    def build_generator(cls, options: Options) -> keras.Model:
        return conditional_generator(options)

    @classmethod
    def build_discriminator(cls, options: Options) -> keras.Model:
        """Images [n, h, w, c] and labels int32 [n] → {"logits": [n], "features": [n, d]}."""
        num_classes = options.num_classes
        images = x = keras.Input(options.image_shape, name="images")
        labels = keras.Input((), dtype="int32", name="labels")
        if options.label_map:
            label_map = LabelMap(num_classes, *options.image_shape[:2])(labels)
            x = keras.layers.Concatenate()([x, label_map])
        feature_map = keras.ops.cast(discriminator_trunk(x, options), "float32")
        features = keras.ops.sum(feature_map, axis=(1, 2))
        projection = blocks.projection(features, labels, num_classes, options.spectral_norm)
        logits = blocks.logit(features, options.spectral_norm) + projection
        outputs = {"logits": logits, "features": features}
        return blocks.network([images, labels], outputs, "discriminator", options)
