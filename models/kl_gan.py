"""KL-GAN: the generator also minimises the KL divergence that D's logit estimates."""

import dataclasses

import tensorflow as tf

from keras_gan.rules.base import register

from .dcgan import DCGAN
from .options import DCGANOptions


@register
class KLGAN(DCGAN):
    """GAN + KL (Huszár, 2016; Sønderby et al., 2017), on DCGAN's networks.

    Where D is at its optimum its logit is log p(x)/q(x), p the data's density and q the fakes'.
    So KL(q‖p) = E_q log q/p = -E_z D(G(z)): G's loss is the non-saturating one plus
    w · KL(q‖p) = E sp(-D(G(z))) - w · E D(G(z)). With w = 1 alone this is the amortised maximum
    a posteriori loss of Sønderby et al., equation 10. D's loss is unchanged.

    KL(q‖p) is mode-seeking: it punishes garbage, not missing modes. The metric "generator/kl" is
    the estimate in nats. It holds only for an unsmoothed logistic D, so other losses, soft targets
    and flips are refused.

    Tips used by default: those of DCGAN, and 7 (the hybrid KL + GAN).

    Departs from the papers: they use the KL term alone, with instance noise on D's input
    (`--input_noise`, tip 13); here it is added to the non-saturating loss, as the tip has it.

    Args:
        kl_weight: w, in G's loss.
        others as of `DCGAN`.

    Example:
        gan = KLGAN(image_shape=(28, 28, 1), kl_weight=0.5)
        gan.compile()
    """

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options(DCGANOptions):
        kl_weight: float = 1.0

    def compile(self, **rules):
        super().compile(**rules)
        reads = "kl_gan reads KL from the logit of an unsmoothed logistic D on today's fakes"
        if not self.loss_rule.logistic or self.loss_rule.paired:
            raise ValueError(f"{reads}: not with the loss {type(self.loss_rule).__name__}")
        if self.targets.soft or self.targets.flip:
            raise ValueError(f"{reads}: not with soft or flipped targets")
        if self.replay is not None or self.opponent is not None:
            raise ValueError(f"{reads}: not with replay, target networks or past players")

    def generator_loss(self, turn):
        found = super().generator_loss(turn)
        kl = turn.log("generator/kl", -tf.reduce_mean(turn.fake_output["logits"]))
        return {"generator": found["generator"] + self.options.kl_weight * kl}
