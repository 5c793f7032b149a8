//! The device chains that a record carries: of every user whom it touches.
//!
//! ```text
//! "chinwag evidence 1" ‖ list of (u64 user ‖ list of bytes link)
//! ```
//!
//! Each chain is whole and valid from its first link, so that everybody judges alike without asking the
//! server. Leaves out what a chain must say (`rules`).

use std::collections::BTreeMap;

use chinwag_proto::UserId;

use super::data::BLOB_BYTES_MAX;
use super::facts::MEMBERS_MAX;
use crate::canonical::{DecodeError, Reader, Writer};
use crate::identity::{CHAIN_LINKS_MAX, Chain, LINK_BYTES_MAX, Link, read_user};

const LABEL: &str = "chinwag evidence 1";

/// Device chains as links, by user.
pub type Links = BTreeMap<UserId, Vec<Link>>;

/// Verified device chains, by user.
pub type Chains = BTreeMap<UserId, Chain>;

/// The canonical bytes.
pub fn encode(chains: &Links) -> Vec<u8> {
    let mut writer = Writer::new(LABEL);
    writer.count(chains.len());
    for (user, links) in chains {
        writer.u64(user.get()).count(links.len());
        for link in links {
            writer.bytes(&link.encode());
        }
    }
    writer.finish()
}

/// From canonical bytes, exactly; users in rising order.
pub fn decode(bytes: &[u8]) -> Result<Links, DecodeError> {
    let mut reader = Reader::new(bytes, LABEL, BLOB_BYTES_MAX)?;
    let count = reader.count(MEMBERS_MAX, "users")?;
    let mut chains = Links::new();
    for _ in 0..count {
        let user = read_user(&mut reader)?;
        if chains.last_key_value().is_some_and(|(last, _)| *last >= user) {
            return Err(DecodeError::Invalid { field: "user" });
        }
        let links = reader.count(CHAIN_LINKS_MAX, "links")?;
        let links = (0..links)
            .map(|_| Link::decode(reader.bytes(LINK_BYTES_MAX, "link")?))
            .collect::<Result<_, _>>()?;
        chains.insert(user, links);
    }
    reader.finish()?;
    Ok(chains)
}

/// Verifies each chain; `None` where one is not valid.
pub(crate) fn verify(chains: &Links) -> Option<Chains> {
    chains.iter().map(|(user, links)| Some((*user, Chain::verify(None, *user, links).ok()?))).collect()
}
