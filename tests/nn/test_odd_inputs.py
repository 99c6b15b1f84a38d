"""Weights and images as they come: converted as the page says, or refused in one sentence; nothing is dropped."""

import random
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labctl.core.errors import LabError
from labctl.nn.images import NamedImage, load_images
from labctl.nn.layer import ConvolutionLayer, load_layer

KERNEL = np.arange(54.0).reshape(2, 3, 3, 3) - 20.0


@pytest.mark.parametrize(
    "kernel",
    [
        KERNEL.astype(np.float16),
        KERNEL.astype(">f8"),
        KERNEL.astype(np.int8),
        np.asfortranarray(KERNEL),
        KERNEL.astype(np.longdouble),
        np.repeat(KERNEL, 2, axis=3)[..., ::2],
    ],
    ids=["float16", "big-endian", "int8", "Fortran order", "long double", "strided"],
)
def test_real_numbers_of_any_kind_are_converted_exactly(tmp_path, kernel):
    np.savez(tmp_path / "w.npz", kernel=kernel, bias=np.array([1, 2], dtype=np.uint8), more=np.zeros(3))
    layer = load_layer(tmp_path / "w.npz")
    np.testing.assert_array_equal(layer.kernel, KERNEL)
    assert layer.kernel.dtype == layer.bias.dtype == np.dtype("float64")
    assert layer.kernel.flags.c_contiguous


@pytest.mark.parametrize(
    ("kernel", "says"),
    [
        (KERNEL + 1j, "kernel holds numbers of the kind complex128, real numbers are wanted"),
        (KERNEL > 0, "kind bool"),
        (KERNEL.astype(str), "kind <U"),
        (np.array([[None]], dtype=object), "allow_pickle=False"),
        (np.zeros((0, 3, 3, 3)), "there is no filter in it"),
        (np.full((2, 3, 3, 3), np.inf), "not numbers"),
    ],
    ids=["complex", "flags", "text", "objects", "no filters", "infinite"],
)
def test_what_would_lose_a_part_is_refused(tmp_path, kernel, says):
    np.savez(tmp_path / "w.npz", kernel=kernel, bias=np.zeros(len(kernel)))
    with pytest.raises(LabError, match=says) as caught:
        load_layer(tmp_path / "w.npz")
    assert "\n" not in str(caught.value)


def test_a_single_array_is_told_how_to_be_saved(tmp_path):
    np.save(tmp_path / "kernel.npy", KERNEL)
    with pytest.raises(LabError, match="holds a single array: write numpy.savez"):
        load_layer(tmp_path / "kernel.npy")


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG file of a kind that Pillow does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


PIXELS = np.random.default_rng(7).integers(0, 256, (4, 5, 3), dtype=np.uint8)


def test_an_opaque_alpha_channel_and_a_palette_are_written_out(tmp_path):
    alpha = np.dstack([PIXELS, np.full((4, 5), 255, dtype=np.uint8)])
    Image.fromarray(alpha).save(tmp_path / "alpha.png")
    few = np.repeat(PIXELS[:1, :2], 2, axis=0)
    Image.fromarray(few).convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")
    np.testing.assert_array_equal(load_images([tmp_path / "alpha.png"])[0].pixels, PIXELS)
    np.testing.assert_array_equal(load_images([tmp_path / "palette.png"])[0].pixels, few)


def test_a_picture_is_turned_as_its_exif_entry_says(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(PIXELS).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(load_images([tmp_path / "turned.png"])[0].pixels, np.rot90(PIXELS, -1))


def _hidden(path):
    alpha = np.dstack([PIXELS, np.full((4, 5), 255, dtype=np.uint8)])
    alpha[1, 2:4, 3] = 0
    Image.fromarray(alpha).save(path)


def _palette_hidden(path):
    image = Image.fromarray(PIXELS).convert("P", palette=Image.Palette.ADAPTIVE)
    image.save(path, transparency=image.getpixel((0, 0)))


def _frames(path):
    Image.fromarray(PIXELS).save(path, save_all=True, append_images=[Image.fromarray(255 - PIXELS)])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_hidden, "has 2 transparent pixels, whose colours are hidden"),
        (_palette_hidden, "transparent pixels"),
        (lambda path: path.write_bytes(png(2, 1, 16, 2, b"\0" + bytes(12))), "16 bits per channel"),
        (_frames, "has 2 frames"),
        (lambda path: Image.fromarray(PIXELS).convert("L").save(path), "mode is L"),
        (lambda path: Image.fromarray(PIXELS[..., 0]).convert("LA").save(path), "mode is LA"),
        (lambda path: Image.fromarray(PIXELS).convert("1").save(path), "mode is 1"),
        (
            lambda path: path.write_bytes(png(20000, 10000, 8, 2, b"")),
            "more than 16 million pixels|at most 16 million",
        ),
        (lambda path: path.write_bytes(png(5000, 4000, 8, 2, b"")), "5000 x 4000 pixels, at most 16 million"),
    ],
    ids=[
        "transparent",
        "transparent palette",
        "16 bits",
        "frames",
        "grey",
        "grey alpha",
        "1 bit",
        "bomb",
        "large",
    ],
)
def test_what_would_be_dropped_is_refused(tmp_path, make, says):
    make(tmp_path / "a.png")
    with pytest.raises(LabError, match=says) as caught:
        load_images([tmp_path / "a.png"])
    assert "\n" not in str(caught.value)


def test_images_of_one_name_are_told_apart(tmp_path):
    for folder, name in (("a", "cat"), ("b", "cat"), ("c", "Cat")):
        (tmp_path / folder).mkdir()
        Image.fromarray(PIXELS).save(tmp_path / folder / f"{name}.png")
    found = load_images([tmp_path / "a" / "cat.png", tmp_path / "b" / "cat.png", tmp_path / "c" / "Cat.png"])
    assert [image.name for image in found] == ["cat", "cat (2)", "Cat (3)"]


def _outcome(load, path) -> object:
    try:
        return load(path)
    except LabError as error:
        return str(error)


@given(
    kind=st.sampled_from(["w.npz", "a.png", "b.bin"]),
    harm=st.sampled_from(["cut", "flip", "replace"]),
    seed=st.integers(0, 2**32),
)
def test_a_damaged_file_is_a_result_or_one_sentence(tmp_path_factory, kind, harm, seed):
    folder, chance = tmp_path_factory.mktemp("harmed"), random.Random(seed)
    path = folder / kind
    if kind == "w.npz":
        np.savez(path, kernel=KERNEL, bias=np.zeros(2))
    elif kind == "a.png":
        Image.fromarray(PIXELS).save(path)
    else:
        path.write_bytes(bytes(3073))
    data = bytearray(path.read_bytes())
    place = chance.randrange(len(data))
    if harm == "cut":
        del data[place:]
    elif harm == "flip":
        data[place] ^= 1 << chance.randrange(8)
    else:
        data[place : place + 8] = chance.randbytes(8)
    path.write_bytes(bytes(data))
    found = _outcome(load_layer if kind == "w.npz" else lambda path: load_images([path]), path)
    if isinstance(found, str):
        assert "\n" not in found
        assert str(path) in found
    elif isinstance(found, ConvolutionLayer):
        np.testing.assert_array_equal(found.kernel, KERNEL)
    else:
        assert all(isinstance(image, NamedImage) for image in found)
