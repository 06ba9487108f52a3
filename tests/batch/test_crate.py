"""The crate of a batch: read back, held against its profiles, equal for equal reports, and fast."""

import json
import subprocess
import time
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate
from run_folders import PARAMETERS, TEMPLATE_HASH, write_batch, write_case, write_synthesis

from aspfin.batch.crate import write_crate
from aspfin.batch.runner import template_path
from aspfin.results import InputError

DAY = date(2026, 3, 1)
NAMES = ("KH01", "KH02", "KH03")


@pytest.fixture
def batch(tmp_path):
    return write_batch(tmp_path / "floods", NAMES, KH03={"status": "failed"})


def read(folder):
    graph = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    found = {one["@id"]: one for one in graph}
    assert len(found) == len(graph)
    return found


def refs(value):
    return [one["@id"] for one in (value if isinstance(value, list) else [value])]


def of_type(graph, kind):
    return [
        one
        for one in graph.values()
        if kind in (one["@type"] if isinstance(one["@type"], list) else [one["@type"]])
    ]


def test_the_crate_meets_what_the_profiles_require(batch):
    """RO-Crate 1.3, Process and Workflow Run Crate 0.6, Workflow RO-Crate 1.1: what they say MUST be there."""
    path = write_crate(batch, title="Floods, province by province", date=DAY)
    assert path == batch / "ro-crate-metadata.json"
    graph = read(batch)
    assert graph["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.3"}
    root = graph["./"]
    assert all(root[name] for name in ("name", "description", "datePublished", "license"))
    assert root["datePublished"] == "2026-03-01"
    profiles = refs(root["conformsTo"])
    assert set(profiles) == {
        "https://w3id.org/ro/wfrun/process/0.6", "https://w3id.org/ro/wfrun/workflow/0.6",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.1",
    }  # fmt: skip
    assert all("CreativeWork" in graph[one]["@type"] and graph[one]["version"] for one in profiles)
    main = graph[root["mainEntity"]["@id"]]
    assert main["@type"] == ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
    assert graph[main["programmingLanguage"]["@id"]]["@type"] == "ComputerLanguage"
    actions = of_type(graph, "CreateAction")
    assert sorted(refs(root["mentions"])) == sorted(one["@id"] for one in actions)
    for action in actions:
        assert main["@id"] in refs(action["instrument"])
        assert action["name"] and action["description"] and action["result"]
    for one in of_type(graph, "SoftwareApplication"):
        assert one["name"] and one["softwareVersion"]
    for slot in of_type(graph, "FormalParameter"):
        assert slot["additionalType"] and slot["@id"] in refs(main["input"])


def test_every_reference_leads_somewhere_and_every_file_is_listed(batch):
    write_crate(batch, title="Floods", date=DAY)
    graph = read(batch)

    def mentioned(value):
        if isinstance(value, dict):
            inside = [one for part in value.values() for one in mentioned(part)]
            return inside if set(value) != {"@id"} else [value["@id"]]
        return [one for part in value for one in mentioned(part)] if isinstance(value, list) else []

    links = {
        one
        for entity in graph.values()
        for key, value in entity.items()
        if key != "@id"
        for one in mentioned(value)
    }
    outside = {"http://schema.org/CompletedActionStatus", "http://schema.org/FailedActionStatus",
               "https://w3id.org/ro/crate/1.3", "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"}  # fmt: skip
    assert links - set(graph) == outside
    files = {one.relative_to(batch).as_posix() for one in batch.rglob("*") if one.is_file()}
    listed = {one["@id"] for one in of_type(graph, "File")}
    assert listed == files - {"ro-crate-metadata.json"} == set(refs(graph["./"]["hasPart"]))


def test_rocrate_reads_it_back(batch):
    write_crate(batch, title="Floods", date=DAY)
    crate = ROCrate(batch)
    assert crate.name == "Floods" and crate.mainEntity.id == "workflow/financing.ipynb"
    actions = crate.get_by_type("CreateAction")
    assert [one["name"] for one in actions] == [f"Floods: {name} ({name})" for name in NAMES]
    assert {one.id for one in actions[0]["result"]} == {
        f"KH01/{f}" for f in ("report.html", "results.json", "tables/layers.csv")
    }


