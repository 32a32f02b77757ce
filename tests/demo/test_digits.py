import numpy as np

from tenon.demo import read_digits


def test_the_digits_are_the_real_ones() -> None:
    digits = read_digits()
    image = digits.inputs["image"]
    assert (image.shape, image.dtype, digits.labels.dtype) == ((1797, 8, 8), np.float32, np.int64)
    assert (image.min(), image.max()) == (0, 16)
    assert digits.classes == tuple("0123456789")
    assert np.bincount(digits.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
