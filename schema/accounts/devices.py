"""Devices that can be pushed to."""

from __future__ import annotations

from datetime import datetime

import strawberry

from db import tables
from db.access.accounts import own
from domain.ids import Prefix, from_wire, to_wire
from domain.notifications import DevicePlatform
from engine.declare import Node, column, entity
from engine.executor import ref
from resolvers.accounts import devices
from schema.context import Info
from schema.deeds import Payload, deed
from schema.words import describe

describe(
    DevicePlatform,
    "What kind of device a push token is for.",
    IOS="An iPhone or iPad.",
    ANDROID="An Android device.",
    WEB="A browser.",
)


@entity(tables.PushToken, id=Prefix.DEVICE, visible=own)
class Device(Node):
    """A device of yours that news can be pushed to."""

    platform: DevicePlatform = column("What kind it is.")
    registered_at: datetime = column("When it was last registered.")


@strawberry.input(description="The device that asks.")
class RegisterDeviceInput:
    """The input of `registerDevice`."""

    platform: DevicePlatform = strawberry.field(description="What kind it is.")
    token: str = strawberry.field(
        description="Its push token: of APNs or FCM, or a browser's push subscription as JSON. It is never shown again."
    )


@strawberry.type(description="The answer to `registerDevice`.")
class RegisterDevicePayload(Payload):
    """The device."""

    device: Device | None = strawberry.field(default=None, description="The device.")


@strawberry.input(description="Which device to forget.")
class UnregisterDeviceInput:
    """The input of `unregisterDevice`."""

    device_id: strawberry.ID = strawberry.field(description="Your device.")


@strawberry.type(description="The answer to `unregisterDevice`.")
class UnregisterDevicePayload(Payload):
    """The device that is forgotten."""

    unregistered_device_id: strawberry.ID | None = strawberry.field(default=None, description="Its id.")


@strawberry.type
class DeviceMutations:
    """Deeds about devices."""

    @deed("Say where you can be pushed to. A device that was somebody else's is yours alone from then on.")
    async def register_device(self, info: Info, input: RegisterDeviceInput) -> RegisterDevicePayload:
        """Register a device."""
        actor, cipher = info.context.signed_in, info.context.services.cipher
        async with info.context.transaction() as tx:
            device_id = await devices.register(tx, cipher, actor, platform=input.platform, token=input.token)
        return RegisterDevicePayload(device=ref(Device, device_id))

    @deed("Forget a device, as when somebody signs out on it.")
    async def unregister_device(self, info: Info, input: UnregisterDeviceInput) -> UnregisterDevicePayload:
        """Forget a device."""
        actor = info.context.signed_in
        device_id = from_wire(Prefix.DEVICE, input.device_id, "deviceId")
        async with info.context.transaction() as tx:
            await devices.unregister(tx, actor, device_id)
        return UnregisterDevicePayload(unregistered_device_id=strawberry.ID(to_wire(Prefix.DEVICE, device_id)))
