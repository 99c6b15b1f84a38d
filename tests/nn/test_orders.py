"""Feature maps ordered by texts, as a form or `labctl run` does."""

import numpy as np
import pytest
from PIL import Image

from labctl.catalogue import find, procedures
from labctl.core.errors import LabError, PlanError
from labctl.core.quantity import make, specs
from labctl.nn.orders import ImageMaps, make_plan
from labctl.record.provenance import procedure_name


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a cat.png"
    Image.fromarray(np.arange(5 * 5 * 3, dtype=np.uint8).reshape(5, 5, 3)).save(path)
    return path


def test_a_job_by_texts_plans_the_same_maps_as_the_command(picture, tmp_path):
    texts = {"weights": "edges", "images": str(picture), "filters": "1,3", "levels": "3", "trim": "150m"}
    by_form = make(ImageMaps, texts).plan(tmp_path)
    given = {"coding.levels": "3", "trim": "150m"}
    by_command = make_plan("edges", [picture], tmp_path, card="", filters="1,3", given=given)
    assert by_form.filters == by_command.filters == (1, 3)
    assert by_form.coding == by_command.coding
    assert by_form.trim == by_command.trim == 0.15
    assert np.array_equal(by_form.layer.kernel, by_command.layer.kernel)
    assert by_form.images[0].name == by_command.images[0].name


@pytest.mark.parametrize(
    ("changed", "word"),
    [({"images": "none.png"}, "none.png"), ({"filters": "9"}, "no filter 9"), ({"levels": "4"}, "odd")],
)
def test_what_cannot_be_used_is_refused_before_anything_moves(picture, changed, word):
    with pytest.raises(LabError, match=word):
        make(ImageMaps, {"weights": "edges", "images": str(picture)} | changed)


def test_the_name_in_a_record_finds_the_procedure_again():
    for name, kind in procedures().items():
        assert procedure_name(kind) == name
        assert find(name) is kind
        assert specs(kind)


def test_a_name_that_is_none_is_told_with_those_that_are():
    with pytest.raises(PlanError, match="there are: .*image_maps"):
        find("image-map")
