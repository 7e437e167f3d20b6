"""Rules files -> who may send what where, with which credential."""
