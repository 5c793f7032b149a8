//! The rows as the MLS library's storage, and the provider that it is handed.
//!
//! Each method of the library's trait is one row; nothing is decided here.

use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider;
use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};

use super::rows::{RowError, Rows, Scope, encode, key};

/// The library's cryptography on our rows.
#[derive(Debug, Default)]
pub struct Provider {
    crypto: RustCrypto,
    rows: Rows,
}

impl Provider {
    /// On these rows.
    pub fn new(rows: Rows) -> Self {
        Self { crypto: RustCrypto::default(), rows }
    }

    /// The rows.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }
}

impl OpenMlsProvider for Provider {
    type CryptoProvider = RustCrypto;
    type RandProvider = RustCrypto;
    type StorageProvider = Rows;

    fn storage(&self) -> &Rows {
        &self.rows
    }

    fn crypto(&self) -> &RustCrypto {
        &self.crypto
    }

    fn rand(&self) -> &RustCrypto {
        &self.crypto
    }
}

const PROPOSALS: &str = "proposals";

/// One value of a group: written, read, deleted.
macro_rules! row {
    ($write:ident, $read:ident, $delete:ident, $label:literal, $value:ident) => {
        fn $write<G: traits::GroupId<CURRENT_VERSION>, T: traits::$value<CURRENT_VERSION>>(
            &self,
            group: &G,
            value: &T,
        ) -> Result<(), RowError> {
            self.write(key(Scope::Chat, $label, group)?, value)
        }

        fn $read<G: traits::GroupId<CURRENT_VERSION>, T: traits::$value<CURRENT_VERSION>>(
            &self,
            group: &G,
        ) -> Result<Option<T>, RowError> {
            self.read(&key(Scope::Chat, $label, group)?)
        }

        fn $delete<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), RowError> {
            self.delete(key(Scope::Chat, $label, group)?);
            Ok(())
        }
    };
}

impl StorageProvider<CURRENT_VERSION> for Rows {
    type Error = RowError;

    row!(write_mls_join_config, mls_group_join_config, delete_group_config, "config", MlsGroupJoinConfig);
    row!(write_tree, tree, delete_tree, "tree", TreeSync);
    row!(
        write_interim_transcript_hash,
        interim_transcript_hash,
        delete_interim_transcript_hash,
        "interim",
        InterimTranscriptHash
    );
    row!(write_context, group_context, delete_context, "context", GroupContext);
    row!(write_confirmation_tag, confirmation_tag, delete_confirmation_tag, "tag", ConfirmationTag);
    row!(write_message_secrets, message_secrets, delete_message_secrets, "messages", MessageSecrets);
    row!(
        write_resumption_psk_store,
        resumption_psk_store,
        delete_all_resumption_psk_secrets,
        "resumption",
        ResumptionPskStore
    );
    row!(write_own_leaf_index, own_leaf_index, delete_own_leaf_index, "leaf", LeafNodeIndex);
    row!(
        write_group_epoch_secrets,
        group_epoch_secrets,
        delete_group_epoch_secrets,
        "epoch",
        GroupEpochSecrets
    );

