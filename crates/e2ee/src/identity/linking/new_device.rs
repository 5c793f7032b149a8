//! The side that wants to be linked.

use chinwag_proto::DeviceId;
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::super::{Certificate, open_under};
use super::messages::{Answer, Derived, Open, Place, Shown, Way, commit, ephemeral, random, read_handover};
use super::{Handover, LinkingError};

/// By code: has committed, waits for the old device's answer.
pub struct NewByCode {
    place: Place,
    secret: StaticSecret,
    open: Open,
}

impl NewByCode {
    /// Begins. `origin` is the server's, as in `https://chat.example`; `replaces` is the device whose store was
    /// lost. Gives the first message.
    pub fn start(
        origin: &str,
        own: &Certificate,
        replaces: Option<DeviceId>,
        now_ms: i64,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, Vec<u8>), LinkingError> {
        let place = Place::new(own.user, origin, now_ms)?;
        let secret = ephemeral(rng);
        let key = PublicKey::from(&secret).to_bytes();
        let open = Open { key, r: random(rng), certificate: own.clone(), replaces };
        let message = commit(own.user, &open.commitment());
        Ok((Self { place, secret, open }, message))
    }

    /// Takes the answer; gives the message that opens the commitment, and the code to show.
    pub fn answer(self, message: &[u8], now_ms: i64) -> Result<(NewShowsCode, Vec<u8>), LinkingError> {
        self.place.in_time(now_ms)?;
        let answer = Answer::decode(message)?;
        if answer.certificate.user != self.place.user {
            return Err(LinkingError::WrongUser);
        }
        let derived = Derived::new(&self.place, &Way::Code, &answer, &self.open, &self.secret, &answer.key)?;
        let message = self.open.encode();
        Ok((NewShowsCode { place: self.place, derived, old: answer.certificate }, message))
    }
}

/// By code: shows the code, waits for the handover.
pub struct NewShowsCode {
    place: Place,
    derived: Derived,
    old: Certificate,
}

impl NewShowsCode {
    /// The 8 digits to be typed into the old device.
    pub fn code(&self) -> &str {
        &self.derived.code
    }

    /// Which device answered; certain only once the handover is checked and the old device has said yes.
    pub fn old_device(&self) -> &Certificate {
        &self.old
    }

    /// Takes the handover.
    pub fn handover(self, message: &[u8], now_ms: i64) -> Result<Handover, LinkingError> {
        self.place.in_time(now_ms)?;
        let (_, sealed) = read_handover(message)?;
        opened(&self.derived, sealed)
    }
}

/// By QR: shows the code, waits for the handover.
pub struct NewByQr {
    place: Place,
    secret: StaticSecret,
    shown: Shown,
    open: Open,
}

impl NewByQr {
    /// Begins. Gives the message that goes to the old device over the server.
    pub fn start(
        origin: &str,
        own: &Certificate,
        replaces: Option<DeviceId>,
        now_ms: i64,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Self, Vec<u8>), LinkingError> {
        let place = Place::new(own.user, origin, now_ms)?;
        let secret = ephemeral(rng);
        let key = PublicKey::from(&secret).to_bytes();
        let shared = Zeroizing::new(random(rng));
        let open = Open { key, r: random(rng), certificate: own.clone(), replaces };
        let shown = Shown { user: own.user, secret: shared, commitment: open.commitment() };
        let message = open.encode();
        Ok((Self { place, secret, shown, open }, message))
    }

    /// The text of the QR code. Whoever reads it within this run can answer in the old device's place.
    pub fn qr_text(&self) -> Zeroizing<String> {
        self.shown.text()
    }

    /// Takes the handover.
    pub fn handover(self, message: &[u8], now_ms: i64) -> Result<Handover, LinkingError> {
        self.place.in_time(now_ms)?;
        let (answer, sealed) = read_handover(message)?;
        let answer = answer.ok_or(LinkingError::Closed)?;
        if answer.certificate.user != self.place.user {
            return Err(LinkingError::WrongUser);
        }
        let way = Way::Qr(&self.shown.secret);
        let derived = Derived::new(&self.place, &way, &answer, &self.open, &self.secret, &answer.key)?;
        opened(&derived, sealed)
    }
}

fn opened(derived: &Derived, sealed: &[u8]) -> Result<Handover, LinkingError> {
    Ok(Handover::decode(&open_under(&derived.seal, &derived.transcript, sealed)?)?)
}
