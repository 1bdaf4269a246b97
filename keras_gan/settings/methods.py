"""The settings of the tips, the later methods and the optimizers."""

import dataclasses
import functools

from keras_gan import choices
from keras_gan.settings.flags import common_flag, flag, interval, lengths, words_of

TIPS, LATER, OPT = "Tips", "Later methods", "Optimizers"
tip, later, optimization = (functools.partial(flag, group=group) for group in (TIPS, LATER, OPT))


def end_of(what: str, **options):
    """A flag that is the last value of a schedule, and None where there is none."""
    help = f"{what} from --schedule_steps on; constant if not given"
    return flag(None, help, kind=float, **options)


@dataclasses.dataclass(frozen=True)
class MethodSettings:
    """The part of a `Config` that sets what training uses."""

    separate_batches: bool = tip(True, "real and fake in separate batches through D (tip 4)")
    real_target: str = tip(
        "1",
        "D's target for reals: a number or LOW,HIGH (tip 6: 0.7,1.2)",
        read=interval,
    )
    fake_target: str = tip(
        "0", "D's target for fakes: a number or LOW,HIGH (tip 6: 0,0.3)", read=interval
    )
    label_flip: float = tip(
        0.0, "probability of flipping a label in D's turns (tip 6)", low=0.0, high=0.5
    )
    replay_rate: float = tip(
        0.0,
        "share of D's fakes from a replay buffer (tip 8); 0 is off",
        low=0.0,
        high=1.0,
    )
    replay_size: int = tip(1024, "capacity of the replay buffer, in fakes", low=1)
    past_players: int = tip(
        0, "number of past snapshots to train against (tip 8); 0 is off", low=0, high=32
    )
    past_players_every: int = tip(100, "steps between snapshots", low=1)
    past_players_rate: float = tip(
        0.1, "share of steps that train against a snapshot", low=0.0, high=1.0
    )
    target_networks: float = tip(
        0.0,
        "τ of the soft update of target networks (tip 8; DDPG: 0.01); 0 is off",
        low=0.0,
        high=1.0,
    )
    threshold_loop: bool = tip(False, "while loss_D > A train D, while loss_G > B train G (tip 11)")
    d_threshold: float = tip(
        0.9, "A of the threshold loop; training can stall above -log(1 - exp(-B))"
    )
    g_threshold: float = tip(0.5, "B of the threshold loop")
    turn_bound: int = tip(
        3, "threshold loop: largest number of turns per player and step", low=1, high=10
    )
    input_noise: float = tip(
        0.0, "initial σ of D's input noise (tip 13: 0.1); 0 is off", low=0.0, high=10.0
    )
    input_noise_decay: str = tip(
        "linear",
        "decay of σ to exactly 0",
        choices=("linear", "cosine", "exponential", "constant"),
    )
    input_noise_steps: int = tip(
        None,
        "step at which σ reaches 0; defaults to half of --steps at the first start",
        low=1,
        kind=int,
    )

    gradient_penalty: float = later(0.0, "weight of WGAN-GP's gradient penalty (10)", low=0.0)
    dragan: float = later(0.0, "weight of DRAGAN's gradient penalty (10)", low=0.0)
    r1: float = common_flag(0.0, "γ of R1, γ/2·‖∇D‖² on reals", group=LATER, low=0.0)
    r2: float = later(0.0, "γ of R2, γ/2·‖∇D‖² on fakes", low=0.0)
    r1_end: float = end_of("γ of R1", group=LATER, low=0.0)
    r2_end: float = end_of("γ of R2", group=LATER, low=0.0)
    r1_finite_difference: bool = later(
        False, "compute R1 and R2 by finite differences, without a second gradient"
    )
    penalty_interval: int = later(
        1,
        "lazy regularisation: apply penalties every N steps, at N times their weight",
        low=1,
        high=64,
    )
    lecam: float = later(0.0, "weight of LeCam regularisation (0.3)", low=0.0)
    consistency: float = later(
        0.0, "weight of consistency regularisation on reals (CR, 10)", low=0.0
    )
    balanced_consistency: float = later(
        0.0, "weight of balanced consistency regularisation (bCR, 10)", low=0.0
    )
    augment: str = common_flag(
        "",
        "DiffAugment: any of color,translation,cutout",
        group=LATER,
        read=words_of("color", "translation", "cutout"),
    )
    augment_rate: float = later(
        1.0,
        "probability that a kind of DiffAugment acts on an image",
        low=0.0,
        high=1.0,
    )
    augment_rate_end: float = end_of("that probability", group=LATER, low=0.0, high=1.0)
    average_half_life: float = later(
        0.0,
        "length of the moving average of G in images, in place of --average_decay; 0 is off",
        low=0.0,
    )
    average_half_life_end: float = end_of("that length", group=LATER, low=0.0)
    average_lengths: str = later(
        "",
        "relative lengths of power-function averages of G, in place of the other average; scores"
        " choose the best, without them it is the first (EDM2: 0.05,0.10)",
        read=lengths,
    )
    ada: float = later(
        0.0, "ADA: target of mean sign(D) on reals (0.6); 0 is off", low=0.0, high=0.99
    )
    top_k: float = later(
        0.0,
        "final share of fakes, those scored best, that train G (0.5); 0 is off",
        low=0.0,
        high=1.0,
    )
    clip_weights: float = later(0.0, "bound of D's weights (WGAN: 0.01); 0 is off", low=0.0)
    freeze_d: int = later(
        0,
        "D's first N layers with weights stay fixed, for fine-tuning (FreezeD, with --init_from)",
        low=0,
    )
    clip_norm: float = later(0.0, "bound of the gradient norm of each player; 0 is off", low=0.0)

    d_optimizer: str = optimization(
        "adam", "optimizer of D: the name of any Keras optimizer (tip 9: sgd)"
    )
    g_optimizer: str = optimization("adam", "optimizer of G: the name of any Keras optimizer")
    d_learning_rate: float = common_flag(2e-4, "learning rate of D", group=OPT, low=0.0, high=10.0)
    g_learning_rate: float = common_flag(2e-4, "learning rate of G", group=OPT, low=0.0, high=10.0)
    d_learning_rate_schedule: str = optimization(
        "constant",
        "how D's learning rate goes to its end value",
        choices=choices.SCHEDULES,
    )
    g_learning_rate_schedule: str = optimization(
        "constant",
        "how G's learning rate goes to its end value",
        choices=choices.SCHEDULES,
    )
    d_learning_rate_end: float = optimization(
        0.0, "D's learning rate from --schedule_steps on", low=0.0, high=10.0
    )
    g_learning_rate_end: float = optimization(
        0.0, "G's learning rate from --schedule_steps on", low=0.0, high=10.0
    )
    warmup_steps: int = optimization(
        0, "steps over which both learning rates rise linearly from near 0", low=0
    )
    schedule_steps: int = optimization(
        None,
        "step at which all schedules reach their end values; --schedule_share of --steps at the"
        " first start",
        low=1,
        kind=int,
    )
    schedule_share: float = optimization(
        1.0,
        "share of --steps at the first start that --schedule_steps is, if not given",
        low=0.001,
        high=1.0,
    )
    schedule: str = optimization(
        "cosine",
        "how everything but the learning rates that has an end value goes to it",
        choices=choices.SCHEDULES[1:],
    )
    d_beta_1: float = optimization(0.5, "β1 of D's optimizer, if it has one", low=0.0, high=0.9999)
    g_beta_1: float = optimization(0.5, "β1 of G's optimizer, if it has one", low=0.0, high=0.9999)
    d_beta_2: float = optimization(
        0.999, "β2 of D's optimizer, if it has one", low=0.0, high=0.99999
    )
    g_beta_2: float = optimization(
        0.999, "β2 of G's optimizer, if it has one", low=0.0, high=0.99999
    )
    d_beta_2_end: float = end_of("β2 of D's optimizer", group=OPT, low=0.0, high=0.99999)
    g_beta_2_end: float = end_of("β2 of G's optimizer", group=OPT, low=0.0, high=0.99999)
    d_weight_decay: float = optimization(
        0.0, "decoupled weight decay of D (tip 8)", low=0.0, high=1.0
    )
