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

impl StorageProvider<CURRENT_VERSION> for Rows {
    type Error = RowError;

    fn write_mls_join_config<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::MlsGroupJoinConfig<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        config: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "config", group)?, config)
    }

    fn mls_group_join_config<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::MlsGroupJoinConfig<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Chat, "config", group)?)
    }

    fn delete_group_config<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "config", group)?);
        Ok(())
    }

    fn write_tree<G: traits::GroupId<CURRENT_VERSION>, T: traits::TreeSync<CURRENT_VERSION>>(
        &self,
        group: &G,
        tree: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "tree", group)?, tree)
    }

    fn tree<G: traits::GroupId<CURRENT_VERSION>, T: traits::TreeSync<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Chat, "tree", group)?)
    }

    fn delete_tree<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "tree", group)?);
        Ok(())
    }

    fn write_interim_transcript_hash<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::InterimTranscriptHash<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        hash: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "interim", group)?, hash)
    }

    fn interim_transcript_hash<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::InterimTranscriptHash<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Chat, "interim", group)?)
    }

    fn delete_interim_transcript_hash<G: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "interim", group)?);
        Ok(())
    }

    fn write_context<G: traits::GroupId<CURRENT_VERSION>, T: traits::GroupContext<CURRENT_VERSION>>(
        &self,
        group: &G,
        context: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "context", group)?, context)
    }

    fn group_context<G: traits::GroupId<CURRENT_VERSION>, T: traits::GroupContext<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Chat, "context", group)?)
    }

    fn delete_context<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "context", group)?);
        Ok(())
    }

    fn write_confirmation_tag<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::ConfirmationTag<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        tag: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "tag", group)?, tag)
    }

    fn confirmation_tag<G: traits::GroupId<CURRENT_VERSION>, T: traits::ConfirmationTag<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Chat, "tag", group)?)
    }

    fn delete_confirmation_tag<G: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "tag", group)?);
        Ok(())
    }

    fn write_message_secrets<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::MessageSecrets<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        secrets: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "messages", group)?, secrets)
    }

    fn message_secrets<G: traits::GroupId<CURRENT_VERSION>, T: traits::MessageSecrets<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Chat, "messages", group)?)
    }

    fn delete_message_secrets<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "messages", group)?);
        Ok(())
    }

    fn write_resumption_psk_store<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::ResumptionPskStore<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        store: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "resumption", group)?, store)
    }

    fn resumption_psk_store<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::ResumptionPskStore<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Chat, "resumption", group)?)
    }

    fn delete_all_resumption_psk_secrets<G: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "resumption", group)?);
        Ok(())
    }

    fn write_own_leaf_index<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::LeafNodeIndex<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        index: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "leaf", group)?, index)
    }

    fn own_leaf_index<G: traits::GroupId<CURRENT_VERSION>, T: traits::LeafNodeIndex<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Chat, "leaf", group)?)
    }

    fn delete_own_leaf_index<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "leaf", group)?);
        Ok(())
    }

    fn write_group_epoch_secrets<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::GroupEpochSecrets<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        secrets: &T,
    ) -> Result<(), RowError> {
        self.write(key(Scope::Chat, "epoch", group)?, secrets)
    }

    fn group_epoch_secrets<
        G: traits::GroupId<CURRENT_VERSION>,
        T: traits::GroupEpochSecrets<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
    ) -> Result<Option<T>, RowError> {
        self.read(&key(Scope::Chat, "epoch", group)?)
    }

    fn delete_group_epoch_secrets<G: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<(), RowError> {
        self.delete(key(Scope::Chat, "epoch", group)?);
        Ok(())
    }

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
