"""Products, their prices, and payment links that sell them."""

from __future__ import annotations

from typing import Final

from integrations.sandbox.stripe import balance, events
from integrations.sandbox.stripe.books import Desk, equal, listed, make_id, merge
from integrations.sandbox.stripe.refusals import Json, Refused, lacking
from integrations.sandbox.stripe.shapes import PAYMENT_LINK, PRICE, PRODUCT, empty_list, make

LINK_FIELDS: Final = ("after_completion", "inactive_message", "payment_intent_data", "restrictions", "submit_type")
INTENT_DATA: Final = (
    "capture_method",
    "description",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)


def create_product(desk: Desk, params: Json) -> Json:
    """Make a product."""
    product = make(
        PRODUCT,
        id=params.get("id") or make_id("prod", 14),
        name=params["name"],
        active=params.get("active", True),
        created=desk.now(),
        description=params.get("description"),
        images=params.get("images") or [],
        updated=desk.now(),
        url=params.get("url"),
    )
    merge(product, params.get("metadata"))
    desk.save(product)
    events.emit(desk, "product.created", product)
    return product


def retrieve_product(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    return desk.find("product", name)


def update_product(desk: Desk, params: Json, name: str) -> Json:
    """Change one."""
    product = desk.find("product", name)
    merge(product, params.get("metadata"))
    for field in ("name", "active", "description", "images", "url"):
        product[field] = params.get(field, product[field])
    desk.save(product | {"updated": desk.now()})
    events.emit(desk, "product.updated", product)
    return product


def list_products(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    return listed(desk.all("product"), "/v1/products", params, equal(params, "active", "url"))


def create_price(desk: Desk, params: Json) -> Json:
    """Make a price of a product that is there, or of a new one."""
    balance.check_amount(params.get("unit_amount"), params["currency"])
    if "product_data" in params:
        product = create_product(desk, params["product_data"])
    elif "product" in params:
        product = desk.find("product", params["product"], "product", status=400)
    else:
        raise lacking("product")
    price = make(
        PRICE,
        id=make_id("price"),
        active=params.get("active", True),
        created=desk.now(),
        currency=params["currency"],
        nickname=params.get("nickname"),
        product=product["id"],
        unit_amount=params["unit_amount"],
        unit_amount_decimal=str(params["unit_amount"]),
    )
    merge(price, params.get("metadata"))
    desk.save(price)
    events.emit(desk, "price.created", price)
    return price


def retrieve_price(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    return desk.find("price", name, "price")


def update_price(desk: Desk, params: Json, name: str) -> Json:
    """Change one; never what it costs."""
    price = desk.find("price", name, "price")
    merge(price, params.get("metadata"))
    for field in ("active", "nickname"):
        price[field] = params.get(field, price[field])
    desk.save(price)
    events.emit(desk, "price.updated", price)
    return price


def list_prices(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    return listed(desk.all("price"), "/v1/prices", params, equal(params, "active", "product", "currency"))


def read_items(desk: Desk, asked: list[Json]) -> list[Json]:
    """Read what is to be sold; a price may be told in place.

    Returns:
        Line items, each with its price and product and what it comes to.

    Raises:
        Refused: There is nothing, or not in one currency.
    """
    if not asked:
        raise lacking("line_items")
    items = []
    for place, each in enumerate(asked):
        if "price" in each:
            price = desk.find("price", each["price"], f"line_items[{place}][price]", status=400)
        elif "price_data" in each:
            price = create_price(desk, each["price_data"])
        else:
            raise lacking(f"line_items[{place}][price]")
        if not price["active"]:
            raise Refused(f"The price specified is inactive: {price['id']}.", param=f"line_items[{place}][price]")
        quantity = each.get("quantity", 1)
        total = price["unit_amount"] * quantity
        balance.check_amount(total, price["currency"])
        items.append(
            {
                "id": make_id("li"),
                "object": "item",
                "amount_discount": 0,
                "amount_subtotal": total,
                "amount_tax": 0,
                "amount_total": total,
                "currency": price["currency"],
                "description": desk.find("product", price["product"])["name"],
                "price": price,
                "quantity": quantity,
            }
        )
    if len({each["currency"] for each in items}) > 1:
        raise Refused("All prices of line_items must have the same currency.", param="line_items")
    return items


def create_link(desk: Desk, params: Json) -> Json:
    """Make a link that anybody may pay at, as often as its restrictions say."""
    items = read_items(desk, params["line_items"])
    name = make_id("plink")
    link = make(
        PAYMENT_LINK,
        id=name,
        currency=items[0]["currency"],
        line_items=empty_list(f"/v1/payment_links/{name}/line_items") | {"data": items},
        url=f"{desk.site}/checkout.stripe.com/l/{name}",
    )
    _describe(link, params)
    desk.save(link)
    events.emit(desk, "payment_link.created", without_items(link))
    return without_items(link)


def _describe(link: Json, params: Json) -> None:
    merge(link, params.get("metadata"))
    for field in LINK_FIELDS:
        if field in params:
            link[field] = params[field] or None
    data = link["payment_intent_data"]
    if data is not None:
        link["payment_intent_data"] = {**dict.fromkeys(INTENT_DATA), "metadata": {}, **data}
    if link["restrictions"] is not None:
        link["restrictions"]["completed_sessions"].setdefault("count", 0)
    link["active"] = params.get("active", link["active"])


def without_items(value: Json) -> Json:
    """Leave out what is shown to those alone who expand it; it keeps a name of the twin's own."""
    return {("_line_items" if name == "line_items" else name): each for name, each in value.items()}


def retrieve_link(desk: Desk, params: Json, name: str) -> Json:
    """Show one."""
    return without_items(desk.find("payment_link", name, "payment_link"))


def update_link(desk: Desk, params: Json, name: str) -> Json:
    """Change one, such as `active`."""
    link = desk.find("payment_link", name, "payment_link")
    _describe(link, params)
    desk.save(link)
    events.emit(desk, "payment_link.updated", without_items(link))
    return without_items(link)


def list_links(desk: Desk, params: Json) -> Json:
    """Show them, newest first."""
    page = listed(desk.all("payment_link"), "/v1/payment_links", params, equal(params, "active"))
    return page | {"data": [without_items(each) for each in page["data"]]}


def list_link_items(desk: Desk, params: Json, name: str) -> Json:
    """Show what a link sells."""
    return dict(desk.find("payment_link", name, "payment_link")["line_items"])
