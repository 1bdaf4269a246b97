"""Extractors from a file: Inception-v3, or a user's own Keras model or SavedModel."""

import hashlib
import os
import pathlib
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_gan.errors import StorageError, UsageError, reason
from keras_gan.evaluation.extractors.base import Extractor, hash_arrays, three_channels, to_size

# SHA-256 of `classify_image_graph_def.pb` (95,673,916 bytes) from inception-2015-12-05.tgz, as
# mirrors of several evaluation suites publish it. Only this file's distance is called FID.
FID_GRAPHS = {"009d6814d1bc560d4e7b236e170e9b2d5ca6f4b57bd8037f6db05776204415c6"}
_SIDE = 299


def open_inception(path: str | os.PathLike, clean: bool = False) -> Extractor:
    """Opens Inception-v3 from `--inception_weights`.

    Args:
        path: the frozen graph of 2015 (.pb), which resizes with its own bilinear filter as the
            original FID does; or weights of Keras' InceptionV3 (.h5, .keras), which is another
            network: always with the antialiased filter, and titled FD (Keras-Inception).
        clean: whether images for the graph are first resized to 299×299 with an antialiased
            bicubic filter (clean-FID; Parmar et al., 2022). Defaults to False.

    Returns:
        An `Extractor`.

    Raises:
        UsageError: no path is given, or a file of another kind.
        StorageError: the file can't be read.
    """
    if not path:
        raise UsageError(
            "needs weights", flag="extractor", value="inception", allowed="--inception_weights=PATH"
        )
    file = pathlib.Path(path).expanduser()
    if not file.is_file():
        raise UsageError("no such file", flag="inception_weights", value=path)
    if file.suffix == ".pb":
        return InceptionGraph(file, clean)
    if file.suffix in (".h5", ".keras", ".hdf5"):
        return KerasInception(file)
    raise UsageError(
        "not weights of Inception-v3",
        flag="inception_weights",
        value=path,
        allowed="a frozen graph of 2015 (.pb) or weights of Keras' InceptionV3 (.h5)",
    )


class InceptionGraph(Extractor):
    """The frozen graph of 2015: features "pool_3", logits without the last bias, as usual.

    Args:
        file: path of the graph.
        clean: whether to resize as clean-FID does. Defaults to False.
    """

    size, batch = 2048, 50

    def __init__(self, file: pathlib.Path, clean: bool = False):
        data = file.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        self.hash = digest[:16]
        known = digest in FID_GRAPHS
        self.name = {
            (True, False): "fid",
            (True, True): "clean_fid",
            (False, False): "inception_graph",
            (False, True): "clean_inception_graph",
        }[known, clean]
        self.title = {
            "fid": "FID",
            "clean_fid": "clean-FID",
            "inception_graph": "FD (Inception graph of unknown hash)",
            "clean_inception_graph": "FD (Inception graph of unknown hash, clean resizing)",
        }[self.name]
        self.resize = f"{'bicubic, antialiased' if clean else 'bilinear'}, to {_SIDE}x{_SIDE}"
        definition = tf.compat.v1.GraphDef()
        graph = tf.Graph()
        try:
            definition.ParseFromString(data)
            nodes = {node.name: node for node in definition.node}
            # The graph expects one image; feeding a batch after the decoder and reshaping to
            # [-1, 2048] makes it accept many.
            shape = nodes[nodes["pool_3/_reshape"].input[1]]
            shape.attr["value"].tensor.CopyFrom(tf.make_tensor_proto([-1, self.size], tf.int32))
            # A session, because tf.function refuses the graph's old op for batch normalisation.
            with graph.as_default():
                images = tf.compat.v1.placeholder(tf.float32, (self.batch, None, None, 3))
                outputs = tf.graph_util.import_graph_def(
                    definition,
                    input_map={"ExpandDims:0": images},
                    return_elements=["pool_3/_reshape:0", "softmax/logits/MatMul:0"],
                    name="",
                )
                outputs = outputs[0], tf.nn.softmax(outputs[1])
            session = tf.compat.v1.Session(graph=graph)
        except Exception as error:  # protobuf and TensorFlow raise many kinds
            raise StorageError(
                f"{file} is not the 2015 Inception graph: {reason(error)}"
            ) from error
        self.classes = outputs[1].shape[-1]

        def run(batch):
            batch = three_channels(tf.cast(batch, tf.float32))
            if clean:
                batch = to_size(batch, (_SIDE, _SIDE))
            return session.run(outputs, {images: batch.numpy()})

        self._run = run


class KerasInception(Extractor):
    """Keras' InceptionV3 (ImageNet): features of the average pool; a classifier if it has a top.

    Args:
        file: path of the weights; without a top if its name contains "notop".
    """

    name, title = "keras_inception", "FD (Keras-Inception)"
    size, batch, resize = 2048, 50, f"bicubic, antialiased, to {_SIDE}x{_SIDE}"

    def __init__(self, file: pathlib.Path):
        top = "notop" not in file.name
        policy = keras.mixed_precision.dtype_policy()
        keras.mixed_precision.set_dtype_policy("float32")  # whatever the scored model's policy
        try:
            network = keras.applications.InceptionV3(
                weights=None, include_top=top, pooling=None if top else "avg"
            )
        finally:
            keras.mixed_precision.set_dtype_policy(policy)
        try:
            network.load_weights(file)
        except Exception as error:  # h5py and Keras raise many kinds
            raise StorageError(
                f"{file} holds no weights of InceptionV3: {reason(error)}"
            ) from error
        self.hash = hash_arrays({f"{i:04d}": w for i, w in enumerate(network.get_weights())})
        self.classes = network.output_shape[-1] if top else None
        if top:
            pooled = network.get_layer("avg_pool").output
            network = keras.Model(network.input, [pooled, network.output])

        @tf.function(autograph=False)
        def run(images):
            images = to_size(three_channels(tf.cast(images, tf.float32)), (_SIDE, _SIDE))
            outputs = network(images / 127.5 - 1.0, training=False)
            return (outputs[0], outputs[1]) if top else (outputs, None)

        self._run = run


