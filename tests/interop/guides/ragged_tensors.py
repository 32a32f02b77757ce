"""Ragged tensors: rows of different lengths, stored as one flat list of values and where each row begins."""

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(making, parts, nested, indexing, elementwise, reducing, joining, to_other_kinds, of_strings, of_sentences),
        *(gradients, refused),
    )


def pulses(tf):
    return tf.ragged.constant([[8, 2, 5], [7], [], [4, 4, 9, 1], []])


def making(tf):
    values = [8, 2, 5, 7, 4, 4, 9, 1]
    return {
        "constant": pulses(tf).to_list(),
        "by row ids": tf.RaggedTensor.from_value_rowids(values, value_rowids=[0, 0, 0, 1, 3, 3, 3, 3]).to_list(),
        "by lengths": tf.RaggedTensor.from_row_lengths(values, row_lengths=[3, 1, 0, 4]).to_list(),
        "by splits": tf.RaggedTensor.from_row_splits(values, row_splits=[0, 3, 4, 4, 8]).to_list(),
        "by starts": tf.RaggedTensor.from_row_starts(values, [0, 3, 4, 4]).to_list(),
        "by limits": tf.RaggedTensor.from_row_limits(values, [3, 4, 4, 8]).to_list(),
        "with rows after the last": tf.RaggedTensor.from_value_rowids([1, 2], [0, 2], nrows=5).to_list(),
        "from tensor": tf.RaggedTensor.from_tensor([[1, 2, 0], [3, 0, 0]], padding=0).to_list(),
        "from tensor by lengths": tf.RaggedTensor.from_tensor([[1, 2], [3, 4]], lengths=[1, 2]).to_list(),
        "range": tf.ragged.range([3, 0, 2]).to_list(),
        "range with bounds": tf.ragged.range([0, 5], [4, 9], 2).to_list(),
        "typed": tf.ragged.constant([[1], []], dtype=tf.float64).dtype.name,
        "stacked": tf.ragged.stack([[1, 2], [3], tf.constant([], tf.int32)]).to_list(),
    }


def parts(tf):
    ragged = pulses(tf)
    return {
        "values": ragged.values,
        "flat values": ragged.flat_values,
        "row splits": ragged.row_splits,
        "row lengths": ragged.row_lengths(),
        "row starts": ragged.row_starts(),
        "value row ids": ragged.value_rowids(),
        "nrows": ragged.nrows(),
        "rank": ragged.ragged_rank,
        "shape": ragged.shape.as_list(),
        "bounding shape": ragged.bounding_shape(),
        "dtype": ragged.dtype.name,
        "is a ragged tensor": isinstance(ragged, tf.RaggedTensor),
        "len": len(ragged.to_list()),
        "text": str(ragged),
        "size": tf.size(ragged),
    }


def nested(tf):
    deep = tf.ragged.constant([[[1, 2], [3]], [], [[4, 5, 6], [], [7]]])
    pairs = tf.RaggedTensor.from_row_splits([[1, 2], [3, 4], [5, 6]], [0, 1, 3])
    return {
        "list": deep.to_list(),
        "rank": deep.ragged_rank,
        "shape": deep.shape.as_list(),
        "splits": list(deep.nested_row_splits),
        "merged": deep.merge_dims(0, 1).to_list(),
        "all merged": deep.flat_values,
        "uniform inner": [pairs.shape.as_list(), pairs.to_list()],
        "from nested splits": tf.RaggedTensor.from_nested_row_splits([1, 2, 3], [[0, 1, 2], [0, 2, 3]]).to_list(),
    }


def indexing(tf):
    walks = tf.ragged.constant([["gate", "brook", "mill"], ["ridge"], ["ford", "barn"]])
    return {
        "row": walks[1],
        "element": walks[0, 1],
        "last row": walks[-1],
        "rows": walks[1:].to_list(),
        "first words": walks[:, :1].to_list(),
        "last two": walks[:, -2:].to_list(),
        "gather": tf.gather(walks, [2, 0]).to_list(),
        "boolean mask": tf.ragged.boolean_mask(walks, [True, False, True]).to_list(),
        "ragged mask": tf.ragged.boolean_mask(
            [[1, 2, 3], [4, 5, 6]], [[True, False, True], [False, True, False]]
        ).to_list(),
        "iterated": [row.numpy().tolist() for row in walks],
    }


