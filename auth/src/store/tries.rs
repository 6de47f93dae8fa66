//! What counts of tries say, whichever database has them.

use super::{StoreError, Tried};
use crate::{
    clock::Timestamp,
    throttle::{Bucket, FORGET},
};
use std::time::Duration;

/// A bucket's name, its failures and the time of the last.
pub(super) type Count = (Vec<u8>, i64, i64);

/// How long a try that comes now has to wait, if it has to.
pub(super) fn waiting(counts: &[Count], buckets: &[Bucket], now: Timestamp) -> Result<Option<Duration>, StoreError> {
    let mut longest = Duration::ZERO;
    for (name, failures, last) in counts {
        let failures = u32::try_from(*failures).map_err(|_| StoreError::Unreadable("a count of tries"))?;
        let last = Timestamp::from_millis(*last);
        if last > now.minus(FORGET) {
            let same = buckets.iter().filter(|bucket| bucket.id.0.as_slice() == name.as_slice());
            longest = same.fold(longest, |longest, bucket| longest.max(bucket.limit.left(failures, last, now)));
        }
    }
    Ok((longest > Duration::ZERO).then_some(longest))
}

/// What was seen of a bucket: its failures and the time of the last, if it has a row.
pub(super) fn seen(counts: &[Count], bucket: &[u8]) -> Option<(i64, i64)> {
    counts.iter().find(|count| count.0 == bucket).map(|(_, failures, last)| (*failures, *last))
}

/// The name of the bucket whose try was right.
pub(super) fn right(tried: Tried<'_>) -> Option<Vec<u8>> {
    tried.right.map(|bucket| bucket.0.to_vec())
}
