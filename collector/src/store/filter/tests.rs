//! What was put in is found; what was not is mostly ruled out.
//! They never say how it is found: only that nothing is missed.

use super::*;

fn narrowed(shape: &FilterShape, drawers: &[Vec<u8>], key: FilterKey) -> Vec<bool> {
    let mut may_have = vec![true; shape.n_blocks];
    shape.narrow(key, &drawers[shape.drawer(key)], &mut may_have);
    may_have
}

fn id(n: usize) -> [u8; 16] {
    (n as u128 * 0x1_0000_0001).to_le_bytes()
}

#[test]
fn ids_are_found_and_few_others_with_them() {
    let (mut n_filters, mut n_false, mut n_asked) = (0, 0, 0);
    for (n_blocks, n_keys) in [(1, 1), (1, 5), (3, 700), (20, 90), (64, 8_192)] {
        let shape = FilterShape::for_keys(FilterKind::Ids, n_blocks, n_keys);
        let keys =
            |block: usize| (0..n_keys).map(move |n| FilterKey::of_id(id(block * n_keys + n)));
        let drawers = shape.fill((0..n_blocks).map(keys));
        assert_eq!(drawers.len(), shape.n_drawers);
        n_filters += 1;
        for n in (0..n_blocks * n_keys).step_by(37) {
            let found = narrowed(&shape, &drawers, FilterKey::of_id(id(n)));
            assert!(found[n / n_keys], "{n} of {shape:?}");
            n_false += found.iter().filter(|found| **found).count() - 1;
            n_asked += n_blocks - 1;
        }
    }
    println!("{n_filters} filters, {n_false} of {n_asked} blocks kept without reason");
    assert!(n_false * 50 < n_asked, "{n_false} of {n_asked}");
}

#[test]
fn texts_are_found_wherever_they_are_in_a_path() {
    let paths: Vec<String> =
        (0..4_096u32).map(|n| format!("/v1/orders/{:08x}", n * 999_983)).collect();
    let mut blocks: Vec<TextKeys> = (0..8).map(|_| TextKeys::default()).collect();
    for (n, path) in paths.iter().enumerate() {
        blocks[n / 512].add(path);
    }
    blocks[3].add("/v1/näh/kiste");
    let most = blocks.iter().map(TextKeys::len).max().unwrap();
    let shape = FilterShape::for_keys(FilterKind::Text, 8, most);
    let drawers = shape.fill(blocks.iter().map(TextKeys::iter));
    let found = |text: &str| {
        let mut may_have = vec![true; 8];
        for key in FilterKey::of_text(text) {
            shape.narrow(key, &drawers[shape.drawer(key)], &mut may_have);
        }
        may_have
    };
    for (n, path) in paths.iter().enumerate() {
        for text in [path.as_str(), &path[11..], &path[5..14], &path[11..16]] {
            assert!(found(text)[n / 512], "{text}");
        }
    }
    let only = |block: usize| (0..8).map(|n| n == block).collect::<Vec<bool>>();
    assert_eq!(found("/v1/näh/kiste"), only(3));
    assert!(found("kiste")[3]);
    assert_eq!(found("needle-in-hay"), vec![false; 8]);
    assert_eq!(found("zzzz"), vec![true; 8], "too short to tell");
}

#[test]
fn a_damaged_drawer_rules_out_nothing() {
    let shape = FilterShape::for_keys(FilterKind::Ids, 4, 10);
    let mut drawers = shape.fill((0..4).map(|n| [FilterKey::of_id(id(n))]));
    let key = FilterKey::of_id(id(77));
    assert_eq!(narrowed(&shape, &drawers, key), [false; 4]);
    drawers[0][5] ^= 16;
    assert_eq!(narrowed(&shape, &drawers, key), [true; 4]);
    drawers[0].truncate(3);
    assert_eq!(narrowed(&shape, &drawers, key), [true; 4]);
}
