"""String tensors: byte strings of any length as elements; text is UTF-8 unless it is decoded."""

import base64
import tempfile

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(
            making,
            changing,
            joining_and_splitting,
            parts_of_strings,
            patterns,
            numbers,
            unicode_text,
            hashing,
            encoding,
        ),
        *(comparing, in_functions, printing, files),
    )


def making(tf):
    scalar, vector = tf.constant("Red deer"), tf.constant(["Red deer", "Small brown owl", ""])
    return {
        "scalar": scalar,
        "vector": vector,
        "dtype": [scalar.dtype.name, scalar.dtype == tf.string],
        "shape": vector.shape.as_list(),
        "python": scalar.numpy().decode(),
        "emoji": tf.constant("🌳🌧"),
        "from numpy": tf.constant(np.array([["a", "bc"]])),
        "from bytes": tf.constant([b"\x00\xff", b"z"]),
        "text": str(scalar),
        "indexed": vector[1],
        "reshaped": tf.reshape(vector, [3, 1]),
        "concatenated": tf.concat([vector, ["x"]], 0),
        "stacked": tf.stack([scalar, "b"]),
        "gathered": tf.gather(vector, [2, 0]),
        "filled": tf.fill([2], "ab"),
        "where": tf.where([True, False], "yes", "no"),
    }


def changing(tf):
    words = tf.constant(["  Ash ", "ÉLAN", "x"])
    return {
        "lower": tf.strings.lower(words),
        "lower utf-8": tf.strings.lower(words, encoding="utf-8"),
        "upper": tf.strings.upper("straße"),
        "strip": tf.strings.strip(words),
        "length": tf.strings.length(words),
        "length of characters": tf.strings.length(words, unit="UTF8_CHAR"),
        "plus": words + "!",
        "plus before": tf.constant("<") + words,
    }


def joining_and_splitting(tf):
    lines = tf.constant([["oak", "tree"], ["pine", "cone"]])
    return {
        "join": tf.strings.join([["a", "b"], ["c", "d"]], separator="-"),
        "join with scalar": tf.strings.join(["id_", tf.constant(["1", "2"])]),
        "reduce join": tf.strings.reduce_join(lines, axis=1, separator=" "),
        "reduce join all": tf.strings.reduce_join(lines),
        "split scalar": tf.strings.split("up hill  down dale"),
        "split at commas": tf.strings.split("a,b,,c", sep=","),
        "split many": tf.strings.split(["1,2", "3"], ",").to_list(),
        "split at most": tf.strings.split("a b c d", maxsplit=2),
        "split to tensor": tf.strings.split(["a b", "c"]).to_tensor("?"),
        "ngrams": tf.strings.ngrams(["a", "b", "c", "d"], 2, separator="_"),
        "format": tf.strings.format("{} and {}", (tf.constant([1, 2]), tf.constant(3.5))),
    }


def parts_of_strings(tf):
    return {
        "substr": tf.strings.substr(["Willow", "Poplar"], pos=1, len=3),
        "substr each": tf.strings.substr(["Willow", "Poplar"], [1, 2], [2, 3]),
        "substr from the end": tf.strings.substr("Willow", -3, 2),
        "substr of characters": tf.strings.substr("über", 0, 2, unit="UTF8_CHAR"),
        "bytes_split": tf.strings.bytes_split("ok!"),
        "bytes_split many": tf.strings.bytes_split(["ab", "", "c"]).to_list(),
    }


def patterns(tf):
    texts = tf.constant(["A <i>tall</i> tree", "no tags", "a1b22"])
    return {
        "replace": tf.strings.regex_replace(texts, "<[^>]+>", " "),
        "replace first": tf.strings.regex_replace(texts, "[0-9]+", "#", replace_global=False),
        "replace by groups": tf.strings.regex_replace("john smith", r"(\w+) (\w+)", r"\2 \1"),
        "full match": tf.strings.regex_full_match(texts, "[a-z0-9 ]+"),
    }


def numbers(tf):
    return {
        "to float": tf.strings.to_number(["1", "-2.5", "3e2"]),
        "to int": tf.strings.to_number(["12", "-7"], out_type=tf.int32),
        "to long": tf.strings.to_number("9000000000", tf.int64),
        "no number": caught(lambda: tf.strings.to_number("oak"), tf.errors.InvalidArgumentError),
        "from ints": tf.strings.as_string([1, 20, -3]),
        "from floats": tf.strings.as_string([3.14159, 2.0], precision=2),
        "from bools": tf.strings.as_string([True, False]),
        "padded": tf.strings.as_string([7, 42], width=4, fill="0"),
    }


