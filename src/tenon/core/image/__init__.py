"""Images: sizes, colours, boxes and quality, as ``tf.image``.

Images are ``[height, width, channels]``, or batches of those.
"""
