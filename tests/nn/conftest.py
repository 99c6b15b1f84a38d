"""The genuine VGG-16 layer and CIFAR-10 images, if they are there."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data():
    """Folder of real network data beside the checkout (or in LABCTL_NN_DATA); skips where it is absent."""
    beside = Path(__file__).parents[3] / "shared" / "data" / "nn"
    folder = Path(os.environ.get("LABCTL_NN_DATA", beside))
    if not folder.is_dir():
        pytest.skip("the genuine VGG-16 layer and CIFAR-10 images are not here (set LABCTL_NN_DATA)")
    return folder
