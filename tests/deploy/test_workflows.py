""".github/workflows: what runs there is what was looked at, with no more rights than it needs."""

import re

import pytest
import yaml
from django.conf import settings

WORKFLOWS = sorted((settings.ROOT / ".github" / "workflows").glob("*.yml"))
each = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)


@each
def test_every_action_is_named_by_its_commit(workflow):
    """A tag may be moved to other code; the comment says which one it was."""
    used = re.findall(r"uses: (.+)", workflow.read_text())
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v[\d.]+", one)] == []


@each
def test_it_may_only_read_what_is_checked_out(workflow):
    described = yaml.safe_load(workflow.read_text())
    assert described["permissions"] == {"contents": "read"}
    steps = [step for job in described["jobs"].values() for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]
    assert all("permissions" not in job for job in described["jobs"].values())
