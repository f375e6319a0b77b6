"""Records what Python itself refuses: makes mutations of `project`, runs each, and writes `recorded.jsonl`.

Run by hand after a change of the project: `python3 record.py` in this folder. A mutation replaces one piece of one file, or
takes a file away. It is refused when a file cannot be compiled, a module cannot be imported, or an import inside a function,
or `from module import *`, fails.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.join(HERE, "project")

TRUTH = r"""
import ast, importlib, os, sys
root = sys.argv[1]
sys.path[:0] = [os.path.join(root, "src"), root]
failed = []
for base in ("src", ""):
    top = os.path.join(root, base) if base else root
    for folder, folders, names in os.walk(top):
        if base == "" and folder.startswith(os.path.join(root, "src")):
            continue
        for name in sorted(names):
            if not name.endswith(".py"):
                continue
            path = os.path.join(folder, name)
            parts = os.path.relpath(path, top)[:-3].split(os.sep)
            if parts[-1] == "__init__":
                parts.pop()
            module = ".".join(parts)
            try:
                text = open(path, "rb").read()
                tree = ast.parse(compile(text, path, "exec") and text)
            except (SyntaxError, ValueError) as error:
                failed.append((path, repr(error)))
                continue
            try:
                loaded = importlib.import_module(module)
                exec("from %s import *" % module, {})
            except Exception as error:
                failed.append((path, repr(error)))
                continue
            package = module if name == "__init__.py" else module.rpartition(".")[0]
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef):
                    for inner in ast.walk(function):
                        if isinstance(inner, (ast.Import, ast.ImportFrom)):
                            try:
                                exec(ast.unparse(inner), {"__name__": module, "__package__": package})
                            except Exception as error:
                                failed.append((path, repr(error)))
for path, error in failed:
    print(os.path.relpath(path, root), error)
sys.exit(bool(failed))
"""


def sources():
    for folder, _, names in sorted(os.walk(PROJECT)):
        for name in sorted(names):
            if name.endswith(".py"):
                yield os.path.relpath(os.path.join(folder, name), PROJECT)


def mutations():
    """Yields (what, file, offset, old, new); no offset: the file is taken away."""
    for file in sources():
        text = open(os.path.join(PROJECT, file)).read()
        if not text:
            continue
        lines = text.splitlines(keepends=True)
        start = [0]
        for line in lines:
            start.append(start[-1] + len(line))
        tree = ast.parse(text)
        yield "file taken away", file, None, "", ""
        for node in tree.body:
            first = min([node.lineno] + [it.lineno for it in getattr(node, "decorator_list", [])])
            begin, end = start[first - 1], start[node.end_lineno]
            piece = text[begin:end]
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            yield "statement deleted", file, begin, piece, ""
            names = []
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                word = "def " if isinstance(node, ast.FunctionDef) else "class "
                names = [(text.index(word + node.name, start[node.lineno - 1]) + len(word), node.name)]
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    parts = target.elts if isinstance(target, ast.Tuple) else [target]
                    names += [(start[it.lineno - 1] + it.col_offset, it.id) for it in parts if isinstance(it, ast.Name)]
            elif isinstance(node, ast.AnnAssign):
                names = [(start[node.target.lineno - 1] + node.target.col_offset, node.target.id)]
            elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
                for alias in node.names:
                    if alias.name != "*":
                        at = start[alias.lineno - 1] + alias.col_offset
                        yield "import misspelt", file, at, alias.name, alias.name + "x"
            for at, name in names:
                yield "definition renamed", file, at, name, name + "_renamed"
            if piece.count("\n") > 1 and ":\n" in piece:
                at = begin + piece.index(":\n")
                yield "colon taken away", file, at, ":", ""
                body = start[text.count("\n", 0, at + 2)]
                indent = len(text[body:]) - len(text[body:].lstrip(" "))
                yield "indentation taken away", file, body, " " * indent, ""
            for bracket in ")]}":
                if bracket in piece:
                    yield "bracket taken away", file, begin + piece.rindex(bracket), bracket, ""
                    break
            quote = piece.find('"')
            if quote >= 0 and not piece.lstrip().startswith('"""'):
                yield "quote taken away", file, begin + quote, '"', ""
        middle = start[len(lines) // 2]
        piece = lines[len(lines) // 2]
        conflict = f"<<<<<<< HEAD\n{piece}=======\n{piece}>>>>>>> other\n"
        yield "conflict left in", file, middle, piece, conflict


def apply(folder, file, offset, old, new):
    path = os.path.join(folder, file)
    if offset is None:
        os.remove(path)
        return
    text = open(path).read()
    assert text[offset : offset + len(old)] == old, (file, offset, old)
    with open(path, "w") as out:
        out.write(text[:offset] + new + text[offset + len(old) :])


def refused(folder):
    call = [sys.executable, "-B", "-W", "ignore", "-c", TRUTH, folder]
    result = subprocess.run(call, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    return result.returncode != 0, (result.stdout or result.stderr).strip().splitlines()


def main():
    seen, count = set(), 0
    with tempfile.TemporaryDirectory() as work, open(os.path.join(HERE, "recorded.jsonl"), "w") as out:
        assert not refused(PROJECT)[0], refused(PROJECT)
        for what, file, offset, old, new in mutations():
            if (file, offset, old, new) in seen:
                continue
            seen.add((file, offset, old, new))
            folder = os.path.join(work, "copy")
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
            apply(folder, file, offset, old, new)
            is_refused, why = refused(folder)
            record = {"what": what, "file": file, "offset": offset, "old": old, "new": new, "refused": is_refused}
            record["why"] = why[0] if why else ""
            out.write(json.dumps(record) + "\n")
            count += 1
    print(count, "mutations recorded")


main()
