"""Starts TensorZero's embedded gateway, writes its address as JSON into the file named second, and serves until standard input ends."""

import importlib.metadata
import json
import os
import sys
import warnings

import openai
import tensorzero

# The package says that it will drop the embedded gateway; this version still has it, and no other is on PyPI.
warnings.simplefilter("ignore")
configuration, announcement = sys.argv[1:]
client = tensorzero.patch_openai_client(openai.OpenAI(api_key="none"), config_file=configuration, async_setup=False)
with open(announcement + ".new", "w") as file:
    json.dump({"base_url": str(client.base_url), "version": importlib.metadata.version("tensorzero")}, file)
os.replace(announcement + ".new", announcement)
sys.stdin.read()
