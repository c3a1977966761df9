"""The payer over FHIR R4 with mutual TLS."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class PayerSettings(BaseModel):
    """The ``[payer]`` section of the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(
        pattern=r"^https://[^/\s]+(/\S*)?$", description="Address of the payer's FHIR service"
    )
    ca_file: Path = Field(description="PEM file of the authorities that the payer's server has")
    client_certificate: Path = Field(description="PEM file of this institution's certificate")
    client_key: Path = Field(description="PEM file of the private key of that certificate")
    connect_seconds: float = Field(
        3, gt=0, le=60, description="Seconds to wait for a connection to the payer"
    )
    answer_seconds: float = Field(
        10, gt=0, le=120, description="Seconds to wait for the payer's answer"
    )
