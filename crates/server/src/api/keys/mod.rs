//! What the server keeps for encrypted chats: key packages, device chains, backups.

pub(super) mod append_backup;
pub(super) mod append_chain;
pub(super) mod backup;
pub(super) mod backups;
pub(super) mod chain;
pub(super) mod claim;
pub(super) mod publish;
pub(super) mod stock;

use chinwag_proto::Seq;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::extract::page_size;
use super::reply::Result;

const PAGE_DEFAULT: usize = 50;

/// Which items of a list that only grows.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct From {
    /// Those above this number; 0 by default.
    #[serde(default)]
    #[param(value_type = Option<u64>)]
    after: Seq,
    /// How many, 1 to 200; 50 by default. A page may be shorter.
    limit: Option<u32>,
}

impl From {
    fn limit(&self, api: &Api) -> Result<usize> {
        page_size(self.limit, PAGE_DEFAULT, api.services.limits.page)
    }
}
