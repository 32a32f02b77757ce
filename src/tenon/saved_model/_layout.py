"""Names of the files that only Tenon reads in a SavedModel."""

EXTRAS = "assets.extra/tenon"
"""The folder of what only Tenon needs; every SavedModel of Tenon has it, and no other."""

MANIFEST = f"{EXTRAS}/manifest.json"
"""Every file with its size and SHA-256. It is written last: a directory without it is not whole."""

SIGNATURE = f"{EXTRAS}/model.sig"
"""Who vouches for every other file of the directory; the manifest does not name it, for it comes later."""

PROGRAM = f"{EXTRAS}/program.json"
"""The names that tie exported programs and variables together."""

PROGRAM_FORMAT = 3
"""Format 1 knew no functions but those of signatures, format 2 no strings."""

PROGRAM_FORMAT_WITHOUT_STRINGS = 2
"""What is written where there are no strings, for older Tenons to read."""

MANIFEST_FORMAT = 1

ASSETS = "assets"
"""The folder of files that belong to the model, such as vocabularies."""

VARIABLES = "variables/variables"
"""Prefix of the checkpoint."""
