"""JSON in one form, by the standard's own examples, and CIDs, by what other programs make of the same bytes."""

import pytest

from domain.canonical import MAX_WHOLE, NotCanonical, canonical_json, cid_of, read_canonical

# RFC 8785, section 3.2.3: the order is that of UTF-16, in which the smile comes before a Hebrew letter.
SORTED = (
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",'
    '"\u20ac":"Euro Sign","\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
)
WRITTEN = [
    ('\u20ac$\u000f\nA\'B"\\\\"/', r'"€$\u000f\nA' + "'" + r'B\"\\\\\"/"'),
    ("\b\t\n\f\r\0\x1f\x7f\u2028/<é", '"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\u2028/<é"'),
    (
        {"b": [True, False, -0, {}], "a": {"z": [], "aa": 1, "a": 2}},
        '{"a":{"a":2,"aa":1,"z":[]},"b":[true,false,0,{}]}',
    ),
    ([MAX_WHOLE, -MAX_WHOLE], "[9007199254740991,-9007199254740991]"),
    ({"e\u0301": 1, "\u00e9": 2}, '{"e\u0301":1,"\u00e9":2}'),
]


def test_names_are_in_the_order_of_the_standard():
    shuffled = dict(sorted(read_canonical(SORTED.encode()).items(), reverse=True))
    assert canonical_json(shuffled) == SORTED.encode()
    assert list(shuffled) != list(read_canonical(SORTED.encode()))


@pytest.mark.parametrize(("value", "text"), WRITTEN)
def test_values_are_written_as_the_standard_says(value, text):
    assert canonical_json(value) == text.encode()
    assert read_canonical(text.encode()) == value


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), None, MAX_WHOLE + 1, {1: "a"}, "half \ud83d", {"\udc00": 1}, b"", {"a": [set()]}]
)
def test_what_has_no_form_is_refused(value):
    with pytest.raises(NotCanonical):
        canonical_json(value)


OTHERWISE = [
    b'{"a":1} ',
    b' {"a":1}',
    b'{"a": 1}',
    b'\xef\xbb\xbf{"a":1}',
    b'{"b":1,"a":2}',
    b'{"a":1,"a":1}',
    b'{"a":"\\u0041"}',
    b'{"a":"\\/"}',
    b'{"a":"\\u001F"}',
    b'{"a":"\\ud800"}',
    b'{"a":-0}',
    b'{"a":1.0}',
    b'{"a":1e2}',
    b'{"a":NaN}',
    b'{"a":null}',
    b'{"a":9007199254740992}',
    b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":"\xff"}',
    b'{"a":1',
    b"",
    b"[" * 50_000,
]


@pytest.mark.parametrize("content", OTHERWISE, ids=range(len(OTHERWISE)))
def test_bytes_in_another_form_are_refused(content):
    with pytest.raises(NotCanonical):
        read_canonical(content)


CIDS = {
    b"": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
    b"\0": "bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu",
    b'{"hello":"world"}': "bafkreietui4xdkiu4xvmx4fi2jivjtndbhb4drzpxomrjvd4mdz4w2avra",
    bytes(range(256)) * 1024: "bafkreibdci4uxwmvixm54ey4etx3paphmwwbv3beh4xnsndvs6tzhjav5e",
}


@pytest.mark.parametrize("content", CIDS, ids=len)
def test_a_cid_is_the_one_that_others_make(content):
    assert cid_of(content) == CIDS[content]
    assert cid_of(content + b" ") != CIDS[content]
