"""Words and ids that stand the same in every bundle, whoever makes it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

__all__ = [
    "ATLAS",
    "BANDS",
    "COHORT_EXTENSION",
    "EXTENSION",
    "EXTENSIONS",
    "HALF_LIFE_DAYS",
    "LEAST_BANDS",
    "NAMESPACE",
    "SKETCH",
    "SLOT",
    "TEMPLATE_EXTENSION",
    "TLP",
    "TLP_CREATED",
    "TLP_EXTENSION",
    "WORTH",
]

# Minted once: ids of what this project writes are UUIDv5 in this namespace, so that the same thing has the same id.
NAMESPACE: Final = UUID("6b1d3f0e-52ab-4c1e-9d6b-0c7b5f7a2f11")
EXTENSION: Final = "extension-definition--1f8f6d3a-7c55-4b62-9a35-6f3e0c2f8d47"
TEMPLATE_EXTENSION: Final = "extension-definition--7b0a9c52-2f8e-4d0b-8d4a-51c6a5d0f3e9"
COHORT_EXTENSION: Final = "extension-definition--c2f4e0ab-93d7-4e5c-b1a8-0d9f6e7b3c14"
EXTENSIONS: Final = {
    EXTENSION: ("Facts about a harvest of a model, on indicators and campaigns", "property-extension"),
    TEMPLATE_EXTENSION: ("llm-prompt-template: a prompt template as keyed min-hash bands", "new-sco"),
    COHORT_EXTENSION: ("llm-account-cohort: what accounts have in common, and nothing of any one", "new-sco"),
}

# Traffic Light Protocol 2.0, as OASIS has published it for STIX 2.1.
TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
TLP_CREATED: Final = "2022-10-01T00:00:00.000Z"
TLP: Final = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

# MITRE ATLAS, the techniques that findings name.
ATLAS: Final = {
    "AML.T0008.005": "AI Service Proxies",
    "AML.T0021": "Establish Accounts",
    "AML.T0024.002": "Extract AI Model",
    "AML.T0040": "AI Model Inference API Access",
    "AML.T0057": "LLM Data Leakage",
}

# Days after which half of what an indicator says is gone: addresses change hands within weeks, wording is kept while it works.
HALF_LIFE_DAYS: Final = {"template": 60, "network": 14, "domain": 30, "timing": 30, "signup": 30}
# Half-lives after which an indicator is no longer valid: an eighth of it is left.
WORTH: Final = 3

# Changes whenever tokens, shingles or hashes do: bands of different versions are not compared.
SKETCH: Final = "shingle4-minhash24x2-1"
BANDS: Final = 12
# Bands in common from which two templates are taken for one. Of 12, five or more are shared by templates of Jaccard 0.3
# once in 340 pairs, of 0.2 once in 15,000 (binomial with J squared); by templates of 0.8 in 96 of 100.
LEAST_BANDS: Final = 5
# What findings show of a template where the text differs from one request to the next.
SLOT: Final = "{…}"
