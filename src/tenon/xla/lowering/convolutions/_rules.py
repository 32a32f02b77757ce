"""All rules for convolutions."""

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.convolutions._cropped import CROPPED
from tenon.xla.lowering.convolutions._depthwise import DEPTHWISE
from tenon.xla.lowering.convolutions._depthwise_input_gradient import DEPTHWISE_INPUT_GRADIENT
from tenon.xla.lowering.convolutions._depthwise_weight_gradient import DEPTHWISE_WEIGHT_GRADIENT
from tenon.xla.lowering.convolutions._few_channels import FEW_CHANNELS
from tenon.xla.lowering.convolutions._few_filters import FEW_FILTERS
from tenon.xla.lowering.convolutions._few_filters_weight_gradient import FEW_FILTERS_WEIGHT_GRADIENT
from tenon.xla.lowering.convolutions._few_products import FEW_PRODUCTS
from tenon.xla.lowering.convolutions._grouped_weight_gradient import GROUPED_WEIGHT_GRADIENT
from tenon.xla.lowering.convolutions._narrow_groups import NARROW_GROUPS
from tenon.xla.lowering.convolutions._pointwise import POINTWISE
from tenon.xla.lowering.convolutions._transposed_weight_gradient import TRANSPOSED_WEIGHT_GRADIENT
from tenon.xla.lowering.convolutions._unpadded import UNPADDED
from tenon.xla.lowering.convolutions._volumes import VOLUMES
from tenon.xla.lowering.convolutions._weight_gradient import WEIGHT_GRADIENT
from tenon.xla.lowering.convolutions._weight_gradient_in_turns import WEIGHT_GRADIENT_IN_TURNS
from tenon.xla.lowering.convolutions._wide_groups import WIDE_GROUPS

CONVOLUTION_RULES: tuple[LoweringRule, ...] = (
    CROPPED,
    DEPTHWISE,
    DEPTHWISE_INPUT_GRADIENT,
    DEPTHWISE_WEIGHT_GRADIENT,
    GROUPED_WEIGHT_GRADIENT,
    TRANSPOSED_WEIGHT_GRADIENT,
    FEW_FILTERS_WEIGHT_GRADIENT,
    WEIGHT_GRADIENT_IN_TURNS,
    WEIGHT_GRADIENT,
    NARROW_GROUPS,
    WIDE_GROUPS,
    VOLUMES,
    FEW_PRODUCTS,
    POINTWISE,
    FEW_FILTERS,
    FEW_CHANNELS,
    UNPADDED,
)
"""The more special before the more general."""
