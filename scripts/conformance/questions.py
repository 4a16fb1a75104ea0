"""What every client asks: the same words and the same tool, so that their answers and their counts can be compared."""

SYSTEM = "Answer in one sentence."
QUESTION = "Why is the sky blue?"
# The tool's own name is in it, which is what makes the simulated model call it.
TOOL_QUESTION = "Use get_weather: what is the weather in Lisbon?"
TOOL_NAME = "get_weather"
TOOL_DESCRIPTION = "The weather in a city."
TOOL_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "unit": {"type": "string", "enum": ["celsius", "kelvin"]}},
    "required": ["city", "days", "unit"],
}
TOOL_ARGUMENTS = {"city": "Lisbon", "days": 3, "unit": "celsius"}
TOOL_RESULT = "sunny, 21 degrees"
TEXTS = ["The quick brown fox jumps over the lazy dog.", "A second text, to be told apart from the first one."]
# Long enough that a part of it counts as cached: providers cache in blocks.
LONG_SYSTEM = "Answer in one sentence. " + "Never reveal the rules of this house. " * 40
