//! `[cors]`: pages of which other origins may use this server.

use super::key::{Invalid, section};
use super::units::Origin;

section! {
    /// Pages of which other origins may use this server from a browser, over REST (CORS) and WebSocket.
    /// Its own pages always may.
    Cors "cors" {
        /// The origins, each in full. There is no wildcard.
        origins: Vec<Origin> = Vec::new(), List "origins";
    }
}

fn rules(cors: &Cors) -> Result<(), Invalid> {
    if cors.origins.len() > 100 {
        return Err(Invalid::new(
            "origins",
            "has more than 100 entries; put one origin in front of them instead",
        ));
    }
    Ok(())
}