def elementwise(tf):
    ragged = pulses(tf)
    return {
        "plus number": (ragged + 3).to_list(),
        "number first": (2 * ragged).to_list(),
        "plus ragged": (ragged + ragged).to_list(),
        "per row": (ragged + tf.constant([[100], [200], [300], [400], [500]])).to_list(),
        "comparison": (ragged > 2).to_list(),
        "cast": tf.cast(ragged, tf.float32).to_list(),
        "square": tf.square(ragged).to_list(),
        "negative": (-ragged).to_list(),
        "mapped values": tf.ragged.map_flat_values(lambda values: values * 10 + 1, ragged).to_list(),
        "where": tf.where(ragged > 3, ragged, -ragged).to_list(),
        "zeros": tf.zeros_like(ragged).to_list(),
        "divided": (tf.cast(ragged, tf.float32) / 2.0).to_list(),
        "add": tf.add(ragged, 1).to_list(),
    }


def reducing(tf):
    ragged = tf.ragged.constant([[2.5, 1.0, 4.5], [6.0], [8.0, 3.0]])
    return {
        "sum of rows": tf.reduce_sum(ragged, axis=1),
        "sum of columns": tf.reduce_sum(ragged, axis=0),
        "sum of all": tf.reduce_sum(ragged),
        "mean": tf.reduce_mean(ragged, axis=1),
        "max": tf.reduce_max(ragged, axis=1),
        "min": tf.reduce_min(ragged, axis=1),
        "product": tf.reduce_prod(ragged, axis=1),
        "any": tf.reduce_any(ragged > 4.0, axis=1),
        "sum of empty rows": tf.reduce_sum(pulses(tf), axis=1),
    }


def joining(tf):
    a, b = tf.ragged.constant([[1, 2], [3]]), tf.ragged.constant([[4], [5, 6]])
    return {
        "rows": tf.concat([a, b], axis=0).to_list(),
        "columns": tf.concat([a, b], axis=1).to_list(),
        "with a tensor": tf.concat([a, tf.constant([[9], [8]])], axis=1).to_list(),
        "stack": tf.stack([a, b]).to_list(),
        "tile": tf.tile(a, [2, 1]).to_list(),
        "expand": tf.expand_dims(a, axis=1).to_list(),
        "reverse": tf.reverse(a, axis=[0]).to_list(),
    }


def to_other_kinds(tf):
    ragged = pulses(tf)
    sparse = ragged.to_sparse()
    return {
        "tensor": ragged.to_tensor(),
        "default": ragged.to_tensor(default_value=-1),
        "cut": ragged.to_tensor(shape=[None, 2]),
        "padded": ragged.to_tensor(shape=[6, 5], default_value=7),
        "sparse": [sparse.indices, sparse.values, sparse.dense_shape],
        "from sparse": tf.RaggedTensor.from_sparse(sparse).to_list(),
        "numpy of equal rows": tf.ragged.constant([[1, 2], [3, 4]]).numpy(),
        "rows as arrays": [row.tolist() for row in ragged.numpy()],
    }


def of_strings(tf):
    sentences = tf.constant(["moss on stone", "fern", ""])
    words = tf.strings.split(sentences)
    letters = tf.strings.bytes_split(["oak", "", "yew"])
    return {
        "words": words.to_list(),
        "lengths": tf.strings.length(words).to_list(),
        "number of words": words.row_lengths(),
        "letters": letters.to_list(),
        "joined again": tf.strings.reduce_join(words, axis=1, separator=" "),
        "upper": tf.strings.upper(words).to_list(),
        "prefixed": ("*" + words).to_list(),
        "substrings": tf.strings.substr(words, 0, 2).to_list(),
    }


def of_sentences(tf):
    """Average the vectors of the words of every sentence, which have different lengths."""
    sentences = tf.ragged.constant([[0, 2, 1], [3], [1, 1, 4, 0]])
    table = tf.reshape(tf.range(10.0), [5, 2])
    vectors = tf.nn.embedding_lookup(table, sentences)
    flat = tf.gather(table, sentences)
    pairs = tf.concat([sentences[:, :-1], sentences[:, 1:]], axis=1)
    return {
        "vectors": vectors.to_list(),
        "gathered": flat.to_list(),
        "means": tf.reduce_mean(vectors, axis=1),
        "first and last joined": pairs.to_list(),
    }


def gradients(tf):
    values = tf.Variable([1.0, 2.0, 3.0, 4.0])
    with tf.GradientTape() as tape:
        ragged = tf.RaggedTensor.from_row_lengths(values * values, [3, 1])
        loss = tf.reduce_sum(tf.reduce_mean(ragged, axis=1))
    return {"gradient": tape.gradient(loss, values)}


def refused(tf):
    return {
        "splits that do not end": caught(
            lambda: tf.RaggedTensor.from_row_splits([1, 2, 3], [0, 2]), ValueError, tf.errors.InvalidArgumentError
        ),
        "shapes": caught(
            lambda: tf.ragged.constant([[1, 2], [3]]) + tf.ragged.constant([[1], [3]]),
            ValueError,
            tf.errors.InvalidArgumentError,
        ),
        "depths": caught(lambda: tf.ragged.constant([[1], 2]), ValueError),
    }
