//! Key packages: published by their device, given out once. The server knows nothing of what they are.

use std::sync::Arc;

use chinwag_ports::KeyPackages;
use chinwag_ports::directory::{Publish, Published, Stock};
use chinwag_proto::rest::{ClaimedKey, ClaimedKeys, KeyStock, PublishKeys};
use chinwag_proto::{DeviceId, Limits, Opaque, UserId};

use super::throttle::PairThrottle;
use super::visibility::Visibility;
use super::{Caller, Failure, Ports};

pub(super) const NO_USER: Failure = Failure::NotFound("there is no such user");

/// Key packages.
pub struct Keys {
    packages: Arc<dyn KeyPackages>,
    visibility: Arc<Visibility>,
    limits: Arc<Limits>,
    claims: PairThrottle,
}

impl Keys {
    pub(super) fn new(ports: &Ports, limits: Arc<Limits>, visibility: Arc<Visibility>) -> Self {
        let claims = PairThrottle::new(limits.claims_per_minute, limits.claims_per_user_per_minute);
        Self { packages: Arc::clone(&ports.key_packages), visibility, limits, claims }
    }

    /// What waits for the calling device, which is the only one that may ask.
    pub async fn stock(&self, caller: Caller, device: DeviceId) -> Result<KeyStock, Failure> {
        only_for_itself(caller, device)?;
        Ok(stock_of(self.packages.stock(caller.user, device).await?))
    }

    /// Adds key packages of the calling device.
    pub async fn publish(
        &self,
        caller: Caller,
        device: DeviceId,
        body: PublishKeys,
    ) -> Result<KeyStock, Failure> {
        only_for_itself(caller, device)?;
        let bytes_max = self.limits.key_package_bytes;
        let last_resort = match body.last_resort {
            None => None,
            Some(package) => items("lastResort", vec![package], 1, bytes_max)?.pop(),
        };
        let packages = match body.key_packages {
            none if none.is_empty() => none.into_iter().map(|package| package.0).collect(),
            some => items("keyPackages", some, self.limits.key_packages_per_call, bytes_max)?,
        };
        let waiting_max = self.limits.key_packages_waiting;
        let publish = Publish { user: caller.user, device, packages, last_resort, waiting_max };
        match self.packages.publish(publish).await? {
            Published::Done(stock) => Ok(stock_of(stock)),
            Published::TooMany => {
                Err(Failure::Invalid(format!("`keyPackages`: at most {waiting_max} of a device may wait")))
            }
            // It was revoked meanwhile.
            Published::NoDevice => Err(Failure::Unauthenticated),
        }
    }

    /// Takes a key package of each of a user's devices, or of those named.
    pub async fn claim(
        &self,
        caller: Caller,
        user: UserId,
        devices: Option<Vec<DeviceId>>,
    ) -> Result<ClaimedKeys, Failure> {
        let devices_max = self.limits.devices_per_user;
        if devices.as_ref().is_some_and(|devices| devices.len() > devices_max) {
            return Err(Failure::Invalid(format!("`devices` has at most {devices_max} ids")));
        }
        self.claims.take(caller.user, user)?;
        if !self.visibility.exists(user).await? {
            return Err(NO_USER);
        }
        if self.visibility.blocks(user, caller.user).await? {
            return Err(Failure::Forbidden("this user gives you no keys"));
        }
        let claimed = self.packages.claim(user, devices.as_deref()).await?;
        let keys = claimed.into_iter().map(|key| ClaimedKey {
            device_id: key.device,
            key_package: Opaque(key.package),
            last_resort: key.last_resort,
        });
        Ok(ClaimedKeys { keys: keys.collect() })
    }
}

fn only_for_itself(caller: Caller, device: DeviceId) -> Result<(), Failure> {
    if device == caller.device {
        Ok(())
    } else {
        Err(Failure::NotFound("only a device itself has its keys here"))
    }
}

fn stock_of(stock: Stock) -> KeyStock {
    let available = u32::try_from(stock.available).unwrap_or(u32::MAX);
    KeyStock { available, last_resort: stock.last_resort }
}

/// The bytes of a list that a client sent, held against its limits.
pub(super) fn items(
    field: &str,
    items: Vec<Opaque>,
    count_max: usize,
    bytes_max: usize,
) -> Result<Vec<Vec<u8>>, Failure> {
    if items.is_empty() || items.len() > count_max {
        return Err(Failure::Invalid(format!("`{field}` has 1 to {count_max} items")));
    }
    if items.iter().any(|item| item.0.len() > bytes_max) {
        return Err(Failure::Invalid(format!("`{field}`: each has at most {bytes_max} bytes")));
    }
    Ok(items.into_iter().map(|item| item.0).collect())
}
