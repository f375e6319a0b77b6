#!/usr/bin/env python3
"""Makes answers.json and project.json of recordings of four servers.

    extract.py DIRECTORY     # with recorded-gitea-1.23.jsonl, recorded-gitea-1.26.jsonl and so on

A line of a recording is one request: method, path, token, status, headers, body. Only the standard library.
"""
import json
import pathlib
import re
import sys

SERVERS = ["gitea-1.23", "gitea-1.26", "forgejo-15", "forgejo-17"]
HEADERS = ["allow", "link", "location", "x-hasmore", "x-total-count"]
# What the forge does not serve.
LEFT_OUT = r"/house/commits\?|\.diff$|/pull$|/(assignees|reviewers|permission)$|/orgs/|/issues/search|/blank/commits"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$")
HERE = pathlib.Path(__file__).parent


def read(folder, server):
    lines = (pathlib.Path(folder) / f"recorded-{server}.jsonl").read_text(encoding="utf8").splitlines()
    answers = [json.loads(line) for line in lines]
    return [answer for answer in answers if not re.search(LEFT_OUT, answer["path"])]


class Shapes:
    """Each shape once: a scalar's type, a list of the shapes of its elements, or the fields with their shapes."""

    def __init__(self):
        self.known, self.all = {}, []

    def of(self, value):
        if isinstance(value, dict):
            shape = {key: self.of(part) for key, part in value.items()}
        elif isinstance(value, list):
            shape = sorted({self.of(part) for part in value})
        elif isinstance(value, str):
            shape = "time" if TIME.match(value) else "text"
        else:
            shape = {type(None): "null", bool: "flag", int: "number"}[type(value)]
        written = json.dumps(shape)
        if written not in self.known:
            self.known[written] = len(self.all)
            self.all.append(shape)
        return self.known[written]


def entry(source, is_pull):
    """An issue or a pull request as a project file has it."""
    kept = {key: source[key] for key in ("number", "title", "state", "comments", "created_at", "updated_at")}
    kept["user"] = source["user"]["login"]
    kept["labels"] = [label["name"] for label in source["labels"]]
    kept["assignees"] = [user["login"] for user in source["assignees"] or []]
    for key in ("closed_at", "due_date") + (("merged_at",) if is_pull else ()):
        if source.get(key):
            kept[key] = source[key]
    if source["milestone"]:
        kept["milestone"] = source["milestone"]["title"]
    if source["is_locked"]:
        kept["is_locked"] = True
    if is_pull:
        kept |= {key: source[key] for key in ("merged", "draft", "mergeable")}
        kept["requested_reviewers"] = [user["login"] for user in source["requested_reviewers"] or []]
        kept["head"] = {"label": source["head"]["label"]}
        if source["head"]["repo"] is None:
            kept["head"]["repo"] = None
    return kept


def event(source, numbers):
    """An event of a timeline as a project file has it."""
    kept = {key: source[key] for key in ("type", "created_at", "ref_action", "old_title", "new_title") if source[key]}
    kept["user"] = source["user"]["login"]
    for key in ("ref_issue", "dependent_issue"):
        if source[key]:
            kept[key] = source[key]["number"]
            numbers[kept[key]] = source[key]
    if source["label"]:
        kept["label"] = source["label"]["name"]
    if source["assignee"]:
        kept["assignee"] = source["assignee"]["login"]
    return kept


