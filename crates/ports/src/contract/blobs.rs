//! What every store of blobs does.

use std::sync::Arc;

use bytes::Bytes;
use chinwag_proto::BlobName;
use futures_util::future::join_all;

use crate::blobs::Blobs;

/// The guarantees of [`Blobs`].
pub async fn blobs_contract(make: impl AsyncFn() -> Arc<dyn Blobs>) {
    a_blob_is_read_as_it_was_written(&*make().await).await;
    a_blob_is_read_in_parts(&*make().await).await;
    what_is_not_finished_was_never_there(&*make().await).await;
    many_put_the_same_at_once(&*make().await).await;
    a_deleted_blob_is_gone(&*make().await).await;
}

/// Names that differ in their first, second and last byte: an engine may sort by any.
fn name(number: u8) -> BlobName {
    let mut name = [7; 32];
    (name[0], name[1], name[31]) = (number % 2, number % 3, number);
    BlobName(name)
}

async fn put(blobs: &dyn Blobs, number: u8, parts: &[&[u8]]) {
    let mut writer = blobs.begin().await.unwrap();
    for part in parts {
        writer.write(Bytes::copy_from_slice(part)).await.unwrap();
    }
    writer.finish(name(number)).await.unwrap();
}

async fn whole(blobs: &dyn Blobs, number: u8) -> Option<Vec<u8>> {
    let read = blobs.read(name(number), 0, 10_000_000).await.unwrap();
    let size = blobs.size(name(number)).await.unwrap();
    assert_eq!(size, read.as_ref().map(|bytes| bytes.len() as u64), "size and bytes agree");
    read.map(|bytes| bytes.to_vec())
}

async fn a_blob_is_read_as_it_was_written(blobs: &dyn Blobs) {
    assert_eq!(whole(blobs, 1).await, None);
    let large = vec![5; 1_000_000];
    put(blobs, 1, &[b"one ", b"and ", b"", b"two"]).await;
    put(blobs, 2, &[]).await;
    put(blobs, 3, &[&large, &large]).await;
    assert_eq!(whole(blobs, 1).await.as_deref(), Some(&b"one and two"[..]));
    assert_eq!(whole(blobs, 2).await.as_deref(), Some(&b""[..]));
    assert_eq!(whole(blobs, 3).await, Some([large.clone(), large].concat()));
    put(blobs, 1, &[b"one and two"]).await;
    assert_eq!(whole(blobs, 1).await.as_deref(), Some(&b"one and two"[..]), "once more");
}

async fn a_blob_is_read_in_parts(blobs: &dyn Blobs) {
    put(blobs, 1, &[b"0123456789"]).await;
    let read = async |offset, len| blobs.read(name(1), offset, len).await.unwrap().unwrap();
    assert_eq!(read(0, 4).await, "0123");
    assert_eq!(read(4, 4).await, "4567");
    assert_eq!(read(8, 4).await, "89");
    assert_eq!(read(10, 4).await, "");
    assert_eq!(read(1_000, 4).await, "");
    assert_eq!(read(3, 0).await, "");
    assert_eq!(blobs.read(name(2), 0, 4).await, Ok(None));
}

async fn what_is_not_finished_was_never_there(blobs: &dyn Blobs) {
    let mut writer = blobs.begin().await.unwrap();
    writer.write(Bytes::from_static(b"half")).await.unwrap();
    drop(writer);
    let mut writer = blobs.begin().await.unwrap();
    writer.write(Bytes::from_static(b"still on its way")).await.unwrap();
    assert_eq!(whole(blobs, 1).await, None);
    writer.finish(name(1)).await.unwrap();
    assert_eq!(whole(blobs, 1).await.as_deref(), Some(&b"still on its way"[..]));
}

async fn many_put_the_same_at_once(blobs: &dyn Blobs) {
    join_all((0..20).map(|number| put(blobs, number % 4, &[b"the ", b"same"]))).await;
    for number in 0..4 {
        assert_eq!(whole(blobs, number).await.as_deref(), Some(&b"the same"[..]));
    }
}

async fn a_deleted_blob_is_gone(blobs: &dyn Blobs) {
    put(blobs, 1, &[b"a"]).await;
    put(blobs, 2, &[b"b"]).await;
    for _ in 0..2 {
        blobs.delete(name(1)).await.unwrap();
        assert_eq!(whole(blobs, 1).await, None);
    }
    assert_eq!(whole(blobs, 2).await.as_deref(), Some(&b"b"[..]));
    put(blobs, 1, &[b"a"]).await;
    assert_eq!(whole(blobs, 1).await.as_deref(), Some(&b"a"[..]), "it may come back");
}

/// What was answered is there after a restart: `open` opens the store, `close` stops it.
pub async fn blobs_restart_contract(
    open: impl AsyncFn() -> Arc<dyn Blobs>,
    close: impl AsyncFn(Arc<dyn Blobs>),
) {
    let blobs = open().await;
    put(&*blobs, 1, &[b"kept"]).await;
    put(&*blobs, 2, &[b"deleted"]).await;
    blobs.delete(name(2)).await.unwrap();
    close(blobs).await;
    for _ in 0..2 {
        let blobs = open().await;
        assert_eq!(whole(&*blobs, 1).await.as_deref(), Some(&b"kept"[..]));
        assert_eq!(whole(&*blobs, 2).await, None);
        close(blobs).await;
    }
}