    fn write_group_state<T: traits::GroupState<CURRENT_VERSION>, G: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &G,
        state: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "state", group)?, state)
    }

    fn group_state<T: traits::GroupState<CURRENT_VERSION>, G: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Chat, "state", group)?)
    }

    fn delete_group_state<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "state", group)?);
        Ok(())
    }

    fn append_own_leaf_node<G: traits::GroupId<CURRENT_VERSION>, T: traits::LeafNode<CURRENT_VERSION>>(
        &self,
        group: &G,
        leaf: &T,
    ) -> Result<(), RowError> {
        let row = key(Scope::Chat, "leaves", group)?;
        let mut leaves = self.read::<Vec<Vec<u8>>>(&row)?.unwrap_or_default();
        leaves.push(encode(leaf)?);
        self.write(row, &leaves)
    }

    fn own_leaf_nodes<G: traits::GroupId<CURRENT_VERSION>, T: traits::LeafNode<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Vec<T>, RowError> {
        let leaves = self.read::<Vec<Vec<u8>>>(&key(Scope::Chat, "leaves", group)?)?;
        leaves.unwrap_or_default().iter().map(|leaf| super::rows::decode(leaf)).collect()
    }

    fn delete_own_leaf_nodes<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "leaves", group)?);
        Ok(())
    }

    fn queue_proposal<
        G: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
        P: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        reference: &R,
        proposal: &P,
    ) -> Result<(), RowError> {
        let row = key(Scope::Chat, PROPOSALS, group)?;
        let mut queue = self.read::<Queue>(&row)?.unwrap_or_default();
        queue.push((encode(reference)?, encode(proposal)?));
        self.write(row, &queue)
    }

    fn queued_proposal_refs<G: traits::GroupId<CURRENT_VERSION>, R: traits::ProposalRef<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Vec<R>, RowError> {
        let queue = self.read::<Queue>(&key(Scope::Chat, PROPOSALS, group)?)?.unwrap_or_default();
        queue.iter().map(|(reference, _)| super::rows::decode(reference)).collect()
    }

    fn queued_proposals<
        G: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
        P: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
    ) -> Result<Vec<(R, P)>, RowError> {
        let queue = self.read::<Queue>(&key(Scope::Chat, PROPOSALS, group)?)?.unwrap_or_default();
        let pair = |(reference, proposal): &(Vec<u8>, Vec<u8>)| {
            Ok((super::rows::decode(reference)?, super::rows::decode(proposal)?))
        };
        queue.iter().map(pair).collect()
    }

    fn remove_proposal<G: traits::GroupId<CURRENT_VERSION>, R: traits::ProposalRef<CURRENT_VERSION>>(
        &self,
        group: &G,
        reference: &R,
    ) -> Result<(), RowError> {
        let row = key(Scope::Chat, PROPOSALS, group)?;
        let gone = encode(reference)?;
        let mut queue = self.read::<Queue>(&row)?.unwrap_or_default();
        queue.retain(|(known, _)| *known != gone);
        self.write(row, &queue)
    }

    fn clear_proposal_queue<G: traits::GroupId<CURRENT_VERSION>, R: traits::ProposalRef<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, PROPOSALS, group)?);
        Ok(())
    }

    fn write_signature_key_pair<
        K: traits::SignaturePublicKey<CURRENT_VERSION>,
        T: traits::SignatureKeyPair<CURRENT_VERSION>,
    >(
        &self,
        id: &K,
        value: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Device, "signature", id)?, value)
    }

    fn signature_key_pair<
        K: traits::SignaturePublicKey<CURRENT_VERSION>,
        T: traits::SignatureKeyPair<CURRENT_VERSION>,
    >(
        &self,
        id: &K,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Device, "signature", id)?)
    }

    fn delete_signature_key_pair<K: traits::SignaturePublicKey<CURRENT_VERSION>>(
        &self,
        id: &K,
    ) -> Result<(), RowError> {
        self.delete(key(Scope::Device, "signature", id)?);
        Ok(())
    }

    fn write_encryption_key_pair<
        K: traits::EncryptionKey<CURRENT_VERSION>,
        T: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        id: &K,
        value: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Device, "encryption", id)?, value)
    }

    fn encryption_key_pair<
        T: traits::HpkeKeyPair<CURRENT_VERSION>,
        K: traits::EncryptionKey<CURRENT_VERSION>,
    >(
        &self,
        id: &K,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Device, "encryption", id)?)
    }

    fn delete_encryption_key_pair<K: traits::EncryptionKey<CURRENT_VERSION>>(
        &self,
        id: &K,
    ) -> Result<(), RowError> {
        self.delete(key(Scope::Device, "encryption", id)?);
        Ok(())
    }

    fn write_key_package<
        K: traits::HashReference<CURRENT_VERSION>,
        T: traits::KeyPackage<CURRENT_VERSION>,
    >(
        &self,
        id: &K,
        value: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Device, "package", id)?, value)
    }

    fn key_package<K: traits::HashReference<CURRENT_VERSION>, T: traits::KeyPackage<CURRENT_VERSION>>(
        &self,
        id: &K,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Device, "package", id)?)
    }

    fn delete_key_package<K: traits::HashReference<CURRENT_VERSION>>(&self, id: &K) -> Result<(), RowError> {
        self.delete(key(Scope::Device, "package", id)?);
        Ok(())
    }

    fn write_psk<K: traits::PskId<CURRENT_VERSION>, T: traits::PskBundle<CURRENT_VERSION>>(
        &self,
        id: &K,
        value: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Device, "psk", id)?, value)
    }

    fn psk<T: traits::PskBundle<CURRENT_VERSION>, K: traits::PskId<CURRENT_VERSION>>(
        &self,
        id: &K,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Device, "psk", id)?)
    }

    fn delete_psk<K: traits::PskId<CURRENT_VERSION>>(&self, id: &K) -> Result<(), RowError> {
        self.delete(key(Scope::Device, "psk", id)?);
        Ok(())
    }

    fn write_encryption_epoch_key_pairs<
        G: traits::GroupId<CURRENT_VERSION>,
        K: traits::EpochKey<CURRENT_VERSION>,
        T: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        epoch: &K,
        leaf: u32,
        pairs: &[T],
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "pairs", &(group, epoch, leaf))?, pairs)
    }

    fn encryption_epoch_key_pairs<
        G: traits::GroupId<CURRENT_VERSION>,
        K: traits::EpochKey<CURRENT_VERSION>,
        T: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        epoch: &K,
        leaf: u32,
    ) -> Result<Vec<T>, RowError> {
        Ok(self.read(&key(Scope::Chat, "pairs", &(group, epoch, leaf))?)?.unwrap_or_default())
    }

    fn delete_encryption_epoch_key_pairs<
        G: traits::GroupId<CURRENT_VERSION>,
        K: traits::EpochKey<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        epoch: &K,
        leaf: u32,
    ) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "pairs", &(group, epoch, leaf))?);
        Ok(())
    }
}

/// Proposals with their references. Always empty in a group of ours, where commits carry their proposals;
/// the vectors of the working group have others.
type Queue = Vec<(Vec<u8>, Vec<u8>)>;