def test_the_files_are_told_with_their_hash_and_size(batch):
    write_crate(batch, title="Floods", date=DAY)
    for one in of_type(read(batch), "File"):
        if "sha256" in one:
            content = (batch / one["@id"]).read_bytes()
            assert (one["sha256"], one["contentSize"]) == (sha256(content).hexdigest(), str(len(content)))
        else:
            assert one["@id"].rsplit("/")[-1] in ("run.json", "batch.json")
    done = subprocess.run(
        ["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=batch, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert len((batch / "SHA256SUMS").read_text().splitlines()) == 1 + 2 * 3 + 1 + 2


def test_what_a_case_read_and_ran_under_is_told(batch):
    write_crate(batch, title="Floods", date=DAY)
    graph = read(batch)
    action = graph["#run/KH01"]
    inputs = [graph[one] for one in refs(action["object"])]
    values = {one["name"]: one["value"] for one in inputs if one["@type"] == "PropertyValue"}
    assert (values["country"], values["area"]) == ("KHM", "KH01") and "title" not in values
    assert json.loads(values["financing"]) == PARAMETERS["financing"]
    assert all(graph[one["exampleOfWork"]["@id"]]["name"] == one["name"] for one in inputs if "value" in one)
    data = {one["name"]: one["identifier"] for one in inputs if one["@type"] == "CreativeWork"}
    assert data == {"KHM/events.csv": "aa11", "households.csv": "bb22"}
    software = graph[next(one for one in refs(action["instrument"]) if one.startswith("#software"))]
    assert (software["name"], software["softwareVersion"], software["identifier"]) == (
        "aspfin",
        "0.1.0",
        "0123456789abcdef",
    )
    needs = {
        graph[one]["name"]: graph[one]["softwareVersion"] for one in refs(software["softwareRequirements"])
    }
    assert needs == {"Python": "3.11.9", "numpy": "2.4.6", "pandas": "3.1.0"}


def test_a_failed_case_is_told_with_its_error(batch):
    write_crate(batch, title="Floods", date=DAY)
    graph = read(batch)
    told = {name: graph[f"#run/{name}"] for name in NAMES}
    assert told["KH03"]["actionStatus"]["@id"].endswith("/FailedActionStatus")
    assert told["KH03"]["error"] == "MemoryError: no room"
    assert (
        told["KH01"]["actionStatus"]["@id"].endswith("/CompletedActionStatus") and "error" not in told["KH01"]
    )
    assert "3 financing reports by aspfin, 1 of them failed." in graph["./"]["description"]


def test_the_notebook_that_made_the_reports_is_in_it(batch):
    write_crate(batch, title="Floods", date=DAY)
    assert (batch / "workflow/financing.ipynb").read_bytes() == template_path("financing").read_bytes()
    assert read(batch)["workflow/financing.ipynb"]["version"] == TEMPLATE_HASH


def test_equal_reports_give_equal_bytes_whenever_they_were_made(batch, tmp_path):
    other = write_batch(tmp_path / "elsewhere" / "floods", NAMES, KH03={"status": "failed"})
    for name in NAMES:
        record = json.loads((other / name / "run.json").read_text())
        record |= {"started": "2027-01-01T00:00:00Z", "seconds": 99.0, "kernel": "cold", "attempts": 2}
        record["parameter_file"] = "/srv/somebody/floods.yaml"
        (other / name / "run.json").write_text(json.dumps(record))
    first, again, moved = (
        write_crate(one, title="F", date=DAY).read_bytes() for one in (batch, batch, other)
    )
    assert first == again == moved
    assert (batch / "SHA256SUMS").read_bytes() == (other / "SHA256SUMS").read_bytes()
    assert write_crate(batch, title="F", date=date(2026, 3, 2)).read_bytes() != first


def test_no_folder_of_a_machine_is_told(tmp_path):
    own = {
        "country": "/srv/anna/packs/KHM",
        "note": "see https://example.org/a/b",
        "data": {"path": "C:\\Users\\anna\\x.csv"},
    }
    write_case(tmp_path / "one", "one", parameters=own, data={"/srv/anna/x.csv": "cc"})
    text = write_crate(tmp_path / "one", title="F", date=DAY).read_text()
    assert "anna" not in text and str(tmp_path) not in text and "x.csv" in text
    assert "see https://example.org/a/b" in text


def test_a_single_report_is_a_crate_too(tmp_path):
    write_case(tmp_path / "floods", "floods")
    write_crate(tmp_path / "floods", title="Floods", date=DAY)
    graph = read(tmp_path / "floods")
    assert refs(graph["#run/floods"]["result"]) == ["report.html", "results.json", "tables/layers.csv"]
    assert graph["run.json"]["about"] == {"@id": "#run/floods"}


def test_a_name_with_spaces_and_letters_of_any_script_is_linked(tmp_path):
    write_case(tmp_path / "b" / "ស្រុក one", "ស្រុក one")
    crate = ROCrate(write_crate(tmp_path / "b", title="F", date=DAY).parent)
    action = crate.get_by_type("CreateAction")[0]
    assert sorted(one["name"] for one in action["result"])[0] == "ស្រុក one/report.html"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "KH01/report.html").write_text("mine"), "KH01/report.html: file: got 'changed since"),
        (lambda folder: (folder / "KH02/results.json").unlink(), "KH02/results.json: file: got 'missing'"),
        (lambda folder: write_case(folder / "KH02", "KH02", template_hash="ffff"), "crate: financing: template: got "),
        (lambda folder: [write_case(folder / n, n, template_hash="ffff") for n in NAMES], "today's notebook"),
    ],
)  # fmt: skip
def test_a_crate_is_refused_where_it_would_say_something_untrue(batch, spoil, told):
    spoil(batch)
    with pytest.raises(InputError, match=told):
        write_crate(batch, title="Floods", date=DAY)
    assert not (batch / "ro-crate-metadata.json").exists()


