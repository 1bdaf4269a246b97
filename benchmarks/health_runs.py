"""The runs of the health benchmark: families of healthy runs, and ways to make a run fail."""

import dataclasses
from collections.abc import Iterator

IMAGES = (
    "--dataset=fashion_mnist --labels=none --batch_size=32 --latent_dim=64 --width=16 --steps=300"
    " --log_every=10 --average_decay=0.98"
)
POINTS = (
    "--model=gan --batch_size=128 --latent_dim=2 --width=64 --steps=2000 --log_every=50"
    " --average_decay=0.98"
)
R3 = (
    "--loss=relativistic --r1=0.1 --r2=0.1 --d_learning_rate=2e-3 --g_learning_rate=2e-3"
    " --d_beta_1=0 --g_beta_1=0 --d_beta_2=0.99 --g_beta_2=0.99"
)
HINGE = "--loss=hinge --spectral_norm --d_normalization=none --d_learning_rate=1e-3"

FAMILIES = {  # healthy settings, with which failing runs are compared
    "ring8": f"{POINTS} --dataset=ring8 {R3}",
    "grid25": f"{POINTS} --dataset=grid25 {R3}",
    "dcgan": f"--model=dcgan {IMAGES} --d_learning_rate=5e-4 --g_learning_rate=1e-3",
    "lsgan": f"--model=lsgan {IMAGES} --d_learning_rate=5e-4 --g_learning_rate=1e-3",
    "hinge": f"--model=dcgan {IMAGES} {HINGE} --g_learning_rate=1e-3",
    "wgan_gp": f"--model=wgan_gp {IMAGES} --d_turns=2 --d_learning_rate=1e-3"
    " --g_learning_rate=1e-3",
    "relativistic": f"--model=dcgan {IMAGES} --d_normalization=none --loss=relativistic --r1=1"
    " --r2=1 --r1_finite_difference --d_learning_rate=1e-3 --g_learning_rate=1e-3",
    "gan": f"--model=gan {IMAGES} --width=64 --d_learning_rate=1e-3 --g_learning_rate=1e-3",
}


@dataclasses.dataclass(frozen=True)
class Spec:
    """A run of the benchmark.

    Attributes:
        name: unique within a set.
        family: key of `FAMILIES`, whose healthy runs it is compared with.
        kind: kind of failure, "healthy" for none.
        flags: flags in addition to the family's.
        fault: key of `health_faults.FAULTS`, or None if the flags cause the failure.
        at: step after which the fault is injected; 0 without a fault.
        seed: of the run.
    """

    name: str
    family: str
    kind: str
    flags: str
    fault: str | None
    at: int
    seed: int


BOTH = "--d_learning_rate={0} --g_learning_rate={0}"
WEAK_G = "--d_learning_rate=5e-3 --g_learning_rate={}"
PLAIN = "--normalization=none --d_normalization=none " + BOTH
SLOW = "--d_beta_1={0} --g_beta_1={0} --d_learning_rate={1} --g_learning_rate={1}"
BARE = "--r1=0 --r2=0 --nor1_finite_difference"
SGD = "--d_optimizer=sgd --g_optimizer=sgd " + BOTH
UNPAIRED = "--loss=non_saturating --r1=0 --r2=0 --d_beta_1=0.9 --g_beta_1=0.9 " + BOTH


# Kind, family, then the flags for the development seeds and for the held-out ones.
SETTINGS = (
    ("learning rates", "dcgan", BOTH.format(1), BOTH.format(0.5)),
    ("learning rates", "lsgan", BOTH.format(0.1), BOTH.format(0.2)),
    ("learning rates", "hinge", BOTH.format(1), BOTH.format(0.7)),
    ("learning rates", "relativistic", BOTH.format(0.3), BOTH.format(0.5)),
    ("learning rates", "grid25", BOTH.format(0.5), BOTH.format(0.3)),
    ("learning rates", "ring8", BOTH.format(0.5), BOTH.format(0.3)),
    ("learning rates", "ring8", SGD.format(5), SGD.format(10)),
    ("beta_1", "dcgan", SLOW.format(0.99, 0.05), SLOW.format(0.99, 0.1)),
    ("beta_1", "grid25", SLOW.format(0.99, 2e-3), SLOW.format(0.98, 4e-3)),
    ("no normalisation", "dcgan", PLAIN.format(0.1), PLAIN.format(0.07)),
    ("no normalisation", "lsgan", PLAIN.format(0.1), PLAIN.format(0.07)),
    (
        "no penalty",
        "wgan_gp",
        "--gradient_penalty=0 --clip_weights=10",
        "--gradient_penalty=0 --clip_weights=5",
    ),
    *(
        (
            "saturating loss",
            family,
            f"{more} --d_learning_rate=5e-3",
            f"{more} --d_learning_rate=0.01",
        )
        for family, more in (
            ("dcgan", "--loss=minimax"),
            ("lsgan", "--loss=minimax --g_learning_rate=1e-4"),
        )
    ),
    *(
        ("D too strong", family, WEAK_G.format(2e-5) + more, WEAK_G.format(1e-5) + more)
        for family, more in (
            ("dcgan", ""),
            ("lsgan", ""),
            ("hinge", " --nospectral_norm"),
            ("relativistic", ""),
        )
    ),
    *(("G frozen", family, "--g_learning_rate=0", "") for family in ("dcgan", "relativistic")),
    *(("D frozen", family, "--d_learning_rate=0", "") for family in ("dcgan", "hinge")),
    ("collapse", "grid25", UNPAIRED.format(0.01), UNPAIRED.format(0.02)),
    (
        "collapse",
        "relativistic",
        f"{BARE} {BOTH.format(0.05)}",
        f"{BARE} {BOTH.format(0.1)}",
    ),
    ("collapse", "hinge", "--g_learning_rate=0.5", "--g_learning_rate=0.3"),
)
# Kind, family, fault, and the share of the run after which it is injected.
FAULTS = (
    ("learning rates explode", "dcgan", "rate", 0.1),
    ("learning rates explode", "hinge", "rate", 0.1),
    ("learning rates explode", "relativistic", "rate", 0.1),
    ("learning rates explode", "wgan_gp", "rate", 0.1),
    ("learning rates explode", "grid25", "rate", 0.1),
    ("NaN", "dcgan", "nan D", 0.1),
    ("NaN", "wgan_gp", "nan G", 0.1),
    ("NaN", "ring8", "nan G", 0.5),
    ("G frozen", "lsgan", "freeze G", 0.1),
    ("collapse", "grid25", "collapse", 0.05),
    ("collapse", "ring8", "collapse", 0.3),
    ("collapse", "dcgan", "collapse", 0.1),
)

SEEDS = {"development": (0, 1, 2), "held out": (10, 11, 12)}


def specs(which: str) -> Iterator[Spec]:
    """The runs of a set, "development" or "held out"; healthy ones first."""
    seeds = SEEDS[which]
    for family in FAMILIES:
        for seed in seeds:
            yield Spec(f"{family}, seed {seed}", family, "healthy", "", None, 0, seed)
    first = which == "development"
    failing = [
        (kind, family, flags if first else others or flags, None, 0)
        for kind, family, flags, others in SETTINGS
    ] + [(kind, family, "", fault, share) for kind, family, fault, share in FAULTS]
    for number, (kind, family, flags, fault, share) in enumerate(failing):
        steps = 2000 if family in ("ring8", "grid25") else 300
        name, seed = f"{family}: {fault or flags}", seeds[number % len(seeds)]
        yield Spec(name, family, kind, flags, fault, int(share * steps), seed)
