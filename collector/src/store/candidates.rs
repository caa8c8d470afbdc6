//! Which blocks of a slice may hold the ids and the text that are asked for.
//! It never reads a slice's filters before one of its blocks is the next to be looked at, and never
//! all of them: one drawer for each key.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};

use super::blocks::BlockFilter;
use super::filter::{FilterKey, FilterKind, FilterShape};
use super::regrouping::drawer_id;

/// What is asked for, and which blocks of the slices that were seen are left.
#[derive(Debug)]
pub(super) struct Candidates {
    keys: Vec<(FilterKind, FilterKey)>,
    slices: HashMap<i64, Vec<bool>>,
}

impl Candidates {
    pub(super) fn new(filter: &BlockFilter) -> Self {
        let batch_id = filter.batch_id.map(uuid::Uuid::into_bytes);
        let ids = filter.ids.iter().copied().chain(batch_id);
        let texts = filter.text.iter().flat_map(|text| FilterKey::of_text(text));
        let keys = ids
            .map(|id| (FilterKind::Ids, FilterKey::of_id(id)))
            .chain(texts.map(|key| (FilterKind::Text, key)));
        Self { keys: keys.collect(), slices: HashMap::new() }
    }

    /// Whether the block at a place of a slice may hold what is asked for.
    pub(super) fn has(
        &mut self,
        file: &Connection,
        slice_id: i64,
        place: usize,
    ) -> rusqlite::Result<bool> {
        if self.keys.is_empty() {
            return Ok(true);
        }
        if !self.slices.contains_key(&slice_id) {
            let left = self.left(file, slice_id)?;
            self.slices.insert(slice_id, left);
        }
        // A block beyond its slice's filters is one that they say nothing of.
        let left = self.slices.get(&slice_id).and_then(|slice| slice.get(place));
        Ok(left.copied().unwrap_or(true))
    }

    fn left(&self, file: &Connection, slice_id: i64) -> rusqlite::Result<Vec<bool>> {
        let Some((ids, texts)) = shapes(file, slice_id)? else {
            return Ok(Vec::new());
        };
        let mut left = vec![true; ids.n_blocks];
        let mut select = file.prepare_cached("SELECT bytes FROM drawers WHERE drawer_id = ?1")?;
        for (kind, key) in &self.keys {
            if !left.contains(&true) {
                break;
            }
            let shape = match kind {
                FilterKind::Ids => &ids,
                FilterKind::Text => &texts,
            };
            let place = drawer_id(slice_id, *kind, shape.drawer(*key));
            let drawer: Option<Vec<u8>> = select.query_row([place], |row| row.get(0)).optional()?;
            shape.narrow(*key, &drawer.unwrap_or_default(), &mut left);
        }
        Ok(left)
    }
}

/// The shapes of a slice's two filters.
fn shapes(
    file: &Connection,
    slice_id: i64,
) -> rusqlite::Result<Option<(FilterShape, FilterShape)>> {
    let mut select = file.prepare_cached(
        "SELECT n_blocks, id_drawers, id_bytes, text_drawers, text_bytes
         FROM slices WHERE slice_id = ?1",
    )?;
    let numbers = select.query_row([slice_id], |row| {
        let number = |column| row.get::<_, i64>(column).map(|n| usize::try_from(n).unwrap_or(0));
        Ok([number(0)?, number(1)?, number(2)?, number(3)?, number(4)?])
    });
    let Some([n_blocks, id_drawers, id_bytes, text_drawers, text_bytes]) = numbers.optional()?
    else {
        return Ok(None);
    };
    let shape = |kind, n_drawers: usize, piece_bytes| FilterShape {
        kind,
        n_blocks,
        n_drawers,
        piece_bytes,
    };
    let ids = shape(FilterKind::Ids, id_drawers, id_bytes);
    let texts = shape(FilterKind::Text, text_drawers, text_bytes);
    Ok(Some((ids, texts)).filter(|_| ids.is_possible() && texts.is_possible()))
}
