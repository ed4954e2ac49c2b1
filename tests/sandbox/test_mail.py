"""Mails to the sandbox over SMTP."""

import asyncio
import email.message

import aiosmtplib
import pytest


def letter(subject="Your code: 482913", text="Hello,\nit is 482913.\n", **headers):
    made = email.message.EmailMessage()
    made["From"] = "Backline <hello@backline.example>"
    made["To"] = "mina@demo.example"
    made["Subject"] = subject
    for name, value in headers.items():
        made[name] = value
    made.set_content(text)
    return made


async def send(sandbox, message, **options):
    await aiosmtplib.send(message, hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False, **options)


async def test_a_mail_is_in_the_inbox_as_soon_as_it_is_taken(sandbox):
    await send(sandbox, letter("Dein Code: 482913 🎧", "Grüße,\n.\n482913\n"))
    [mail] = await sandbox.inbox("mina@demo.example")
    assert mail["subject"] == "Dein Code: 482913 🎧"
    assert mail["text"] == "Grüße,\n.\n482913"
    assert mail["from"] == "Backline <hello@backline.example>"
    assert (mail["kind"], mail["code"]) == ("mail", "482913")
    assert await sandbox.inbox("theo@demo.example") == []
    assert await sandbox.control("DELETE", "/inbox") == {"removed": 1}
    assert await sandbox.inbox() == []


async def test_each_recipient_gets_one_whether_named_or_not(sandbox):
    await send(sandbox, letter(), recipients=["mina@demo.example", "theo@demo.example"])
    assert sorted(mail["to"] for mail in await sandbox.inbox()) == ["mina@demo.example", "theo@demo.example"]


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("Code 123456", "123456"),
        ("123456 is your code", "123456"),
        ("Your code is: 0042.", "0042"),
        ("In 2 minutes at 10:30", None),
        ("See https://backline.example/a/123456", None),
        ("+4915112345678", None),
        ("abc123456", None),
        ("Nothing", None),
    ],
)
async def test_the_code_is_found(sandbox, subject, code):
    await send(sandbox, letter(subject, "Hello\n"))
    [mail] = await sandbox.inbox()
    assert mail["code"] == code


async def test_html_alone_and_odd_charsets(sandbox):
    html = email.message.EmailMessage()
    html["Subject"] = "H"
    html.set_content("<p>7777</p>", subtype="html")
    await send(sandbox, html, sender="a@b.example", recipients=["c@d.example"])
    raw = b"Subject: x\r\nContent-Type: text/plain; charset=klingon\r\n\r\nabc\r\n"
    await aiosmtplib.send(
        raw,
        sender="a@b.example",
        recipients=["c@d.example"],
        hostname="127.0.0.1",
        port=sandbox.smtp_port,
        start_tls=False,
    )
    first, second = await sandbox.inbox("c@d.example")
    assert (first["text"], first["code"], first["from"]) == ("<p>7777</p>", "7777", "a@b.example")
    assert second["subject"] == "x"


async def test_many_at_once(sandbox):
    await asyncio.gather(*(send(sandbox, letter(f"Code {100000 + number}")) for number in range(30)))
    assert {mail["code"] for mail in await sandbox.inbox()} == {str(100000 + number) for number in range(30)}


async def test_a_mail_that_is_too_large_is_refused(sandbox):
    with pytest.raises(aiosmtplib.SMTPResponseException):
        await send(sandbox, letter(text="x" * 70 + "\n" + "y" * 60 * 1024 * 30))
    assert await sandbox.inbox() == []
