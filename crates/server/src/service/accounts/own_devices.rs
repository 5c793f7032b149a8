//! The caller's own devices: listed, renamed, logged out, revoked.

use std::sync::Arc;

use chinwag_ports::Devices;
use chinwag_ports::directory::Device;
use chinwag_proto::DeviceId;
use chinwag_proto::rest::{DeviceInfo, Devices as List};
use chinwag_proto::text::Name;

use super::super::{Caller, Failure};
use super::Shared;

pub(super) const NO_DEVICE: Failure = Failure::NotFound("you have no device with this id");

/// The caller's own devices.
pub struct OwnDevices {
    shared: Arc<Shared>,
    devices: Arc<dyn Devices>,
}

impl OwnDevices {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), devices: Arc::clone(&shared.services.ports.devices) }
    }

    /// All of them, the oldest first.
    pub async fn list(&self, caller: Caller) -> Result<List, Failure> {
        let devices = self.devices.devices(caller.user).await?;
        Ok(List { devices: devices.into_iter().map(|device| info(device, caller.device)).collect() })
    }

    /// Renames one and answers it.
    pub async fn rename(&self, caller: Caller, device: DeviceId, name: &Name) -> Result<DeviceInfo, Failure> {
        if !self.devices.rename_device(caller.user, device, name).await? {
            return Err(NO_DEVICE);
        }
        let devices = self.devices.devices(caller.user).await?;
        let renamed = devices.into_iter().find(|other| other.id == device).ok_or(NO_DEVICE)?;
        Ok(info(renamed, caller.device))
    }

    /// Ends the caller's own token; the device stays listed and may log in again.
    pub async fn log_out(&self, caller: Caller) -> Result<(), Failure> {
        self.devices.end_token(caller.user, caller.device).await?;
        self.shared.revocation.announce(caller.user, vec![caller.device]);
        Ok(())
    }

    /// Removes a device and its token; its sockets close.
    pub async fn revoke(&self, caller: Caller, device: DeviceId) -> Result<(), Failure> {
        if !self.devices.remove_device(caller.user, device).await? {
            return Err(NO_DEVICE);
        }
        self.shared.revocation.announce(caller.user, vec![device]);
        Ok(())
    }
}

fn info(device: Device, current: DeviceId) -> DeviceInfo {
    DeviceInfo {
        device_id: device.id,
        name: device.name,
        created_at: device.created_at,
        last_seen: device.last_seen,
        current: device.id == current,
    }
}
