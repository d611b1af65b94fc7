"""The analyzer of plugins/procfile in Python: the same findings, the same answers.

The component exports the class `Analyzer`, whose methods are the functions of
sdk/wit/import-analyzer/import-analyzer.wit. Payloads are JSON in UTF-8; `Err` with a `Failure` is the `failure` of the
contract, any other exception is a fault of the plugin.
"""

import json
import re

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.analyzer import Failure
from wit_world.imports.source import ReadError, Tree

KIND = "procfile"
# Bytes that are read, processes that are drawn, characters of a name that are kept.
MOST_BYTES = 64 * 1024
MOST_PROCESSES = 64
MOST_NAME = 50
PORT = 8080

LINE = re.compile(r"([A-Za-z0-9_-]+)\s*:(.*)", re.ASCII)
NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)

REASONS = {
    ReadError.NOT_FOUND: ("tree.not_found", "there is no such file"),
    ReadError.WRONG_KIND: ("tree.wrong_kind", "it is a folder, not a file"),
    ReadError.INVALID_PATH: ("tree.invalid_path", "it is not a path within the tree"),
    ReadError.EXHAUSTED: ("tree.exhausted", "the analysis has read as much as it may"),
    ReadError.FAILED: ("tree.failed", "the host could not read it"),
}


class Analyzer(exports.Analyzer):
    """What the world exports."""

    def describe(self) -> bytes:
        plugin = {
            "id": "procfile-python",
            "name": "Procfile in Python",
            "version": "0.1.0",
            "description": "Draws the processes of a Procfile as workloads.",
        }
        return encode({"plugin": plugin, "files": ["**/Procfile"]})

    def detect(self, tree: Tree, request: bytes) -> bytes:
        decode(request)
        return encode({"places": [place(tree, path) for path in files(tree, "**/Procfile")]})

    def analyze(self, tree: Tree, request: bytes) -> bytes:
        request = decode(request)
        where = request.get("place")
        if not isinstance(where, dict):
            raise failure("request.invalid", "it names no place")
        if where.get("kind") != KIND:
            raise failure("place.unknown", f"{json.dumps(where.get('kind'))} is not a place of this analyzer")
        root = where.get("root") or ""
        folder = f"{root}/" if root else ""
        processes, strange = parse(read(tree, f"{folder}Procfile"))
        dockerfile = bool(files(tree, f"{folder}Dockerfile"))
        options = request.get("options") or {}
        return encode(draw(f"{folder}Procfile", root, options, processes, strange, dockerfile))


