"""The words by which flags name rules.

They are here and not with the rules' classes because `--help` and a wrong flag must not wait for
TensorFlow, which the classes need. `by_name` keeps the two equal.
"""

LOSSES = (
    "non_saturating",
    "minimax",
    "least_squares",
    "hinge",
    "wasserstein",
    "relativistic",
)


def by_name(names, classes):
    """The classes by their attribute `name`, in the order of `names`.

    Raises:
        ValueError: the classes' names are not exactly these.
    """
    found = {cls.name: cls for cls in classes}
    if found.keys() != set(names):
        raise ValueError(f"classes are named {sorted(found)}, flags take {sorted(names)}")
    return {name: found[name] for name in names}
