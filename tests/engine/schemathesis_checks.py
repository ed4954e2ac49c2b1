"""What schemathesis is to look for; it runs this itself, apart from the server (see CONTRIBUTING.md).

Its own checks take every error for a fault. Here most of what is made up must be refused: a fault is an answer that is not of
GraphQL over HTTP, an error without a code, or the code of what nobody foresaw.
"""

import schemathesis


@schemathesis.check
def answers_by_the_rules(_context, response, case):
    """Find what is wrong with an answer."""
    said = f"{response.status_code} {response.text[:500]}"
    assert response.status_code == 200, said
    assert response.headers["content-type"][0].startswith("application/json"), said
    answer = response.json()
    assert answer.keys() <= {"data", "errors", "extensions"}, said
    assert "data" in answer or answer.get("errors"), said
    for error in answer.get("errors", ()):
        assert error["message"], said
        assert error["extensions"]["code"] != "INTERNAL", said
