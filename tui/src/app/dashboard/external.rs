//! Effects outside of the view: a file is written, or another program takes over the terminal for a while.

use vx_status::printed_locations::PrintedLocation;
use vx_status::source::Inputs;

use super::{RunningDashboard, end_by};
use crate::app::DashboardExit;
use crate::message::UpdateMessage;
use crate::terminal::{Arrived, ScreenError, Signals, restore};
use crate::update::update;

impl RunningDashboard<'_> {
    pub(super) fn save(&mut self, key: &str, inputs: &mut Inputs) {
        let notice = match inputs.logs.save(key) {
            Ok(name) => format!("saved the log of {key} as {name}"),
            Err(why) => format!("cannot save the log of {key}: {why}"),
        };
        update(&mut self.model, UpdateMessage::Notice(notice));
    }

    /// Show a log in a pager.
    pub(super) fn page(
        &mut self,
        key: &str,
        inputs: &mut Inputs,
        signals: &mut Signals,
    ) -> Result<Option<DashboardExit>, ScreenError> {
        self.lend(inputs, signals, |inputs| inputs.logs.page(key))
    }

    /// Open the first of these places that exists, or else the one where this work is declared.
    pub(super) fn edit(
        &mut self,
        key: &str,
        places: &[PrintedLocation],
        inputs: &mut Inputs,
        signals: &mut Signals,
    ) -> Result<Option<DashboardExit>, ScreenError> {
        self.lend(inputs, signals, |inputs| {
            if let Some(opener) = &mut inputs.opener
                && opener.open_place(places)?
            {
                return Ok(());
            }
            match &mut inputs.control {
                Some(control) if !control.is_guest() => control.edit(key),
                _ => Err("no place that the error names is in a file below this directory's project".to_owned()),
            }
        })
    }

    /// Open an address in the browser.
    pub(super) fn open_address(&mut self, address: &str, inputs: &mut Inputs) {
        let opened = inputs.opener.as_mut().map_or(Ok(()), |opener| opener.open_address(address));
        if let Err(why) = opened {
            update(&mut self.model, UpdateMessage::Notice(why));
        }
    }

    /// Lend the terminal to another program.
    fn lend(
        &mut self,
        inputs: &mut Inputs,
        signals: &mut Signals,
        act: impl FnOnce(&mut Inputs) -> Result<(), String>,
    ) -> Result<Option<DashboardExit>, ScreenError> {
        restore();
        let (came, arrived) = signals.aside(|| act(inputs));
        if let Some(Arrived::End(number)) = arrived.first() {
            return Ok(Some(end_by(*number, inputs)));
        }
        self.take_over_again()?;
        if let Err(why) = came {
            update(&mut self.model, UpdateMessage::Notice(why));
        }
        Ok(None)
    }
}
