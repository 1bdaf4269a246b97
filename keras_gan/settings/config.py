"""Every setting of a run: what it is called, what it does, what is allowed.

One declaration here is a field of the config, a flag, and a row of `--help`.
"""

import dataclasses

from keras_gan import choices
from keras_gan.settings.flags import flag, image_size, interval, words_of
from keras_gan.settings.show_flags import ShowFlags

MODES = (
    "train",
    "evaluate",
    "sample",
    "interpolate",
    "project",
    "explore",
    "export",
    "study",
)

RUN, DATA, NETS, GAME = "Run", "Data", "Networks", "Game"
TIPS, LATER, OPT, WATCH = "Tips", "Later methods", "Optimizers", "Watching and scoring"
DEVICES, HEALTH = "Devices", "Health"
TOOLS, STUDY = "Evaluate, sample, export", "Study"


@dataclasses.dataclass(frozen=True)
class RunFlags:
    """What makes a run, and the tools for it; `Config` has all settings."""

    mode: str = flag("train", "what to do", group=RUN, choices=MODES, may_change=True)
    run_dir: str = flag("runs/default", "everything a run leaves", group=RUN, may_change=True)
    model: str = flag("dcgan", "a name of the zoo's registry", group=RUN)
    steps: int = flag(2000, "training steps", group=RUN, low=1, may_change=True)
    batch_size: int = flag(64, "images a turn, over all devices", group=RUN, low=2)
    seed: int = flag(0, "of weights, data order and everything random", group=RUN, low=0)

    dataset: str = flag(
        "fashion_mnist",
        "a TFDS name, folder:PATH, npz:PATH, ring8, grid25, swissroll or stacked_fashion_mnist",
        group=DATA,
    )
    data_dir: str = flag("", "where data sets are kept", group=DATA, may_change=True)
    image_size: str = flag(
        "",
        "resize to N or HxW, height first: 28 to 256, multiples of 4",
        group=DATA,
        read=image_size,
    )
    channels: int = flag(
        0,
        "1, 3 or 4; 0 keeps the data's (alpha goes onto white unless 4)",
        group=DATA,
        choices=(0, 1, 3, 4),
    )
    labels: str = flag("auto", "auto, none, or where labels are found in the data", group=DATA)

    latent_dim: int = flag(128, "dimensions of z", group=NETS, low=1)
    width: int = flag(
        64, "capacity: channels (or units) of the first hidden layer", group=NETS, low=1
    )
    normalization: str = flag("batch", "in G", group=NETS, choices=choices.NORMALIZATIONS)
    d_normalization: str = flag("batch", "in D", group=NETS, choices=choices.NORMALIZATIONS)
    activation: str = flag("leaky_relu", "in G and D", group=NETS, choices=choices.ACTIVATIONS)
    upsampling: str = flag("transposed", "in G", group=NETS, choices=choices.UPSAMPLINGS)
    downsampling: str = flag("strided", "in D", group=NETS, choices=choices.DOWNSAMPLINGS)
    spectral_norm: bool = flag(
        False, "spectral normalisation in D (Miyato et al., 2018)", group=NETS
    )
    minibatch_stddev: bool = flag(
        False, "D sees the spread over groups of four images (tip 15)", group=NETS
    )
    label_map: bool = flag(
        False, "labels enter as an image channel of a small embedding (tip 16)", group=NETS
    )
    dropout: float = flag(
        0.0, "rate in G, at training and at sampling (tip 17: 0.5)", group=NETS, low=0.0, high=0.9
    )
    layer_noise: float = flag(
        0.0,
        "σ of the noise in every layer of G (tip 13); near 1 it ruins the samples",
        group=NETS,
        low=0.0,
        high=10.0,
    )
    noise_at_sampling: bool = flag(
        False, "keep G's noise when sampling, scoring and exporting", group=NETS
    )
    last_layer_init: float = flag(
        0.0,
        "bound of a uniform initialisation of the last layers (tip 8; DDPG: 0.003); 0 is off",
        group=NETS,
        low=0.0,
        high=1.0,
    )

    loss: str = flag(
        "non_saturating",
        "adversarial loss; non_saturating is G trained with flipped labels (tip 2)",
        group=GAME,
        choices=choices.LOSSES,
    )
    prior: str = flag(
        "gaussian",
        "distribution of z (tip 3)",
        group=GAME,
        choices=("gaussian", "uniform", "hypersphere", "ornstein_uhlenbeck"),
    )
    d_turns: int = flag(
        1, "turns of D a step, each on fresh images (tip 14)", group=GAME, low=1, high=20
    )
    g_turns: int = flag(1, "turns of G a step", group=GAME, low=1, high=20)
    average_decay: float = flag(
        0.999,
        "β of the moving average of G that is sampled and exported; 0 is off",
        group=GAME,
        low=0.0,
        high=0.99999,
    )
    class_weight: float = flag(
        1.0, "weight of the class loss of conditional models", group=GAME, low=0.0
    )
    class_loss_on_fakes: bool = flag(
        False, "AC-GAN: the class loss on fakes trains D too (Odena et al., 2017)", group=GAME
    )
    kl_weight: float = flag(1.0, "weight of KL-GAN's or VAE-GAN's KL term", group=GAME, low=0.0)
    reconstruction_weight: float = flag(
        1.0, "weight of VAE-GAN's reconstruction for the decoder", group=GAME, low=0.0
    )
    code_weight: float = flag(1.0, "weight of InfoGAN's mutual information", group=GAME, low=0.0)

    separate_batches: bool = flag(
        True, "real and fake go through D apart (tip 4); false is the counter-example", group=TIPS
    )
    real_target: str = flag(
        "1",
        "D's target of reals: a number or a range LOW,HIGH (tip 6: 0.7,1.2)",
        group=TIPS,
        read=interval,
    )
    fake_target: str = flag(
        "0",
        "D's target of fakes: a number or a range LOW,HIGH (tip 6: 0,0.3)",
        group=TIPS,
        read=interval,
    )
    label_flip: float = flag(
        0.0, "probability of a flipped label in D's turns (tip 6)", group=TIPS, low=0.0, high=0.5
    )
    replay_rate: float = flag(
        0.0,
        "share of D's fakes that come from the past (tip 8); 0 is off",
        group=TIPS,
        low=0.0,
        high=1.0,
    )
    replay_size: int = flag(1024, "fakes that the replay buffer holds", group=TIPS, low=1)
    past_players: int = flag(
        0,
        "snapshots of G and D to train against now and then (tip 8); 0 is off",
        group=TIPS,
        low=0,
        high=32,
    )
    past_players_every: int = flag(100, "steps between snapshots", group=TIPS, low=1)
    past_players_rate: float = flag(
        0.1, "share of steps against a snapshot", group=TIPS, low=0.0, high=1.0
    )
    target_networks: float = flag(
        0.0,
        "τ of the soft update of target networks (tip 8; DDPG: 0.01); 0 is off",
        group=TIPS,
        low=0.0,
        high=1.0,
    )
    threshold_loop: bool = flag(
        False,
        "while loss_D > A train D, while loss_G > B train G; off because losses do not say who is"
        " ahead (tip 11)",
        group=TIPS,
    )
    d_threshold: float = flag(
        0.9,
        "A of the threshold loop; above -log(1 - exp(-B)) both sides can be content at once, and"
        " nothing trains any more",
        group=TIPS,
    )
    g_threshold: float = flag(0.5, "B of the threshold loop", group=TIPS)
    turn_bound: int = flag(
        3, "most turns a side takes in a step of the threshold loop", group=TIPS, low=1, high=10
    )
    input_noise: float = flag(
        0.0,
        "σ of the noise on D's input at the start (tip 13: 0.1); 0 is off",
        group=TIPS,
        low=0.0,
        high=10.0,
    )
    input_noise_decay: str = flag(
        "linear",
        "how σ falls to exactly 0",
        group=TIPS,
        choices=("linear", "cosine", "exponential", "constant"),
    )
    input_noise_steps: int = flag(
        None,
        "step at which σ reaches 0; half of --steps at the first start",
        group=TIPS,
        low=1,
        kind=int,
    )

    gradient_penalty: float = flag(0.0, "weight of WGAN-GP's penalty (10)", group=LATER, low=0.0)
    dragan: float = flag(0.0, "weight of DRAGAN's penalty (10)", group=LATER, low=0.0)
    r1: float = flag(0.0, "γ of R1, γ/2·‖∇D‖² on reals", group=LATER, low=0.0)
    r2: float = flag(0.0, "γ of R2, γ/2·‖∇D‖² on fakes", group=LATER, low=0.0)
    r1_finite_difference: bool = flag(
        False, "R1 and R2 by finite differences, without a second gradient", group=LATER
    )
    penalty_interval: int = flag(
        1, "steps between penalties, whose weight grows alike", group=LATER, low=1, high=64
    )
    lecam: float = flag(0.0, "weight of LeCam regularisation (0.3)", group=LATER, low=0.0)
    consistency: float = flag(
        0.0, "weight of consistency regularisation on reals (CR, 10)", group=LATER, low=0.0
    )
    balanced_consistency: float = flag(
        0.0,
        "weight of consistency regularisation on reals and fakes (bCR, 10)",
        group=LATER,
        low=0.0,
    )
    augment: str = flag(
        "",
        "DiffAugment: any of color,translation,cutout",
        group=LATER,
        read=words_of("color", "translation", "cutout"),
    )
    ada: float = flag(
        0.0,
        "target of adaptive augmentation's sign statistic (0.6); 0 is off",
        group=LATER,
        low=0.0,
        high=0.99,
    )
    top_k: float = flag(
        0.0,
        "smallest share of fakes that trains G, the best ones (0.5); 0 is off",
        group=LATER,
        low=0.0,
        high=1.0,
    )
    clip_weights: float = flag(
        0.0, "bound of D's weights (WGAN: 0.01); 0 is off", group=LATER, low=0.0
    )
    clip_norm: float = flag(
        0.0, "bound of each player's gradient norm; 0 is off", group=LATER, low=0.0
    )

    d_optimizer: str = flag("adam", "any Keras optimizer, for D (tip 9: sgd)", group=OPT)
    g_optimizer: str = flag("adam", "any Keras optimizer, for G", group=OPT)
    d_learning_rate: float = flag(2e-4, "D's learning rate", group=OPT, low=0.0, high=10.0)
    g_learning_rate: float = flag(2e-4, "G's learning rate", group=OPT, low=0.0, high=10.0)
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
    d_weight_decay: float = flag(
        0.0, "decoupled weight decay of D (tip 8)", group=OPT, low=0.0, high=1.0
    )

    log_every: int = flag(
        50, "steps between readings of the metrics", group=WATCH, low=1, high=1000
    )
    sample_every: int = flag(
        500, "steps between sample grids; 0 is off", group=WATCH, low=0, may_change=True
    )
    score_every: int = flag(
        0, "steps between scores; 0 is off", group=WATCH, low=0, may_change=True
    )
    score_samples: int = flag(
        10000, "fakes a score is taken of", group=WATCH, low=65, may_change=True
    )
    checkpoint_every: int = flag(
        500, "steps between checkpoints; 0 is off", group=WATCH, low=0, may_change=True
    )
    keep_checkpoints: int = flag(
        3, "checkpoints that are kept", group=WATCH, low=1, may_change=True
    )
    tensorboard: bool = flag(True, "write TensorBoard logs", group=WATCH, may_change=True)
    progress: bool = flag(True, "show a progress bar", group=WATCH, may_change=True)

    on_failure: str = flag(
        "warn",
        "what the health monitor does",
        group=HEALTH,
        choices=("warn", "stop", "rollback"),
        may_change=True,
    )
    rollbacks: int = flag(
        3, "most roll-backs in a run", group=HEALTH, low=0, high=20, may_change=True
    )
    rollback_rate: float = flag(
        0.5, "factor on the learning rates at a roll-back", group=HEALTH, low=0.01, high=1.0
    )

    xla: bool = flag(
        None,
        "compile losses and gradients with XLA; on by default on a GPU",
        group=DEVICES,
        kind=bool,
    )
    precision: str = flag(
        "float32",
        "compute type",
        group=DEVICES,
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    strategy: str = flag(
        "auto",
        "tf.distribute strategy; auto takes all GPUs of this machine",
        group=DEVICES,
        choices=("one_device", "mirrored", "multi_worker", "auto"),
    )
    logical_devices: int = flag(
        0, "split the CPU into N devices, to try a strategy out", group=DEVICES, low=0, high=64
    )
    sync_batch_norm: bool = flag(False, "batch norm over all replicas", group=DEVICES)

    fakes: str = flag(
        "", "evaluate: folder, .npz or SavedModel to score", group=TOOLS, may_change=True
    )
    reals: str = flag("", "evaluate: folder or .npz to compare with", group=TOOLS, may_change=True)
    extractor: str = flag(
        "", "cnn, inception, pixels or a model's path", group=TOOLS, may_change=True
    )
    inception_weights: str = flag(
        "", "weights of Inception-v3 as FID means it", group=TOOLS, may_change=True
    )
    json: bool = flag(False, "evaluate: one JSON object on stdout", group=TOOLS, may_change=True)
    count: int = flag(64, "sample: images; interpolate: steps", group=TOOLS, low=1, may_change=True)
    sample_labels: str = flag(
        "", "sample: classes, separated by commas; all by default", group=TOOLS, may_change=True
    )
    export_format: str = flag(
        "saved_model",
        "saved_model and, separated by commas, litert, onnx, hub (a folder for a model hub), web (a"
        " static page)",
        group=TOOLS,
        read=words_of("saved_model", "litert", "onnx", "hub", "web"),
        may_change=True,
    )

    variant: tuple = flag(
        (),
        "study: a variant of the base, NAME: --FLAG=VALUE …, or NAME vs OTHER, …: --FLAG=VALUE …"
        " to compare it with others than the base; once a variant",
        group=STUDY,
        may_change=True,
    )
    images: int = flag(
        0,
        "study: budget in real images that D sees, in place of --steps",
        group=STUDY,
        low=0,
        may_change=True,
    )
    seeds: int = flag(10, "study: seeds a variant", group=STUDY, low=1, high=1000, may_change=True)
    shard: str = flag("", "study: i/n, the i-th (from 1) of n shares", group=STUDY, may_change=True)
    jobs: int = flag(1, "study: worker processes", group=STUDY, low=1, high=256, may_change=True)


@dataclasses.dataclass(frozen=True)
class Config(ShowFlags, RunFlags):
    """Settings of a run; every field is a flag of the same name (`python main.py --help`)."""
