"""Images, weights and cards: what is right is read exactly, what is wrong gets one clear sentence."""

import numpy as np
import pytest
from PIL import Image

from labctl.core.errors import LabError
from labctl.nn.card import load_card
from labctl.nn.images import CIFAR_RECORD, load_images
from labctl.nn.layer import load_layer


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, (8, 6, 3), dtype=np.uint8)
    path = tmp_path / "small.png"
    Image.fromarray(pixels).save(path)
    return path, pixels


def test_png_is_read_exactly(picture):
    path, pixels = picture
    (image,) = load_images([path])
    assert image.name == "small"
    np.testing.assert_array_equal(image.pixels, pixels)


def test_cifar_planes_become_pixels(tmp_path):
    record = np.zeros(CIFAR_RECORD, dtype=np.uint8)
    record[0] = 3
    record[1 + 2] = 200  # red plane, row 0, column 2
    record[1 + 1024 + 32] = 100  # green plane, row 1, column 0
    path = tmp_path / "batch.bin"
    path.write_bytes(record.tobytes() * 2)
    images = load_images([path])
    assert [image.name for image in images] == ["batch[0]", "batch[1]"]
    assert tuple(images[1].pixels[0, 2]) == (200, 0, 0)
    assert tuple(images[1].pixels[1, 0]) == (0, 100, 0)


def test_damaged_images_are_told(tmp_path, picture):
    path, _ = picture
    cut = tmp_path / "cut.png"
    cut.write_bytes(path.read_bytes()[:60])
    with pytest.raises(LabError, match="damaged or truncated"):
        load_images([cut])
    short = tmp_path / "cut.bin"
    short.write_bytes(bytes(CIFAR_RECORD - 1))
    with pytest.raises(LabError, match=f"not a whole number of {CIFAR_RECORD}-byte records"):
        load_images([short])
    grey = tmp_path / "grey.png"
    Image.fromarray(np.zeros((4, 4), dtype=np.uint8)).save(grey)
    with pytest.raises(LabError, match="no three colour channels"):
        load_images([grey])
    with pytest.raises(LabError, match="no image file"):
        load_images([tmp_path / "absent.png"])
    text = tmp_path / "text.png"
    text.write_text("no picture")
    with pytest.raises(LabError, match="not a picture"):
        load_images([text])


def test_images_of_two_sizes_are_refused(tmp_path, picture):
    other = tmp_path / "other.png"
    Image.fromarray(np.zeros((4, 4, 3), dtype=np.uint8)).save(other)
    with pytest.raises(LabError, match="must have one size"):
        load_images([picture[0], other])


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"kernel": np.zeros((8, 3, 3, 3))}, "lacks bias"),
        ({"kernel": np.zeros((8, 27)), "bias": np.zeros(8)}, "shape"),
        ({"kernel": np.zeros((8, 1, 3, 3)), "bias": np.zeros(8)}, "1 input channels"),
        ({"kernel": np.zeros((8, 3, 3, 3)), "bias": np.zeros(7)}, "bias has the shape"),
        ({"kernel": np.full((1, 3, 3, 3), np.nan), "bias": np.zeros(1)}, "not numbers"),
    ],
)
def test_wrong_weight_files_are_told(tmp_path, arrays, sentence):
    path = tmp_path / "weights.npz"
    np.savez(path, **arrays)
    with pytest.raises(LabError, match=sentence):
        load_layer(path)


def test_no_weight_file_at_all(tmp_path):
    with pytest.raises(LabError, match="no weight file"):
        load_layer(tmp_path / "absent.npz")
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    with pytest.raises(LabError, match="not a readable"):
        load_layer(text)


def test_card_orders_and_centres_channels():
    image = np.zeros((1, 1, 3), dtype=np.uint8)
    image[0, 0] = (10, 20, 30)
    vgg = load_card("vgg16_caffe")
    np.testing.assert_allclose(vgg.prepare(image)[:, 0, 0], [30 - 103.939, 20 - 116.779, 10 - 123.68])
    assert vgg.span == pytest.approx(255 - 103.939)
    assert load_card("centred_rgb").span == pytest.approx(1.0)


def test_card_mistakes_are_told_at_once(tmp_path):
    path = tmp_path / "card.toml"
    path.write_text('format = "labctl-card-1"\nname = "x"\nchannels = "RBG"\nmean = [1, 2, 3]\nscale = 0.0\n')
    with pytest.raises(LabError, match="channels: 'RBG' is not known .*scale: must be above 0"):
        load_card(path)
    with pytest.raises(LabError, match="vgg16_caffe"):
        load_card("no_such_card")


def test_the_genuine_layer_and_images(real_data):
    layer = load_layer(real_data / "vgg16" / "block1_conv1.npz")
    assert layer.kernel.shape == (64, 3, 3, 3)
    batch = load_images([real_data / "cifar10" / "test_first10.bin"])
    pictures = load_images(sorted((real_data / "cifar10").glob("*.png")))
    assert list(batch[0].pixels[0, :6, 0]) == [158, 159, 165, 166, 160, 156]
    for from_batch, from_png in zip(batch, pictures, strict=True):
        np.testing.assert_array_equal(from_batch.pixels, from_png.pixels)
