//! Devices and their tokens.

use async_trait::async_trait;
use chinwag_proto::text::Name;
use chinwag_proto::{DeviceId, Timestamp, UserId};

use super::{DeviceKeys, DeviceRow, MemoryDirectory};
use crate::Unavailable;
use crate::directory::{Device, Devices, NewDevice, TokenHash, TokenOwner};

#[async_trait]
impl Devices for MemoryDirectory {
    async fn add_device(&self, device: NewDevice, devices_max: usize) -> Result<bool, Unavailable> {
        let mut tables = self.write()?;
        let his = tables.devices.values().filter(|row| row.device.user == device.user).count();
        if his >= devices_max || !tables.may_log_in(device.user) {
            return Ok(false);
        }
        if tables.devices.contains_key(&device.id) {
            return Err(Unavailable("a device id was given twice".to_owned()));
        }
        let NewDevice { id, user, name, token, expires_at, created_at } = device;
        let device = Device { id, user, name, created_at, last_seen: None, logged_in: true };
        let row = DeviceRow { device, token: Some((token, expires_at)), keys: DeviceKeys::default() };
        tables.devices.insert(id, row);
        Ok(true)
    }

    async fn renew_token(
        &self,
        user: UserId,
        device: DeviceId,
        token: TokenHash,
        expires_at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let mut tables = self.write()?;
        if !tables.may_log_in(user) {
            return Ok(false);
        }
        Ok(tables.device_of(user, device).map(|row| row.token = Some((token, expires_at))).is_some())
    }

    async fn token_owner(&self, token: &TokenHash) -> Result<Option<TokenOwner>, Unavailable> {
        let tables = self.read()?;
        let owner = tables.devices.values().find_map(|row| {
            let (_, expires_at) = row.token.filter(|(own, _)| own == token)?;
            Some(TokenOwner { user: row.device.user, device: row.device.id, expires_at })
        });
        Ok(owner.filter(|owner| tables.may_log_in(owner.user)))
    }

    async fn devices(&self, user: UserId) -> Result<Vec<Device>, Unavailable> {
        let tables = self.read()?;
        let rows = tables.devices.values().filter(|row| row.device.user == user);
        let mut devices: Vec<_> =
            rows.map(|row| Device { logged_in: row.token.is_some(), ..row.device.clone() }).collect();
        devices.sort_by_key(|device| (device.created_at, device.id));
        Ok(devices)
    }

    async fn rename_device(&self, user: UserId, device: DeviceId, name: &Name) -> Result<bool, Unavailable> {
        let mut tables = self.write()?;
        Ok(tables.device_of(user, device).map(|row| row.device.name = name.clone()).is_some())
    }

    async fn end_token(&self, user: UserId, device: DeviceId) -> Result<(), Unavailable> {
        if let Some(row) = self.write()?.device_of(user, device) {
            row.token = None;
        }
        Ok(())
    }

    async fn end_other_tokens(
        &self,
        user: UserId,
        keep: Option<DeviceId>,
    ) -> Result<Vec<DeviceId>, Unavailable> {
        let mut tables = self.write()?;
        let others =
            tables.devices.values_mut().filter(|row| row.device.user == user && Some(row.device.id) != keep);
        Ok(others.filter_map(|row| row.token.take().map(|_| row.device.id)).collect())
    }

    async fn remove_device(&self, user: UserId, device: DeviceId) -> Result<bool, Unavailable> {
        let mut tables = self.write()?;
        let his = tables.device_of(user, device).is_some();
        if his {
            tables.devices.remove(&device);
        }
        Ok(his)
    }

    async fn seen(&self, devices: &[(DeviceId, Timestamp, Timestamp)]) -> Result<(), Unavailable> {
        let mut tables = self.write()?;
        for (device, at, expires_at) in devices {
            if let Some(row) = tables.devices.get_mut(device) {
                row.device.last_seen = row.device.last_seen.max(Some(*at));
                if let Some((_, expiry)) = &mut row.token {
                    *expiry = (*expires_at).max(*expiry);
                }
            }
        }
        Ok(())
    }
}
