"""IKE and ESP proposals in both crypto variants."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from offnet.intent.base import Model
from offnet.intent.proposals import ModernEsp, ModernIke, PrintedEsp, PrintedIke
from offnet.network.model import Crypto


class IkePolicies(Model):
    """IKE proposals per crypto variant, in order of preference."""

    as_printed: Annotated[tuple[PrintedIke, ...], Field(strict=False)] = Field(
        alias="as-printed", min_length=1, description="IKEv1, as the book prints it: for teaching only."
    )
    modern: Annotated[tuple[ModernIke, ...], Field(strict=False)] = Field(
        min_length=1, description="IKEv2, without broken algorithms."
    )

    def of(self, crypto: Crypto) -> tuple[str, ...]:
        """The proposals of one variant."""
        return self.as_printed if crypto is Crypto.AS_PRINTED else self.modern


class EspTransforms(Model):
    """ESP proposals per crypto variant, in order of preference."""

    as_printed: Annotated[tuple[PrintedEsp, ...], Field(strict=False)] = Field(
        alias="as-printed", min_length=1, description="Transforms as the book prints them: for teaching only."
    )
    modern: Annotated[tuple[ModernEsp, ...], Field(strict=False)] = Field(
        min_length=1, description="Transforms without broken algorithms; a group gives forward secrecy."
    )

    def of(self, crypto: Crypto) -> tuple[str, ...]:
        """The proposals of one variant."""
        return self.as_printed if crypto is Crypto.AS_PRINTED else self.modern
