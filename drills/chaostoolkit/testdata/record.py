"""Records what Chaos Toolkit itself does with the inputs of this folder.

    python3.12 -m venv V && V/bin/pip install chaostoolkit==1.19.0 chaostoolkit-lib==1.45.0 jsonpath2
    V/bin/python record.py PORT       (PORT: where `node ../testing/echo-main.ts PORT` answers)

`tables.json` holds inputs of single functions, `reference/*.json` whole experiments; "theirs" in both is written here.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import Request, urlopen

from chaoslib import substitute
from chaoslib.configuration import load_configuration
from chaoslib.exceptions import ChaosException
from chaoslib.experiment import ensure_experiment_is_valid
from chaoslib.hypothesis import within_tolerance
from jsonpath2.path import Path as JSONPath

here = Path(__file__).parent


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except Exception:
        return "ERROR"


def find(path, document):
    return [match.current_value for match in JSONPath.parse_str(path).match(document)]


def valid(experiment):
    try:
        ensure_experiment_is_valid(experiment)
        return True
    except ChaosException:
        return False


def record_tables():
    file = here / "tables.json"
    tables = json.loads(file.read_text())
    document = tables["jsonpath"]["document"]
    for case in tables["jsonpath"]["cases"]:
        case["theirs"] = outcome(find, case["path"], document)
    for case in tables["regex"]:
        case["theirs"] = outcome(lambda: re.search(case["pattern"], case["text"]) is not None)
    for case in tables["tolerance"]:
        variables = (case.get("configuration", {}), {})
        # A text has its names put in by whoever asks for the judgement.
        tolerance = case["tolerance"]
        tolerance = substitute(tolerance, *variables) if isinstance(tolerance, str) else tolerance
        given = (tolerance, case["value"], *variables)
        case["theirs"] = bool(result) if (result := outcome(within_tolerance, *given)) != "ERROR" else result
    for case in tables["substitution"]:
        case["theirs"] = outcome(substitute, case["data"], case.get("configuration", {}), case.get("secrets", {}))
    for case in tables["configuration"]:
        os.environ.update(case.get("env", {}))
        case["theirs"] = outcome(load_configuration, case["configuration"], dict(case.get("vars", {})))
        for name in case.get("env", {}):
            del os.environ[name]
    for case in tables["validation"]:
        case["theirs"] = outcome(valid, case["experiment"])
    file.write_text(json.dumps(tables, indent=1) + "\n")


def stripped_output(output):
    if isinstance(output, dict) and "headers" in output:
        headers = {name.lower(): value for name, value in output["headers"].items()}
        return {"status": output["status"], "type": headers.get("content-type"), "body": output["body"]}
    return output


def stripped_run(run):
    kept = {"name": run["activity"]["name"], "status": run["status"], "output": stripped_output(run["output"])}
    if "tolerance_met" in run:
        kept["tolerance_met"] = run["tolerance_met"]
    return kept


def stripped_state(state):
    return state and {"met": state["steady_state_met"], "probes": [stripped_run(run) for run in state["probes"]]}


def record_experiment(file, port):
    case = json.loads(file.read_text())
    urlopen(Request(f"http://127.0.0.1:{port}/flag/up", method="PUT")).close()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "e.json").write_text(json.dumps(case["experiment"]))
        given = ["--var", f"base=http://127.0.0.1:{port}"] if "base" in case["experiment"].get("configuration", {}) else []
        command = ["chaos", "--no-version-check", "run", *given, *case.get("options", []), "e.json"]
        env = {**os.environ, "NO_PROXY": "*", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
        journal = json.loads(Path(folder, "journal.json").read_text())
    states = journal["steady_states"]
    case["theirs"] = {
        "exit": done.returncode,
        "status": journal["status"],
        "deviated": journal["deviated"],
        "before": stripped_state(states["before"]),
        "after": stripped_state(states["after"]),
        "during": sorted({state["steady_state_met"] for state in states["during"]}),
        "run": [stripped_run(run) for run in journal["run"]],
        "rollbacks": [stripped_run(run) for run in journal["rollbacks"]],
    }
    file.write_text(json.dumps(case, indent=1) + "\n")


record_tables()
for reference in sorted((here / "reference").glob("*.json")):
    record_experiment(reference, sys.argv[1])
