//! Ids for batches that come without one: the same content is the same batch when it is sent again.
//! It never takes the time or chance into an id, so that a retry cannot count twice.

use uuid::Uuid;

/// Ours alone, so that no other user of UUIDv5 makes the same ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_3c0a_9f52_4e0b_8a57_2f8e_61c4_d7b9);

/// The id of what these parts identify. Their lengths count too: `ab`, `c` is not `a`, `bc`.
pub(super) fn batch_id(parts: &[&[u8]]) -> Uuid {
    let mut name = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        name.extend_from_slice(&(part.len() as u64).to_le_bytes());
        name.extend_from_slice(part);
    }
    Uuid::new_v5(&NAMESPACE, &name)
}
