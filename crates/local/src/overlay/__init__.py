"""What the emulator does otherwise than AWS, put right, and faults to order.

Loaded in place of the emulator's own entry point: `python -m scrubjay_overlay`. Each module replaces a few functions
of MiniStack 1.5.33 and names the AWS page that it follows. What remains different is listed in docs/emulator.md.
"""
