"""
Properties that hold for every input, for atheris to break: `make fuzz`.

Why not in tests/decode/test_properties.py: those are drawn from a fixed seed in every
run of the suite; these are steered by coverage, for as long as one lets them.
"""