def project(answers, agit):
    """The project that was recorded, as far as the answers show it."""
    found, pulls, lists, timelines, labels = {}, {}, {}, {}, []
    for answer in answers:
        path, body = answer["path"], answer["body"]
        if answer["status"] != 200 or "/acme/house/" not in path:
            continue
        inner = path.split("/acme/house/")[1]
        if re.match(r"issues(\?|/\d+$)", inner):
            found |= {one["number"]: one for one in (body if isinstance(body, list) else [body])}
        elif re.match(r"pulls(\?|/\d+$)", inner):
            pulls |= {one["number"]: one for one in (body if isinstance(body, list) else [body])}
        elif (match := re.match(r"pulls/(\d+)/commits", inner)) and not body:
            lists.setdefault(int(match[1]), {})["commits"] = []
        elif match := re.match(r"pulls/(\d+)/files", inner):
            lists.setdefault(int(match[1]), {})["files"] = (body, answer["headers"]["x-total-count"])
        elif match := re.match(r"issues/(\d+)/(comments|dependencies)$", inner):
            lists.setdefault(int(match[1]), {})[match[2]] = body
        elif match := re.match(r"issues/(\d+)/timeline", inner):
            # Forgejo's API cannot lock.
            timelines[int(match[1])] = [event(one, found) for one in body or [] if one["type"] != "lock"]
        elif inner == "labels":
            labels = [{key: label[key] for key in ("name", "color", "exclusive")} for label in body]
    issues = {number: entry(one, False) for number, one in found.items() if not one["pull_request"]}
    entries = issues | {number: entry(one, True) for number, one in pulls.items()}
    named = {number for number, one in found.items() if one["pull_request"]} - set(pulls)
    for number, parts in lists.items():
        if comments := parts.get("comments"):
            entries[number]["comments"] = [
                {"user": one["user"]["login"], "body": one["body"], "created_at": one["created_at"]} for one in comments]
        if "commits" in parts:
            entries[number]["commits"] = []
        if files := parts.get("files"):
            kept = [{key: one[key] for key in ("filename", "status", "additions", "deletions")} for one in files[0]]
            more = [{"filename": f"more/{n}"} for n in range(int(files[1]) - len(kept))]
            entries[number]["files"] = kept + more
        if needed := parts.get("dependencies"):
            entries[number]["dependencies"] = [one["number"] for one in needed]
    for number, events in timelines.items():
        entries[number]["timeline"] = [one for one in events if one.get("ref_issue") not in named]
    for number in agit:
        entries[number]["flow"] = 1
    return {
        "owner": "acme", "name": "house", "issues": [entries[number] for number in sorted(issues)],
        "pulls": [entries[number] for number in sorted(pulls)],
        "repository": {
            "labels": labels, "collaborators": ["hermes", "kimi", "rina", "olaf"],
            "milestones": [{"title": "M1", "due_on": "2026-12-24T00:00:00Z", "updated_at": "2026-11-26T00:00:00Z"}],
            "organization_labels": sorted({name for one in entries.values() for name in one["labels"]}
                                          - {label["name"] for label in labels}),
            "branches": ["main"]}}


def main():
    recordings = {server: read(sys.argv[1], server) for server in SERVERS}
    first = recordings["gitea-1.26"]
    shapes, answers = Shapes(), {}
    for server, recording in recordings.items():
        assert [one["path"] for one in recording] == [one["path"] for one in first]
        answers[server] = [
            [one["status"], one["headers"].get("content-type", ""),
             " ".join(name for name in HEADERS if name in one["headers"]),
             None if isinstance(one["body"], str) else shapes.of(one["body"]),
             one["body"]["message"] if one["status"] >= 400 and isinstance(one["body"], dict) else None]
            for one in recording]
    requests = [[one["method"], one["path"], one["token"] or ""] for one in first]
    agit = [one["body"]["number"] for one in recordings["forgejo-17"]
            if isinstance(one["body"], dict) and one["body"].get("flow") == 1]
    lines = lambda items: "[\n  " + ",\n  ".join(json.dumps(item, separators=(",", ":")) for item in items) + "\n ]"
    parts = {"requests": lines(requests), "shapes": lines(shapes.all)} | {
        server: lines(rows) for server, rows in answers.items()}
    text = ",\n ".join(f'"{name}": {part}' for name, part in parts.items())
    (HERE / "answers.json").write_text("{\n " + text + "\n}\n", encoding="utf8")
    written = json.dumps(project(first, sorted(set(agit))), ensure_ascii=False, indent=1)
    (HERE / "project.json").write_text(written + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
