//! The user's devices.

use super::Model;
use super::overlay::{Confirm, Form, FormKind, Overlay, Yes, step};
use crate::chat::keymap::Action;
use crate::chat::text;

impl Model {
    pub(super) fn on_devices(&mut self, action: Action) -> Option<()> {
        let Some(Overlay::Devices(list)) = self.overlays.last_mut() else { return None };
        let length = list.devices.as_ref().map_or(0, Vec::len);
        let device = list.devices.as_ref().and_then(|devices| devices.get(list.at)).cloned();
        list.error = None;
        match action {
            Action::Up => list.at = step(list.at, -1, length),
            Action::Down => list.at = step(list.at, 1, length),
            Action::Back => {
                self.overlays.pop();
            }
            Action::Rename => {
                let device = device?;
                let form = Form::new(FormKind::RenameDevice(device.device_id)).with(device.name.as_str());
                self.overlays.push(Overlay::Form(form));
            }
            Action::Remove => {
                let device = device?;
                if device.current {
                    list.error =
                        Some("This is the device you sit at; X in the chat list logs it out".to_owned());
                    return Some(());
                }
                let question =
                    format!("Revoke “{}”? It is logged out at once.", text::one_line(device.name.as_str()));
                self.overlays
                    .push(Overlay::Confirm(Confirm { question, yes: Yes::Revoke(device.device_id) }));
            }
            _ => return None,
        }
        Some(())
    }
}
