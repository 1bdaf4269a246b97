"""What `evaluate` measures: how D does on images it is not trained on."""

from typing import Any

import tensorflow as tf

from keras_gan.step import pixels, randomness, replicas


def values(gan: Any, images: tf.Tensor, labels: tf.Tensor | None) -> dict[str, tf.Tensor]:
    """D's loss and accuracies, one value per image, float32 [n].

    Both networks are in inference mode, and the latents always the same ones. Targets are 1 and 0.

    Args:
        gan: a `GAN`.
        images: held-out images of this replica, uint8 or float32 in [-1, 1], [n, h, w, c].
        labels: int32 [n], or None.
    """
    real = pixels.to_float(images)
    count = real.shape[0]
    row = tf.cast(replicas.index(), tf.int64) * count
    key = randomness.Key.create(0, row=row).fold("held out")
    latents = gan.prior.sample(key.fold("latent"), (count, gan.latent_dim))
    fake = gan.call_generator(latents, labels, training=False)
    logits = [
        gan.call_discriminator(side, labels, training=False)["logits"] for side in (real, fake)
    ]
    parts = gan.loss_rule.discriminator(*logits)
    return {
        "d_loss": _per_image(parts[0]) + _per_image(parts[1]),
        "d_accuracy_real": _per_image(tf.cast(logits[0] > 0, tf.float32)),
        "d_accuracy_fake": _per_image(tf.cast(logits[1] < 0, tf.float32)),
    }


def _per_image(value: tf.Tensor) -> tf.Tensor:
    """A value per logit, or a scalar, as one value per image; maps are averaged."""
    axes = list(range(1, len(value.shape)))
    return tf.reduce_mean(value, axes) if axes else value
