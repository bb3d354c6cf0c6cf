"""What docs/promises.md says of settings and permissions is what the code has."""

import json
import re

from headgate.settings import Settings
from stack.running import ROOT

TEXT = (ROOT / "docs" / "promises.md").read_text()

NEEDS = {
    "abort_multipart_upload": "s3:AbortMultipartUpload",
    "copy": "s3:PutObject",
    "delete_object": "s3:DeleteObject",
    "get_object": "s3:GetObject",
    "head_bucket": "s3:ListBucket",
    "head_object": "s3:GetObject",
    "list_multipart_uploads": "s3:ListBucketMultipartUploads",
    "list_objects_v2": "s3:ListBucket",
    "put_object": "s3:PutObject",
    "upload_file": "s3:PutObject",
}
LOCAL = {"exceptions", "generate_presigned_url", "get_paginator", "meta"}


def test_every_setting_is_in_the_table():
    """With its default, where that is a number."""
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = str(alias.choices[0]) if alias else f"HEADGATE_{name.upper()}"
        row = next((line for line in TEXT.splitlines() if f"`{variable}`" in line), "")
        assert row.startswith("|"), variable
        if isinstance(field.default, int | float):
            assert f"| {field.default:g} |" in row, variable


def test_the_policy_allows_what_is_called_and_no_more():
    """Every call of boto3 under headgate/bucket has its action, and every action its call."""
    policy = json.loads(re.search(r"```json\n(.*?)```", TEXT, re.DOTALL)[1])
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    code = "".join(path.read_text() for path in (ROOT / "headgate" / "bucket").glob("*.py"))
    called = set(re.findall(r"client\.([a-z]\w*)", code))
    called |= set(re.findall(r'get_paginator\("(\w+)"\)', code))
    assert {NEEDS[name] for name in called - LOCAL} == allowed
