# SPDX-License-Identifier: MIT
"""embed.py OUTPUT NAME=FILE...: a C header with each file as a string."""
import sys

with open(sys.argv[1], "w", encoding="utf-8") as out:
    for arg in sys.argv[2:]:
        name, path = arg.split("=", 1)
        out.write(f"static const char {name}[] =\n")
        with open(path, encoding="utf-8") as f:
            for line in f:
                text = line.rstrip("\n").replace("\\", "\\\\").replace('"', '\\"')
                out.write(f'   "{text}\\n"\n')
        out.write("   ;\n")
