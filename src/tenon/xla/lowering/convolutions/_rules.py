"""All rules for convolutions."""

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.convolutions._colour_images import COLOUR_IMAGES
from tenon.xla.lowering.convolutions._depthwise import DEPTHWISE
from tenon.xla.lowering.convolutions._narrow_groups import NARROW_GROUPS
from tenon.xla.lowering.convolutions._volumes import VOLUMES
from tenon.xla.lowering.convolutions._wide_groups import WIDE_GROUPS

CONVOLUTION_RULES: tuple[LoweringRule, ...] = (
    DEPTHWISE,
    NARROW_GROUPS,
    WIDE_GROUPS,
    VOLUMES,
    COLOUR_IMAGES,
)
"""The more special before the more general."""
