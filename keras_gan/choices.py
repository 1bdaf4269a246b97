"""The words that some settings may be: networks and flags take them from here."""

ACTIVATIONS = ("leaky_relu", "relu")
UPSAMPLINGS = ("transposed", "pixel_shuffle", "nearest")
DOWNSAMPLINGS = ("strided", "average", "max")
NORMALIZATIONS = ("batch", "instance", "layer", "none")
