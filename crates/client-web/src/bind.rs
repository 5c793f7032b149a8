//! [`Core`] as a class of JavaScript. Text in, text out; see the npm package for the types of the texts.

use chinwag_client::Now;
use wasm_bindgen::prelude::*;

/// The engine of one device.
#[wasm_bindgen(js_name = Core)]
pub struct Bound(crate::core::Core);

fn now(ms: f64, dice: u64) -> Now {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a clock of milliseconds")]
    let ms = ms as u64;
    Now { ms, dice }
}

#[wasm_bindgen(js_class = Core)]
impl Bound {
    /// From what the store holds: a list of pairs of key and value.
    #[wasm_bindgen(constructor)]
    pub fn new(user: &str, device: &str, rows: &str) -> Result<Self, JsError> {
        Ok(Self(crate::core::Core::plain(user, device, rows)?))
    }

    /// What the driver has to load from its store before it makes a `Core`: a list of ranges.
    #[wasm_bindgen(js_name = startupRanges)]
    pub fn startup_ranges() -> Result<String, JsError> {
        Ok(crate::core::Core::startup_ranges()?)
    }

    /// Something happened; the effects, in their order.
    pub fn event(&mut self, ms: f64, dice: u64, event: &str) -> Result<String, JsError> {
        Ok(self.0.event(now(ms, dice), event)?)
    }

    /// A frame of the connection. What is no frame throws: the connection is to be dropped.
    pub fn frame(&mut self, ms: f64, dice: u64, text: &str) -> Result<String, JsError> {
        Ok(self.0.frame(now(ms, dice), text)?)
    }

    /// A screen wants something.
    pub fn wish(&mut self, ms: f64, dice: u64, screen: u32, wish: &str) -> Result<String, JsError> {
        Ok(self.0.wish(now(ms, dice), screen, wish)?)
    }

    /// A screen begins: its first update holds everything.
    pub fn attach(&mut self, screen: u32) {
        self.0.attach(screen);
    }

    /// A screen is gone.
    pub fn detach(&mut self, ms: f64, dice: u64, screen: u32) -> Result<String, JsError> {
        Ok(self.0.detach(now(ms, dice), screen)?)
    }

    /// What is different for a screen since its last update; `undefined` for nothing.
    pub fn update(&mut self, screen: u32) -> Result<Option<String>, JsError> {
        Ok(self.0.update(screen)?)
    }
}
