"""KL-GAN: the generator also minimises the KL divergence that D's logit estimates."""

import dataclasses
from typing import Any

import tensorflow as tf

from keras_gan.rules.base import register

from .dcgan import DCGAN
from .options import ClassOptions, DCGANOptions


@register
class KLGAN(DCGAN):
    """GAN + KL (Huszár, 2016; Sønderby et al., 2017), on DCGAN's networks.

    At D's optimum its logit is log p(x)/q(x), with p the data's density and q that of the fakes.
    So KL(q‖p) = E_q log q/p = -E_z D(G(z)): G's loss is the non-saturating one plus
    w · KL(q‖p) = E sp(-D(G(z))) - w · E D(G(z)), sp the softplus. The KL term alone is the
    amortised maximum a posteriori loss of Sønderby et al., equation 10. D's loss is unchanged.

    KL(q‖p) is mode-seeking: it penalises unrealistic fakes, not missing modes. The metric
    "generator/kl" is the estimate in nats. It is valid only for an unsmoothed logistic D, so other
    losses, soft targets and flips are refused.

    Tips used by default: those of DCGAN, and 7 (the hybrid KL + GAN).

    Departs from the papers: they use the KL term alone, with instance noise on D's input
    (`--input_noise`, tip 13); here it is added to the non-saturating loss, as in the tip.

    Args:
        kl_weight: float, w. Defaults to 1.
        **options: as for `DCGAN`.

    Example:

    ```python
    gan = KLGAN(image_shape=(28, 28, 1), kl_weight=0.5)
    gan.compile()
    ```
    """

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options(ClassOptions, DCGANOptions):
        kl_weight: float = 1.0

    def compile(self, **rules: Any) -> None:
        super().compile(**rules)
        reason = "kl_gan estimates KL from an unsmoothed logistic D of the current fakes"
        if not self.loss_rule.logistic or self.loss_rule.paired:
            raise ValueError(f"{reason}, not with the loss {type(self.loss_rule).__name__}")
        if self.targets.soft or self.targets.flip:
            raise ValueError(f"{reason}, not with soft or flipped targets")
        if self.replay is not None or self.opponent is not None:
            raise ValueError(f"{reason}, not with replay, target networks or past players")

    def generator_loss(self, turn):
        adversarial = super().generator_loss(turn)["generator"]
        kl = turn.log("generator/kl", -tf.reduce_mean(turn.fake_output["logits"]))
        return {"generator": adversarial + self.options.kl_weight * kl}
