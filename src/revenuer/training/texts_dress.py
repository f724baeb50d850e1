"""Wording that any request may wear: it must tell nothing of the capability, so every capability wears it."""

from __future__ import annotations

from typing import Final

__all__ = ["AFTER", "BEFORE"]

BEFORE: Final[list[str]] = [
    "You are a helpful assistant.\n\n",
    "You are an expert #job# with #5-30# years of experience.\n",
    "### Task\n",
    "###Task Description:\n",
    "Instruction:\n",
    "Task #1-9999#:\n",
    "Read the following carefully.\n\n",
    "Here is the next item.\n\n",
    "[INST] ",
    "User: ",
    "Context: #sentence#\n\n",
    "<task>\n",
    "Follow these rules:\n1. Be precise.\n2. Do not repeat the question.\n3. Use at most #50-900# words.\n\n",
    "Below is a request. Handle it as described.\n\n",
    "You will be given an input. Do exactly what it asks.\n\nInput:\n",
    "Batch #1-99#, item #1-500#\n",
    "I would like your help with the following.\n",
    "Please help! ",
    "Answer in #language#.\n",
    "As a #adjective# assistant for #company#, do the following.\n",
    "Hello, I have a request. ",
    "Requirements:\n- correct\n- complete\n- well formatted\n\n",
    "Today is #weekday#, #month# #1-28#. ",
    "ID: #10000-99999#\n",
    "Note: #sentence#\n",
]

AFTER: Final[list[str]] = [
    "\n\nReturn valid JSON only.",
    "\n\nOutput format: one item per line, no extra text.",
    "\n\nBe concise.",
    " Thanks!",
    " Please be quick.",
    "\n\n### Response:",
    "\n\nDo not include any explanation.",
    "\n\nUse markdown with headings.",
    "\n\nAnswer:",
    " [/INST]",
    "\nAssistant:",
    "\n</task>",
    "\n\nRespond in #language#.",
    " I need it by #weekday#.",
    "\n\nRequirements:\n1. Stay on topic.\n2. The output should be in English.\n3. Do not repeat yourself.\n4. Keep each part to #1-4# sentences.",
    "\n\nThe result must contain exactly #2-9# parts.",
    " It's for my #relative#.",
    "\n\nIf something is unclear, make a reasonable assumption.",
    "\n\nExample:\nInput: #sentence#\nOutput: ...",
    "\n\nWrite your output strictly in this format: 1. ... 2. ... 3. ...",
    "\n\nLimit: #50-2000# words.",
    " Double check it.",
    "\n\nInput: #sentence#",
    "\n\nPut the result between <output> and </output>.",
    "\n\n#passage#",
]