def encode(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def decode(request: bytes) -> dict:
    try:
        value = json.loads(request)
    except ValueError as error:
        raise failure("request.invalid", str(error)) from error
    if not isinstance(value, dict):
        raise failure("request.invalid", "it is no object")
    return value


def failure(code: str, message: str) -> Err:
    return Err(Failure(code, message))


def files(tree: Tree, pattern: str) -> list:
    paths, after = [], None
    while True:
        page = asked(lambda: tree.entries(pattern, after))
        paths += [entry.path for entry in page.entries]
        if page.next is None:
            return paths
        after = page.next


def read(tree: Tree, path: str) -> str:
    return asked(lambda: tree.read(path, 0, MOST_BYTES)).decode(errors="replace")


def asked(question):
    """The host's answer, or its error as the failure of the call."""
    try:
        return question()
    except Err as error:
        raise failure(*REASONS[error.value]) from error


def place(tree: Tree, path: str) -> dict:
    count = len(parse(read(tree, path))[0])
    # The name alone is strong; a file of that name without a process is something else.
    what = {0: "without a process", 1: "with 1 process"}.get(count, f"with {count} processes")
    confidence = 90 if count else 10
    root = path.rpartition("/")[0]
    return {"root": root, "kind": KIND, "confidence": confidence, "reason": f"a Procfile {what}"}


def parse(text: str):
    """Processes as (name, command, line) and strange lines as (line, finding)."""
    processes, strange = [], []
    for line, text in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        text = text.strip()
        if not text or text.startswith("#"):
            continue
        match = LINE.fullmatch(text)
        if not match:
            strange.append((line, "line_invalid", "the line is not `name: command`",
                            "names have letters, digits, '-' and '_'; put a '#' before a comment"))
            continue
        name, command = match[1], match[2].strip()
        first = next((known[2] for known in processes if known[0] == name), None)
        if first is not None:
            strange.append((line, "process_repeated",
                            f"the process {name} is on line {first} already; this line is not drawn",
                            "give one of the two another name"))
        elif not command:
            strange.append((line, "command_missing", f"the process {name} has no command",
                            "write the command after the colon, or remove the line"))
        elif len(processes) == MOST_PROCESSES:
            strange.append((line, "too_many",
                            "the Procfile has more than 64 processes; from this line on none is drawn",
                            "split the application"))
            break
        else:
            processes.append((name, command, line))
    return processes, strange


def draw(path, root, options, processes, strange, dockerfile) -> dict:
    nodes, edges, findings, taken = [], [], [], set()
    app = app_name(root, options, findings)
    for process, command, line in processes:
        name = free_name(object_name(app, process), taken)
        taken.add(name)
        data = {"name": name, "command": ["/bin/sh", "-c"], "args": [command]}
        if process != "release":
            data["replicas"] = 1
        if process == "web":
            data |= {"port": PORT, "env": {"PORT": str(PORT)}}
        nodes.append(node(name, "job" if process == "release" else "deployment", data, path, line))
        if process == "web":
            service = {"name": name, "targetApp": name, "port": 80, "targetPort": PORT}
            nodes.append(node(f"{name}-service", "service", service, path, line))
            edges.append({"source": f"{name}-service", "target": name})
    findings += [finding("warning", code, message, hint, path, line) for line, code, message, hint in strange]
    if processes:
        way = "build the Dockerfile beside it" if dockerfile else "build the source, for example with buildpacks,"
        findings.append(finding("warning", "image_missing", "a Procfile names no image to run",
                                f"{way} and fill the image into every workload", path, processes[0][2]))
    else:
        findings.append(finding("error", "empty", "the Procfile has no process",
                                "write one as a line `web: <command>`", path))
    return {"nodes": nodes, "edges": edges, "findings": findings}


def node(key, kind, data, path, line) -> dict:
    return {"key": key, "type": kind, "data": data, "origin": {"path": path, "line": line}, "confidence": 90}


def finding(severity, code, message, hint, path=None, line=None) -> dict:
    found = {"severity": severity, "code": f"procfile.{code}", "field": "", "message": message, "hint": hint}
    if path is not None:
        found["origin"] = {"path": path} if line is None else {"path": path, "line": line}
    return found


def app_name(root, options, findings):
    """What names begin with: the option `name`, else the folder of the Procfile; nothing at the root of the tree."""
    name = options.get("name")
    if name is not None:
        if isinstance(name, str) and len(name) <= MOST_NAME and NAME.fullmatch(name):
            return name
        message = f"the name {json.dumps(name)} can't begin the name of an object"
        findings.append(finding("error", "name_invalid", message,
                                "use at most 50 lower-case letters, digits and hyphens"))
    return label(root.rpartition("/")[2]) or None


def object_name(app, process) -> str:
    process = label(process)
    return label("-".join(part for part in (app, process) if part)) or "process"


def label(text: str) -> str:
    """As a DNS label: lower case, every run of anything else one hyphen."""
    text = re.sub(r"[^A-Za-z0-9]+", "-", text).lstrip("-").lower()[:MOST_NAME].rstrip("-")
    # A service can't be named by a digit first.
    return f"app-{text}" if text[:1].isdigit() else text


def free_name(name, taken) -> str:
    """The name, or with the first number that makes it free: `a_b` and `a-b` are two processes."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free
