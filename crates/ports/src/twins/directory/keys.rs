//! Key packages and device chains.

use async_trait::async_trait;
use chinwag_proto::{DeviceId, Seq, UserId};

use super::{DeviceKeys, MemoryDirectory};
use crate::Unavailable;
use crate::chain::{Append, Appended, Page};
use crate::directory::{Claimed, DeviceChains, KeyPackages, Publish, Published, REMEMBERED, Stock};
use crate::twins::chain;

impl DeviceKeys {
    fn stock(&self) -> Stock {
        Stock { available: self.waiting.len(), last_resort: self.last_resort.is_some() }
    }

    fn publish(&mut self, publish: Publish) -> Published {
        let mut waiting = self.waiting.clone();
        for package in publish.packages {
            if !waiting.contains(&package) && !self.given.contains(&package) {
                waiting.push_back(package);
            }
        }
        if waiting.len() > publish.waiting_max.max(self.waiting.len()) {
            return Published::TooMany;
        }
        self.waiting = waiting;
        self.last_resort = publish.last_resort.or(self.last_resort.take());
        Published::Done(self.stock())
    }

    fn claim(&mut self) -> Option<(Vec<u8>, bool)> {
        let Some(package) = self.waiting.pop_front() else {
            return self.last_resort.clone().map(|package| (package, true));
        };
        self.given.push_back(package.clone());
        if self.given.len() > REMEMBERED {
            self.given.pop_front();
        }
        Some((package, false))
    }
}

#[async_trait]
impl KeyPackages for MemoryDirectory {
    async fn publish(&self, publish: Publish) -> Result<Published, Unavailable> {
        let mut tables = self.write()?;
        let device = tables.device_of(publish.user, publish.device);
        Ok(device.map_or(Published::NoDevice, |row| row.keys.publish(publish)))
    }

    async fn stock(&self, user: UserId, device: DeviceId) -> Result<Stock, Unavailable> {
        let tables = self.read()?;
        let his = tables.devices.get(&device).filter(|row| row.device.user == user);
        Ok(his.map_or_else(Stock::default, |row| row.keys.stock()))
    }

    async fn claim(&self, user: UserId, devices: Option<&[DeviceId]>) -> Result<Vec<Claimed>, Unavailable> {
        let mut tables = self.write()?;
        let named = |id| devices.is_none_or(|devices| devices.contains(&id));
        let his = tables.devices.values_mut().filter(|row| row.device.user == user && named(row.device.id));
        let mut rows: Vec<_> = his.collect();
        rows.sort_by_key(|row| (row.device.created_at, row.device.id));
        let claim = |row: &mut super::DeviceRow| {
            let (package, last_resort) = row.keys.claim()?;
            Some(Claimed { device: row.device.id, package, last_resort })
        };
        Ok(rows.into_iter().filter_map(claim).collect())
    }
}

#[async_trait]
impl DeviceChains for MemoryDirectory {
    async fn append_links(
        &self,
        user: UserId,
        append: Append,
        links_max: u64,
    ) -> Result<Appended, Unavailable> {
        let mut tables = self.write()?;
        if tables.user(user).is_none() {
            return Ok(Appended::Full);
        }
        let links = tables.links.entry(user).or_default();
        let has_room = (links.len() + append.items.len()) as u64 <= links_max;
        Ok(chain::append(links, append, has_room))
    }

    async fn links(
        &self,
        user: UserId,
        after: Seq,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Page, Unavailable> {
        let tables = self.read()?;
        let links = tables.links.get(&user).map_or(&[][..], Vec::as_slice);
        Ok(chain::page(links, after, limit, bytes_max))
    }
}
