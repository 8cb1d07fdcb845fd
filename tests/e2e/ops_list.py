# SPDX-License-Identifier: MIT
"""ops_list.py OUTPUT ops.inc: the OP(name, type) heads alone, one a line."""
import re
import sys

with open(sys.argv[2], encoding="utf-8") as f:
    heads = re.findall(r"^OP\(\w+, \w+\)", f.read(), re.M)
with open(sys.argv[1], "w", encoding="utf-8") as out:
    out.write("\n".join(heads) + "\n")
