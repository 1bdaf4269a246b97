"""The settings of the tips, the later methods and the optimizers."""

import dataclasses

from keras_gan import choices
from keras_gan.settings.flags import common_flag, flag, interval, lengths, words_of

TIPS, LATER, OPT = "Tips", "Later methods", "Optimizers"


@dataclasses.dataclass(frozen=True)
class MethodSettings:
    """The part of a `Config` that sets what training uses."""

    separate_batches: bool = flag(
        True, "real and fake in separate batches through D (tip 4)", group=TIPS
    )
    real_target: str = flag(
        "1",
        "D's target for reals: a number or LOW,HIGH (tip 6: 0.7,1.2)",
        group=TIPS,
        read=interval,
    )
    fake_target: str = flag(
        "0", "D's target for fakes: a number or LOW,HIGH (tip 6: 0,0.3)", group=TIPS, read=interval
    )
    label_flip: float = flag(
        0.0, "probability of flipping a label in D's turns (tip 6)", group=TIPS, low=0.0, high=0.5
    )
    replay_rate: float = flag(
        0.0,
        "share of D's fakes from a replay buffer (tip 8); 0 is off",
        group=TIPS,
        low=0.0,
        high=1.0,
    )
    replay_size: int = flag(1024, "capacity of the replay buffer, in fakes", group=TIPS, low=1)
    past_players: int = flag(
        0, "number of past snapshots to train against (tip 8); 0 is off", group=TIPS, low=0, high=32
    )
    past_players_every: int = flag(100, "steps between snapshots", group=TIPS, low=1)
    past_players_rate: float = flag(
        0.1, "share of steps that train against a snapshot", group=TIPS, low=0.0, high=1.0
    )
    target_networks: float = flag(
        0.0,
        "τ of the soft update of target networks (tip 8; DDPG: 0.01); 0 is off",
        group=TIPS,
        low=0.0,
        high=1.0,
    )
    threshold_loop: bool = flag(
        False, "while loss_D > A train D, while loss_G > B train G (tip 11)", group=TIPS
    )
    d_threshold: float = flag(
        0.9, "A of the threshold loop; training can stall above -log(1 - exp(-B))", group=TIPS
    )
    g_threshold: float = flag(0.5, "B of the threshold loop", group=TIPS)
    turn_bound: int = flag(
        3, "threshold loop: largest number of turns per player and step", group=TIPS, low=1, high=10
    )
    input_noise: float = flag(
        0.0, "initial σ of D's input noise (tip 13: 0.1); 0 is off", group=TIPS, low=0.0, high=10.0
    )
    input_noise_decay: str = flag(
        "linear",
        "decay of σ to exactly 0",
        group=TIPS,
        choices=("linear", "cosine", "exponential", "constant"),
    )
    input_noise_steps: int = flag(
        None,
        "step at which σ reaches 0; defaults to half of --steps at the first start",
        group=TIPS,
        low=1,
        kind=int,
    )

    gradient_penalty: float = flag(
        0.0, "weight of WGAN-GP's gradient penalty (10)", group=LATER, low=0.0
    )
    dragan: float = flag(0.0, "weight of DRAGAN's gradient penalty (10)", group=LATER, low=0.0)
    r1: float = common_flag(0.0, "γ of R1, γ/2·‖∇D‖² on reals", group=LATER, low=0.0)
    r2: float = flag(0.0, "γ of R2, γ/2·‖∇D‖² on fakes", group=LATER, low=0.0)
    r1_end: float = flag(
        None,
        "γ of R1 from --schedule_steps on; constant if not given",
        group=LATER,
        low=0.0,
        kind=float,
    )
    r2_end: float = flag(
        None,
        "γ of R2 from --schedule_steps on; constant if not given",
        group=LATER,
        low=0.0,
        kind=float,
    )
    r1_finite_difference: bool = flag(
        False, "compute R1 and R2 by finite differences, without a second gradient", group=LATER
    )
    penalty_interval: int = flag(
        1,
        "lazy regularisation: apply penalties every N steps, at N times their weight",
        group=LATER,
        low=1,
        high=64,
    )
    lecam: float = flag(0.0, "weight of LeCam regularisation (0.3)", group=LATER, low=0.0)
    consistency: float = flag(
        0.0, "weight of consistency regularisation on reals (CR, 10)", group=LATER, low=0.0
    )
    balanced_consistency: float = flag(
        0.0, "weight of balanced consistency regularisation (bCR, 10)", group=LATER, low=0.0
    )
    augment: str = common_flag(
        "",
        "DiffAugment: any of color,translation,cutout",
        group=LATER,
        read=words_of("color", "translation", "cutout"),
    )
    augment_rate: float = flag(
        1.0,
        "probability that a kind of DiffAugment acts on an image",
        group=LATER,
        low=0.0,
        high=1.0,
    )
    augment_rate_end: float = flag(
        None,
        "that probability from --schedule_steps on; constant if not given",
        group=LATER,
        low=0.0,
        high=1.0,
        kind=float,
    )
    average_half_life: float = flag(
        0.0,
        "length of the moving average of G in images, in place of --average_decay; 0 is off",
        group=LATER,
        low=0.0,
    )
    average_half_life_end: float = flag(
        None,
        "that length from --schedule_steps on; constant if not given",
        group=LATER,
        low=0.0,
        kind=float,
    )
    average_lengths: str = flag(
        "",
        "relative lengths of power-function averages of G, in place of the other average; scores"
        " choose the best, without them it is the first (EDM2: 0.05,0.10)",
        group=LATER,
        read=lengths,
    )
    ada: float = flag(
        0.0, "ADA: target of mean sign(D) on reals (0.6); 0 is off", group=LATER, low=0.0, high=0.99
    )
    top_k: float = flag(
        0.0,
        "final share of fakes, those scored best, that train G (0.5); 0 is off",
        group=LATER,
        low=0.0,
        high=1.0,
    )
    clip_weights: float = flag(
        0.0, "bound of D's weights (WGAN: 0.01); 0 is off", group=LATER, low=0.0
    )
    freeze_d: int = flag(
        0,
        "D's first N layers with weights stay fixed, for fine-tuning (FreezeD, with --init_from)",
        group=LATER,
        low=0,
    )
    clip_norm: float = flag(
        0.0, "bound of the gradient norm of each player; 0 is off", group=LATER, low=0.0
    )

    d_optimizer: str = flag(
        "adam", "optimizer of D: the name of any Keras optimizer (tip 9: sgd)", group=OPT
    )
    g_optimizer: str = flag("adam", "optimizer of G: the name of any Keras optimizer", group=OPT)
    d_learning_rate: float = common_flag(2e-4, "learning rate of D", group=OPT, low=0.0, high=10.0)
    g_learning_rate: float = common_flag(2e-4, "learning rate of G", group=OPT, low=0.0, high=10.0)
    d_learning_rate_schedule: str = flag(
        "constant",
        "how D's learning rate goes to its end value",
        group=OPT,
        choices=choices.SCHEDULES,
    )
    g_learning_rate_schedule: str = flag(
        "constant",
        "how G's learning rate goes to its end value",
        group=OPT,
        choices=choices.SCHEDULES,
    )
    d_learning_rate_end: float = flag(
        0.0, "D's learning rate from --schedule_steps on", group=OPT, low=0.0, high=10.0
    )
    g_learning_rate_end: float = flag(
        0.0, "G's learning rate from --schedule_steps on", group=OPT, low=0.0, high=10.0
    )
    warmup_steps: int = flag(
        0, "steps over which both learning rates rise linearly from near 0", group=OPT, low=0
    )
    schedule_steps: int = flag(
        None,
        "step at which all schedules reach their end values; --schedule_share of --steps at the"
        " first start",
        group=OPT,
        low=1,
        kind=int,
    )
    schedule_share: float = flag(
        1.0,
        "share of --steps at the first start that --schedule_steps is, if not given",
        group=OPT,
        low=0.001,
        high=1.0,
    )
    schedule: str = flag(
        "cosine",
        "how everything but the learning rates that has an end value goes to it",
        group=OPT,
        choices=choices.SCHEDULES[1:],
    )
    d_beta_1: float = flag(
        0.5, "β1 of D's optimizer, if it has one", group=OPT, low=0.0, high=0.9999
    )
    g_beta_1: float = flag(
        0.5, "β1 of G's optimizer, if it has one", group=OPT, low=0.0, high=0.9999
    )
    d_beta_2: float = flag(
        0.999, "β2 of D's optimizer, if it has one", group=OPT, low=0.0, high=0.99999
    )
    g_beta_2: float = flag(
        0.999, "β2 of G's optimizer, if it has one", group=OPT, low=0.0, high=0.99999
    )
    d_beta_2_end: float = flag(
        None,
        "β2 of D's optimizer from --schedule_steps on; constant if not given",
        group=OPT,
        low=0.0,
        high=0.99999,
        kind=float,
    )
    g_beta_2_end: float = flag(
        None,
        "β2 of G's optimizer from --schedule_steps on; constant if not given",
        group=OPT,
        low=0.0,
        high=0.99999,
        kind=float,
    )
    d_weight_decay: float = flag(
        0.0, "decoupled weight decay of D (tip 8)", group=OPT, low=0.0, high=1.0
    )