def test_the_synthesis_of_a_batch_has_a_workflow_of_its_own(batch):
    write_synthesis(batch)
    write_crate(batch, title="Floods", date=DAY)
    graph = read(batch)
    assert graph["./"]["mainEntity"] == {"@id": "workflow/financing.ipynb"}
    assert refs(graph["#run/synthesis"]["instrument"])[0] == "workflow/synthesis.ipynb"
    assert graph["./"]["description"].startswith(
        "3 financing reports by aspfin, with a synthesis, 1 of them failed."
    )
    slots = {one["@id"] for one in of_type(graph, "FormalParameter")}
    flows = [graph[f"workflow/{kind}.ipynb"] for kind in ("financing", "synthesis")]
    assert slots == {one for flow in flows for one in refs(flow["input"])}
    assert refs(flows[1]["input"]) == ["#parameter/synthesis/title"]


def test_two_hundred_cases_take_well_under_a_second(tmp_path):
    more = {f"tables/t{k}.csv": f"a\n{k}\n" for k in range(20)}
    names = [f"C{k:03}" for k in range(200)]
    batch = write_batch(tmp_path / "many", names, **{name: {"files": more} for name in names})
    write_crate(batch, title="Many", date=DAY)  # loads the library
    start = time.process_time()
    write_crate(batch, title="Many", date=DAY)
    assert time.process_time() - start < 2.0  # 4,600 files in half a second on an idle machine
    assert len(of_type(read(batch), "CreateAction")) == 200


def test_the_library_is_loaded_only_when_a_crate_is_written():
    code = "import sys, aspfin.batch.crate; assert 'rocrate' not in sys.modules"
    subprocess.run([str(Path(__import__("sys").executable)), "-c", code], check=True)


def test_an_archive_leaves_out_what_the_batch_hides(batch):
    record = {"title": "Floods", "do_not_publish": ["KH02"]}
    (batch / "batch.json").write_text(json.dumps(record), encoding="utf-8")
    write_crate(batch, title="Floods", date=DAY)
    graph = read(batch)
    assert "KH01/results.json" in graph and not [name for name in graph if "KH02" in name]
    assert "Left out for privacy: KH02." in graph["./"]["description"]
    assert "KH02" not in (batch / "SHA256SUMS").read_text(encoding="utf-8")
    (batch / "batch.json").write_text(json.dumps({"do_not_publish": list(NAMES)}), encoding="utf-8")
    with pytest.raises(InputError, match="hidden for privacy"):
        write_crate(batch, title="Floods", date=DAY)
