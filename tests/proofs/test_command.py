"""`backline proof`, as somebody runs it who has a file and a key, and neither a network nor our settings."""

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import cli
from domain.canonical import cid_of
from domain.errors import InvalidInput
from domain.ids import to_wire
from domain.proof_documents import key_id_of
from settings import Settings
from tests.proofs.facts import CURATOR, NOTARY, RUNNER, SALT, STRANGER, document

ROOT = Path(__file__).parents[2]
OURS, THEIRS = NOTARY.public_key.hex(), STRANGER.public_key.hex()
WHOLE = document()
CHANGED = WHOLE.replace(b'"95.5"', b'"95.6"')
OFFLINE = """
import socket, sys
sys.path.insert(0, {root!r})

def refuse(event, _arguments):
    if event.startswith("socket."):
        raise SystemExit(f"asked the network: {{event}}")

import cli
sys.addaudithook(refuse)
for file in ("whole", "changed"):
    sys.argv = ["backline", "proof", "verify", file, "--key", {key!r}]
    print(cli.main())
"""


def test_documents_are_checked_without_network_or_settings(tmp_path):
    (tmp_path / "whole").write_bytes(WHOLE)
    (tmp_path / "changed").write_bytes(CHANGED)
    ran = subprocess.run(
        [sys.executable, "-c", OFFLINE.format(root=str(ROOT), key=OURS)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        timeout=90,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    said = [line.split()[:2] for line in ran.stdout.decode().splitlines()]
    good = [["form", "good"], ["fields", "good"]]
    assert said[:6] == [[cid_of(WHOLE)], *good, ["signature", "good"], ["key", "good"], ["0"]]
    assert said[6:] == [[cid_of(CHANGED)], *good, ["signature", "WRONG:"], ["key", "not"], ["1"]]


@pytest.fixture
def backline(tmp_path, monkeypatch, capsys):
    """Run the command in this process, in a folder that has a proof; gives its status and its lines."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "proof.json").write_bytes(WHOLE)

    def run(*arguments, content=b"", **names):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        settings = Settings.from_environment(names, secrets_needed=False)
        status = cli.run_proof(settings, cli.parser().parse_args(["proof", *arguments]))
        return status, capsys.readouterr().out.splitlines()

    return run


def test_the_address_counts_when_it_is_told(backline):
    status, lines = backline("verify", "proof.json", "--key", OURS, "--cid", cid_of(WHOLE))
    assert (status, lines[1]) == (0, "address   good")
    status, lines = backline("verify", "proof.json", "--key", OURS, "--cid", cid_of(CHANGED))
    assert (status, lines[1][:16]) == (1, "address   WRONG:")
    status, lines = backline("verify", "-", "--key", OURS, "--cid", cid_of(WHOLE), content=CHANGED)
    assert (status, [line.split()[1] for line in lines[1:]]) == (1, ["WRONG:", "good", "good", "WRONG:", "not"])


def test_a_key_that_is_not_trusted_vouches_for_nothing(backline, tmp_path):
    (tmp_path / "theirs.json").write_bytes(document(STRANGER))
    status, lines = backline("verify", "theirs.json", "--key", OURS)
    assert (status, lines[-1][:16]) == (1, "key       WRONG:")
    with pytest.raises(InvalidInput, match="cannot vouch for itself"):
        backline("verify", "theirs.json")
    (tmp_path / "keys").write_text(f"# whom I trust\n{OURS}  # Backline\n{THEIRS}\n")
    assert backline("verify", "theirs.json", "--keys", "keys")[0] == 0
    # Who names keys wants those, not ours beside them.
    assert backline("verify", "proof.json", "--key", THEIRS, PROOF_FORMER_KEYS=OURS)[0] == 1


def test_an_installation_knows_its_own_keys(backline, tmp_path):
    key = {"PROOF_SIGNING_KEY": "c2lnbnMgcHJvb2ZzIG9mIHRoaXMgaW5zdGFsbGF0aW8="}
    ours = backline("keys", **key)[1][0][:64]
    _, later = backline("keys", PROOF_FORMER_KEYS=ours, JWT_SECRET="j" * 40)
    assert len(later) == 2
    assert later[1] == f"{ours}  # {key_id_of(bytes.fromhex(ours))}"
    (tmp_path / "kept").write_text("\n".join(later))
    assert backline("verify", "proof.json", "--keys", "kept")[0] == 1
    assert backline("verify", "proof.json", PROOF_FORMER_KEYS=OURS)[0] == 0


def test_without_a_secret_there_is_no_key(backline):
    with pytest.raises(InvalidInput, match="PROOF_SIGNING_KEY"):
        backline("keys")
    with pytest.raises(InvalidInput, match="cannot vouch for itself"):
        backline("verify", "proof.json")


@pytest.mark.parametrize("arguments", [("--key", "ab"), ("--keys", "proof.json"), ("--key", OURS + "00")])
def test_what_is_no_key_is_said_in_a_sentence(backline, arguments):
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        backline("verify", "proof.json", *arguments)


def test_who_has_the_salt_is_told_whom_it_speaks_of(backline):
    people = [to_wire("user", each) for each in (RUNNER, CURATOR)]
    asked = ["verify", "proof.json", "--key", OURS, "--salt", SALT.hex()]
    status, lines = backline(*asked, "--of", people[0], "--of", people[1], "--of", "Anna's birthday")
    assert (status, lines[-3:]) == (
        0,
        [f"runner    {people[0]}", f"curator   {people[1]}", "venue     Anna's birthday"],
    )
    status, lines = backline(*asked, "--of", people[0], "--of", "user_x")
    assert (status, lines[-1]) == (1, "nowhere   user_x")
    asked[-1] = "00" * 32
    assert backline(*asked, "--of", people[0])[0] == 1
    assert backline("verify", "-", *asked[2:-1], SALT.hex(), "--of", people[0], content=WHOLE)[0] == 0
    asked[-1] = "00" * 31
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        backline(*asked, "--of", people[0])
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        backline(*asked[:-2], "--of", people[0])


def test_nothing_is_said_of_a_document_that_does_not_hold(backline, tmp_path):
    (tmp_path / "changed.json").write_bytes(CHANGED)
    asked = ["--key", OURS, "--salt", SALT.hex(), "--of", to_wire("user", RUNNER)]
    status, lines = backline("verify", "changed.json", *asked)
    assert (status, lines[-1]) == (1, "key       not looked at")


def test_something_else_altogether_is_no_proof(backline):
    status, lines = backline("verify", "-", "--key", OURS, content=os.urandom(200_000))
    assert status == 1
    assert lines[1].startswith("form      WRONG:")
    assert [line.split(maxsplit=1)[1] for line in lines[2:]] == ["not looked at"] * 3
