"""Header blocks are read like any HPACK decoder reads them, in any order of repetition."""

from hpack import Decoder, Encoder
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.http2._headers import HeaderReader, header_block

NAMES = st.text("abcdefghijk-", min_size=1, max_size=12)
VALUES = st.text(st.characters(max_codepoint=255), max_size=300)
FIELDS = st.dictionaries(NAMES, VALUES, max_size=8)


@given(FIELDS)
def test_what_is_written_any_decoder_reads(fields):
    block = header_block(fields.items())
    decoded = Decoder().decode(block, raw=True)
    assert {name.decode("latin-1"): value.decode("latin-1") for name, value in decoded} == fields


@given(
    st.lists(st.tuples(FIELDS, st.booleans()), max_size=6).flatmap(
        lambda few: st.lists(st.sampled_from(few or [({}, True)]))
    )
)
def test_repeated_blocks_read_the_same_whatever_came_between(requests):
    encoder, reader = Encoder(), HeaderReader()
    for fields, huffman in requests:
        assert reader.read(encoder.encode(list(fields.items()), huffman=huffman)) == {
            name: value.encode().decode("latin-1") for name, value in fields.items()
        }
