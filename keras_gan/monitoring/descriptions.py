"""What each scalar in TensorBoard is, in a sentence; docs/monitoring.md shows the same table."""

import fnmatch

from keras_gan.monitoring.health.signals import SIGNALS

# In the order in which they are searched; * stands for any text.
SCALARS = {
    "generator/loss": "G's loss, the mean over the steps since the last point.",
    "discriminator/loss": "D's loss with penalties, the mean over the steps since the last point.",
    "discriminator/loss_real": "The part of D's loss that reals make.",
    "discriminator/loss_fake": "The part of D's loss that fakes make.",
    "discriminator/logits_real": "D's mean logit of reals; a logit of tens is saturated.",
    "discriminator/logits_fake": "D's mean logit of fakes.",
    "discriminator/accuracy_real": "Share of reals, 0 to 1, that D takes for real (logit above 0).",
    "discriminator/accuracy_fake": "Share of fakes, 0 to 1, that D takes for fake (below 0).",
    "discriminator/sign_real": "Mean sign of D's logits of reals, -1 to 1; near 1: D overfits.",
    "discriminator/direction": "Loss of the direction of D's last layer, trained apart (slicing).",
    "*/loss": "Loss of this player.",
    "*/gradient_norm": "L2 norm of the gradient of this player, over all of its weights.",
    "*/turns": "Updates of this player per step.",
    "*/bound_hit": "1 if the largest number of updates was used, else 0 (threshold loop).",
    "*/learning_rate": "Learning rate of this player.",
    "finite": "Share of steps, 0 to 1, whose values were all finite; others change no weight.",
    "fakes/distance": "Mean absolute difference of pixels in [-1, 1] of neighbouring fakes.",
    "reals/distance": "Mean absolute difference of pixels in [-1, 1] of neighbouring reals.",
    "*/feature_distance": "Mean absolute difference of neighbours of a batch in D's features.",
    "reals/nearest_fake": "Mean distance of a real to the nearest fake of its group of 32.",
    "reals/nearest_real": "Mean distance of a real to the nearest other real of its group of 32.",
    "fakes/magnitude": "Largest absolute value of a fake, mean of a batch; images are in [-1, 1].",
    "penalty/*_weight": "Weight of this penalty in D's loss.",
    "penalty/*": "This penalty of D's, with its weight.",
    "targets/real": "Mean target of D's logits of reals (soft labels).",
    "targets/fake": "Mean target of D's logits of fakes (soft labels).",
    "targets/flipped": "Share of targets, 0 to 1, that were exchanged.",
    "top_k/share": "Share of the fakes, 0 to 1, that train G.",
    "input_noise/stddev": "Standard deviation of the noise on D's inputs, in [-1, 1] pixels.",
    "augment/rate": "Probability, 0 to 1, that an image is augmented.",
    "ada/p": "Probability, 0 to 1, of an augmentation, as ADA adapts it.",
    "lecam/anchor_*": "Moving average of D's logits that LeCam's penalty pulls towards.",
    "replay/share": "Share of D's fakes, 0 to 1, that are earlier ones.",
    "replay/fill": "Share of the replay buffer, 0 to 1, that is filled.",
    "latents/correlation": "Correlation of a latent with that of the step before.",
    "target_networks/*": "L2 distance of the weights from their target network's.",
    "past_players/active": "1 while an earlier player is the opponent, else 0.",
    "past_players/swaps": "Number of times that an earlier player became the opponent.",
    "past_players/filled": "Number of earlier players that are stored.",
    "codes/category_accuracy": "Share of fakes, 0 to 1, whose category Q recovers.",
    "codes/category_loss": "Cross-entropy of Q's category, in nats.",
    "codes/continuous_loss": "Squared error of Q's continuous codes, halved and summed.",
    "encoder/kl": "KL divergence of the encoder's latents from the prior, in nats per image.",
    "encoder/feature_error": "Error of the reconstruction in D's features.",
    "discriminator/class_accuracy_*": "Share of images, 0 to 1, whose class D predicts.",
    "discriminator/class_loss_*": "Cross-entropy of D's classes, in nats.",
    "encoder/pixel_error": "Mean squared error of the reconstruction, in [-1, 1] pixels.",
    "generator/kl": "KL divergence of G from the data by D's logits, in nats (KL-GAN).",
    "scores/*_floor": "This score of held-out reals: what a perfect model would reach.",
    "scores/*_floor_sd": "Standard deviation of that score of reals.",
    "scores/*_over_floor": "This score divided by that of held-out reals.",
    "scores/fd_*": "Fréchet distance to reals in an extractor's features; lower is better.",
    "scores/*fid": "Fréchet Inception distance; lower is better.",
    "scores/modes": "Number of the mixture's modes that samples cover; higher is better.",
    "scores/good_share": "Share of samples, 0 to 1, near a mode; higher is better.",
    "scores/*": "A score of samples, or a number of its protocol (docs/evaluation.md).",
    "health/*": "The value with which this health signal was raised.",
}
_MEANINGS = {f"health/{signal.name}": signal.meaning for signal in SIGNALS}


def description(tag: str) -> str:
    """The sentence on a scalar's tag; empty for a tag that is not the project's."""
    sentences = (text for pattern, text in SCALARS.items() if fnmatch.fnmatchcase(tag, pattern))
    return _MEANINGS.get(tag) or next(sentences, "")
