"""The audits of GraphQL over HTTP by their own suite: all of them."""

import pytest

AUDITS = 61


def failures(results):
    return [result for result in results if result["status"] != "ok"]


async def test_every_audit_passes(run, web, settings):
    results = await run("audits.mjs", url=settings.public_url)
    assert failures(results) == []
    assert len(results) == AUDITS


async def test_every_audit_passes_for_a_developer_where_only_trusted_documents_do(run, strict, developer):
    results = await run("audits.mjs", url=strict, token=developer.token)
    assert failures(results) == []
    assert len(results) == AUDITS


@pytest.mark.parametrize("signed_in", [True, False])
async def test_others_fail_those_that_send_documents(run, strict, make, signed_in):
    token = (await make.user("mina")).token if signed_in else None
    failed = {result["id"] for result in failures(await run("audits.mjs", url=strict, token=token))}
    assert {"13EE", "B8B3", "28B9"} <= failed