def open_model(path: str | os.PathLike) -> Extractor:
    """Opens a user's own model.

    It receives images in [0, 255] with the type and the number of channels of its input, resized
    with an antialiased bicubic filter if its input has a fixed size. Its output is taken as the
    features [n, d] ("features" of a dict, the last of a list); feature maps are averaged over their
    positions.

    Args:
        path: a Keras file (.keras, .h5) or the folder of a SavedModel.

    Returns:
        An `Extractor`.

    Raises:
        UsageError: no such file, or not a model of images.
        StorageError: the model can't be read.
    """
    file = pathlib.Path(path).expanduser()
    if (file / "saved_model.pb").is_file():
        return UserModel(*_saved_model(file))
    if file.is_file() and file.suffix in (".keras", ".h5", ".hdf5"):
        try:
            model = keras.models.load_model(file, compile=False, safe_mode=True)
        except Exception as error:  # h5py, zipfile and Keras raise many kinds
            raise StorageError(f"{file} can't be loaded: {reason(error)}") from error
        if len(model.inputs) != 1:
            raise UsageError(f"{file} has {len(model.inputs)} inputs, not one of images")
        weights = {f"{i:04d}": w for i, w in enumerate(model.get_weights())}
        weights["config"] = np.frombuffer(model.to_json().encode(), np.uint8)
        call = lambda images: model(images, training=False)
        return UserModel(call, model.inputs[0].shape, model.inputs[0].dtype, hash_arrays(weights))
    raise UsageError(
        "no such extractor",
        flag="extractor",
        value=path,
        allowed="cnn, inception, pixels, or the path of a Keras model or SavedModel",
    )


def _saved_model(folder):
    try:
        model = tf.saved_model.load(str(folder))
    except Exception as error:  # TensorFlow raises many kinds
        raise StorageError(f"{folder} can't be loaded: {reason(error)}") from error
    signature = model.signatures.get("serving_default")
    inputs = signature.structured_input_signature[1] if signature is not None else {}
    if len(inputs) != 1:
        raise UsageError(f"{folder} has no signature “serving_default” with images as only input")
    ((name, spec),) = inputs.items()
    digest = hashlib.sha256((folder / "saved_model.pb").read_bytes())
    for part in sorted((folder / "variables").glob("variables.data*")):
        digest.update(part.read_bytes())

    def call(images, keep=model):  # the signature alone does not keep the model alive
        return signature(**{name: images})

    return call, tuple(spec.shape), spec.dtype.name, digest.hexdigest()[:16]


class UserModel(Extractor):
    """A user's model (see `open_model`).

    Args:
        call: function from images to the model's output.
        input_shape: of the model's input, with the batch.
        dtype: of the model's input.
        digest: hash of the model.
    """

    name, title = "model", "FD (own model)"

    def __init__(self, call: Callable, input_shape: tuple, dtype: str, digest: str):
        if len(input_shape) != 4:
            raise UsageError(f"the extractor's input {input_shape} is not [n, h, w, channels]")
        size, channels = tuple(input_shape[1:3]), input_shape[3]
        self.hash = digest
        fixed = None not in size
        self.resize = f"bicubic, antialiased, to {size[0]}x{size[1]}" if fixed else "none"

        def run(images):
            images = tf.cast(images, tf.float32)
            if channels == 3:
                images = three_channels(images)
            elif channels not in (None, images.shape[-1]):
                raise UsageError(
                    f"images have {images.shape[-1]} channels, the extractor takes {channels}"
                )
            if fixed and size != tuple(images.shape[1:3]):
                images = to_size(images, size)
            if dtype == "uint8":
                images = tf.round(images)
            return _features(call(tf.cast(images, dtype))), None

        self._run = run
        side = tuple(s or 64 for s in size)
        probe = np.zeros((self.batch, *side, channels or 3), np.uint8)
        try:
            self.size = run(probe)[0].shape[-1]
        except (ValueError, tf.errors.OpError) as error:
            raise UsageError(f"the extractor does not take images: {reason(error)}") from error


def _features(output):
    if isinstance(output, dict):
        if "features" not in output and len(output) > 1:
            raise UsageError(
                f"the extractor's outputs are {', '.join(sorted(output))}; none is “features”"
            )
        output = output.get("features", next(iter(output.values())))
    elif isinstance(output, (list, tuple)):
        output = output[-1]
    output = tf.cast(output, tf.float32)
    if len(output.shape) > 2:
        output = tf.reduce_mean(output, axis=list(range(1, len(output.shape) - 1)))
    return output
