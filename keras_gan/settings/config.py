"""Every setting of a run: its name, default, help and range.

Each declaration is a field of the config, a flag, an entry of `--helpfull` and a row of
docs/flags.md. `common_flag` marks those that `--help` shows too.
"""

import dataclasses

from keras_gan import choices
from keras_gan.settings.flags import common_flag, flag, image_size, interval, words_of
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

RUN, DATA, NETS, TRAIN = "Run", "Data", "Networks", "Training"
TIPS, LATER, OPT, WATCH = "Tips", "Later methods", "Optimizers", "Monitoring and scores"
DEVICES, HEALTH = "Devices", "Health"
TOOLS, STUDY = "Evaluate, sample, export", "Study"


@dataclasses.dataclass(frozen=True)
class RunFlags:
    """What makes a run, and the tools for it; `Config` has all settings."""

    mode: str = common_flag("train", "what to do", group=RUN, choices=MODES, may_change=True)
    run_dir: str = common_flag(
        "runs/default", "output directory of the run", group=RUN, may_change=True
    )
    model: str = common_flag("dcgan", "name of a model in the zoo", group=RUN)
    steps: int = common_flag(2000, "training steps", group=RUN, low=1, may_change=True)
    batch_size: int = common_flag(
        64, "real images per discriminator turn, over all devices", group=RUN, low=2
    )
    seed: int = common_flag(0, "random seed of weights, data order and noise", group=RUN, low=0)

    dataset: str = common_flag(
        "fashion_mnist",
        "a TFDS name, folder:PATH, npz:PATH, ring8, grid25, swissroll or stacked_fashion_mnist",
        group=DATA,
    )
    data_dir: str = common_flag(
        "", "folder of the data sets; defaults to each source's own", group=DATA, may_change=True
    )
    image_size: str = common_flag(
        "",
        "resize to N or HxW (height first): 28 to 256, multiples of 4",
        group=DATA,
        read=image_size,
    )
    channels: int = flag(
        0,
        "1, 3 or 4; 0 keeps those of the data (alpha is composited on white unless 4)",
        group=DATA,
        choices=(0, 1, 3, 4),
    )
    labels: str = common_flag("auto", "auto, none, or where the data has its labels", group=DATA)

    latent_dim: int = common_flag(128, "size of the latent z", group=NETS, low=1)
    width: int = common_flag(
        64, "capacity: channels (or units) of the first hidden layer", group=NETS, low=1
    )
    normalization: str = flag(
        "batch", "normalisation in G", group=NETS, choices=choices.NORMALIZATIONS
    )
    d_normalization: str = flag(
        "batch", "normalisation in D", group=NETS, choices=choices.NORMALIZATIONS
    )
    activation: str = flag(
        "leaky_relu", "activation in G and D", group=NETS, choices=choices.ACTIVATIONS
    )
    upsampling: str = flag("transposed", "upsampling in G", group=NETS, choices=choices.UPSAMPLINGS)
    downsampling: str = flag(
        "strided", "downsampling in D", group=NETS, choices=choices.DOWNSAMPLINGS
    )
    spectral_norm: bool = common_flag(
        False, "spectral normalisation in D (Miyato et al., 2018)", group=NETS
    )
    minibatch_stddev: bool = flag(
        False, "minibatch standard deviation in D, over groups of four images (tip 15)", group=NETS
    )
    label_map: bool = flag(
        False, "feed labels as an extra image channel, a small embedding (tip 16)", group=NETS
    )
    dropout: float = flag(
        0.0, "dropout rate in G, also in sampling (tip 17: 0.5)", group=NETS, low=0.0, high=0.9
    )
    layer_noise: float = flag(
        0.0,
        "σ of the noise in every layer of G (tip 13); near 1 it ruins the samples",
        group=NETS,
        low=0.0,
        high=10.0,
    )
    noise_at_sampling: bool = flag(
        False, "keep G's layer noise when sampling, scoring and exporting", group=NETS
    )
    last_layer_init: float = flag(
        0.0,
        "bound of a uniform initialisation of the last layers (tip 8; DDPG: 0.003); 0 is off",
        group=NETS,
        low=0.0,
        high=1.0,
    )

    loss: str = common_flag(
        "non_saturating",
        "adversarial loss; non_saturating is G trained with flipped labels (tip 2)",
        group=TRAIN,
        choices=choices.LOSSES,
    )
    prior: str = flag(
        "gaussian",
        "distribution of z (tip 3)",
        group=TRAIN,
        choices=("gaussian", "uniform", "hypersphere", "ornstein_uhlenbeck"),
    )
    d_turns: int = common_flag(
        1, "discriminator turns per step, each on new images (tip 14)", group=TRAIN, low=1, high=20
    )
    g_turns: int = flag(1, "generator turns per step", group=TRAIN, low=1, high=20)
    average_decay: float = common_flag(
        0.999,
        "β of the moving average of G that is sampled and exported; 0 is off",
        group=TRAIN,
        low=0.0,
        high=0.99999,
    )
    class_weight: float = flag(
        1.0, "weight of the class loss of conditional models", group=TRAIN, low=0.0
    )
    class_loss_on_fakes: bool = flag(
        False, "AC-GAN: the class loss on fakes also trains D (Odena et al., 2017)", group=TRAIN
    )
    kl_weight: float = flag(1.0, "weight of KL-GAN's or VAE-GAN's KL term", group=TRAIN, low=0.0)
    reconstruction_weight: float = flag(
        1.0, "weight of VAE-GAN's reconstruction loss in the decoder", group=TRAIN, low=0.0
    )
    code_weight: float = flag(
        1.0, "weight of InfoGAN's mutual information term", group=TRAIN, low=0.0
    )

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
    clip_norm: float = flag(
        0.0, "bound of the gradient norm of each player; 0 is off", group=LATER, low=0.0
    )

    d_optimizer: str = flag(
        "adam", "optimizer of D: the name of any Keras optimizer (tip 9: sgd)", group=OPT
    )
    g_optimizer: str = flag("adam", "optimizer of G: the name of any Keras optimizer", group=OPT)
    d_learning_rate: float = common_flag(2e-4, "learning rate of D", group=OPT, low=0.0, high=10.0)
    g_learning_rate: float = common_flag(2e-4, "learning rate of G", group=OPT, low=0.0, high=10.0)
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
        50, "steps between writes of the metrics' means", group=WATCH, low=1, high=1000
    )
    sample_every: int = common_flag(
        500, "steps between sample grids; 0 is off", group=WATCH, low=0, may_change=True
    )
    score_every: int = common_flag(
        0, "steps between scores; 0 is off", group=WATCH, low=0, may_change=True
    )
    score_samples: int = flag(
        10000, "number of fakes per score", group=WATCH, low=65, may_change=True
    )
    checkpoint_every: int = common_flag(
        500, "steps between checkpoints; 0 is off", group=WATCH, low=0, may_change=True
    )
    keep_checkpoints: int = flag(
        3, "number of newest checkpoints to keep", group=WATCH, low=1, may_change=True
    )
    tensorboard: bool = flag(True, "write TensorBoard logs", group=WATCH, may_change=True)
    progress: bool = flag(True, "show a progress bar", group=WATCH, may_change=True)

    on_failure: str = common_flag(
        "warn",
        "what to do when training fails",
        group=HEALTH,
        choices=("warn", "stop", "rollback"),
        may_change=True,
    )
    rollbacks: int = flag(
        3, "largest number of roll-backs per run", group=HEALTH, low=0, high=20, may_change=True
    )
    rollback_rate: float = flag(
        0.5, "factor on the learning rates at each roll-back", group=HEALTH, low=0.01, high=1.0
    )

    xla: bool = flag(
        None,
        "compile losses and gradients with XLA; defaults to on for GPUs",
        group=DEVICES,
        kind=bool,
    )
    precision: str = flag(
        "float32",
        "numeric precision",
        group=DEVICES,
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    strategy: str = flag(
        "auto",
        "tf.distribute strategy; auto uses all GPUs of this machine",
        group=DEVICES,
        choices=("one_device", "mirrored", "multi_worker", "auto"),
    )
    logical_devices: int = flag(
        0, "split the CPU into N devices, to try out a strategy", group=DEVICES, low=0, high=64
    )
    sync_batch_norm: bool = flag(False, "batch norm statistics over all replicas", group=DEVICES)

    fakes: str = flag(
        "", "evaluate: folder, .npz or SavedModel to score", group=TOOLS, may_change=True
    )
    reals: str = flag("", "evaluate: folder or .npz to compare with", group=TOOLS, may_change=True)
    extractor: str = flag(
        "",
        "feature extractor: cnn, inception, pixels or a model's path",
        group=TOOLS,
        may_change=True,
    )
    inception_weights: str = flag(
        "", "weights file of FID's Inception-v3", group=TOOLS, may_change=True
    )
    json: bool = flag(
        False, "evaluate: print one JSON object on stdout", group=TOOLS, may_change=True
    )
    count: int = common_flag(
        64, "sample: images; interpolate: steps per path", group=TOOLS, low=1, may_change=True
    )
    sample_labels: str = flag(
        "", "sample: comma-separated classes; defaults to all", group=TOOLS, may_change=True
    )
    export_format: str = flag(
        "saved_model",
        "comma-separated formats: saved_model, litert, onnx, hub (a folder for a model hub), web"
        " (a static page)",
        group=TOOLS,
        read=words_of("saved_model", "litert", "onnx", "hub", "web"),
        may_change=True,
    )

    variant: tuple = flag(
        (),
        "study: a variant, NAME: --FLAG=VALUE … (compared with the base) or"
        " NAME vs OTHER, …: --FLAG=VALUE … (compared with those); may be repeated",
        group=STUDY,
        may_change=True,
    )
    images: int = flag(
        0, "study: real images that D sees, instead of --steps", group=STUDY, low=0, may_change=True
    )
    seeds: int = flag(
        10, "study: number of seeds per variant", group=STUDY, low=1, high=1000, may_change=True
    )
    shard: str = flag(
        "", "study: i/n, run the i-th (from 1) of n shares", group=STUDY, may_change=True
    )
    jobs: int = flag(
        1, "study: number of worker processes", group=STUDY, low=1, high=256, may_change=True
    )


@dataclasses.dataclass(frozen=True)
class Config(ShowFlags, RunFlags):
    """Settings of a run; each field is a flag of the same name (`python main.py --helpfull`)."""
