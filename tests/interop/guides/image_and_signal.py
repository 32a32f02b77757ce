"""Images and signals: decode, resize and change pictures; frame, window and transform sound."""

import base64
import struct
import tempfile
import zlib

import numpy as np

from tests.interop.guides._results import caught, collect

GRAY_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hn"
    "Pk1xeXBkeFxlZ2P/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8A"
    "P//Z"
)
"""Eight by eight pixels of one gray, which every decoder agrees on."""


def run(tf):
    return collect(
        tf,
        *(
            decoding,
            encoding,
            from_files,
            dtypes,
            resizing,
            cropping,
            flipping,
            adjusting,
            colours,
            measuring,
            augmenting,
        ),
        *(boxes, gradients, frames, windows, fourier, short_time, mel_scale, filtering, in_functions),
    )


def picture(tf):
    rows, columns = np.mgrid[0:6, 0:8]
    return tf.constant(np.stack([rows * 40, columns * 30, (rows + columns) * 15], axis=-1), tf.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(pixels):
    """Write a PNG of bytes: shape `(height, width, channels)`."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def decoding(tf):
    colours, gray = png(picture(tf).numpy()), png(np.arange(12, dtype=np.uint8).reshape(3, 4, 1) * 20)
    return {
        "png": tf.image.decode_png(colours),
        "gray": tf.image.decode_png(gray),
        "gray as colours": tf.image.decode_png(gray, channels=3),
        "in io": tf.io.decode_png(colours, channels=3),
        "any image": tf.io.decode_image(colours, expand_animations=False),
        "as floats": tf.image.decode_image(gray, dtype=tf.float32, expand_animations=False),
        "with alpha": tf.image.decode_png(png(np.full([1, 2, 4], 9, np.uint8)), channels=4),
        "jpeg": tf.io.decode_jpeg(GRAY_JPEG),
        "jpeg as colours": tf.image.decode_jpeg(GRAY_JPEG, channels=3).shape.as_list(),
        "is jpeg": [bool(tf.io.is_jpeg(GRAY_JPEG)), bool(tf.io.is_jpeg(colours))],
        "no image": caught(lambda: tf.image.decode_png(b"not a picture"), tf.errors.InvalidArgumentError),
    }


def encoding(tf):
    image = picture(tf)
    return {
        "png and back": tf.image.decode_png(tf.io.encode_png(image)),
        "signature": tf.strings.substr(tf.io.encode_png(image), 0, 4),
        "jpeg and back": tf.io.decode_jpeg(
            tf.io.encode_jpeg(tf.fill([8, 8, 1], tf.constant(100, tf.uint8)), quality=95)
        ),
    }


def from_files(tf):
    path = tempfile.mkdtemp() + "/picture.png"
    tf.io.write_file(path, tf.io.encode_png(picture(tf)))
    image = tf.image.convert_image_dtype(tf.io.decode_png(tf.io.read_file(path), channels=3), tf.float32)
    loaded = tf.keras.utils.load_img(path, target_size=(3, 4), interpolation="nearest")
    return {
        "image": image,
        "resized": tf.image.resize(image, [3, 4], method="nearest"),
        "by keras": tf.keras.utils.img_to_array(loaded),
        "for a network": tf.keras.applications.mobilenet.preprocess_input(
            np.array([[[0.0, 127.5, 255.0]]], np.float32)
        ),
    }


def dtypes(tf):
    image = picture(tf)
    return {
        "to float": tf.image.convert_image_dtype(image, tf.float32)[0, :3],
        "to half": tf.image.convert_image_dtype(image, tf.float16).dtype.name,
        "back": tf.image.convert_image_dtype(tf.image.convert_image_dtype(image, tf.float32), tf.uint8),
        "saturated": tf.image.convert_image_dtype([-0.5, 0.5, 1.5], tf.uint8, saturate=True),
        "to more bits": tf.image.convert_image_dtype(tf.constant([0, 128, 255], tf.uint8), tf.uint16),
        "cast only": tf.cast(image, tf.float32)[2, 3] / 255.0,
        "standardised": tf.image.per_image_standardization(image),
    }


def resizing(tf):
    image = tf.cast(picture(tf), tf.float32)
    return {
        "bilinear": tf.image.resize(image, [4, 5]),
        "larger": tf.image.resize(image[..., :1], [9, 11]),
        "nearest": tf.image.resize(image, [3, 4], method=tf.image.ResizeMethod.NEAREST_NEIGHBOR),
        "bicubic": tf.image.resize(image, [4, 5], method="bicubic"),
        "area": tf.image.resize(image, [3, 4], method="area"),
        "antialiased": tf.image.resize(image, [2, 3], antialias=True),
        "bytes become floats": tf.image.resize(picture(tf), [2, 2]).dtype.name,
        "nearest keeps bytes": tf.image.resize(picture(tf), [2, 2], method="nearest").dtype.name,
        "aspect": tf.image.resize(image, [4, 4], preserve_aspect_ratio=True).shape.as_list(),
        "with padding": tf.image.resize_with_pad(image, 4, 4),
        "batch": tf.image.resize(tf.stack([image, image * 0.5]), [3, 3])[1],
    }


def cropping(tf):
    image = picture(tf)
    return {
        "centre": tf.image.central_crop(image, 0.5),
        "box": tf.image.crop_to_bounding_box(image, 1, 2, 3, 4),
        "padded": tf.image.pad_to_bounding_box(image[..., :1], 1, 2, 8, 11),
        "crop or pad": tf.image.resize_with_crop_or_pad(image, 4, 10).shape.as_list(),
        "crop or pad values": tf.image.resize_with_crop_or_pad(image, 4, 10)[..., 0],
        "crop and resize": tf.image.crop_and_resize(
            tf.cast(image, tf.float32)[tf.newaxis], [[0.0, 0.0, 0.5, 0.5], [0.2, 0.2, 1.0, 1.0]], [0, 0], [2, 3]
        ),
        "patches": tf.image.extract_patches(
            image[tf.newaxis], [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID"
        ).shape.as_list(),
    }


def flipping(tf):
    image = picture(tf)
    return {
        "left right": tf.image.flip_left_right(image),
        "up down": tf.image.flip_up_down(image),
        "transposed": tf.image.transpose(image).shape.as_list(),
        "turned": tf.image.rot90(image),
        "turned thrice": tf.image.rot90(image, k=3)[..., 1],
    }


def adjusting(tf):
    image = tf.image.convert_image_dtype(picture(tf), tf.float32)
    return {
        "contrast": tf.image.adjust_contrast(image, 2.0),
        "contrast of bytes": tf.image.adjust_contrast(picture(tf), 0.5),
        "brightness": tf.image.adjust_brightness(image, 0.1),
        "gamma": tf.image.adjust_gamma(image, gamma=2.0, gain=0.5),
        "saturation": tf.image.adjust_saturation(image, 0.5),
        "hue": tf.image.adjust_hue(image, 0.2),
    }


def colours(tf):
    image = tf.image.convert_image_dtype(picture(tf), tf.float32)
    return {
        "gray": tf.image.rgb_to_grayscale(image),
        "gray of bytes": tf.image.rgb_to_grayscale(picture(tf)),
        "gray to colours": tf.image.grayscale_to_rgb(image[..., :1]).shape.as_list(),
        "hsv": tf.image.rgb_to_hsv(image[1:]),
        "hsv and back": tf.image.hsv_to_rgb(tf.image.rgb_to_hsv(image)),
        "yuv": tf.image.rgb_to_yuv(image),
    }


def measuring(tf):
    a = tf.image.convert_image_dtype(picture(tf), tf.float32)
    b = tf.image.adjust_brightness(a, 0.05)
    large = tf.image.resize(a, [24, 24])
    return {
        "psnr": tf.image.psnr(a, b, max_val=1.0),
        "ssim": tf.image.ssim(large, tf.image.adjust_contrast(large, 0.9), max_val=1.0),
        "variation": tf.image.total_variation(a),
        "gradients": list(tf.image.image_gradients(a[tf.newaxis, ..., :1])),
        "sobel": tf.image.sobel_edges(a[tf.newaxis])[0, 2, 3],
    }


def augmenting(tf):
    """What is random is only held to its bounds and to its seed."""
    image = tf.image.convert_image_dtype(picture(tf), tf.float32)
    flipped = tf.image.stateless_random_flip_left_right(image, seed=(1, 2))
    brighter = tf.image.stateless_random_brightness(image, max_delta=0.2, seed=(3, 4)) - image
    cropped = tf.image.stateless_random_crop(image, [3, 3, 3], seed=(5, 6))
    same = tf.image.stateless_random_contrast(image, 0.5, 1.5, seed=(1, 1)) == tf.image.stateless_random_contrast(
        image, 0.5, 1.5, seed=(1, 1)
    )
    return {
        "flipped or not": bool(tf.reduce_all(flipped == image) or tf.reduce_all(flipped == image[:, ::-1])),
        "one delta": bool(tf.reduce_max(brighter) - tf.reduce_min(brighter) < 1e-6),
        "delta in bounds": bool(tf.reduce_max(tf.abs(brighter)) <= 0.2),
        "crop": cropped.shape.as_list(),
        "repeats": bool(tf.reduce_all(same)),
        "random": tf.image.random_flip_up_down(image).shape.as_list(),
    }


def boxes(tf):
    corners = tf.constant([[0.0, 0.0, 1.0, 1.0], [0.0, 0.05, 1.0, 1.0], [0.0, 2.0, 1.0, 3.0], [0.5, 0.0, 1.5, 1.0]])
    scores = tf.constant([0.9, 0.8, 0.7, 0.6])
    return {
        "kept": tf.image.non_max_suppression(corners, scores, max_output_size=3, iou_threshold=0.5),
        "all above": tf.image.non_max_suppression(corners, scores, 4, score_threshold=0.65),
    }


def gradients(tf):
    image = tf.image.convert_image_dtype(picture(tf), tf.float32) + 0.05
    functions = {
        "resize": lambda t: tf.image.resize(t, [3, 5]) ** 2,
        "brightness": lambda t: tf.image.adjust_brightness(t, 0.5) ** 2,
        "gray": tf.image.rgb_to_grayscale,
        "crop": lambda t: tf.image.central_crop(t, 0.5) ** 3,
    }
    found = {}
    for name, function in functions.items():
        with tf.GradientTape() as tape:
            tape.watch(image)
            total = tf.reduce_sum(function(image))
        found[name] = tape.gradient(total, image)
    return found


def tone(tf, count=64):
    time = tf.range(count, dtype=tf.float32) / 64.0
    return 0.1 * tf.sin(2.0 * np.pi * 5.0 * time) + 0.05 * tf.cos(2.0 * np.pi * 12.0 * time)


def frames(tf):
    signal = tf.range(10.0)
    return {
        "frames": tf.signal.frame(signal, 4, 2),
        "padded": tf.signal.frame(signal, 4, 3, pad_end=True, pad_value=-1.0),
        "of axis": tf.signal.frame(tf.reshape(tf.range(12.0), [6, 2]), 3, 2, axis=0),
        "overlap and add": tf.signal.overlap_and_add(tf.ones([3, 4]), 2),
    }


def windows(tf):
    return {
        "hann": tf.signal.hann_window(8),
        "hann not periodic": tf.signal.hann_window(8, periodic=False),
        "hamming": tf.signal.hamming_window(8),
        "kaiser": tf.signal.kaiser_window(6, beta=8.0),
    }


def fourier(tf):
    signal = tone(tf)
    spectrum = tf.signal.fft(tf.cast(signal, tf.complex64))
    real = tf.signal.rfft(signal)
    plane = tf.cast(tf.reshape(signal, [8, 8]), tf.complex64)
    return {
        "fft": spectrum[:16],
        "and back": tf.math.real(tf.signal.ifft(spectrum)),
        "rfft": real,
        "rfft and back": tf.signal.irfft(real),
        "cut": tf.signal.rfft(signal, fft_length=[16]),
        "two axes": tf.abs(tf.signal.fft2d(plane)),
        "two axes and back": tf.math.real(tf.signal.ifft2d(tf.signal.fft2d(plane))),
        "real of two axes": tf.signal.rfft2d(tf.reshape(signal, [8, 8])),
        "shifted": tf.signal.fftshift(tf.range(5.0)),
        "peaks": tf.math.top_k(tf.abs(real), 2).indices,
        "of doubles": tf.signal.fft(tf.constant([1.0, 2.0, 3.0], tf.complex128)),
        "angle": tf.math.angle(real[5:13:7]),
    }


def short_time(tf):
    signal = tone(tf, 128)
    transformed = tf.signal.stft(signal, frame_length=32, frame_step=16)
    back = tf.signal.inverse_stft(transformed, 32, 16, window_fn=tf.signal.inverse_stft_window_fn(16))
    return {
        "shape": transformed.shape.as_list(),
        "magnitudes": tf.abs(transformed),
        "longer": tf.signal.stft(signal, 32, 16, fft_length=64).shape.as_list(),
        "and back": back[16:-16] - signal[16:112],
        "power": tf.reduce_sum(tf.abs(transformed) ** 2, axis=1),
    }


def mel_scale(tf):
    magnitudes = tf.abs(tf.signal.stft(tone(tf, 128), 64, 32))
    weights = tf.signal.linear_to_mel_weight_matrix(
        num_mel_bins=6, num_spectrogram_bins=33, sample_rate=64, lower_edge_hertz=2.0, upper_edge_hertz=30.0
    )
    mel = tf.math.log(tf.tensordot(magnitudes, weights, 1) + 0.01)
    return {
        "weights": weights,
        "mel": mel,
        "cepstral": tf.signal.mfccs_from_log_mel_spectrograms(mel),
        "dct": tf.signal.dct(tone(tf, 8), type=2, norm="ortho"),
        "dct and back": tf.signal.idct(tf.signal.dct(tone(tf, 8), norm="ortho"), norm="ortho"),
    }


def filtering(tf):
    signal = tone(tf)
    kernel = tf.constant([0.25, 0.5, 0.25])
    smoothed = tf.nn.conv1d(
        signal[tf.newaxis, :, tf.newaxis], kernel[:, tf.newaxis, tf.newaxis], stride=1, padding="SAME"
    )
    return {"smoothed": smoothed[0, :, 0]}


def in_functions(tf):
    @tf.function
    def prepare(image):
        image = tf.image.convert_image_dtype(image, tf.float32)
        image = tf.image.resize(image, [4, 4])
        return tf.clip_by_value(tf.image.adjust_contrast(image, 1.2), 0.0, 1.0)

    @tf.function
    def power(signal):
        return tf.abs(tf.signal.stft(signal, 16, 8)) ** 2

    signal = tone(tf)
    with tf.GradientTape() as tape:
        tape.watch(signal)
        total = tf.reduce_sum(power(signal)[:, 3])
    return {"prepared": prepare(picture(tf)), "gradient": tape.gradient(total, signal)}
