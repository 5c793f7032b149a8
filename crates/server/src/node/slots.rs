//! How many connections there may be: in all, and of one address. A connection holds its slot until it is
//! closed, an upgrade to WebSocket included.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;

/// Why a connection is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are as many as there may be.
    All,
    /// This address has as many as it may have.
    Address,
}

/// The slots of a node.
pub(super) struct Slots {
    all_max: usize,
    address_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's slot; dropping it frees it.
pub(super) struct Slot {
    slots: Arc<Slots>,
    address: Option<IpAddr>,
}

impl Slots {
    pub(super) fn new(all_max: usize, address_max: usize) -> Arc<Self> {
        Arc::new(Self { all_max, address_max, taken: Mutex::default() })
    }

    /// Takes a slot; with `None` for an address that is not counted (a trusted proxy's).
    pub(super) fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Slot, Full> {
        let address = address.map(counted);
        let mut taken = self.taken.lock();
        if taken.all >= self.all_max {
            return Err(Full::All);
        }
        if let Some(address) = address {
            let of_address = taken.by_address.entry(address).or_default();
            if *of_address >= self.address_max {
                return Err(Full::Address);
            }
            *of_address += 1;
        }
        taken.all += 1;
        Ok(Slot { slots: Arc::clone(self), address })
    }

    /// Slots in use.
    pub(super) fn taken(&self) -> usize {
        self.taken.lock().all
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken.lock();
        taken.all -= 1;
        if let Some(address) = self.address
            && let Some(of_address) = taken.by_address.get_mut(&address)
        {
            *of_address -= 1;
            if *of_address == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

/// What counts as one address: of IPv6 the first 64 bits, since whoever has one address has them all.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn one_address_cannot_take_all_slots() {
        let slots = Slots::new(10, 2);
        let held =
            [slots.take(address("10.0.0.1")).ok().unwrap(), slots.take(address("10.0.0.1")).ok().unwrap()];
        assert_eq!(slots.take(address("10.0.0.1")).err(), Some(Full::Address));
        assert!(slots.take(address("10.0.0.2")).is_ok());
        drop(held);
        assert!(slots.take(address("10.0.0.1")).is_ok());
        assert_eq!(slots.taken(), 0);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let slots = Slots::new(10, 1);
        let _held = slots.take(address("2001:db8::1")).ok().unwrap();
        assert_eq!(slots.take(address("2001:db8::ffff")).err(), Some(Full::Address));
        assert!(slots.take(address("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn trusted_proxies_are_held_by_the_whole_alone() {
        let slots = Slots::new(2, 1);
        let _held = [slots.take(None).ok().unwrap(), slots.take(None).ok().unwrap()];
        assert_eq!(slots.take(None).err(), Some(Full::All));
    }
}
