"""Writes pyjson.json and pyfloat.json: what Python's json module makes of values, for the tests of `pyjson`."""
import json, random, struct, pathlib

here = pathlib.Path(__file__).parent
values = [
    None, True, False, 0, -1, 85, 2**53, 12345678901234567890123, 0.5, 1.0, -0.0, 1e16, 1e15, 123456789012345680.0,
    1e-4, 1e-5, 1.5e-7, 1e100, 1e-100, 0.67, 99.99, 1774096496.12, 5e-324, 1.7976931348623157e308,
    "", "plain", "quote \" backslash \\ slash /", "\b\f\n\r\t", "\x00\x01\x1f\x7f", "\u27f312.6:003", "Gr\u00f6\u00dfe",
    "\U0001f600 emoji", "\u2028\u2029", "\ufeff", "\u202e bidi", "\ud7ff\ue000", "</script>", "a\u0300",
    [], {}, [[]], [{}], {"a": []}, {"a": {}}, [1, [2, [3, {"a": 4}]]], {"a": 1, "b": [1, 2], "c": {"d": None}},
    {"\u00e4": "\u00f6", "": 0, "with \"quotes\"": True}, [None, True, 1.25, "x", [], {}],
    {"timestamp": "2026-03-21T12:34:56.123456+00:00", "cycle": 42, "epoch": "\u27f312.6:003", "issue": None, "reason": ""},
]
cases = [[v, json.dumps(v), json.dumps(v, indent=2) + "\n"] for v in values]
(here / "pyjson.json").write_text(json.dumps(cases, indent=1) + "\n")
random.seed(20260321)
floats = [0.1, 1 / 3, 2 / 3, 1e22, 1e23, 9007199254740993.0, 9999999999999998.0, 1e16, 0.0001, 0.00009999, 1e21, -2.5e-8]
floats += [struct.unpack(">d", random.randbytes(8))[0] for _ in range(120)]
floats += [round(random.random() * 1000, 2) for _ in range(60)]
rows = [[struct.pack(">d", f).hex(), json.dumps(f)] for f in floats if f == f and abs(f) != float("inf")]
(here / "pyfloat.json").write_text(json.dumps(rows, indent=0) + "\n")
