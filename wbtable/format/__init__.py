"""The specification in code: bytes to values and back, with no input or output."""
