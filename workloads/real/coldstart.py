# SPDX-License-Identifier: GPL-2.0-only
"""A program that needs many modules at once; prints what tells that they work."""
import ctypes
import decimal
import hashlib
import json
import lzma
import sqlite3
import ssl
import xml.etree.ElementTree as ElementTree

db = sqlite3.connect(":memory:")
db.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)")
db.executemany("INSERT INTO t VALUES (?, ?)", ((i, str(i * i)) for i in range(100)))
rows = db.execute("SELECT k, v FROM t ORDER BY k DESC").fetchall()
text = json.dumps({"rows": rows, "third": str(decimal.Decimal(1) / 3)})
packed = lzma.compress(text.encode())
tree = ElementTree.fromstring("<a><b>%d</b></a>" % len(rows))
print(
    hashlib.sha256(lzma.decompress(packed)).hexdigest(),
    tree.find("b").text,
    ctypes.sizeof(ctypes.c_long),
    ssl.HAS_TLSv1_2,
)