def unicode_text(tf):
    text = tf.constant("森林小路")
    batch = tf.constant(["forêt", "a path", "🌲"])
    starts = tf.strings.unicode_decode_with_offsets("🌰🍂", "UTF-8")
    return {
        "decode": tf.strings.unicode_decode(text, input_encoding="UTF-8"),
        "decode batch": tf.strings.unicode_decode(batch, "UTF-8").to_list(),
        "encode": tf.strings.unicode_encode([0x68EE, 0x6797], output_encoding="UTF-8"),
        "transcode": tf.strings.unicode_transcode(text, "UTF-8", "UTF-16-BE"),
        "split": tf.strings.unicode_split("leaf 🍁", "UTF-8"),
        "split batch": tf.strings.unicode_split(batch, "UTF-8").to_list(),
        "offsets": list(starts),
        "scripts": tf.strings.unicode_script(tf.range(-7, 0x110000 + 7)),
        "scripts of a batch": tf.strings.unicode_script(tf.strings.unicode_decode(batch, "UTF-8")).to_list(),
        "invalid replaced": tf.strings.unicode_decode(b"a\xffb", "UTF-8", errors="replace", replacement_char=65),
    }


def hashing(tf):
    words = tf.constant(["oak", "ash", "", "a longer string than the others"])
    return {
        "fast": tf.strings.to_hash_bucket_fast(words, 1000),
        "deterministic": tf.reduce_all(
            tf.strings.to_hash_bucket_fast(words, 7) == tf.strings.to_hash_bucket_fast(words, 7)
        ),
    }


def encoding(tf):
    floats = np.array([1.5, -2.0, 0.25], np.float32)
    return {
        "decode_raw floats": tf.io.decode_raw(floats.tobytes(), tf.float32),
        "decode_raw bytes": tf.io.decode_raw(tf.constant("AZ"), tf.uint8),
        "decode_raw batch": tf.io.decode_raw([b"\x01\x00", b"\x02\x01"], tf.int16),
        "decode_raw big end first": tf.io.decode_raw(b"\x00\x01", tf.uint16, little_endian=False),
        "decode_csv": tf.io.decode_csv(["1,2.5,a", "3,,b"], record_defaults=[[0], [9.5], [""]]),
        "decode_csv of one": tf.io.decode_csv('7;"x;y"', [[0], ["-"]], field_delim=";"),
        "base64": tf.io.encode_base64("hello?>"),
        "from base64": tf.io.decode_base64(base64.urlsafe_b64encode(b"tree").decode().rstrip("=")),
        "serialized": tf.io.parse_tensor(tf.io.serialize_tensor(tf.constant([[1, 2]])), tf.int32),
    }


def comparing(tf):
    words = tf.constant(["a", "b", "a"])
    return {
        "equal": words == "a",
        "not equal": words != tf.constant(["a", "a", "a"]),
        "all": tf.reduce_all(tf.equal(words, ["a", "b", "a"])),
        "unique": list(tf.unique(words)),
        "argsort by length": tf.argsort(tf.strings.length(["ccc", "a", "bb"])),
        "with a number": caught(lambda: words + 1, ValueError, TypeError, tf.errors.InvalidArgumentError),
        "boolean mask": tf.boolean_mask(words, words == "a"),
    }


def in_functions(tf):
    @tf.function
    def tidy(texts):
        cleaned = tf.strings.regex_replace(tf.strings.lower(texts), "[^a-z ]", "")
        return cleaned, tf.strings.length(cleaned)

    return {"tidied": list(tidy(tf.constant(["Oak!", "A-B c"])))}


def printing(tf):
    return {
        "as text": [f"{tf.constant('a')}", str(tf.constant(["a", "b"]))],
        "nested format": tf.strings.format("values: {}", tf.range(8), summarize=2),
        "joined numbers": tf.strings.join([tf.strings.as_string(tf.range(3)), ["a", "b", "c"]], separator=":"),
    }


def files(tf):
    folder = tf.io.gfile.join(tempfile.mkdtemp(), "words")
    tf.io.gfile.makedirs(folder)
    path = folder + "/trees.txt"
    tf.io.write_file(path, "oak\nash\n")
    with tf.io.gfile.GFile(folder + "/more.txt", "w") as file:
        file.write("elm")
    results = {
        "read": tf.io.read_file(path),
        "lines": tf.strings.split(tf.strings.strip(tf.io.read_file(path)), "\n"),
        "listed": sorted(tf.io.gfile.listdir(folder)),
        "found": [name.rpartition("/")[2] for name in sorted(tf.io.gfile.glob(folder + "/*.txt"))],
        "matching": tf.size(tf.io.matching_files(folder + "/t*")),
        "exists": tf.io.gfile.exists(path),
        "is a folder": tf.io.gfile.isdir(folder),
        "missing": caught(lambda: tf.io.read_file(folder + "/none"), tf.errors.NotFoundError),
    }
    tf.io.gfile.rmtree(folder)
    return results | {"removed": tf.io.gfile.exists(folder)}
